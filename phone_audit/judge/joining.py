"""What was seen on the wire, held against the code of whoever was connected: the same, or not shown to be the same.

A socket gives an address and code gives a name. Names are never resolved here: what an address answers to today is no
proof of what a package called. So only an address that stands in the code or in what is published, and a name that the
phone itself reported, count as the same. No rule takes an observed address out as reserved or as an example: it was
seen.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from phone_audit.judge.held_code import HeldCode
from phone_audit.judge.index import index_of
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apk import Endpoint, HeldBy, HostKind
from phone_audit.model.finding import Evidence
from phone_audit.model.watch import JoinedBy, Observation

CLEARTEXT_PORTS = frozenset({
    ("tcp", 20), ("tcp", 21), ("tcp", 23), ("tcp", 80), ("tcp", 1883), ("tcp", 8080), ("tcp", 8000),
    ("udp", 53), ("tcp", 53), ("udp", 69), ("udp", 123), ("udp", 514), ("udp", 5683),
})  # fmt: skip
"""Ports on which nothing is encrypted by custom (IANA's registry of service names): ftp, telnet, http, mqtt, dns, …"""

ENCRYPTED_PORTS = frozenset({
    ("tcp", 22), ("tcp", 443), ("udp", 443), ("tcp", 465), ("tcp", 853), ("udp", 853), ("tcp", 989), ("tcp", 990),
    ("tcp", 992), ("tcp", 993), ("tcp", 995), ("tcp", 8443), ("tcp", 8883), ("udp", 4500), ("udp", 500),
    ("tcp", 5228), ("tcp", 5229), ("tcp", 5230),
})  # fmt: skip
"""Ports of protocols that are encrypted by custom: ssh, https, QUIC, smtps, DNS over TLS, imaps, IPsec, FCM."""


@dataclass(frozen=True)
class Joined:
    """What an observation is joined with: how, the name or the address that both have, and the endpoints of the code.

    `same` are the endpoints that are the same as what was seen; empty with `app-only`.
    """

    by: JoinedBy
    host: str | None
    same: tuple[Endpoint, ...] = ()


def join(address: str, held: HeldCode, names: Sequence[str], knowledge: Knowledge) -> Joined:
    """Find what shows where a connection led.

    Args:
        address: of the remote end.
        held: endpoints in the code of the packages, those that are ruled out among them.
        names: those that the phone reported for this address and this uid.
        knowledge: the incidents, and what feeds list.
    """
    same = held.at_address(address)
    if names:
        return Joined("phone-dns", min(names), held.named(names) + same)
    if same or _is_published(address, knowledge):
        return Joined("address", address, same)
    return Joined("app-only", None)


def with_join(seen: Observation, held: HeldCode | None, names: Sequence[str], knowledge: Knowledge) -> Observation:
    """Return the observation with what it is joined with.

    Args:
        seen: the observation, as far as the wire shows it.
        held: endpoints in the code of its packages; None where no code of them was read.
        names: those that the phone reported for its address and uid.
        knowledge: owners of hosts, incidents, lists.
    """
    code, port = held or HeldCode({}), seen.remote.port
    joined = join(seen.remote.address, code, names, knowledge)
    owner = knowledge.owner_of(joined.host) if joined.host is not None else None
    same = {joined.host} if joined.same and joined.host else set()
    return seen.model_copy(
        update={
            "host": joined.host,
            "joined_by": joined.by,
            "endpoints": None if held is None else code.nearest(port, same),
            "same_port": code.of_port(port, same),
            "held_in": code.holding(port, same),
            "owner": owner.owner if owner else None,
            "cleartext": cleartext(seen, joined.same),
        }
    )


def cleartext(seen: Observation, same: Sequence[Endpoint] = ()) -> bool | None:
    """Tell whether others can read along: by the scheme of an endpoint that is the same, else by the port."""
    schemes = {one.cleartext for one in same if one.schemes and (not one.ports or seen.remote.port in one.ports)}
    if len(schemes) == 1:
        return schemes.pop()
    place = (seen.protocol, seen.remote.port)
    if place in CLEARTEXT_PORTS:
        return True
    return False if place in ENCRYPTED_PORTS else None


def observed_endpoint(seen: Observation) -> Endpoint | None:
    """Return what was seen in the form of an endpoint, so that it is held against what is published.

    None with app-only.

    A rule that takes hosts out of the code does not apply: this one was called.
    """
    if seen.joined_by == "app-only" or seen.host is None:
        return None
    evidence = (socket_evidence(seen),)
    return Endpoint(
        host=seen.host,
        kind=_kind(seen.host),
        registered_domain=None,
        urls=(),
        schemes=(),
        ports=(seen.remote.port,),
        cleartext=seen.cleartext is True,
        owner=seen.owner,
        category="unknown",
        ruled_out=None,
        held_by=(HeldBy(party="unknown", library=None, evidence=evidence),),
        observed=True,
    )


def socket_evidence(seen: Observation) -> Evidence:
    """Show a connection: which uid, and where to."""
    table = f"/proc/net/{seen.protocol}, uid {seen.uid}"
    return Evidence(kind="socket", where=table, value=seen.place, observed_at=seen.first_seen)


def _is_published(address: str, knowledge: Knowledge) -> bool:
    """Tell whether an incident or a feed lists the address."""
    incidents, lists = index_of(knowledge).endpoints(address), knowledge.indicators.of_host(address)
    return any(True for _ in incidents) or any(True for _ in lists)


def _kind(host: str) -> HostKind:
    try:
        return "ipv4" if ipaddress.ip_address(host).version == 4 else "ipv6"
    except ValueError:
        return "domain"
