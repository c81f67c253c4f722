"""What a package sends without encryption, or so that others can read it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from phone_audit.detect.detector import (
    ApkCheck,
    Detector,
    apk_subject,
    evidence_of,
    is_default,
    may_use_network,
    policy_says,
)
from phone_audit.detect.endpoint_order import by_harm, cleartext_use_of, in_cleartext
from phone_audit.knowledge.hosts import plain_host, suffixes
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apk import (
    ACCEPTS_ANY_CERTIFICATE,
    ACCEPTS_ANY_HOST_NAME,
    CLEARTEXT_SCHEMES,
    AcceptedBy,
    Accepts,
    ApkInfo,
    Endpoint,
)
from phone_audit.model.finding import Confidence, Finding, Severity
from phone_audit.model.wording import counted, listed

CLEARTEXT_ENDPOINT = Detector(
    "cleartext-endpoint",
    "cleartext",
    "sends",
    "Do not use it on networks you do not trust, and ask its maker for encrypted connections.",
    held="unencrypted addresses",
)
CLEARTEXT_ALLOWED = Detector("cleartext-allowed", "cleartext", "none")
TRUSTS_USER_CAS = Detector(
    "trusts-user-cas",
    "network-policy",
    "none",
    "Look in Settings, Security, Encryption and credentials, for certificates that you did not add.",
)
ANY_CERTIFICATE = Detector(
    id="accepts-any-certificate",
    category="network-policy",
    sign="sends",
    advice="Do not use it on networks you do not control, such as public Wi-Fi; ask the maker for a version that "
    "checks certificates.",
    held="code that accepts any certificate",
)
_PAST_POLICY: Final = CLEARTEXT_SCHEMES - {"http", "ws", "ftp"}
"""Schemes that are spoken over sockets, which the network policy does not bind."""
_SOCKETS: Final = ("java.net.Socket.", "java.net.InetSocketAddress.", "java.net.Datagram", "javax.net.SocketFactory.")
"""Calls by which code speaks any protocol over a socket by itself."""


def cleartext_endpoint(info: ApkInfo, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding with the unencrypted addresses of the APK that code may connect to, the worst first.

    Code of its own may pass over the network policy, but then the call is less likely than not. Where code connects to
    none of them, the finding names the others. It is low where only code of libraries, and files other than code, hold
    them and none was seen to be connected to. Nothing rests on it where no code holds them, nor on those in code that
    nothing starts: they have a finding of their own. Shown and judged are the texts that name an unencrypted scheme.
    """
    every = [in_cleartext(one) for one in info.endpoints or () if one.cleartext and one.ruled_out is None]
    yield from _not_started(info, [one for one in every if one.started is False])
    plain = [one for one in every if one.started is not False]
    endpoints = by_harm((one for one in plain if one.counts_in_cleartext), info.package, cleartext_use_of)
    if not endpoints:
        yield from _only_held(info, plain)
        return
    subject = apk_subject(info)
    policy = info.network_policy
    domains = frozenset(map(plain_host, policy.domains)) if policy and not policy.cleartext else None
    allowed = [endpoint for endpoint in endpoints if _allowed(domains, endpoint)]
    refused = "" if allowed else ", but its network policy makes Android block such connections"
    able = bool(allowed) and may_use_network(info) is not False
    fetched = [one for one in allowed if able and cleartext_use_of(one) == "fetched"]
    shown = allowed or endpoints
    said = _held(shown, refused)
    is_severe = bool(fetched) or any(_stands_in_code(one, of_libraries=False) for one in allowed)
    may_ask = able and any(_stands_in_code(one, of_libraries=True) for one in allowed)
    yield CLEARTEXT_ENDPOINT.finding(
        subject,
        "Unencrypted addresses in the code",
        f"{subject.name} {_fetching(fetched, len(allowed)) if fetched else said}.",
        severity="medium" if is_severe else "low",
        confidence=_how_sure(able=may_ask or bool(fetched), fetched=bool(fetched)),
        evidence=evidence_of(shown),
    )


def _held(endpoints: Sequence[Endpoint], refused: str) -> str:
    """Say of which hosts there are addresses, and which ones code connects to that nothing was seen to start."""
    unseen = [one for one in endpoints if not one.start_seen]
    if len(unseen) == len(endpoints):
        return (
            f"has code that would connect without encryption to {_hosts(unseen)}{refused}; nothing was seen to start it"
        )
    more = f"; nothing was seen to start its code that would connect to {_hosts(unseen)}" if unseen else ""
    return f"contains unencrypted addresses of {_hosts(endpoints)}{refused}{more}"


def _stands_in_code(endpoint: Endpoint, *, of_libraries: bool) -> bool:
    """Tell whether code holds an address, or reads the file that does, with or without code of libraries.

    What only other files hold need not be read by anything, and of what libraries hold a package needs little.
    """
    holders = (holder for holder in endpoint.held_by if of_libraries or holder.party != "library")
    pieces = (one for holder in holders for one in holder.evidence)
    return any(one.class_ is not None or one.kind not in ("asset", "resource") for one in pieces)


def _fetching(fetched: Sequence[Endpoint], hosts: int) -> str:
    """Say which hosts code connects to, and of how many others there are addresses of which that is not settled."""
    others = hosts - len(fetched)
    more = f", and contains unencrypted addresses of {counted(others, 'more host')}" if others else ""
    return f"has code that connects without encryption to {_hosts(fetched)}{more}"


def _how_sure(*, able: bool, fetched: bool) -> Confidence:
    if not able:
        return "low"
    return "high" if fetched else "medium"


def _only_held(info: ApkInfo, endpoints: Sequence[Endpoint]) -> Iterator[Finding]:
    """Yield a finding of unencrypted addresses to which no code connects: links, names to compare, dead constants."""
    if not endpoints:
        return
    subject = apk_subject(info)
    yield CLEARTEXT_ENDPOINT.finding(
        subject,
        "Unencrypted addresses in the code",
        f"{subject.name} contains unencrypted addresses of {_hosts(endpoints)}, which its code was only seen to "
        "show, hand to other apps, compare or keep.",
        severity="low",
        confidence="low",
        evidence=evidence_of(endpoints),
        advised=False,
    )


def _not_started(info: ApkInfo, endpoints: Sequence[Endpoint]) -> Iterator[Finding]:
    """Yield a finding of unencrypted addresses in code that nothing was found to start."""
    if not endpoints:
        return
    subject = apk_subject(info)
    libraries = sorted({holder.library for one in endpoints for holder in one.held_by if holder.library})
    of_libraries = f" of {listed(libraries, 3)}" if libraries else ""
    yield CLEARTEXT_ENDPOINT.finding(
        subject,
        "Unencrypted addresses in code that is not started",
        f"{subject.name} contains code{of_libraries} that would connect without encryption to "
        f"{_hosts(endpoints)}, and nothing was found in this app that starts it.",
        severity="low",
        confidence="low",
        evidence=evidence_of(endpoints),
        main="not started",
        advised=False,
    )


def _hosts(endpoints: Sequence[Endpoint]) -> str:
    others = len(endpoints) - 1
    more = f" and {others} more host{'s' if others > 1 else ''}" if others else ""
    return f"{endpoints[0].host}{more}"


def _allowed(domains: frozenset[str] | None, endpoint: Endpoint) -> bool:
    """Tell whether nothing in Android keeps it from being called so.

    `domains` are those for which the network policy allows it; None where it allows it for all, or was not read.
    """
    if domains is None or not _PAST_POLICY.isdisjoint(endpoint.schemes):
        return True
    if any(call.startswith(_SOCKETS) for piece in endpoint.use_evidence for call in piece.value.split()):
        return True
    return not domains.isdisjoint(suffixes(endpoint.host))


def cleartext_allowed(info: ApkInfo, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield a finding where the policy allows cleartext; with an unencrypted address, `cleartext-endpoint` speaks.

    It does not of addresses of which a rule says that little follows from their encrypting nothing: these are named.
    """
    policy = info.network_policy
    if policy is None or not policy.cleartext or may_use_network(info) is False:
        return
    counting = [one for one in info.endpoints or () if one.ruled_out is None]
    if any(one.cleartext for one in counting):
        return
    subject = apk_subject(info)
    spared = [one.host for one in counting if not CLEARTEXT_SCHEMES.isdisjoint(one.schemes)]
    but = f" but {listed(spared, 3)}, as of a page for people or a check of the network" if spared else ""
    yield CLEARTEXT_ALLOWED.finding(
        subject,
        "May send without encryption",
        f"{subject.name} is allowed to send without encryption; no unencrypted address "
        f"that could be read was found in it{but}.",
        severity="info",
        confidence="confirmed",
        evidence=(policy_says(policy, "cleartext traffic is permitted"),),
    )


def trusts_user_cas(info: ApkInfo, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield a finding where certificate authorities that the user added are trusted."""
    policy = info.network_policy
    if policy is None or not policy.trusts_user_cas:
        return
    subject = apk_subject(info)
    yield TRUSTS_USER_CAS.finding(
        subject,
        "Trusts certificate authorities added by the user",
        f"{subject.name} trusts certificate authorities that were added to the phone by its user.",
        severity="info" if is_default(policy) else "low",
        confidence="confirmed",
        evidence=(policy_says(policy, "user certificates are trust anchors"),),
    )


def accepts_any_certificate(info: ApkInfo, knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding for each party whose code does it: the package itself, each library, code of unknown origin.

    What a library offers and nothing asks for gives none, unless a call beside it puts it before connections. That, and
    such code that is no library's, is told, as low: it may be reached in a way that was not seen.
    """
    subject = apk_subject(info)
    for same in _by_party(_holders(info)):
        holder = same[0]
        if holder.way == "unused" and holder.party == "library" and not any(one.installed for one in same):
            continue
        title, what, harm = _ANY_HOST_NAME if holder.accepts == "host-name" else _ANY
        both = ", for any host name" if len({one.accepts for one in same}) > 1 else ""
        main = holder.library or holder.party
        yield ANY_CERTIFICATE.finding(
            subject,
            title,
            f"{_whose(holder)} in {subject.name} " + _HOW[holder.way].format(what=what + both, harm=harm),
            severity=_harm(info, holder, knowledge),
            confidence=_asked_for(info, same),
            evidence=tuple(piece for one in same for piece in one.evidence),
            main=main if holder.way == "used" else f"{main} {holder.way}",
        )


def _by_party(holders: Iterable[AcceptedBy]) -> Iterator[list[AcceptedBy]]:
    """Yield what is of one party and as used together, any certificate before any host name."""
    groups: dict[tuple[str, str | None, str], list[AcceptedBy]] = {}
    for one in holders:
        groups.setdefault((one.party, one.library, one.way), []).append(one)
    for same in groups.values():
        yield sorted(same, key=lambda one: one.accepts)


_ANY: Final = (
    "Accepts any certificate",
    "any certificate",
    "whoever controls the network can read and change what is sent",
)
_ANY_HOST_NAME: Final = (
    "Accepts a certificate for any host name",
    "a certificate for any host name",
    "whoever controls the network and has a valid certificate, of any name, can read and change what is sent",
)
_HOW: Final[Mapping[str, str]] = {
    "used": "accepts {what}: on connections that use it, {harm}.",
    "option": "accepts {what} where an address, a script or a file of its developers asks for it, which none in it was "
    "seen to do.",
    "unused": "could accept {what}; nothing in it was seen to use that.",
}


def _holders(info: ApkInfo) -> Iterator[AcceptedBy]:
    """Yield whose code does it; where the policy could not be read, what is known of the code alone."""
    if info.network_policy is not None:
        yield from info.network_policy.accepted_by
        return
    for behaviour in info.behaviours or ():
        accepts = _ACCEPTING.get(behaviour.id)
        if accepts is not None and not behaviour.library_only:
            yield AcceptedBy(party="unknown", library=None, evidence=behaviour.evidence, accepts=accepts)


_ACCEPTING: Final[Mapping[str, Accepts]] = {
    ACCEPTS_ANY_CERTIFICATE: "certificate",
    ACCEPTS_ANY_HOST_NAME: "host-name",
}


def _whose(holder: AcceptedBy) -> str:
    if holder.library is not None:
        return f"Code of the library {holder.library}"
    return {"first-party": "Its own code", "obfuscated": "Renamed code"}.get(holder.party, "Code")


def _harm(info: ApkInfo, holder: AcceptedBy, knowledge: Knowledge) -> Severity:
    """Say how bad it is by what travels there: what the package sends itself, or what only a tracker does."""
    if holder.way != "used":
        return "low"
    trackers = {tracker.name for tracker in info.trackers or ()} | {tracker.name for tracker in knowledge.trackers}
    only_tracker = holder.library in trackers
    if holder.accepts == "host-name":
        return "low" if only_tracker else "medium"
    return "medium" if only_tracker else "high"


def _asked_for(info: ApkInfo, same: Sequence[AcceptedBy]) -> Confidence:
    """What its own code puts before connections is sure. Without the permission nothing is sent at all."""
    if may_use_network(info) is False or same[0].way != "used":
        return "low"
    if same[0].party == "first-party":
        return "confirmed" if any(one.installed for one in same) else "high"
    return "medium"


CHECKS: tuple[tuple[Detector, ApkCheck], ...] = (
    (CLEARTEXT_ENDPOINT, cleartext_endpoint),
    (CLEARTEXT_ALLOWED, cleartext_allowed),
    (TRUSTS_USER_CAS, trusts_user_cas),
    (ANY_CERTIFICATE, accepts_any_certificate),
)
