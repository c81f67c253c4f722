"""Holds two results against each other: the same phone, two phones, or two versions of apps."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from phone_audit.judge.comparison.change_list import ChangeList
from phone_audit.judge.comparison.facts import ResultFacts
from phone_audit.judge.comparison.finding_changes import compare_findings
from phone_audit.judge.comparison.package_changes import compare_packages
from phone_audit.judge.comparison.package_facts import PackageFacts
from phone_audit.judge.comparison.phone_changes import compare_phone
from phone_audit.judge.comparison.power_words import PowerWords
from phone_audit.judge.comparison.relation import Relation
from phone_audit.knowledge.schema.app import PowerFact
from phone_audit.model.apk import Endpoint
from phone_audit.model.device import Device
from phone_audit.model.diff import Change, DiffKind, NotCompared
from phone_audit.model.finding import Severity


@dataclass(frozen=True)
class Comparison:
    """What changed, most harmful first, and what could not be compared."""

    kind: DiffKind
    changes: tuple[Change, ...]
    not_compared: tuple[NotCompared, ...]
    remarks: tuple[str, ...]


def comparable(old: ResultFacts, new: ResultFacts) -> bool:
    """Tell whether both are of phones, or both of APKs."""
    return old.is_phone == new.is_phone


def compare(old: ResultFacts, new: ResultFacts, facts: Sequence[PowerFact]) -> Comparison:
    """Compare two results; what one of them did not read is never told as gone.

    Takes as many steps as the two hold things. `facts` are what Android lets some apps do.
    """
    words = PowerWords.of(facts)
    relation = _relation(old, new)
    found = ChangeList(relation)
    compare_packages(old, new, words, found)
    compare_code(old, new, found)
    if relation.kind != "app":
        compare_phone(old, new, words, found)
    compare_findings(old, new, found)
    return Comparison(relation.kind, found.changes(), found.not_compared(), tuple(_remarks(old, new)))


def _relation(old: ResultFacts, new: ResultFacts) -> Relation:
    if not old.is_phone:
        return Relation("app", same_firmware=False)
    prints = [side.build.fingerprint if side.build else None for side in (old.side, new.side)]
    same_firmware = prints[0] is not None and prints[0] == prints[1]
    if _same_phone(old.side.device, new.side.device):
        return Relation("same-phone", same_firmware)
    return Relation("same-build" if same_firmware else "other-build", same_firmware)


def _same_phone(old: Device | None, new: Device | None) -> bool:
    if old is None or new is None:
        return False
    names = ((old.pseudonym, new.pseudonym), (old.serial, new.serial))
    return any(one is not None and one == other for one, other in names)


def _remarks(old: ResultFacts, new: ResultFacts) -> Iterator[str]:
    if old.knowledge != new.knowledge:
        yield (
            "The two results were judged by different facts: a finding that is new may only be known now. "
            "Scan the saved acquisition of the older one again to be sure."
        )
    if old.tool != new.tool:
        yield f"They were made by different versions of phone-audit ({old.tool} and {new.tool})."
    if old.depth != new.depth:
        yield f"They were read to different depths ({old.depth} and {new.depth})."


_COLLECTING: Final = ("telemetry", "advertising", "crash-reporting")


def compare_code(old: ResultFacts, new: ResultFacts, found: ChangeList) -> None:
    """Compare whom the packages talk to that both results hold; a new one is told of as a whole."""
    for name in sorted(old.packages.keys() & new.packages.keys()):
        before, after = old.packages[name], new.packages[name]
        _compare_endpoints(before, after, found)
        _compare_trackers(before, after, found)


def _compare_endpoints(old: PackageFacts, new: PackageFacts, found: ChangeList) -> None:
    if old.endpoints is None or new.endpoints is None:
        found.unread("endpoint", new.name, old=old.endpoints is not None, new=new.endpoints is not None)
        return
    for host, endpoint in new.endpoints.items():
        before = old.endpoints.get(host)
        if before is None:
            said = f"{new.shown} talks, or may talk, to {_described(endpoint)}"
            found.gained("endpoint", new.name, said, _severity(endpoint), host)
        elif endpoint.counts_in_cleartext and not before.counts_in_cleartext:
            text = found.relation.gained(f"{new.shown} talks, or may talk, to {host} without encryption")
            found.add("endpoint", "changed", new.name, text, "medium", old=host, new=host)
    for host in old.endpoints.keys() - new.endpoints.keys():
        if host in new.idle:
            text = found.relation.idle(f"The code of {new.shown} that talks, or may talk, to {host}")
            found.add("endpoint", "gone", new.name, text, "info", old=host)
        else:
            found.lost("endpoint", new.name, f"{new.shown} talks, or may talk, to {host}", host)


def _described(endpoint: Endpoint) -> str:
    owner = f" ({endpoint.owner})" if endpoint.owner else ""
    return f"{endpoint.host}{owner}{', without encryption' if endpoint.counts_in_cleartext else ''}"


def _severity(endpoint: Endpoint) -> Severity:
    if endpoint.counts_in_cleartext:
        return "medium"
    return "low" if endpoint.category in _COLLECTING else "info"


def _compare_trackers(old: PackageFacts, new: PackageFacts, found: ChangeList) -> None:
    if old.trackers is None or new.trackers is None:
        found.unread("tracker", new.name, old=old.trackers is not None, new=new.trackers is not None)
        return
    for name, tracker in new.trackers.items():
        if name not in old.trackers:
            severity: Severity = "medium" if tracker.tier == "initialised" else "low"
            found.gained("tracker", new.name, f"{new.shown} holds the tracker {tracker.name}", severity, tracker.name)
    for name, tracker in old.trackers.items():
        if name not in new.trackers:
            found.lost("tracker", new.name, f"{new.shown} holds the tracker {tracker.name}", tracker.name)
