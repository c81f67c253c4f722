"""Owners of hosts that follow from the tracker facts: who runs the tracker runs its hosts."""

from collections.abc import Iterable, Iterator

from phone_audit.knowledge.fact_schema import HostFact, TrackerFact
from phone_audit.model.apk import EndpointCategory

_CATEGORIES: tuple[tuple[str, EndpointCategory], ...] = (
    ("advertising", "advertising"),
    ("analytics", "telemetry"),
    ("location", "telemetry"),
    ("profiling", "telemetry"),
    ("crash-reporting", "crash-reporting"),
    ("identification", "identity"),
)
"""The category of a tracker against that of its hosts, the one that says most about the sending first."""


def host_facts_of(trackers: Iterable[TrackerFact]) -> Iterator[HostFact]:
    """Yield an owner for each host that trackers of one owner only name; a host shared by several is left out."""
    by_host: dict[str, list[TrackerFact]] = {}
    for tracker in trackers:
        for host in tracker.hosts:
            by_host.setdefault(host, []).append(tracker)
    for host, named_by in by_host.items():
        owners = {tracker.owner or tracker.name for tracker in named_by}
        if len(owners) == 1:
            yield HostFact(host=host, owner=owners.pop(), category=category_of(named_by), source=named_by[0].source)


def category_of(trackers: Iterable[TrackerFact]) -> EndpointCategory:
    """Return the category of what is sent to a host of these trackers; `unknown` where none of them states any."""
    words = {word for tracker in trackers for word in tracker.categories}
    return next((category for word, category in _CATEGORIES if word in words), "unknown")
