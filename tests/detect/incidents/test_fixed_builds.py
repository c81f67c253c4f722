"""Which fixed builds are named, and when a build number shows too little to be compared with them."""

from typing import Any

import pytest

from phone_audit.detect.incidents.fixed_builds import shown_version
from phone_audit.detect.incidents.incident_text import fixed_sentence, service_pack_sentence
from phone_audit.knowledge.load import load_knowledge
from tests.judge.cases import NOKIA_FINGERPRINT, fact, incident

DISPLAY, INCREMENTAL = "ro.build.display.id", "ro.build.version.incremental"


def fixed(value: str, **changes: Any) -> dict[str, Any]:
    return fact(value, **{"field": DISPLAY, "match": "exact", "status": "fixed", **changes})


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        (
            {DISPLAY: "00WW_3_22C"},
            "Fixed builds of this branch: 00WW_3_22C_SP05, or any 00WW_3_39B from SP03.",
        ),
        (
            {DISPLAY: "00WW_3_39B_SP01"},
            "Fixed builds of this branch: 00WW_3_39B_SP03, or any 00WW_3_22C from SP05.",
        ),
        ({DISPLAY: "00WW_2_35E"}, "Fixed builds: any 00WW_3_39B from SP03 or any 00WW_3_22C from SP05."),
        ({}, "Fixed builds: any 00WW_3_39B from SP03 or any 00WW_3_22C from SP05."),
    ],
)
def test_the_fixed_builds_of_the_seed_case(properties: dict[str, str], said: str) -> None:
    assert fixed_sentence(load_knowledge().incident("nokia-7-plus-vnet-cn-2019"), properties) == said


def test_any_other_vendor() -> None:
    entry = incident(builds=[fixed("ACME-V2"), fixed("x", match="range", scheme="miui", label="MIUI V7.3 and later")])
    assert fixed_sentence(entry, {DISPLAY: "ACME-V1"}) == "Fixed builds: ACME-V2 or MIUI V7.3 and later."


def test_a_recalled_fix_is_not_named() -> None:
    assert fixed_sentence(incident(builds=[fixed("A", confidence="recalled", source=None)]), {}) == ""
    assert fixed_sentence(incident(), {}) == ""


def test_the_service_pack() -> None:
    entry = incident(builds=[fixed("00WW_3_22C_SP05")])
    phone = service_pack_sentence(entry, {DISPLAY: "00WW_3_22C"}, on_phone=True)
    assert phone == "This phone does not show its service pack (00WW_3_22C), so the build alone cannot tell"
    number = service_pack_sentence(entry, {DISPLAY: "00WW_3_22C"}, on_phone=False)
    assert number == "This build number does not show its service pack (00WW_3_22C), so the build alone cannot tell"
    printed = service_pack_sentence(entry, {INCREMENTAL: "00WW_3_22C"}, on_phone=False)
    assert printed == (
        "A fingerprint does not show the service pack (the build number in Settings does), "
        "so it cannot tell a fixed build from an earlier one"
    )


@pytest.mark.parametrize(
    "properties",
    [
        {DISPLAY: "00WW_3_22C_SP04", INCREMENTAL: "00WW_3_22C"},
        {DISPLAY: "00WW_2_35E"},
        {DISPLAY: "AP4A.241205.013", INCREMENTAL: "00WW_3_22C"},
        {},
    ],
)
def test_nothing_is_said_where_the_pack_is_shown_or_does_not_matter(properties: dict[str, str]) -> None:
    assert service_pack_sentence(incident(builds=[fixed("00WW_3_22C_SP05")]), properties, on_phone=True) == ""


def test_shown_version() -> None:
    shown = shown_version({DISPLAY: "00WW_3_22C_SP04"})
    assert shown is not None
    assert (shown.text, shown.branch, shown.pack, shown.whole) == ("00WW_3_22C_SP04", "00WW_3_22C", "04", True)
    assert shown_version({DISPLAY: NOKIA_FINGERPRINT}) is None
