"""What the rules of the knowledge see in what a build says of itself."""

from collections.abc import Iterator, Mapping

from phone_audit.detect.detector import Detector, setting
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.schema.firmware import FirmwareRule
from phone_audit.model.device import Snapshot
from phone_audit.model.finding import Evidence, Finding, Source

PLATFORM = "android"
"""The package that is signed with the platform's key."""


def check(snapshot: Snapshot, knowledge: Knowledge) -> Iterator[Finding]:
    """Yield the findings of a phone."""
    signer = _platform_signer(snapshot, knowledge)
    asked = {f"state:{item.key}": item.evidence for item in snapshot.state if item.value}
    fields = {
        **snapshot.properties,
        **{f"state:{item.key}": item.value for item in snapshot.state if item.value},
        **({f"signer:{PLATFORM}": signer[0]} if signer else {}),
    }
    shown: dict[str, tuple[Evidence, ...]] = {**asked}
    if signer:
        shown[f"signer:{PLATFORM}"] = (signer[1],)
    yield from check_fields(fields, shown, knowledge)


def check_properties(properties: Mapping[str, str], knowledge: Knowledge) -> Iterator[Finding]:
    """Yield the findings of a list of properties, with no phone at hand."""
    yield from check_fields(properties, {}, knowledge)


def check_fields(
    fields: Mapping[str, str], shown: Mapping[str, tuple[Evidence, ...]], knowledge: Knowledge
) -> Iterator[Finding]:
    """Yield what the rules say of properties and what else they may ask for; `shown` is the evidence of the latter."""
    for rule in knowledge.firmware_rules:
        for case, names in rule.met_cases(fields):
            yield Detector(rule.id, rule.category, rule.sign, rule.remedy.text, rule.remedy.risk).finding(
                setting(case.subject),
                rule.title,
                case.message,
                severity=rule.severity,
                confidence=rule.confidence,
                evidence=[piece for name in _whole(names) for piece in _evidence(name, fields, shown)],
                sources=_sources(rule),
            )


def _whole(names: tuple[str, ...]) -> list[str]:
    """Return each field once, whichever of its parts was looked at."""
    return list(dict.fromkeys(name.partition("#")[0] for name in names))


def _evidence(name: str, fields: Mapping[str, str], shown: Mapping[str, tuple[Evidence, ...]]) -> tuple[Evidence, ...]:
    return shown.get(name) or (Evidence(kind="property", where="getprop", value=f"{name}={fields[name]}"),)


def _sources(rule: FirmwareRule) -> list[Source]:
    return [Source(title=one.title, publisher=one.publisher, date=one.date, url=one.url) for one in rule.sources]


def _platform_signer(snapshot: Snapshot, knowledge: Knowledge) -> tuple[str, Evidence] | None:
    """Return the id of the public or leaked key that signed the platform, and the certificate."""
    for package in snapshot.packages:
        for signer in package.signers or () if package.name == PLATFORM else ():
            key = knowledge.key_of(signer)
            if key is not None:
                return key.id, Evidence(kind="certificate", where=PLATFORM, value=signer)
    return None
