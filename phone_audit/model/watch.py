"""What was seen live: who was connected to whom, and the published result of a watch."""

from collections.abc import Sequence
from typing import Annotated, Literal

from phone_audit.model.base import OPEN, Frozen
from phone_audit.model.device import Device
from phone_audit.model.finding import Finding, Incident, KnowledgeInfo, Skipped, Tool, Verdict
from phone_audit.model.stated import Address, Decimal, Host, Number, Time

Protocol = Annotated[Literal["tcp", "udp"], OPEN]
JoinedBy = Annotated[Literal["address", "phone-dns", "app-only"], OPEN]


_MOST_NAMED = 3


def _listed(items: Sequence[str]) -> str:
    more = f" and {len(items) - _MOST_NAMED} more" if len(items) > _MOST_NAMED else ""
    return ", ".join(items[:_MOST_NAMED]) + more


class Remote(Frozen):
    """The other end of a connection."""

    address: Address
    port: Number


class Observation(Frozen):
    """A uid that was connected to one place.

    Attributes:
        packages: all that share the uid; none for a uid of the system itself.
        host: the name that the phone reported for the address, or the address where it stands in code; else null.
        joined_by: `address`: the remote address itself stands in the packages' code or in what is published.
            `phone-dns`: the phone reported the name. `app-only`: only the package is known, and what its code holds;
            that this is where it was connected to is not shown.
        endpoints: hosts in the packages' code, sorted, at most 100; null where their code was not read.
        same_port: those among them that stand there with the port of `remote`.
        held_in: of packages that share a uid, those whose code holds `same_port`, or where that is empty `endpoints`.
        times_seen: looks in which a connection stood.
        connections: different connections among them.
        foreground: whether a package had the screen while connected, at any look; null where the phone does not tell.
        screen_off: whether it was connected while the screen was off, at any look; null where the phone does not tell.
        sent, received: bytes of the uid while watched, where this is the only place it was connected to; else null.
        owner: who is known to own `host`.
        cleartext: by the port, and by the scheme of an endpoint that is the same; null where neither tells.
    """

    uid: int
    user: int
    packages: tuple[str, ...]
    protocol: Protocol
    remote: Remote
    host: Host | None
    joined_by: JoinedBy
    endpoints: tuple[Host, ...] | None
    times_seen: Number
    first_seen: Time
    last_seen: Time
    foreground: bool | None
    sent: Number | None
    received: Number | None
    owner: str | None
    cleartext: bool | None
    connections: int = 0
    screen_off: bool | None = None
    same_port: tuple[str, ...] = ()
    held_in: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """The remote end as people write it."""
        address = self.remote.address
        return f"[{address}]:{self.remote.port}" if ":" in address else f"{address}:{self.remote.port}"

    @property
    def who(self) -> str:
        """The package, or all that share the uid, or the uid of which no package is known."""
        if len(self.packages) == 1:
            return self.packages[0]
        shared = f" ({_listed(self.packages)})" if self.packages else ""
        return f"uid {self.uid}{shared}"

    def said(self, hosts: Sequence[str] | None = None) -> str:
        """Say what is shown of the connection, and no more.

        `hosts` are those of the code to name where nothing is shown to be the same; None takes the closest ones.
        """
        if self.joined_by != "app-only":
            return self._same_said()
        if not self.packages:
            return f"connected to {self.place}; no package is known for this uid"
        if self.endpoints is None:
            return f"connected to {self.place}; its code was not read"
        named = hosts if hosts is not None else self.same_port or self.endpoints
        if not named:
            return f"connected to {self.place}; its code holds no address"
        whose = f"the code of {_listed(self.held_in)}" if self.held_in and len(self.packages) > 1 else "its code"
        return f"connected to {self.place}; {whose} holds {_listed(named)}; not shown to be the same"

    def _same_said(self) -> str:
        """Say it where the place is known; code that holds the very place was seen at work."""
        both = "found in its code and seen on the wire: " if self.host in (self.endpoints or ()) else ""
        if self.joined_by == "phone-dns":
            return f"{both}connected to {self.host} ({self.place}), a name that the phone itself reported"
        return f"{both}connected to {self.place}" + ("" if both else ", an address that is published")


class Samples(Frozen):
    """How well was looked.

    Attributes:
        taken, failed: looks that were answered, and that were not.
        interval_ms: from look to look, the mean.
        longest_gap_ms: without any look; what lived shorter than that can have been missed.
        missed_connections: connections that had ended, and were nobody's any more, before a look saw whose they were;
            those that had ended before the first look are among them.
        core_share: of one core of the phone, taken by looking; null where its shell does not tell.
    """

    taken: int
    failed: int
    interval_ms: int
    longest_gap_ms: int
    missed_connections: int = 0
    core_share: Decimal | None = None


class Moved(Frozen):
    """Bytes that a uid moved while watched, over all its connections."""

    uid: int
    user: int
    packages: tuple[str, ...]
    received: Number
    sent: Number


class WatchRun(Frozen):
    """What may differ between two runs. Times are RFC 3339, `seconds` a duration."""

    started: Time
    finished: Time
    seconds: Decimal


class Watch(Frozen):
    """The published result of watching a phone, phone-audit/watch/1.

    `traffic` lists what moved most first. `cannot_see` are sentences on what such a watch never shows.
    """

    schema_: Literal["phone-audit/watch/1"]
    label: str | None
    device: Device
    samples: Samples
    observations: tuple[Observation, ...]
    traffic: tuple[Moved, ...]
    findings: tuple[Finding, ...]
    incidents: tuple[Incident, ...]
    verdict: Verdict
    skipped: tuple[Skipped, ...]
    cannot_see: tuple[str, ...]
    knowledge: KnowledgeInfo
    tool: Tool
    run: WatchRun


class ObservationLine(Observation):
    """One line of the stream of a watch, phone-audit/observation/1: what was seen so far.

    `phone` is the pseudonym of the phone, for several that are watched at once.
    """

    phone: str | None
    schema_: Literal["phone-audit/observation/1"]
