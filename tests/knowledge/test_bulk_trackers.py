import json
from pathlib import Path
from typing import Any

import pytest

from fixtures.knowledge import trackers as script
from fixtures.knowledge.trackers import class_prefixes, host_names, make
from fixtures.knowledge.writing import run, self_tests, to_bytes
from phone_audit.knowledge.load import BUNDLED
from tests.knowledge.folders import shared


def listed(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Spotter ",
        "code_signature": "com.spotter.sdk.|com.spotter.Start",
        "network_signature": r"spotter\.io|eu\.spotter\.io",
        "website": "https://spotter.io",
        "categories": ["Location", "Advertisement"],
        "description": "prose that is not taken",
        **changes,
    }


def feed(folder: Path, **entries: dict[str, Any]) -> Path:
    (folder / "trackers.json").write_text(json.dumps({"trackers": entries}))
    return folder


@pytest.fixture
def no_corrections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, empty in (("CORRECTIONS", []), ("OWNERS", {}), ("OPT_OUTS", []), ("NEEDS", []), ("TAKES", [])):
        path = tmp_path / name.lower()
        path.write_text(json.dumps(empty))
        monkeypatch.setattr(script, name, path)
    return tmp_path


def test_class_prefixes_are_split_and_what_they_cover_is_dropped() -> None:
    found = class_prefixes("com.b.sdk|com.a.|com.a.inner.|com.ab")
    assert found.values == ["com.a.", "com.ab", "com.b.sdk"]
    assert found.left_out == []


def test_a_prefix_that_does_not_begin_at_the_first_label_is_left_out() -> None:
    assert class_prefixes(".sizmek.|com.back-trace.|com") == script.Signature(
        [], [".sizmek.", "com.back-trace.", "com"]
    )


def test_hosts_are_plain_names_of_a_regular_expression() -> None:
    found = host_names(r"b\.io|\.c\.io|.*\.d\.io|.e\.io|x\-y.f.io|eu\.b\.io")
    assert found.values == ["b.io", "c.io", "d.io", "e.io", "x-y.f.io"]
    assert found.left_out == []


@pytest.mark.parametrize(
    "part", ["fidzup", r"\.open\.", r"mst[0-9]*\.is\.io", r"1\.2\.3\.4", r"1\.2\.3\.4:80/x", "a_b"]
)
def test_what_is_no_host_is_left_out_as_it_stands(part: str) -> None:
    assert host_names(part) == script.Signature([], [part])


def test_a_fact_holds_no_prose_and_its_own_self_tests(no_corrections: Path) -> None:
    made, lines = make(feed(no_corrections, **{"7": listed()}))
    (fact,) = made.entries
    assert fact.id == "exodus-7"
    assert fact.name == "Spotter"
    assert fact.categories == ("advertising", "location")
    assert fact.code == ("com.spotter.Start", "com.spotter.sdk.")
    assert fact.hosts == ("spotter.io",)
    assert fact.matches == ("com.spotter.Start.Sample", "com.spotter.sdk.Sample", "eu.spotter.io")
    assert fact.ignores == (
        "com.spotter.Sample",
        "com.spotter.Startx.Sample",
        "com.spotter.sdkx.Sample",
        "notspotter.io",
    )
    assert "prose" not in to_bytes(made).decode()
    assert lines == []


def test_entries_are_in_the_order_of_their_numbers(no_corrections: Path) -> None:
    made, _ = make(feed(no_corrections, **{"10": listed(), "9": listed()}))
    assert [fact.id for fact in made.entries] == ["exodus-9", "exodus-10"]


def test_what_cannot_be_expressed_is_reported(no_corrections: Path) -> None:
    _, lines = make(feed(no_corrections, **{"7": listed(code_signature=".x.", network_signature="y")}))
    assert lines == ["Spotter : not expressed: .x.", "Spotter : not expressed: y"]


def test_a_correction_is_applied_and_reported(no_corrections: Path) -> None:
    correction = {"tracker": "7", "remove_hosts": ["spotter.io"], "add_code": ["com.more."], "reason": "too wide"}
    script.CORRECTIONS.write_text(json.dumps([correction]))
    script.OWNERS.write_text(json.dumps({"Spotter Inc.": ["7"]}))
    made, lines = make(feed(no_corrections, **{"7": listed()}))
    assert made.entries[0].hosts == ()
    assert made.entries[0].code == ("com.more.", "com.spotter.Start", "com.spotter.sdk.")
    assert made.entries[0].owner == "Spotter Inc."
    assert lines == ["Spotter : corrected: too wide"]


def test_a_correction_of_what_the_list_no_longer_holds_stops_the_script(no_corrections: Path) -> None:
    script.CORRECTIONS.write_text(json.dumps([{"tracker": "7", "remove_hosts": ["gone.io"], "reason": "r"}]))
    with pytest.raises(SystemExit, match=r"no longer holds \['gone\.io'\]"):
        make(feed(no_corrections, **{"7": listed()}))
    script.CORRECTIONS.write_text(json.dumps([{"tracker": "8", "reason": "r"}]))
    with pytest.raises(SystemExit, match=r"no such tracker in the list: \['8'\]"):
        make(feed(no_corrections, **{"7": listed()}))


def test_a_near_miss_is_left_out_where_another_fact_meets_it() -> None:
    matches, ignores = self_tests(["com.a.sdk.", "com.a.sdkx."], ["b.io", "notb.io"])
    assert matches == ("com.a.sdk.Sample", "com.a.sdkx.Sample", "eu.b.io", "eu.notb.io")
    assert ignores == ("com.a.Sample", "com.a.sdkxx.Sample", "notb.io", "notnotb.io")


def test_every_correction_says_why() -> None:
    for correction in json.loads(script.CORRECTIONS.read_bytes()):
        assert len(correction["reason"]) > 20
        assert set(correction) <= {
            "tracker",
            "reason",
            *(f"{verb}_{kind}" for verb in ("add", "remove") for kind in ("code", "hosts")),
        }


def test_the_bundled_file_is_what_the_script_makes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, made = shared("feeds", "exodus-trackers"), tmp_path / "trackers.json"
    monkeypatch.setattr("sys.argv", ["trackers", str(source), "-o", str(made)])
    run("", make, script.TARGET)
    assert made.read_bytes() == (BUNDLED / script.TARGET).read_bytes()


def test_every_tracker_of_the_list_is_bundled_with_all_that_can_be_said() -> None:
    listed_there = json.loads((shared("feeds", "exodus-trackers") / "trackers.json").read_bytes())["trackers"]
    bundled = {fact["id"]: fact for fact in json.loads((BUNDLED / script.TARGET).read_bytes())["entries"]}
    assert {f"exodus-{number}" for number in listed_there} == set(bundled)
    empty = {fact["name"] for fact in bundled.values() if not fact["code"] and not fact["hosts"]}
    assert empty == {"Google Ads", "Xiti"}
