"""Unencrypted addresses in the code. Whether they are called is not seen."""

from collections.abc import Iterator
from typing import Final

from phone_audit.detect.detector import Detector, apk_subject, may_use_network
from phone_audit.detect.detectors.telemetry_endpoint import evidence_of
from phone_audit.knowledge.hosts import plain_host, suffixes
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apk import CLEARTEXT_SCHEMES, ApkInfo, Endpoint
from phone_audit.model.finding import Confidence, Finding, Remedy

DETECTOR = Detector(id="cleartext-endpoint", category="cleartext")
TITLE = "Unencrypted addresses in the code"
REMEDY = Remedy(text="Do not use it on networks you do not trust, and ask its maker for encrypted connections.")
_PAST_POLICY: Final = CLEARTEXT_SCHEMES - {"http", "ws", "ftp"}
"""Schemes that are spoken over sockets, which the network policy does not bind."""


def check(info: ApkInfo, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding with all such addresses of the APK."""
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
    yield DETECTOR.finding(
        subject,
        TITLE,
        f"{subject.name} contains unencrypted addresses of {hosts[0]}{more}{refused}.",
        severity="medium" if allowed else "low",
        confidence=_confidence(info, bool(allowed)),
        evidence=evidence_of(allowed or endpoints),
        remedy=(REMEDY,),
    )


def _allowed(domains: frozenset[str] | None, endpoint: Endpoint) -> bool:
    """Tell whether nothing in Android keeps it from being called so.

    Args:
        domains: those for which the network policy allows it; None where it allows it for all, or was not read.
        endpoint: in the code.
    """
    if domains is None or not _PAST_POLICY.isdisjoint(endpoint.schemes):
        return True
    return not domains.isdisjoint(suffixes(endpoint.host))


def _confidence(info: ApkInfo, allowed: bool) -> Confidence:
    """Code of its own may pass over the policy, but then the call is less likely than not."""
    return "medium" if allowed and may_use_network(info) is not False else "low"
