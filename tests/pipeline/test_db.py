"""What a person is shown of an entry."""

from dataclasses import replace

import pytest

from phone_audit.knowledge.load import Knowledge, load_knowledge
from phone_audit.pipeline.db import ENTRY_KINDS, KnownEntry, entries, search, show
from tests.judge.cases import fact, incident, knowledge_of


@pytest.fixture(scope="module")
def bundled() -> Knowledge:
    return load_knowledge()


def only(knowledge: Knowledge, wanted: str) -> KnownEntry:
    (entry,) = show(knowledge, wanted)
    return entry


@pytest.mark.parametrize("kind", ENTRY_KINDS)
def test_every_entry_has_an_id_a_title_and_facts(kind: str, bundled: Knowledge) -> None:
    for entry in entries(bundled, kind):
        assert entry.kind == kind
        assert entry.id
        assert entry.title
        assert all(key and "_" not in key and value for key, value in entry.facts), entry
        assert not any(value.startswith("None") or " None;" in value for _, value in entry.facts), entry


@pytest.mark.parametrize(
    ("wanted", "kind", "title"),
    [
        ("nokia-7-plus-vnet-cn-2019", "incidents", "Nokia 7 Plus: China Telecom activation client"),
        ("patch-newer-than-build", "firmware", "Patch level newer than the build"),
        ("hmd", "schemes", "HMD Global (Nokia phones)"),
        ("fairphone-4", "support", "Fairphone 4"),
        ("ro.build.display.id", "labels", "Build number"),
        ("aosp-n", "baselines", "AOSP of API level 24 and 25"),
        ("mvt-indicators", "feeds", "Indicators of compromise for MVT"),
    ],
)
def test_an_entry_of_every_kind_is_shown_by_its_id(wanted: str, kind: str, title: str, bundled: Knowledge) -> None:
    (entry,) = [found for found in show(bundled, wanted) if found.kind == kind]
    assert title in entry.title


@pytest.mark.parametrize("wanted", ["00WW_3_22C_SP05", "zzhc.vnet.cn", "COM.qualcomm.qti.autoregistration"])
def test_a_value_leads_to_its_incident(wanted: str, bundled: Knowledge) -> None:
    assert "nokia-7-plus-vnet-cn-2019" in {entry.id for entry in show(bundled, wanted)}


def test_a_fact_says_how_sure_it_is_and_what_it_proves() -> None:
    entry = incident(
        builds=[
            fact("ACME1", field="ro.build.display.id", match="exact", status="affected"),
            fact("ACME0", field="ro.build.display.id", match="exact", status="candidate", inferred=True),
            fact("some batches", field="description", status="affected"),
        ],
        models=[fact("One", field="ro.product.model", match="exact"), fact("the One", field="description")],
        packages=[
            fact("com.acme.a", standalone=True),
            fact("com.acme.b", standalone=False),
            fact("Weather", standalone=False, kind="app-label"),
        ],
        endpoints=[fact("in.acme.io", kind="domain", weight="strong"), fact("acme.io", kind="domain", weight="none")],
        hashes=[fact("a" * 64, algo="sha256", file="a.apk")],
        paths=[fact("/system/bin/a", standalone=True)],
        properties=[{**fact("ro.acme", standalone=False, expected=None), "confidence": "recalled"}],
    )
    said = only(knowledge_of(entry), "case").facts
    assert [value for key, value in said if key in ("builds", "models", "packages", "endpoints", "hashes")] == [
        "One (sourced, ro.product.model)",
        "the One (sourced)",
        "ACME1 (sourced, affected, ro.build.display.id)",
        "ACME0 (sourced, candidate, inferred, ro.build.display.id)",
        "some batches (sourced)",
        "com.acme.a (sourced, enough alone)",
        "com.acme.b (sourced, needs a second fact)",
        "Weather (sourced)",
        f"{'a' * 64} (sourced, sha256)",
        "in.acme.io (sourced, a sign by itself)",
        "acme.io (sourced, proves nothing)",
    ]
    assert ("paths", "/system/bin/a (sourced, enough alone)") in said
    assert ("properties", "ro.acme (recalled, not enough alone)") in said
    assert ("a match gives at most", "confirmed: known-bad") in said


def test_an_incident_that_cannot_be_found_says_so() -> None:
    said = only(knowledge_of(incident()), "case").facts
    assert ("a match gives at most", "nothing") in said
    assert ("nothing to compare", "made up") in said


def test_a_search_gives_the_part_that_it_met() -> None:
    entry = incident(summary=f"{'word ' * 60}The needle is here. {'word ' * 60}")
    knowledge = replace(knowledge_of(entry), files=knowledge_of(entry).files[-1:])
    (met,) = search(knowledge, "NEEDLE")
    assert met.found.startswith("summary: … word The needle is here. word")
    assert met.found.endswith("…")
