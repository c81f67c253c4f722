"""Matched incidents as findings: one for each package, the build as evidence beside it."""

from typing import Any

import pytest

from phone_audit.detect.incidents.incident_findings import incident_findings
from phone_audit.detect.incidents.incident_matcher import match_incidents
from phone_audit.detect.incidents.match_input import MatchInput, PackageInput
from phone_audit.knowledge.schema.incident import IncidentEntry
from phone_audit.model.finding import Evidence, Finding, Remedy, Source, Subject, finding_key
from tests.judge.cases import endpoint, fact, incident, knowledge_of, observed

WEATHER = "com.acme.weather"
NAME = fact(WEATHER, standalone=False)
HOST = fact("in.acme.example", kind="domain", weight="strong")
BUILD = fact("ACME1", field="ro.build.display.id", match="exact", status="candidate")
SHOWN = {"ro.build.display.id": "ACME1"}
SOURCES = (
    Source(title="The study", publisher="A lab", date="2024-05-01", url="https://lab.example/study"),
    Source(title="The reply", publisher="Acme", date="2024-06-01", url=""),
)


def findings(entry: IncidentEntry, *packages: PackageInput, on_phone: bool = True, **seen: Any) -> tuple[Finding, ...]:
    (match,) = match_incidents(MatchInput(packages=packages, **seen), knowledge_of(entry))
    return incident_findings(match, on_phone=on_phone)


def test_a_confirmed_package() -> None:
    entry = incident(packages=[NAME], endpoints=[HOST], builds=[BUILD], what_to_do=["Update it."])
    package = observed(WEATHER, endpoints=(endpoint("in.acme.example"),))
    subject = Subject(kind="package", name=WEATHER)
    assert findings(entry, package, properties=SHOWN) == (
        Finding(
            id="published-incident",
            key=finding_key("incident", subject, "case"),
            category="data-leak",
            title="Acme One: weather service that sends the IMEI",
            message="The package com.acme.weather with in.acme.example in its classes.dex: "
            "this is the published incident “Acme One: weather service that sends the IMEI”.",
            severity="high",
            confidence="confirmed",
            subject=subject,
            evidence=(
                Evidence(kind="package", where="/system/app/A/A.apk", value=WEATHER),
                Evidence(kind="dex-string", where="classes.dex", value="in.acme.example", offset=64),
                Evidence(kind="property", where="getprop", value="ro.build.display.id=ACME1"),
            ),
            incident="case",
            sources=SOURCES,
            remedy=(Remedy(text="Update it."),),
            sign="incident",
        ),
    )


@pytest.mark.parametrize(
    ("changes", "claim"),
    [
        ({"builds": [{**BUILD, "status": "affected"}]}, ("published-incident", "high", "high")),
        ({"builds": [BUILD]}, ("candidate-build", "info", "low")),
        (
            {"models": [fact("ACME1", field="ro.build.display.id", match="exact")]},
            ("named-model", "info", "low"),
        ),
        ({"properties": [fact("os.bad", expected=None, standalone=True)]}, ("published-incident", "high", "confirmed")),
        (
            {"properties": [fact("os.bad", expected=None, standalone=True)],
             "unless": [{"field": "ro.product.name", "match": "present"}]},
            ("possible-incident", "high", "medium"),
        ),
    ],
)  # fmt: skip
def test_what_a_word_claims(changes: dict[str, Any], claim: tuple[str, str, str]) -> None:
    (found,) = findings(incident(**changes), properties={**SHOWN, "os.bad": "1"})
    assert (found.id, found.severity, found.confidence) == claim


def test_a_fixed_build_is_no_finding() -> None:
    assert findings(incident(builds=[{**BUILD, "status": "fixed"}]), properties=SHOWN) == ()


def test_a_fixed_build_cancels_no_evidence_and_is_none() -> None:
    entry = incident(packages=[fact(WEATHER, standalone=True)], builds=[{**BUILD, "status": "fixed"}])
    (found,) = findings(entry, observed(WEATHER), properties=SHOWN)
    assert found.id == "published-incident"
    assert [piece.kind for piece in found.evidence] == ["package"]


def test_two_packages_are_two_findings() -> None:
    entry = incident(packages=[fact(WEATHER, standalone=True), fact("com.acme.two", standalone=True)])
    found = findings(entry, observed("com.acme.two"), observed(WEATHER))
    assert [item.subject.name for item in found] == ["com.acme.two", WEATHER]
    assert len({item.key for item in found}) == 2


def test_an_affected_build_stands_beside_a_mere_sign() -> None:
    entry = incident(endpoints=[HOST], builds=[{**BUILD, "status": "affected"}])
    package = observed("com.other", endpoints=(endpoint("in.acme.example"),))
    found = findings(entry, package, properties=SHOWN)
    assert [(item.id, item.subject.kind) for item in found] == [
        ("published-incident", "build"),
        ("possible-incident", "package"),
    ]


def test_a_hash_of_a_file_without_a_package() -> None:
    entry = incident(hashes=[fact("ab" * 32, algo="sha256", file="a.apk")])
    (found,) = findings(entry, observed(None, hashes=frozenset(["ab" * 32])))
    assert found.subject == Subject(kind="apk", name="/system/app/A/A.apk")
    assert found.message.startswith("The file /system/app/A/A.apk with the listed file hash: this is")


def test_a_weak_match_offers_no_command() -> None:
    advice = f"Switch it off: adb shell pm disable-user --user 0 {WEATHER}."
    entry = incident(endpoints=[HOST], what_to_do=[advice])
    (found,) = findings(entry, observed(WEATHER, endpoints=(endpoint("in.acme.example"),)))
    assert found.remedy == (Remedy(text=advice),)


def test_braces_in_a_title_are_only_text() -> None:
    (found,) = findings(incident(title="{seen} {0}", packages=[fact(WEATHER, standalone=True)]), observed(WEATHER))
    assert found.message == "The package com.acme.weather: this is the published incident “{seen} {0}”."


def test_an_incident_about_the_firmware_needs_a_system_package() -> None:
    key = fact("cd" * 32, algo="sha256", role="test key", standalone=True)
    entry = incident(applies_to="system-packages", certificates=[key], packages=[fact(WEATHER, standalone=True)])
    for system in (False, None):
        package = observed(WEATHER, signers=frozenset(["cd" * 32]), system=system)
        assert match_incidents(MatchInput(packages=(package,)), knowledge_of(entry)) == ()
    package = observed("com.acme.two", signers=frozenset(["cd" * 32]), system=True)
    (found,) = findings(entry, package)
    assert found.message.startswith(
        "The package com.acme.two with the listed signing certificate cdcdcdcdcdcdcdcd…: this"
    )


@pytest.mark.parametrize(
    ("on_phone", "said"),
    [
        (False, "but without the phone that it was on it cannot be told."),
        (True, "but it is not known whether an exception applies to this build."),
    ],
)
def test_what_is_missing_is_the_phone(on_phone: bool, said: str) -> None:
    name = {**NAME, "only_if": [{"field": "ro.product.model", "match": "exact", "value": "One"}]}
    package = observed(WEATHER, endpoints=(endpoint("in.acme.example"),))
    (found,) = findings(incident(packages=[name], endpoints=[HOST]), package, on_phone=on_phone)
    assert found.message.endswith(said)
    (found,) = findings(incident(endpoints=[HOST]), package, on_phone=on_phone)
    assert found.message.endswith("a second sign is missing.")


def test_a_disputed_incident_carries_the_reply() -> None:
    reply = fact("Acme said that nothing is sent", source=2)
    entry = incident(status="disputed", packages=[fact(WEATHER, standalone=True)], vendor_response=[reply])
    (found,) = findings(entry, observed(WEATHER))
    assert found.message.endswith("sends the IMEI” (disputed: Acme said that nothing is sent).")


def test_a_build_without_a_name() -> None:
    entry = incident(models=[fact("One", field="ro.product.model", match="exact")])
    (found,) = findings(entry, properties={"ro.product.model": "One"})
    assert found.message.startswith("This build: the model is named in")


def test_a_build_alone_gets_no_step_about_what_was_not_found() -> None:
    steps = ["Update it.", {"text": "Keep this report: it shows the package.", "needs": "found"}]
    entry = incident(builds=[{**BUILD, "status": "affected"}], what_to_do=steps)
    (found,) = findings(entry, properties=SHOWN)
    assert [step.text for step in found.remedy] == ["Update it."]
