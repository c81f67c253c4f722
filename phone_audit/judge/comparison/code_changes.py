"""Addresses and trackers that are new in a package, or gone from it."""

from typing import Final

from phone_audit.judge.comparison.change_list import ChangeList
from phone_audit.judge.comparison.facts import ResultFacts
from phone_audit.judge.comparison.package_facts import PackageFacts
from phone_audit.model.apk import Endpoint
from phone_audit.model.finding import Severity

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
