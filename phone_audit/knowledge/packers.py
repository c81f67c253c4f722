"""Which packers the names of a package's entries tell of."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from phone_audit.knowledge.schema.facts import PackerFact

_MODULE = re.compile(r"[^/]+/(?=(?:assets|lib)/)")
"""The module in front of a path in an app bundle: `base/lib/x86/libjiagu.so`."""
_RESOURCES = ("res/", "META-INF/")
"""Where build tools put what nobody names freely."""
_PAIR = 2
"""Weak names that are needed, different ones."""


class _Pattern(NamedTuple):
    fact: PackerFact
    text: str
    weak: bool


class _Wild:
    """Patterns with `*` and folders, tried one by one only where their common expression is met."""

    def __init__(self, patterns: Iterable[_Pattern]) -> None:
        self._single = [(re.compile(_expression(pattern.text)), pattern) for pattern in patterns]
        self._any = re.compile("|".join(single.pattern for single, _ in self._single) or "(?!)")

    def met(self, text: str) -> list[_Pattern]:
        """Return the patterns that this name, or path, begins with (folders) or is."""
        if self._any.match(text) is None:
            return []
        return [pattern for single, pattern in self._single if single.match(text)]


class PackerIndex:
    """Finds packers by names of entries; what the names of a packer mean is told in `PackerFact`."""

    def __init__(self, facts: Iterable[PackerFact]) -> None:
        patterns = [pattern for fact in facts for pattern in _patterns(fact)]
        wild = [pattern for pattern in patterns if "*" in pattern.text or pattern.text.endswith("/")]
        self._exact: dict[str, list[_Pattern]] = {}
        for pattern in patterns:
            if pattern not in wild:
                self._exact.setdefault(pattern.text, []).append(pattern)
        self._wild_paths = _Wild(pattern for pattern in wild if "/" in pattern.text)
        self._wild_names = _Wild(pattern for pattern in wild if "/" not in pattern.text)

    def of_files(self, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return the entries that tell of each packer, by its id, in the order given; only packers that are sure.

        The names are paths from the root of the package; hostile.
        """
        strong: dict[str, list[str]] = {}
        weak: dict[str, dict[str, str]] = {}
        for name in names:
            for pattern in self._met(name):
                if pattern.weak:
                    weak.setdefault(pattern.fact.id, {}).setdefault(pattern.text, name)
                else:
                    strong.setdefault(pattern.fact.id, []).append(name)
        for fact_id, pairs in weak.items():
            if len(pairs) >= _PAIR or fact_id in strong:
                strong.setdefault(fact_id, []).extend(pairs.values())
        return {fact_id: tuple(dict.fromkeys(strong[fact_id])) for fact_id in sorted(strong)}

    def _met(self, name: str) -> list[_Pattern]:
        if name.startswith(_RESOURCES):
            return []
        path = _MODULE.sub("", name, count=1) if _MODULE.match(name) else name
        last = path.rpartition("/")[2]
        met = [*self._exact.get(last, ()), *self._wild_names.met(last), *self._wild_paths.met(path)]
        return met if last == path else [*met, *self._exact.get(path, ())]


def _patterns(fact: PackerFact) -> Iterator[_Pattern]:
    yield from (_Pattern(fact, text, False) for text in fact.files)
    yield from (_Pattern(fact, text, True) for text in fact.weak_files)


def _expression(text: str) -> str:
    """Turn a name with `*`, or that of a folder, into what is met from the start of a text."""
    body = "[^/]*".join(re.escape(part) for part in text.split("*"))
    return body if text.endswith("/") else body + r"\Z"
