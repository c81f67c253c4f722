"""Figures of a labelled sample: precision of what counts, and recall."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final

from tests.apk.precision.draw import Candidate

LOCAL_RULES: Final = frozenset({"broadcast", "loopback", "multicast", "private-address", "reserved-address"})
"""Rules that take out hosts which are contacted, since nothing sent to them leaves the owner's network."""

_Z: Final = 1.96


@dataclass(frozen=True)
class Labelled:
    """A candidate with its label, and what the analyser makes of it: counted, and else by which rule not."""

    candidate: Candidate
    half: str
    endpoint: bool
    counted: bool
    rule: str | None


@dataclass(frozen=True)
class Figures:
    """Figures of one half, over candidates; `hosts_*` over distinct pairs of APK and host."""

    drawn: int
    apks: int
    counted: int
    wrong: int
    hosts_counted: int
    hosts_wrong: int
    endpoints: int
    missed: int
    local: int

    @property
    def precision(self) -> float:
        """Share of endpoints among what counts."""
        return 1 - self.wrong / self.counted

    @property
    def host_precision(self) -> float:
        """The same over pairs of APK and host; a host that one candidate rightly names is right."""
        return 1 - self.hosts_wrong / self.hosts_counted

    @property
    def recall(self) -> float:
        """Share of what counts among the endpoints; those of the owner's own network are left out on both sides."""
        return 1 - self.missed / (self.endpoints - self.local)


def interval(right: int, of: int) -> tuple[float, float]:
    """Return the 95 % interval of a share, after Wilson: it holds for small numbers and for shares near one."""
    share, spread = right / of, _Z**2 / of
    middle = share + spread / 2
    width = _Z * sqrt((share * (1 - share) + spread / 4) / of)
    return (middle - width) / (1 + spread), (middle + width) / (1 + spread)


def figures(half: Sequence[Labelled]) -> Figures:
    """Count one half."""
    counted = [one for one in half if one.counted]
    right = {(one.candidate.apk, one.candidate.host) for one in counted if one.endpoint}
    pairs = {(one.candidate.apk, one.candidate.host) for one in counted}
    endpoints = [one for one in half if one.endpoint]
    local = sum(one.rule in LOCAL_RULES for one in endpoints)
    return Figures(
        drawn=len(half),
        apks=len({one.candidate.apk for one in half}),
        counted=len(counted),
        wrong=sum(not one.endpoint for one in counted),
        hosts_counted=len(pairs),
        hosts_wrong=len(pairs - right),
        endpoints=len(endpoints),
        missed=sum(not one.counted for one in endpoints) - local,
        local=local,
    )


def print_half(name: str, half: Sequence[Labelled]) -> None:
    one = figures(half)
    print(f"{name}: {one.drawn} candidates of {one.apks} APKs, {one.endpoints} labelled as endpoints")
    low, high = interval(one.counted - one.wrong, one.counted)
    print(
        f"  precision {one.precision:.4f} ({low:.3f} to {high:.3f}): {one.wrong} of {one.counted} that count are none"
    )
    print(f"  precision by host {one.host_precision:.4f}: {one.hosts_wrong} of {one.hosts_counted}")
    print(f"  recall {one.recall:.4f}: {one.missed} missed, {one.local} more are in the owner's own network")


def print_mistakes(half: Iterable[Labelled]) -> None:
    for one in half:
        if one.counted and not one.endpoint:
            print("  wrong ", one.candidate.apk[:10], one.candidate.host, ascii(one.candidate.text[:120]))
        if one.endpoint and not one.counted and one.rule not in LOCAL_RULES:
            print("  missed", one.candidate.apk[:10], one.candidate.host, one.rule, ascii(one.candidate.text[:120]))
