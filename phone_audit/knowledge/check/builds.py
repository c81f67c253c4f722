"""Builds and models of an incident: what can be compared, and what contradicts."""

import re
from collections.abc import Iterator, Sequence
from itertools import combinations

from phone_audit.files.short_repr import short_repr
from phone_audit.knowledge.compare import bounds, compare, names_build
from phone_audit.knowledge.files import Report
from phone_audit.knowledge.schema.firmware import FINGERPRINT_FORM
from phone_audit.knowledge.schema.incident import PACKAGE_VERSION, PROSE, BuildFact, Fact, IncidentEntry, ModelFact

BUILD_FIELDS = frozenset({
    "ro.build.fingerprint", "ro.build.display.id", "ro.build.id", "ro.build.tags", "ro.build.version.release",
    "ro.build.version.incremental", "ro.build.date.utc", "ro.product.brand", "ro.product.manufacturer",
    "ro.product.model", "ro.product.device", "ro.product.name", "ro.product.board", "ro.board.platform",
    "ro.miui.ui.version.name",
})  # fmt: skip
"""The properties that tell builds apart."""
MODEL_FIELDS = frozenset({"ro.product.model", "ro.product.device", "ro.product.name", "ro.product.board"})
_BRAND_FIELDS = frozenset({"ro.product.brand", "ro.product.manufacturer"})
PHONE_FIELDS = MODEL_FIELDS | _BRAND_FIELDS
"""The properties by which a phone says which one it is."""
_NAMES_DEVICE = re.compile(r"[\w.\-]+:[0-9.]+/")
"""Device and Android version in a fingerprint."""
_NO_NAMES = frozenset({"and", "of", "other", "others", "phones", "tablets", "tv", "boxes", "unbranded", "brands"})
"""Words of a list of makers that are no maker's name."""
_SHORT = 15
Placed = tuple[str, BuildFact]
"""A fact and its place in the file."""


def check_conditions(thing: Fact | IncidentEntry, place: str, report: Report) -> None:
    for name, conditions in (("only_if", thing.only_if), ("unless", thing.unless)):
        for number, condition in enumerate(conditions):
            at = f"{place}.{name}[{number}]"
            if condition.field not in BUILD_FIELDS:
                report(f"{at}.field", f"{short_repr(condition.field)}; write one of {', '.join(sorted(BUILD_FIELDS))}")
            if condition.match != "present" and not condition.value:
                report(f"{at}.value", f"missing; {condition.match} needs a value")


def check_build(fact: BuildFact, place: str, report: Report) -> None:
    if not check_field(fact, place, BUILD_FIELDS | {PACKAGE_VERSION}, report):
        return
    if fact.match == "range":
        _check_range(fact, place, report)
    elif fact.match != "regex" and not fact.field.startswith("ro.product.") and re.search(r"[\s(),;]", fact.value):
        text = f"{short_repr(fact.value)} is prose; write one value to compare, the rest into note or label"
        report(f"{place}.value", text)
    if fact.field == PACKAGE_VERSION and not fact.package:
        report(f"{place}.package", "missing; name the package whose version it is")
    if fact.field == "ro.build.fingerprint" and fact.match == "exact" and not FINGERPRINT_FORM.fullmatch(fact.value):
        report(f"{place}.match", f"{short_repr(fact.value)} is no whole fingerprint; write suffix, contains or regex")
    if fact.inferred and fact.status == "affected":
        report(f"{place}.status", "inferred, not printed in the source; write candidate")


def check_phones(fact: BuildFact | ModelFact, entry: IncidentEntry, place: str, report: Report) -> None:
    """Report a build or model that does not say which phones it is about: build numbers and names are shared."""
    for name, values in fact.phones.items():
        if name not in PHONE_FIELDS or not values or not all(values):
            report(f"{place}.phones", f"{short_repr(name)}; name values of {', '.join(sorted(PHONE_FIELDS))}")
    if fact.field in (PROSE, PACKAGE_VERSION) or _says_phone(fact, entry) or len(fact.any_phone or "") > _SHORT:
        return
    what = "brand" if isinstance(fact, ModelFact) else "brand or device"
    text = f"missing; name the {what} as phones say it, or say under any_phone why none can be named"
    report(f"{place}.phones", text)


def _says_phone(fact: BuildFact | ModelFact, entry: IncidentEntry) -> bool:
    """Tell whether a fact says by a condition, or itself, which phones it is about."""
    asked = {*fact.phones, *(condition.field for condition in (*fact.only_if, *entry.only_if))}
    if isinstance(fact, ModelFact) or fact.field in MODEL_FIELDS:
        makers = {word for maker in entry.vendors for word in _words(maker.value) if word not in _NO_NAMES}
        return bool(asked & _BRAND_FIELDS or makers & set(_words(fact.value)))
    itself = fact.field == "ro.build.fingerprint" and _NAMES_DEVICE.search(fact.pattern or fact.value)
    return bool(asked & PHONE_FIELDS or itself)


def _words(text: str) -> list[str]:
    return re.findall(r"\w{2,}", text.casefold().replace("_", " "))


def check_field(fact: BuildFact | ModelFact, place: str, fields: frozenset[str], report: Report) -> bool:
    """Report faults of field, match and pattern; tell whether the fact is one that is compared."""
    if fact.field == PROSE:
        if fact.match:
            report(f"{place}.match", "a description is not compared; remove match")
        return False
    if fact.field not in fields:
        report(f"{place}.field", f"{short_repr(fact.field)}; write {PROSE}, or one of {', '.join(sorted(fields))}")
        return False
    if fact.match is None:
        report(f"{place}.match", "missing; say how to compare, or write description as field")
        return False
    if fact.match == "regex" and not fact.pattern:
        report(f"{place}.pattern", "missing; write the regular expression, and a label for people as value")
    return True


def _check_range(fact: BuildFact, place: str, report: Report) -> None:
    if fact.scheme is None or (fact.from_ is None and fact.below is None):
        report(f"{place}.match", "a range needs a scheme, and from, below or both")
    if (fact.scheme == "hmd") != (fact.branch is not None):
        report(f"{place}.branch", "hmd compares inside a branch and the other schemes have none")


def check_ranges(builds: Sequence[BuildFact], report: Report) -> None:
    """Report ranges that cannot be read or hold nothing, and builds that overlap.

    Two facts overlap where they are about the same property under the same `only_if`: ranges that share a version,
    unless one is only a candidate for what the other says; a value that is fixed and inside what is said to be
    affected or a candidate, or the other way round; and the same value twice.
    """
    placed = [(f"builds[{number}]", fact) for number, fact in enumerate(builds)]
    compared = [(place, fact) for place, fact in placed if fact.field != PROSE and fact.match is not None]
    readable = [item for item in compared if item[1].match != "range" or _readable(*item, report)]
    for one, other in combinations(readable, 2):
        if _about_the_same(one[1], other[1]):
            for field, text in _overlap(one, other):
                report(field, text)


def _readable(place: str, fact: BuildFact, report: Report) -> bool:
    """Report a bound that is no version of the scheme; one that cannot be read would be none at all."""
    low, high = bounds(fact)
    for name, given, read in (("from", fact.from_, low), ("below", fact.below, high)):
        if given is not None and read is None:
            text = f"{short_repr(given)} is no version of the scheme {fact.scheme}; see docs/knowledge.md"
            report(f"{place}.{name}", text)
            return False
    if low is not None and high is not None and low >= high:
        report(f"{place}.below", f"nothing lies from {fact.from_} to below {fact.below}; write the higher one as below")
        return False
    return True


def _about_the_same(one: BuildFact, other: BuildFact) -> bool:
    same = (one.field, one.package, one.only_if) == (other.field, other.package, other.only_if)
    return same and not _excludes(one, other) and not _excludes(other, one)


def _excludes(one: BuildFact, other: BuildFact) -> bool:
    """Tell whether an `unless` of a fact leaves out the value that the other names."""
    return other.match == "exact" and any(
        condition.field == other.field and condition.value and compare(condition.match, condition.value, other.value)
        for condition in one.unless
    )


def _overlap(one: Placed, other: Placed) -> Iterator[tuple[str, str]]:
    (first, a), (place, b) = one, other
    contradict = (a.status == "fixed") != (b.status == "fixed")
    if a.match == "range" and b.match == "range":
        if (contradict or a.status == b.status) and _share(a, b):
            text = f"overlaps with {first} ({_told(a)}, {a.status}); end one where the other begins, or keep one"
            yield place, f"{_told(b)}, {b.status}, {text}"
    elif a.match == "exact" and b.match == "exact":
        if a.value == b.value and (contradict or a.status == b.status):
            text = "keep one of them" if a.status == b.status else f"it is {a.status} there; keep what the source says"
            yield f"{place}.value", f"{b.value} stands in {first} too; {text}"
    elif contradict:
        for (wide, whole), (at, single) in ((one, other), (other, one)):
            if single.match == "exact" and names_build(whole, single.value):
                text = f"{single.value} is {single.status}, and inside {_told(whole)}, {whole.status} ({wide})"
                yield at, f"{text}; narrow the range, or leave the value out with unless"


def _share(one: BuildFact, other: BuildFact) -> bool:
    """Tell whether two ranges of one scheme and branch share a version."""
    if (one.scheme, one.branch) != (other.scheme, other.branch):
        return False
    (low, high), (from_, below) = bounds(one), bounds(other)
    return (high is None or from_ is None or from_ < high) and (below is None or low is None or low < below)


def _told(fact: BuildFact) -> str:
    if fact.match != "range":
        return fact.pattern or fact.value
    ends = (f"from {fact.from_}" if fact.from_ else "", f"below {fact.below}" if fact.below else "")
    return " ".join(part for part in (fact.branch or "", *ends) if part)
