"""How a fact is compared with a text: exactly, in part, by a pattern, or as a version inside a range."""

import re
from collections.abc import Mapping

from phone_audit.knowledge.patterns import LONGEST_TEXT
from phone_audit.knowledge.schema.incident import BuildFact, Condition, ModelFact

Version = tuple[int, ...]
HMD_BUILD = re.compile(r"(?P<branch>[0-9]{2}[A-Z]{2,4}_[0-9]{1,2}_[0-9]{2,3}[A-Z]?)(?:_SP(?P<pack>[0-9]{1,4}))?")
"""HMD Global (Nokia): region, version, and the service pack where one is shown (`00WW_3_22C_SP03`)."""

_SERVICE_PACK = re.compile(r"_SP([0-9]{1,4})")
_BOUND = re.compile(r"(?:SP)?([0-9]{1,4})")
_MIUI = re.compile(r"V([0-9]{1,9}(?:\.[0-9]{1,9}){1,9})(?:\.[A-Z]{7})?")
_DOTTED = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,18}){0,31})")


def names_build(fact: BuildFact | ModelFact, have: str) -> bool:
    if isinstance(fact, BuildFact) and fact.match == "range":
        return in_range(fact, have)
    if fact.match == "regex" and fact.pattern is None:
        return False  # the value is a label there, and nobody has looked whether it is a pattern
    return fact.match is not None and compare(fact.match, fact.pattern or fact.value, have)


def compare(match: str, want: str, have: str) -> bool:
    """Compare a text as a fact says: exact, prefix, suffix, contains or regex (anywhere in the first characters)."""
    if match == "exact":
        return have == want
    if match == "prefix":
        return have.startswith(want)
    if match == "suffix":
        return have.endswith(want)
    if match == "contains":
        return want in have
    return re.search(want, have[:LONGEST_TEXT]) is not None


def condition_holds(condition: Condition, properties: Mapping[str, str]) -> bool | None:
    """Tell whether a condition holds; None where the property is not known."""
    have = properties.get(condition.field)
    if have is None:
        return None
    return condition.match == "present" or compare(condition.match, condition.value or "", have)


def in_range(fact: BuildFact, text: str) -> bool:
    """Tell whether a version, as the phone shows it, lies in a published range: `from_` included, `below` excluded.

    The text is hostile input; one of another scheme or branch is never inside.
    """
    here = _service_pack(text, fact.branch or "") if fact.scheme == "hmd" else _version(fact, text)
    low, high = bounds(fact)
    return here is not None and (low is None or here >= low) and (high is None or here < high)


def bounds(fact: BuildFact) -> tuple[Version | None, Version | None]:
    """Return the ends of a range, `from_` and `below`; None where there is none, or where it is no version."""
    return _bound(fact, fact.from_), _bound(fact, fact.below)


def _bound(fact: BuildFact, text: str | None) -> Version | None:
    if text is None:
        return None
    # inside a branch of HMD only the service pack is compared, so only it is given
    return _numbers(_BOUND, text) if fact.scheme == "hmd" else _version(fact, text)


def _service_pack(text: str, branch: str) -> Version | None:
    """No service pack counts as SP00: the first release of a branch."""
    if text == branch:
        return (0,)
    return _numbers(_SERVICE_PACK, text.removeprefix(branch)) if branch and text.startswith(branch) else None


def _version(fact: BuildFact, text: str) -> Version | None:
    return _numbers(_MIUI if fact.scheme == "miui" else _DOTTED, text)


def _numbers(form: re.Pattern[str], text: str) -> Version | None:
    found = form.fullmatch(text)
    return tuple(map(int, found[1].split("."))) if found else None
