"""Hosts that were seen, in the form of those that stand in code."""

from phone_audit.model.apk import Endpoint, HeldBy, HostKind
from phone_audit.model.finding import Evidence
from phone_audit.model.stated import parsed_address


def observed_host(host: str, port: int | None, *, cleartext: bool, owner: str | None, evidence: Evidence) -> Endpoint:
    """Return a host that was seen in the form of an endpoint, so that it is held against what is published.

    No rule that takes hosts out of code applies: this one was called.
    """
    return Endpoint(
        host=host,
        kind=_kind(host),
        registered_domain=None,
        urls=(),
        schemes=(),
        ports=() if port is None else (port,),
        cleartext=cleartext,
        owner=owner,
        category="unknown",
        ruled_out=None,
        held_by=(HeldBy(party="unknown", library=None, evidence=(evidence,)),),
        observed=True,
    )


def _kind(host: str) -> HostKind:
    address = parsed_address(host)
    if address is None:
        return "domain"
    return "ipv4" if address.version == 4 else "ipv6"
