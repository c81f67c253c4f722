"""The sentences of a matched incident. They come from its facts, so made-up incidents read as well as real ones."""

from collections.abc import Mapping
from typing import Any

import pytest

from phone_audit.detect.build_properties import with_fingerprint_parts
from phone_audit.detect.incidents.incident_findings import matched_incident
from phone_audit.detect.incidents.incident_match import IncidentMatch
from phone_audit.detect.incidents.incident_matcher import match_incidents
from phone_audit.detect.incidents.incident_text import published_sentence
from phone_audit.detect.incidents.match_input import MatchInput, PackageInput
from phone_audit.detect.incidents.remedies import ONLY_A_SCAN_TELLS, advice
from phone_audit.judge.verdict import advised_reason
from phone_audit.knowledge.load import load_knowledge
from phone_audit.knowledge.schema.incident import IncidentEntry
from tests.judge.cases import NOKIA, REGISTRATION, REGISTRATION_PATH, endpoint, fact, incident, knowledge_of, observed

WEATHER = "com.acme.weather"
NAME = fact(WEATHER, standalone=False)
HOST = fact("in.acme.example", kind="domain", weight="strong", source=2)
BUILD = fact("ACME1", field="ro.build.display.id", match="exact", status="candidate")


def reason(entry: IncidentEntry, *packages: PackageInput, on_phone: bool = True, **seen: Any) -> str:
    observation = MatchInput(packages=packages, **seen)
    (match,) = match_incidents(observation, knowledge_of(entry))
    return text_of(match, observation.properties, on_phone=on_phone)


def text_of(match: IncidentMatch, properties: Mapping[str, str], *, on_phone: bool) -> str:
    """The text of the reason with its advice, as a verdict has it."""
    matched = matched_incident(match, with_fingerprint_parts(properties), on_phone=on_phone)
    return advised_reason(None, matched.reason, matched.advice).text


def test_the_seed_case_reads_like_an_answer() -> None:
    package = PackageInput(
        REGISTRATION,
        endpoints=(endpoint("zzhc.vnet.cn", text="http://zzhc.vnet.cn:9999/"),),
        path=REGISTRATION_PATH,
    )
    matches = match_incidents(MatchInput(NOKIA, (package,)), load_knowledge())
    text = text_of(matches[0], NOKIA, on_phone=True)
    assert text.startswith(
        "Nokia 7 Plus: China Telecom activation client shipped on non-Chinese firmware. "
        "It is reported to send IMEI, Wi-Fi MAC address, SIM ICCID, cell / base-station identifier (coarse location) "
        "and device serial number in cleartext (HTTP) to zzhc.vnet.cn. "
        "Found: the package com.qualcomm.qti.autoregistration with zzhc.vnet.cn in its classes.dex. "
        "This build may be affected (ro.build.display.id is 00WW_3_22C): that builds before the fix are affected is "
        "concluded from the fix, no publisher says which ones were. "
        "Fixed builds of this branch: 00WW_3_22C_SP05, or any 00WW_3_39B from SP03. "
        "This phone does not show its service pack (00WW_3_22C), so the build alone cannot tell: "
        "the package and the endpoint in its code do. "
        "Published by NRK and NRKbeta (2019-03-21) and HMD Global (2019-03-22)."
    )
    assert " What to do: " in text


def test_another_incident_reads_as_well() -> None:
    entry = incident(
        packages=[NAME],
        endpoints=[HOST],
        builds=[BUILD],
        data_types=[fact("IMEI"), fact("location")],
        transport=fact("https"),
        what_to_do=["Install Acme Weather 2"],
    )
    package = observed(WEATHER, endpoints=(endpoint("in.acme.example", where="classes2.dex"),))
    assert reason(entry, package, properties={"ro.build.display.id": "ACME1"}) == (
        "Acme One: weather service that sends the IMEI. "
        "It is reported to send IMEI and location over HTTPS to in.acme.example. "
        "Found: the package com.acme.weather with in.acme.example in its classes2.dex. "
        "This build may be affected (ro.build.display.id is ACME1): it is named as possible, not as certain. "
        "The build alone cannot tell: the package and the endpoint in its code do. "
        "Published by A lab (2024-05-01) and Acme (2024-06-01). "
        "What to do: Install Acme Weather 2."
    )


def test_a_weak_match_says_that_one_sign_is_no_proof() -> None:
    text = reason(incident(endpoints=[HOST]), observed("com.other", endpoints=(endpoint("in.acme.example"),)))
    assert "Found: the package com.other with in.acme.example in its classes.dex." in text
    assert "One sign alone proves nothing" in text
    assert "cannot tell" not in text


def test_an_affected_build_decides_itself() -> None:
    entry = incident(packages=[NAME], builds=[{**BUILD, "status": "affected"}])
    text = reason(entry, observed(WEATHER), properties={"ro.build.display.id": "ACME1"})
    assert "This build is listed as affected (ro.build.display.id is ACME1)." in text
    assert "cannot tell" not in text


def test_a_model_is_not_a_build() -> None:
    entry = incident(models=[fact("One", field="ro.product.model", match="exact")])
    assert (
        "The model is one that is named (ro.product.model is One); that does not tell whether this build has it."
        in (reason(entry, properties={"ro.product.model": "One"}))
    )


def test_a_fixed_build_asks_for_nothing() -> None:
    entry = incident(builds=[{**BUILD, "status": "fixed"}], data_types=[fact("IMEI")])
    assert reason(entry, properties={"ro.build.display.id": "ACME1"}) == (
        "Acme One: weather service that sends the IMEI. This build is listed as fixed (ro.build.display.id is ACME1). "
        "Fixed builds: ACME1. Published by A lab (2024-05-01)."
    )


def test_hashes_signers_paths_and_properties_are_named() -> None:
    entry = incident(
        packages=[NAME],
        hashes=[fact("ab" * 32, algo="sha256", file="a.apk")],
        certificates=[fact("cd" * 32, algo="sha256", role="platform", standalone=False)],
        paths=[fact("/system/bin/bad", standalone=True)],
        properties=[fact("os.bad", expected=None, standalone=True)],
    )
    package = observed(WEATHER, hashes=frozenset(["ab" * 32]), signers=frozenset(["cd" * 32]))
    text = reason(entry, package, properties={"os.bad": "1"}, paths={"/system/bin/bad": "file"})
    assert (
        "Found: the property os.bad and the path /system/bin/bad; "
        "the package com.acme.weather with the listed file hash and the listed signer."
    ) in text


def test_a_certificate_on_many_packages_is_one_item() -> None:
    entry = incident(certificates=[fact("cd" * 32, algo="sha256", role="test key", standalone=True)])
    packages = [
        PackageInput(f"com.a{n}", signers=frozenset(["cd" * 32]), path=f"/system/app/{n}.apk") for n in range(3)
    ]
    wanted = "Found: the packages com.a0, com.a1 and com.a2 with the listed signing certificate cdcdcdcdcdcdcdcd…."
    assert wanted in reason(entry, *packages)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ""),
        ({"data_types": [{"value": "IMEI", "confidence": "recalled"}]}, ""),
        (
            {"data_types": [fact("IMEI")], "transport": fact("unknown")},
            "It is reported to send IMEI to a.example and b.example.",
        ),
        (
            {"data_types": [fact("IMEI")], "transport": fact("mixed")},
            "It is reported to send IMEI (transport: mixed) to a.example and b.example.",
        ),
        (
            {"data_types": [fact("takes over accounts"), fact("SMS")], "transport": fact("cleartext-http"),
             "category": "backdoor"},
            "Reported: takes over accounts; SMS; in cleartext (HTTP).",
        ),
        (
            {"data_types": [fact("IMEI")], "transport": {"value": "https", "confidence": "recalled"}},
            "It is reported to send IMEI to a.example and b.example.",
        ),
    ],
)  # fmt: skip
def test_what_is_published(changes: dict[str, Any], said: str) -> None:
    hosts = [fact(f"{name}.example", kind="domain", weight="strong") for name in "abc"]
    assert published_sentence(incident(endpoints=hosts, **changes), ()) == said


def test_advice_is_never_empty() -> None:
    assert advice(incident(), "found") == (
        "Ask the maker for firmware without it, and check the phone again after the update.",
    )
    fixed = incident(builds=[{**BUILD, "status": "fixed"}])
    assert advice(fixed, "listed") == ("Install the newest firmware of the maker and check the phone again.",)


def test_steps_about_what_was_found_are_for_those_who_found_it() -> None:
    listed, found = {"text": "Return it", "needs": "listed"}, {"text": "Keep it", "needs": "found"}
    entry = incident(what_to_do=["Update", listed, found])
    assert advice(entry, "found") == ("Update", "Return it", "Keep it")
    assert advice(entry, "listed") == ("Update", "Return it")
    assert advice(entry, "named") == ("Update",)
    assert advice(incident(what_to_do=[listed]), "named") == (ONLY_A_SCAN_TELLS,)


def test_nobody_returns_a_phone_for_its_model() -> None:
    model = fact("One", field="ro.product.model", match="exact")
    entry = incident(models=[model], builds=[{**BUILD, "status": "affected"}],
                     what_to_do=[{"text": "Return it", "needs": "listed"}, "Update"])  # fmt: skip
    assert reason(entry, properties={"ro.product.model": "One"}).endswith(" What to do: Update.")
    listed = reason(entry, properties={"ro.product.model": "One", "ro.build.display.id": "ACME1"})
    assert listed.endswith(" What to do: Return it.")


def test_a_build_alone_is_asked_for_nothing_that_was_not_seen() -> None:
    steps = [{"text": "Uninstall the package", "needs": "found"}, "Update"]
    entry = incident(packages=[NAME], endpoints=[HOST], builds=[BUILD], what_to_do=steps)
    package = observed(WEATHER, endpoints=(endpoint("in.acme.example"),))
    shown = {"ro.build.display.id": "ACME1"}
    assert reason(entry, properties=shown).endswith(" What to do: Update.")
    assert reason(entry, package, properties=shown).endswith(" What to do: Uninstall the package.")


def test_a_listed_version_accuses_nobody() -> None:
    """Only the name and the version were seen: what others are reported to send is not said of this phone."""
    version = fact("com.acme.weather below 2", field="package-version", status="candidate", match="range",
                   scheme="dotted", below="2", package=WEATHER)  # fmt: skip
    entry = incident(packages=[NAME], endpoints=[HOST], builds=[version], data_types=[fact("IMEI")])
    text = reason(entry, observed(WEATHER, version_name="1.5"))
    assert "Phones that have it are reported to send IMEI to in.acme.example." in text
    assert "It is reported" not in text
    assert f"Found: the package {WEATHER} with a version in the listed range (1.5)." in text
    assert "A name and a version prove nothing: whether this one does it has not been seen." in text


def test_a_disputed_incident_names_both_sides() -> None:
    reply = fact("Acme said that nothing is sent", source=2)
    entry = incident(status="disputed", raises="suspicious", packages=[fact(WEATHER, standalone=True)],
                     vendor_response=[reply, {"value": "hearsay", "confidence": "recalled"}])  # fmt: skip
    text = reason(entry, observed(WEATHER))
    assert "It is disputed: Acme said that nothing is sent." in text
    assert "hearsay" not in text
    assert "disputed" not in reason(incident(packages=[fact(WEATHER, standalone=True)]), observed(WEATHER))


@pytest.mark.parametrize(
    ("on_phone", "said"),
    [
        (False, "Without the phone that it was on it cannot be told: there are phones on which it is as it should be."),
        (True, "That is no proof yet: it is not known whether an exception applies to this build."),
    ],
)
def test_name_and_endpoint_are_there_and_the_phone_is_not(on_phone: bool, said: str) -> None:
    """Both signs were found, so no second one is missing: what is missing is the model."""
    name = {**NAME, "only_if": [{"field": "ro.product.model", "match": "exact", "value": "One"}]}
    package = observed(WEATHER, endpoints=(endpoint("in.acme.example"),))
    text = reason(incident(packages=[name], endpoints=[HOST]), package, on_phone=on_phone)
    assert said in text
    assert "a second one is missing" not in text
    known = reason(incident(packages=[name], endpoints=[HOST]), package, properties={"ro.product.model": "Two"})
    assert "a second one is missing" in known


def test_every_bundled_incident_can_be_told() -> None:
    """With every fact that it holds met at once: no sentence breaks, and none is left open."""
    known = load_knowledge()
    for entry in known.incidents:
        packages = [PackageInput(item.value, path="/a.apk") for item in entry.packages if item.kind is None]
        properties = {item.field: item.value for item in entry.models if item.match == "exact"}
        properties |= {item.field: item.value for item in entry.builds if item.match == "exact"}
        for match in match_incidents(MatchInput(properties, tuple(packages)), known):
            text = text_of(match, properties, on_phone=True)
            assert text.endswith((".", "!", "?"))
            assert "  " not in text
            assert ".." not in text
