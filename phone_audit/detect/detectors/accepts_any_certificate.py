"""Packages whose code accepts any certificate, so that encryption protects nothing from whoever stands in between."""

from collections.abc import Iterator

from phone_audit.detect.detector import Detector, apk_subject, may_use_network
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apk import ACCEPTS_ANY_CERTIFICATE, ApkInfo, HeldBy
from phone_audit.model.finding import Confidence, Finding, Remedy

DETECTOR = Detector(id="accepts-any-certificate", category="network-policy")
REMEDY = Remedy(
    text=(
        "Do not use it on networks you do not control, such as public Wi-Fi; ask the maker for a "
        "version that checks certificates."
    )
)


def check(info: ApkInfo, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding for each party whose code does it: the package itself, each library, code of unknown origin."""
    subject = apk_subject(info)
    for holder in _holders(info):
        whose = _whose(holder)
        yield DETECTOR.finding(
            subject,
            "Accepts any certificate",
            f"{whose} in {subject.name} accepts any certificate: on connections that use it, "
            "whoever controls the network can read and change what is sent.",
            severity="high",
            confidence=_confidence(info, holder),
            evidence=holder.evidence,
            main=holder.library or holder.party,
            remedy=(REMEDY,),
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


def _confidence(info: ApkInfo, holder: HeldBy) -> Confidence:
    """A library offers it, and perhaps nobody asks for it. Without the permission nothing is sent at all."""
    if may_use_network(info) is False:
        return "low"
    return "high" if holder.party == "first-party" else "medium"
