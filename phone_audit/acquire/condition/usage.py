"""App-ops and traffic → the values of each package and user."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from phone_audit.acquire.parse.appops import AppOps
from phone_audit.acquire.parse.netstats import NetStats, Usage
from phone_audit.acquire.parse.text import shown
from phone_audit.model.device import AppOp, Package, PackageUser, Traffic

USER_RANGE = 100_000


class PackageOps(Mapping[tuple[int, str], tuple[AppOp, ...]]):
    """The operations of every package by user and name, made when they are asked for.

    Those of a uid are those of all its packages. A dump can name far more of both than there are on the phone.
    """

    def __init__(self, dump: AppOps) -> None:
        self._dump = dump

    def __getitem__(self, key: tuple[int, str]) -> tuple[AppOp, ...]:
        if key not in self._dump.packages:
            raise KeyError(key)
        return tuple(
            AppOp(op=op, mode=shown(said.mode), last_access=said.last_access, last_background=said.last_background)
            for op, said in self._dump.of(*key)
        )

    def __iter__(self) -> Iterator[tuple[int, str]]:
        return iter(self._dump.packages)

    def __len__(self) -> int:
        return len(self._dump.packages)


def appops_of(dump: AppOps | None) -> PackageOps | None:
    """Return the operations of every package; None where they were not read."""
    return None if dump is None else PackageOps(dump)


def traffic_of(stats: NetStats) -> dict[tuple[int, int], Traffic] | None:
    """Return the bytes of every package by user and app id; None where nothing was counted at all.

    What went through a tunnel stands twice in the counters, as the tunnel's and as that of the network below: only the
    network's is taken.
    """
    if not stats.usages:
        return None
    sums: dict[tuple[int, int], list[Usage]] = {}
    for one in stats.usages:
        if one.uid < 0 or one.network == "vpn":
            continue
        key = (one.uid // USER_RANGE, one.uid % USER_RANGE)
        sums.setdefault(key, []).append(one)
    return {key: _traffic(sums[key]) for key in sorted(sums)}


def _traffic(usages: Sequence[Usage]) -> Traffic:
    background = [one for one in usages if not one.foreground]
    mobile = [one for one in usages if one.network == "mobile"]
    return Traffic(
        since=_time(min(one.since for one in usages)),
        received=sum(one.received for one in usages),
        sent=sum(one.sent for one in usages),
        sent_background=sum(one.sent for one in background),
        received_background=sum(one.received for one in background),
        mobile_received=sum(one.received for one in mobile),
        mobile_sent=sum(one.sent for one in mobile),
    )


def with_usage(
    package: Package,
    appops: Mapping[tuple[int, str], tuple[AppOp, ...]] | None,
    traffic: Mapping[tuple[int, int], Traffic] | None,
) -> Package:
    """Return the package with what its users' copies did.

    Packages with one uid share its counters, so all of them carry the same bytes. Nothing counted is zero bytes, and
    nothing said of operations is none, where the answer was there.
    """
    if appops is None and traffic is None:
        return package
    return package.model_copy(update={"users": tuple(_user(package, one, appops, traffic) for one in package.users)})


def _user(
    package: Package,
    user: PackageUser,
    appops: Mapping[tuple[int, str], tuple[AppOp, ...]] | None,
    traffic: Mapping[tuple[int, int], Traffic] | None,
) -> PackageUser:
    update: dict[str, object] = {}
    here = user.installed is not False
    if appops is not None:
        update["appops"] = appops.get((user.id, package.name), ()) if here else ()
    if traffic is not None and package.app_id is not None and here:
        update["traffic"] = traffic.get((user.id, package.app_id), NOTHING_SENT)
    return user.model_copy(update=update)


NOTHING_SENT = Traffic(
    since=None, received=0, sent=0, sent_background=0, received_background=0, mobile_received=0, mobile_sent=0
)


def _time(seconds: int) -> str | None:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return None
