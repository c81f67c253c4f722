"""Whose a recorded connection is: a package's where the capture names one, else some app's on this network.

A capture can be of another phone. A package counts only where the capture names it and the phone has it, under the same
uid where the capture states one. A uid that several packages share is theirs together, unless the code of just one of
them holds the host.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from phone_audit.detect.observed_host import observed_host
from phone_audit.model.apk import Endpoint
from phone_audit.model.finding import Evidence, Subject
from phone_audit.model.traffic import HostTraffic, TrafficLog
from phone_audit.model.wording import counted, listed

_A_USER: Final = 100_000
"""User ids of one user of a phone. Source: AOSP, android.os.UserHandle.PER_USER_RANGE."""
NETWORK = "some app on this network"
"""Who it was where a capture names no package."""


@dataclass(frozen=True)
class PhoneApps:
    """What of a phone's packages recorded traffic is joined with: all of them with their app ids, and who holds a host.

    `holders` is host in lower case → packages whose code holds it, whatever becomes of it there; sorted.
    """

    installed: Mapping[str, int | None] = field(default_factory=dict)
    holders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def sharing(self, package: str, uid: int | None = None) -> tuple[str, ...]:
        """Return the package and those that share its uid, sorted; empty where it is not installed.

        Neither is it where the capture's `uid` is another one than the phone gave it: that was another phone.
        """
        if package not in self.installed:
            return ()
        app_id = self.installed[package]
        if uid is not None and app_id is not None and uid % _A_USER != app_id:
            return ()
        same = {name for name, other in self.installed.items() if other == app_id and app_id is not None}
        return tuple(sorted({package} | same))


def phone_apps(
    installed: Iterable[tuple[str, int | None]], endpoints: Iterable[tuple[str, Sequence[Endpoint]]]
) -> PhoneApps:
    """Return what traffic is joined with: packages with their app ids, and packages with what their code holds."""
    holders: dict[str, set[str]] = {}
    for package, held in endpoints:
        for one in held:
            if one.ruled_out is None:
                holders.setdefault(one.host.lower(), set()).add(package)
    return PhoneApps(dict(installed), {host: tuple(sorted(names)) for host, names in holders.items()})


@dataclass(frozen=True)
class WireHost:
    """A place in recorded traffic, and whose it is.

    Attributes:
        log: the file it stands in.
        seen: what was seen.
        candidates: packages of this phone of which one was it; empty where the capture names none of them.
        holders: packages of this phone whose code holds the host.
    """

    log: TrafficLog
    seen: HostTraffic
    candidates: tuple[str, ...]
    holders: tuple[str, ...]

    @property
    def name(self) -> str:
        """The host as it is shown, or the address where no name was seen."""
        return self.seen.host or self.seen.address or ""

    @property
    def package(self) -> str | None:
        """The one package that it was, for all that is shown; None where it may be several, or anybody."""
        if len(self.candidates) == 1:
            return self.candidates[0]
        holding = [name for name in self.candidates if name in self.holders]
        return holding[0] if len(holding) == 1 else None

    @property
    def of_this_phone(self) -> bool:
        """Whether this phone did it: the capture names a package of it, or its own identifier was sent."""
        return bool(self.candidates) or any(one.own for one in self.seen.sent)

    @property
    def who(self) -> str:
        """Say who it was, and no more than is shown."""
        if not self.candidates:
            return "some app on this phone" if self.of_this_phone else NETWORK
        named = self.package or self.seen.package or self.candidates[0]
        others = len(self.candidates) - 1
        shared = "the other package that shares" if others == 1 else f"one of the {others} others that share"
        return f"{named} (or {shared} its uid)" if others else named

    @property
    def subject(self) -> Subject:
        if self.package is not None:
            return Subject(kind="package", name=self.package)
        return Subject(kind="endpoint", name=self.name)

    @property
    def said(self) -> str:
        """Say who did what, how often, and where that stands."""
        did = "looked up" if self.seen.protocol == "dns" else "was connected to"
        held = "" if self.package or not self.holders else f", which the code of {listed(self.holders, 3)} holds"
        return f"{self.who} {did} {self.seen.place}{held}, {counted(self.seen.times, 'time')} ({self.log.file})"

    @property
    def evidence(self) -> Evidence:
        value = f"{self.seen.place} ({self.seen.protocol}), {counted(self.seen.times, 'time')}"
        return Evidence(kind="socket", where=self.log.file, value=value, observed_at=self.log.first)

    @property
    def endpoint(self) -> Endpoint:
        """Return it in the form of an endpoint, so that it is held against what is published."""
        seen = self.seen
        return observed_host(
            seen.compared, seen.port, cleartext=seen.cleartext is True, owner=None, evidence=self.evidence
        )


def join_traffic(logs: Iterable[TrafficLog], apps: PhoneApps) -> tuple[WireHost, ...]:
    """Return every place with whose it is, in the order of the files."""
    return tuple(
        WireHost(
            log,
            seen,
            apps.sharing(seen.package, seen.uid) if seen.package is not None else (),
            apps.holders.get(seen.compared.lower(), ()),
        )
        for log in logs
        for seen in log.hosts
    )


def hosts_by_package(hosts: Iterable[WireHost]) -> dict[str, tuple[WireHost, ...]]:
    """Return what each package was seen to do; what may have been one of several is nobody's in particular."""
    found: dict[str, list[WireHost]] = {}
    for one in hosts:
        if one.package is not None:
            found.setdefault(one.package, []).append(one)
    return {package: tuple(found[package]) for package in sorted(found)}
