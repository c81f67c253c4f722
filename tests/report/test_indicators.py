"""Indicators and tables that are given out: STIX that can be read again, CSV without formulas, hosts files."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from stix2validator import ValidationOptions, validate_string

from phone_audit.knowledge.feeds.indicator import About, Indicator
from phone_audit.knowledge.feeds.stix import read_stix
from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.apk import Apk, Endpoint, HeldBy
from phone_audit.model.finding import Evidence, Finding, Subject
from phone_audit.pipeline.indicator_export import known_indicators
from phone_audit.report.canvas import Style
from phone_audit.report.csv_v1 import COLUMNS, PHONE_COLUMNS, to_csv
from phone_audit.report.formats import render
from phone_audit.report.hosts import to_hosts
from phone_audit.report.indicators import SharedIndicator, indicators_in
from phone_audit.report.stix import to_stix
from tests.documents import SKIPPED, SOURCE, apk, apks, finding, scan
from tests.report.test_draw_phones import fleet, row

MADE = "2026-02-01T00:00:00.000Z"
VALUES = (
    ("host", "spy.example"), ("address", "8.8.8.8"), ("address", "2a00:1450::1"), ("network", "8.8.8.0/24"),
    ("url", "cdn.example/it's?x=1"), ("hash", "a" * 32), ("hash", "b" * 40), ("hash", "c" * 64),
    ("certificate", "d" * 40), ("certificate", "e" * 64), ("package", "com.spy.one"), ("path", "/data/x y"),
    ("property", "sys.spy"), ("property", "sys.spy=a=b"), ("file", "payload.dex"), ("process", "spyd"),
)  # fmt: skip


def shared(kind: str, value: str, **changes: Any) -> SharedIndicator:
    fields: dict[str, Any] = {
        "name": "SpyOne", "class_": "stalkerware", "publisher": "A lab", "title": "A list",
        "url": "https://lab.example/list", "date": "2026-01-31", "licence": "MIT",
    }  # fmt: skip
    return SharedIndicator(kind=kind, value=value, **(fields | changes))


def test_what_stix_gives_out_is_read_back() -> None:
    rows = [shared(kind, value) for kind, value in VALUES]
    again = [*read_stix(to_stix(rows, MADE).encode(), About("file", "malware"))]
    assert all(isinstance(item, Indicator) for item in again)
    found = {(item.kind, item.value) for item in again if isinstance(item, Indicator)}
    assert found == set(VALUES)
    assert {item.about.name for item in again if isinstance(item, Indicator)} == {"SpyOne"}
    assert {item.about.class_ for item in again if isinstance(item, Indicator)} == {"stalkerware"}


def test_what_is_weak_is_not_given_out_as_a_sign() -> None:
    rows = [
        shared("host", "cdn.example", weak=True),
        shared("host", "spy.example"),
        shared("package", "a.b", weak=True),
    ]
    again = [*read_stix(to_stix(rows, MADE).encode(), About("file", "malware"))]
    assert [(item.kind, item.value) for item in again if isinstance(item, Indicator)] == [("host", "spy.example")]
    assert len(lines(to_csv(rows, MADE))) == len(rows), "the table names them, and says that they are weak"


def test_stix_has_what_the_standard_demands() -> None:
    bundle = json.loads(to_stix([shared("host", "spy.example"), shared("name", "SpyOne")], MADE))
    assert [item["type"] for item in bundle["objects"]] == ["identity", "indicator", "malware", "relationship"]
    for item in bundle["objects"]:
        assert item["spec_version"] == "2.1"
        assert item["id"].startswith(f"{item['type']}--")
        assert {"created", "modified"} <= item.keys()
    indicator = bundle["objects"][1]
    assert indicator["pattern"] == "[domain-name:value='spy.example']"
    assert indicator["valid_from"] == "2026-01-31T00:00:00.000Z"
    assert indicator["external_references"] == [
        {"source_name": "A lab", "url": "https://lab.example/list", "description": "A list, 2026-01-31; licence MIT"}
    ]
    relation = bundle["objects"][3]
    assert (relation["source_ref"], relation["target_ref"]) == (indicator["id"], bundle["objects"][2]["id"])
    assert to_stix([shared("host", "spy.example")], MADE) == to_stix([shared("host", "spy.example")] * 2, MADE)


@pytest.mark.parametrize("value", ["=1+1", "+x", "-x", "@SUM(A1)", "\uff1d1+1", "\uff20SUM(A1)"])
def test_no_cell_is_a_formula(value: str) -> None:
    text = to_csv([shared("path", value, name=value)], MADE)
    line = list(csv.reader(io.StringIO(text)))[1]
    assert line[1] == line[2] == f"'{value}"
    assert "\x1b" not in to_csv([shared("host", "a\x1b[31m\u202e")], MADE)


def test_every_cell_is_quoted() -> None:
    text = to_csv([shared("host", "a.example")], MADE) + render("csv", scan("known-bad"), Style())
    for line in text.splitlines():
        assert re.fullmatch(r'"(?:[^"]|"")*"(?:,"(?:[^"]|"")*")*', line), line


def test_a_hosts_file_blocks_hosts_and_says_what_it_cannot() -> None:
    rows = [
        shared("host", "b.example", name="x # y"), shared("host", "a.example"), shared("host", "w.example", weak=True),
        shared("address", "8.8.8.8"), shared("hash", "a" * 64), shared("host", "a.example", name="Other"),
    ]  # fmt: skip
    assert to_hosts(rows, MADE).splitlines() == [
        "# Block list made by phone-audit; a host covers itself only, not what lies below it.",
        "# 2 hosts, 2026-02-01; not in it: 2 addresses, URLs, and hosts that others use too.",
        "0.0.0.0 a.example # Other (A lab), SpyOne (A lab)",
        "0.0.0.0 b.example # x   y (A lab)",
    ]


def endpoint(host: str, **changes: Any) -> Endpoint:
    evidence = Evidence(kind="dex-string", where="classes.dex", value=f"http://{host}/", offset=1)
    fields: dict[str, Any] = {
        "host": host, "kind": "domain", "registered_domain": None, "urls": (), "schemes": (), "ports": (),
        "cleartext": False, "owner": None, "category": "unknown", "ruled_out": None,
        "held_by": (HeldBy(party="unknown", library=None, evidence=(evidence,)),),
    }  # fmt: skip
    return Endpoint(**(fields | changes))


def bad_apk() -> Apk:
    spied, ads, names = (
        endpoint("spy.example"), endpoint("ads.example", owner="Ads", category="advertising"),
        endpoint("schemas.example", owner="N", category="telemetry", ruled_out="namespace"),
    )  # fmt: skip
    evidence = (
        Evidence(kind="package", where="a.apk", value="com.a"),
        Evidence(kind="hash", where="a.apk", value="a" * 64),
        *spied.held_by[0].evidence,
    )
    found = finding().model_copy(update={"evidence": evidence})
    return apk(outcome="known-bad").model_copy(update={"findings": (found,), "endpoints": (spied, ads, names)})


def test_what_a_result_found_is_given_out() -> None:
    rows = indicators_in(apks(bad_apk(), outcome="known-bad"))
    assert [(row.kind, row.value, row.class_, row.where) for row in rows] == [
        ("hash", "a" * 64, "data-leak", "com.a"),
        ("host", "ads.example", "tracker", "com.a"),
        ("host", "spy.example", "data-leak", "com.a"),
        ("package", "com.a", "data-leak", "com.a"),
    ]
    patterns = [
        item["pattern"]
        for item in json.loads(render("stix", bad_apk(), Style()))["objects"]
        if item["type"] == "indicator"
    ]
    assert sorted(patterns) == [
        "[app:id='com.a']", "[domain-name:value='spy.example']", f"[file:hashes.'SHA-256'='{'a' * 64}']",
    ]  # fmt: skip
    blocked = [line.split()[1] for line in render("hosts", bad_apk(), Style()).splitlines() if not line.startswith("#")]
    assert blocked == ["ads.example", "spy.example"]


@pytest.mark.parametrize("name", ["candidate-build", "named-model", "indicator.commonplace", "indicator.tracker"])
def test_what_is_no_sign_is_not_given_out(name: str) -> None:
    record = bad_apk().model_copy(update={"endpoints": ()})
    quiet = record.model_copy(update={"findings": (record.findings[0].model_copy(update={"id": name}),)})
    assert indicators_in(quiet) == []


def test_a_scan_gives_what_its_findings_hold() -> None:
    result = scan("known-bad").model_copy(update={"apks": (bad_apk(),), "findings": bad_apk().findings})
    assert {row.value for row in indicators_in(result)} == {"com.a", "a" * 64, "spy.example", "ads.example"}


def lines(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_table_has_a_line_for_each_finding_and_for_what_was_not_read() -> None:
    found = lines(
        render("csv", apks(apk("b.apk", "known-bad"), apk("c.apk", skipped=(SKIPPED,)), apk("d.apk")), Style())
    )
    assert [(row["result"], row["id"], row["outcome"]) for row in found] == [
        ("b.apk", "known-bad-batch", "known-bad"),
        ("c.apk", "not-read", "nothing-found"),
        ("d.apk", "", "nothing-found"),
    ]
    assert found[0]["evidence"] == "dex-string: http://a.example [classes.dex]"
    assert (found[0]["publisher"], found[0]["url"]) == (SOURCE.publisher, SOURCE.url)
    assert (found[1]["subject"], found[1]["message"]) == (SKIPPED.subject, SKIPPED.reason)


def test_the_table_of_a_phone_names_it_by_its_pseudonym() -> None:
    found = lines(render("csv", scan("known-bad"), Style()))
    assert {row["result"] for row in found} == {"0" * 16}
    assert tuple(found[0]) == COLUMNS


def test_the_table_names_app_and_label_last_so_that_readers_of_earlier_columns_keep_working() -> None:
    assert COLUMNS[-5:] == ("accepted_by", "app", "label", "file", "sha256")
    (line,) = lines(render("csv", scan("known-bad"), Style()))
    assert (line["subject"], line["app"], line["key"]) == ("com.a", "A", "k1")
    (line,) = lines(render("csv", scan("known-bad").model_copy(update={"label": "case 17"}), Style()))
    assert line["label"] == "case 17"
    named = apk("c.apk", skipped=(SKIPPED,)).model_copy(update={"app_name": "=1+1", "package": "com.c"})
    other = apk("d.apk").model_copy(update={"app_name": None})
    assert [row["app"] for row in lines(render("csv", apks(named, other), Style()))] == ["'=1+1", ""]


def test_a_finding_on_the_phone_itself_names_no_app() -> None:
    odd = finding().model_copy(update={"subject": Subject(kind="device", name="phone")})
    (line,) = lines(render("csv", scan("known-bad").model_copy(update={"findings": (odd,)}), Style()))
    assert line["app"] == ""


def test_the_table_of_several_phones_has_a_line_for_each() -> None:
    unread = row(2, outcome=None, complete=False, error="No phone.", hint="Look.")
    phones = fleet(
        scans=(
            row(1, label="=x", asset="=A", asset_notes=("owner: Ann", "site: R"), reason="Calls home.", watched="yes"),
            unread,
        )
    )
    found = lines(render("csv", phones, Style(stated_in="fleet.json")))
    assert tuple(found[0]) == PHONE_COLUMNS
    assert [tuple(line.values()) for line in found] == [
        (
            "01-Pixel_8-1", "01.json", "1" * 16, "", "'=x", "Pixel 8", "exposed", "", "yes", "", "", "fleet.json",
            "'=A", "owner: Ann | site: R", "Calls home.", "yes",
        ),
        (
            "02-Pixel_8-2", "02.json", "2" * 16, "", "", "Pixel 8", "", "", "no", "No phone.", "Look.", "fleet.json",
            "", "", "", "",
        ),
    ]  # fmt: skip


def stix_faults(text: str) -> list[str]:
    """Return what the validator of OASIS finds wrong in a bundle."""
    result = validate_string(text, ValidationOptions(version="2.1"))
    return [str(error) for error in result.errors or ()]


def test_stix_passes_the_validator_of_oasis() -> None:
    rows = [shared(kind, value) for kind, value in VALUES]
    rows.append(shared("host", "odd.example", name="it's\u202e \\ ]", title='"', publisher="", url="", class_="odd"))
    assert stix_faults(to_stix(rows, MADE)) == []
    assert stix_faults(to_stix([shared("host", "a.example", date="2026-01-31", name="")], MADE)) == []


def test_a_bundle_of_nothing_passes_the_validator_of_oasis_too() -> None:
    assert stix_faults(to_stix([], MADE)) == []
    assert stix_faults(render("stix", apk(), Style())) == []


def test_what_is_given_out_of_each_feed_passes_the_validator_of_oasis() -> None:
    shown: dict[tuple[str, str, str], SharedIndicator] = {}
    for one in known_indicators(load_knowledge()):
        shown.setdefault((one.kind, one.title, one.class_), one)
    assert len(shown) > 10
    assert stix_faults(to_stix(shown.values(), MADE)) == []


def test_packages_have_the_name_that_mvt_reads_which_is_none_of_the_standard() -> None:
    bundle = json.loads(to_stix([shared("package", "com.spy.one")], MADE))
    (indicator,) = (item for item in bundle["objects"] if item["type"] == "indicator")
    assert (indicator["pattern"], indicator["pattern_type"]) == ("[app:id='com.spy.one']", "mvt")


def test_long_evidence_is_counted() -> None:
    pieces = tuple(Evidence(kind="path", where="/", value=f"/{number}") for number in range(12))
    many = Finding(
        id="x", key="k", category="c", title="t", message="m", severity="low", confidence="low",
        subject=Subject(kind="device", name="phone"), evidence=pieces,
    )  # fmt: skip
    (line,) = lines(render("csv", apk().model_copy(update={"findings": (many,)}), Style()))
    assert line["evidence"].endswith("path: /9 [/] | and 2 more")


@pytest.mark.parametrize("name", ["csv", "stix", "sarif", "hosts"])
def test_every_document_can_be_given_out(name: str, tmp_path: Path) -> None:
    for document in (scan(), apks(), apk(), scan("known-bad", (SKIPPED,))):
        assert render(name, document, Style()).endswith("\n")
