"""Where data goes: every tie of an app to a place, with whose code makes it and whose place it is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from phone_audit.model.apk import Apk
from phone_audit.model.apps import LINK_KINDS, App, Destination
from phone_audit.model.results import Scan
from phone_audit.model.wording import kinds_of_data, listed
from phone_audit.report.safe import shortened

_LONGEST_NAME: Final = 60
_MOST_OWNERS: Final = 12
_MOST_ROWS: Final = 15
_MOST_HOSTS: Final = 12
_LONGEST_TITLE: Final = 160
_MATCHED: Final = "published-incident"
"""The detector of cases that a phone matches in full."""
_SEEN: Final = ("capture", "seen")
OWN_CODE: Final = "its own code"
NO_OWNER: Final = "owner not known"
_TIES: Final = {
    "capture": "seen in recorded traffic",
    "seen": "seen connected",
    "flow": "its code leads data there",
    "fetched": "its code connects to it",
    "held": "its code holds the address",
}


@dataclass(frozen=True)
class Tie:
    """An app and a place. `code` is the SDK that holds the address, or the app's own; `seen`: not in code alone."""

    app: str
    code: str
    owner: str
    host: str
    how: str
    seen: bool
    cleartext: bool | None
    data: str
    times: int | None
    rank: int


@dataclass(frozen=True)
class OwnerBar:
    """An owner of places: how many apps are tied to it, and how many of the ties were seen or stand in code.

    The shares are of the longest bar, in percent.
    """

    owner: str
    apps: int
    seen: int
    in_code: int
    seen_share: float
    code_share: float


@dataclass(frozen=True)
class PublishedHosts:
    """Where data goes by what is published of a case that this phone matches; nothing of it was seen here."""

    title: str
    publisher: str
    hosts: tuple[str, ...]
    more: int


@dataclass(frozen=True)
class Destinations:
    """All ties of a phone, `untold` more that the result does not list, bars, the strongest ties, published hosts."""

    ties: tuple[Tie, ...]
    untold: int
    bars: tuple[OwnerBar, ...]
    bars_left: int
    strongest: tuple[Tie, ...]
    published: tuple[PublishedHosts, ...]


def destinations_of(scan: Scan) -> Destinations:
    """Return where the apps of a phone send, or would."""
    libraries = _libraries(scan.apks)
    names = {app.package: shortened(app.name, _LONGEST_NAME) for app in scan.apps}
    ties = [_tie(app, one, names[app.package], libraries) for app in scan.apps for one in app.destinations]
    ties.sort(key=lambda tie: (tie.rank, tie.cleartext is not True, not tie.data, -(tie.times or 0), tie.app, tie.host))
    bars = _bars(ties)
    told = sum(len(app.destinations) for app in scan.apps)
    return Destinations(
        ties=tuple(ties),
        untold=max(0, sum(app.destinations_count for app in scan.apps) - told),
        bars=bars[:_MOST_OWNERS],
        bars_left=max(0, len(bars) - _MOST_OWNERS),
        strongest=tuple(ties[:_MOST_ROWS]),
        published=tuple(_published(scan))[:_MOST_ROWS],
    )


def _published(scan: Scan) -> Iterable[PublishedHosts]:
    matched = {finding.incident for finding in scan.findings if finding.id == _MATCHED}
    for incident in scan.incidents:
        if incident.id in matched and incident.hosts:
            publisher = incident.sources[0].publisher if incident.sources else ""
            hosts = tuple(shortened(host, _LONGEST_NAME) for host in incident.hosts[:_MOST_HOSTS])
            left = len(incident.hosts) - len(hosts)
            yield PublishedHosts(
                shortened(incident.title, _LONGEST_TITLE), shortened(publisher, _LONGEST_NAME), hosts, left
            )


def _tie(app: App, one: Destination, name: str, libraries: Mapping[tuple[str, str], str]) -> Tie:
    host = one.host or ""
    return Tie(
        app=name,
        code=libraries.get((app.package, host), OWN_CODE),
        owner=shortened(one.owner, _LONGEST_NAME) if one.owner else NO_OWNER,
        host=shortened(host, _LONGEST_NAME) or "address not known",
        how=_TIES.get(one.by, shortened(one.by, _LONGEST_NAME)),
        seen=one.by in _SEEN,
        cleartext=one.cleartext,
        data=listed([words.removeprefix("the ") for words in kinds_of_data(one.data)]),
        times=one.times,
        rank=LINK_KINDS.index(one.by) if one.by in LINK_KINDS else len(LINK_KINDS),
    )


def _libraries(apks: Iterable[Apk]) -> dict[tuple[str, str], str]:
    """Return package and host → the SDK whose code holds that host there; the app's own code goes before it."""
    found: dict[tuple[str, str], str] = {}
    for apk in apks:
        package = apk.package or ""
        for tracker in apk.trackers or ():
            for host in tracker.endpoints:
                found.setdefault((package, host), shortened(tracker.name, _LONGEST_NAME))
        for endpoint in apk.endpoints or ():
            holders = [held.library for held in endpoint.held_by]
            if holders and all(holders):
                found[package, endpoint.host] = shortened(holders[0] or "", _LONGEST_NAME)
    return found


def _bars(ties: Sequence[Tie]) -> tuple[OwnerBar, ...]:
    apps: dict[str, set[str]] = {}
    counts: dict[str, list[int]] = {}
    for tie in ties:
        apps.setdefault(tie.owner, set()).add(tie.app)
        counts.setdefault(tie.owner, [0, 0])[not tie.seen] += 1
    longest = max((sum(one) for one in counts.values()), default=1)
    rows = (
        OwnerBar(owner, len(apps[owner]), seen, code, _share(seen, longest), _share(code, longest))
        for owner, (seen, code) in counts.items()
    )
    return tuple(sorted(rows, key=lambda row: (-row.apps, -row.seen - row.in_code, row.owner)))


def _share(count: int, longest: int) -> float:
    return round(100 * count / longest, 1)
