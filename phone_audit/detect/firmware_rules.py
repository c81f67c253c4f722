"""What the rules of the knowledge see in what a build says of itself."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from phone_audit.detect.detector import Detector, setting
from phone_audit.detect.incidents.citations import cited_source
from phone_audit.detect.known_good import PLATFORM
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.device import Snapshot
from phone_audit.model.finding import Evidence, Finding


def check(snapshot: Snapshot, knowledge: Knowledge) -> Iterator[Finding]:
    signer = _platform_signer(snapshot, knowledge)
    shown = {f"state:{item.key}": item.evidence for item in snapshot.state if item.value}
    fields = {**snapshot.properties, **{f"state:{item.key}": item.value for item in snapshot.state if item.value}}
    if signer:
        fields[f"signer:{PLATFORM}"], shown[f"signer:{PLATFORM}"] = signer[0], (signer[1],)
    yield from check_properties(fields, knowledge, shown)


def check_properties(
    fields: Mapping[str, str], knowledge: Knowledge, shown: Mapping[str, tuple[Evidence, ...]] = MappingProxyType({})
) -> Iterator[Finding]:
    """Yield what the rules say of properties and what else they may ask for; `shown` is the evidence of the latter."""
    for rule in knowledge.firmware_rules:
        for case, names in rule.met_cases(fields):
            whole = dict.fromkeys(name.partition("#")[0] for name in names)  # whichever of its parts was looked at
            yield Detector(rule.id, rule.category, rule.sign, rule.remedy.text, rule.remedy.risk).finding(
                setting(case.subject),
                rule.title,
                case.message,
                severity=rule.severity,
                confidence=rule.confidence,
                evidence=[piece for name in whole for piece in _evidence(name, fields, shown)],
                sources=[cited_source(one) for one in rule.sources],
            )


def _evidence(name: str, fields: Mapping[str, str], shown: Mapping[str, tuple[Evidence, ...]]) -> tuple[Evidence, ...]:
    return shown.get(name) or (Evidence(kind="property", where="getprop", value=f"{name}={fields[name]}"),)


def _platform_signer(snapshot: Snapshot, knowledge: Knowledge) -> tuple[str, Evidence] | None:
    """Return the id of the public or leaked key that signed the platform, and the certificate."""
    for package in snapshot.packages:
        for signer in package.signers or () if package.name == PLATFORM else ():
            key = knowledge.key_of(signer)
            if key is not None:
                return key.id, Evidence(kind="certificate", where=PLATFORM, value=signer)
    return None
