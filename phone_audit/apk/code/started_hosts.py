"""Hosts that nothing in the package starts to connect to: only code holds them, and none of it is started."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

from phone_audit.apk.code.started_code import StartedCode
from phone_audit.apk.dex.encoded_values import count_values, holders_of
from phone_audit.apk.dex.file import DexFile
from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.dex.xrefs import users_of
from phone_audit.model.apk import Endpoint

_MOST_TEXTS: Final = 200
"""Texts of one host that are looked at; where there are more, it counts as started."""
_MOST_USES: Final = 200
"""Instructions that load one text; where there are more, it counts as started."""
_DOT: Final = rb"\.[\w-]"
_NAME: Final = re.compile(r"[\w-]+(?:\.[\w-]+)+")

_COLLECTING: Final = frozenset({"telemetry", "advertising"})

Texts = Mapping[str, Sequence[tuple[str, int]]]
"""The strings of DEX files that name a host: the file and the offset of each."""


def with_started(
    endpoints: Sequence[Endpoint],
    files: Sequence[DexFile],
    indexes: Sequence[DexIndex],
    code: StartedCode,
    texts: Texts,
) -> tuple[Endpoint, ...]:
    """Say of each endpoint that counts whether anything starts code that loads one of its texts."""
    asked = [one for one in endpoints if _is_asked(one)]
    if not asked:
        return tuple(endpoints)
    found = _Hosts(files, indexes, code, {one.host: texts.get(one.host, ()) for one in asked})
    idle = {one.host for one in asked if not any(found.answers(one.host))}
    return tuple(one.model_copy(update={"started": False}) if one.host in idle else one for one in endpoints)


def _is_asked(endpoint: Endpoint) -> bool:
    """Tell whether an endpoint counts, makes a difference, and is held by code alone."""
    pieces = [piece for holder in endpoint.held_by for piece in holder.evidence]
    in_code = bool(pieces) and all(one.kind == "dex-string" and one.encoding is None for one in pieces)
    is_told = endpoint.use == "fetched" or endpoint.counts_in_cleartext or endpoint.category in _COLLECTING
    if not in_code or not endpoint.counts or not is_told:
        return False
    return all(
        one.class_ is not None for holder in endpoint.held_by if holder.party != "library" for one in holder.evidence
    )


class _Hosts:
    def __init__(self, files: Sequence[DexFile], indexes: Sequence[DexIndex], code: StartedCode, texts: Texts) -> None:
        self._files = files
        self._indexes = indexes
        self._code = code
        self._texts = texts

    def answers(self, host: str) -> Iterator[bool]:
        """Yield of one text after another whether something starts what loads it; true where no text is known."""
        places = self._places[host]
        yield not self._texts[host] or len(places) > _MOST_TEXTS
        for part, index in enumerate(self._indexes):
            yield from self._in_part(part, index, [offset for name, offset in places if name == index.file.name])

    @cached_property
    def _places(self) -> dict[str, set[tuple[str, int]]]:
        """The texts of each host: those that it was found in, and those that hold its name in another way."""
        found = defaultdict(set, {host: set(places) for host, places in self._texts.items()})
        for file in self._files:
            for offset, text in file.strings.holding(_DOT):
                for name in _NAME.findall(text):
                    host = name.lower()
                    if host in self._texts:
                        found[host].add((file.name, offset))
        return found

    def _in_part(self, part: int, index: DexIndex, offsets: Sequence[int]) -> Iterator[bool]:
        numbers = list(index.string_ids(offsets).values())
        uses = users_of(index, "string", numbers, _MOST_USES)
        classes = holders_of(index, numbers)
        for number in numbers:
            yield len(uses[number]) == _MOST_USES
            yield self._code.starts_any({(part, use.row) for use in uses[number]})
            yield any(self._code.is_ready(index.defined_class(row)) for row in classes[number])
            if not uses[number]:
                yield count_values(index, number) > len(classes[number])
