"""What a package sends without encryption, or so that others can read it."""

from collections.abc import Iterator
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
from phone_audit.knowledge.hosts import plain_host, suffixes
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apk import ACCEPTS_ANY_CERTIFICATE, CLEARTEXT_SCHEMES, ApkInfo, Endpoint, HeldBy
from phone_audit.model.finding import Confidence, Finding

CLEARTEXT_ENDPOINT = Detector(
    "cleartext-endpoint",
    "cleartext",
    "sends",
    "Do not use it on networks you do not trust, and ask its maker for encrypted connections.",
    held="unencrypted addresses in their code",
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


def cleartext_endpoint(info: ApkInfo, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding with all unencrypted addresses of the APK. Whether they are called is not seen.

    Code of its own may pass over the network policy, but then the call is less likely than not.
    """
    endpoints = [one for one in info.endpoints or () if one.cleartext and one.ruled_out is None]
    if not endpoints:
        return
    subject = apk_subject(info)
    policy = info.network_policy
    domains = frozenset(map(plain_host, policy.domains)) if policy and not policy.cleartext else None
    allowed = [endpoint for endpoint in endpoints if _allowed(domains, endpoint)]
    hosts = [endpoint.host for endpoint in allowed or endpoints]
    others = len(hosts) - 1
    more = f" and {others} more host{'s' if others > 1 else ''}" if others else ""
    refused = "" if allowed else ", but its network policy makes Android block such connections"
    yield CLEARTEXT_ENDPOINT.finding(
        subject,
        "Unencrypted addresses in the code",
        f"{subject.name} contains unencrypted addresses of {hosts[0]}{more}{refused}.",
        severity="medium" if allowed else "low",
        confidence="medium" if allowed and may_use_network(info) is not False else "low",
        evidence=evidence_of(allowed or endpoints),
    )


def _allowed(domains: frozenset[str] | None, endpoint: Endpoint) -> bool:
    """Tell whether nothing in Android keeps it from being called so.

    `domains` are those for which the network policy allows it; None where it allows it for all, or was not read.
    """
    if domains is None or not _PAST_POLICY.isdisjoint(endpoint.schemes):
        return True
    return not domains.isdisjoint(suffixes(endpoint.host))


def cleartext_allowed(info: ApkInfo, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield a finding where the policy allows cleartext; with an unencrypted address, `cleartext-endpoint` speaks."""
    policy = info.network_policy
    if policy is None or not policy.cleartext or may_use_network(info) is False:
        return
    if any(endpoint.cleartext and endpoint.ruled_out is None for endpoint in info.endpoints or ()):
        return
    subject = apk_subject(info)
    yield CLEARTEXT_ALLOWED.finding(
        subject,
        "May send without encryption",
        f"{subject.name} is allowed to send without encryption; no unencrypted address was found in it.",
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


def accepts_any_certificate(info: ApkInfo, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding for each party whose code does it: the package itself, each library, code of unknown origin."""
    subject = apk_subject(info)
    for holder in _holders(info):
        whose = _whose(holder)
        yield ANY_CERTIFICATE.finding(
            subject,
            "Accepts any certificate",
            f"{whose} in {subject.name} accepts any certificate: on connections that use it, "
            "whoever controls the network can read and change what is sent.",
            severity="high",
            confidence=_asked_for(info, holder),
            evidence=holder.evidence,
            main=holder.library or holder.party,
        )


def _holders(info: ApkInfo) -> Iterator[HeldBy]:
    """Yield whose code does it; where the policy could not be read, what is known of the code alone."""
    if info.network_policy is not None:
        yield from info.network_policy.accepted_by
        return
    for behaviour in info.behaviours or ():
        if behaviour.id == ACCEPTS_ANY_CERTIFICATE:
            yield HeldBy(party="unknown", library=None, evidence=behaviour.evidence)


def _whose(holder: HeldBy) -> str:
    if holder.library is not None:
        return f"Code of the library {holder.library}"
    return {"first-party": "Its own code", "obfuscated": "Renamed code"}.get(holder.party, "Code")


def _asked_for(info: ApkInfo, holder: HeldBy) -> Confidence:
    """A library offers it, and perhaps nobody asks for it. Without the permission nothing is sent at all."""
    if may_use_network(info) is False:
        return "low"
    return "high" if holder.party == "first-party" else "medium"


CHECKS: tuple[tuple[Detector, ApkCheck], ...] = (
    (CLEARTEXT_ENDPOINT, cleartext_endpoint),
    (CLEARTEXT_ALLOWED, cleartext_allowed),
    (TRUSTS_USER_CAS, trusts_user_cas),
    (ANY_CERTIFICATE, accepts_any_certificate),
)
