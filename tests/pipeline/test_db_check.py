"""`db check`: each way in which an incident can be wrong fails with file, entry, field and what to write instead."""

from pathlib import Path
from typing import Any

import pytest

from phone_audit.knowledge.load import BUNDLED
from phone_audit.pipeline.db import check_all
from tests.knowledge.folders import incident, tracker, write_facts, write_incident

SOURCED = {"confidence": "sourced", "source": 1}
SPY = {"value": "com.maker.spy", **SOURCED, "standalone": True}
NEAR = {"kind": "package", "value": "com.maker.spyx", "why": "a longer name"}
MEETS = {"kind": "package", "value": "com.maker.spy", "status": "confirmed"}
WEAK = {**MEETS, "status": "weak", "why": "the name alone, as it seems"}
ANY = {"any_phone": "a made-up number, of no phone"}
BUILD = {**SOURCED, "field": "ro.build.display.id", "status": "affected", **ANY}
DOTTED = {**BUILD, "value": "a range", "match": "range", "scheme": "dotted"}
HMD = {**DOTTED, "scheme": "hmd", "branch": "00WW_3_22C"}
HOST = {**SOURCED, "kind": "domain", "weight": "strong"}


def checked(folder: Path, **changes: Any) -> list[str]:
    """The problems of one incident, which names one package unless the test says otherwise."""
    fields = {"packages": [SPY], "tests": {"matches": [MEETS], "ignores": [NEAR]}, **changes}
    found = check_all(write_incident(folder, incident(**fields)))
    return [
        str(problem).removeprefix("incidents/maker-leak-2026.json: maker-leak-2026: ") for problem in found.problems
    ]


def test_an_incident_that_is_right_and_the_counts(tmp_path: Path) -> None:
    assert checked(tmp_path) == []
    found = check_all(tmp_path)
    assert (found.matches, found.near_misses) == (1, 1)
    assert ", 1 identifiers that match, 1 near misses, 0 unmatchable" in found.counts[0]


@pytest.mark.slow
def test_all_that_comes_with_the_package() -> None:
    found = check_all(BUNDLED)
    assert found.problems == ()
    assert found.matches >= 290
    assert found.near_misses >= 284


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param(
            {"sources": [], "vendors": [], "packages": []},
            "sources: missing; name the publication that the facts were read in",
            id="no source",
        ),
        pytest.param(
            {"packages": [{**SPY, "source": None}]},
            "packages[0].source: missing; name the number of the source, or write recalled as confidence",
            id="fact without source",
        ),
        pytest.param(
            {"tests": {"matches": [{**MEETS, "value": "com.maker.other"}], "ignores": [NEAR]}},
            "tests.matches[0]: 'com.maker.other' meets no fact; it should give confirmed: correct the fact, "
            "or the value here",
            id="unmatched example",
        ),
        pytest.param(
            {
                "tests": {
                    "matches": [WEAK],
                    "ignores": [NEAR],
                }
            },
            "tests.matches[0]: 'com.maker.spy' gives confirmed, not weak; correct the fact, "
            "or write confirmed as status",
            id="example of another word",
        ),
        pytest.param(
            {"tests": {"matches": [MEETS], "ignores": [{**NEAR, "value": "com.maker.spy"}]}},
            "tests.ignores[0]: 'com.maker.spy' must stay quiet, but gives confirmed; narrow the fact that it meets, "
            "or take this out",
            id="near miss that matches",
        ),
        pytest.param(
            {"endpoints": [{**HOST, "value": "gitlab.io"}]},
            "endpoints[0].value: 'gitlab.io' is a public suffix, under which anybody has a name; "
            "write the host below it",
            id="public suffix",
        ),
        pytest.param(
            {"endpoints": [{**HOST, "value": "edu.gr"}]},
            "endpoints[0].value: 'edu.gr' is a public suffix, or ends in no known top-level domain; "
            "write a host below it",
            id="public suffix of the whole list",
        ),
        pytest.param(
            {"endpoints": [{**HOST, "value": "http://collect.nowhere/x", "kind": "url"}]},
            "endpoints[0].value: 'collect.nowhere' is a public suffix, or ends in no known top-level domain; "
            "write a host below it",
            id="no top-level domain",
        ),
        pytest.param(
            {"hashes": [{"value": "a" * 63, **SOURCED, "algo": "sha256", "file": "a.apk"}]},
            f"hashes[0].value: '{'a' * 63}' is no sha256; write 64 digits of lower-case hexadecimal",
            id="hash of the wrong length",
        ),
        pytest.param(
            {"packages": [{**SPY, "value": "com.android.settings"}]},
            "packages[0].standalone: com.android.settings is on ordinary phones too, "
            "so its name is never enough alone; write false",
            id="ordinary name enough alone",
        ),
        pytest.param(
            {"packages": [{**SPY, "value": "com.adups.fota"}]},
            "packages[0].standalone: com.adups.fota is on ordinary phones too, "
            "so its name is never enough alone; write false",
            id="a near miss of another incident enough alone",
        ),
        pytest.param(
            {"properties": [{"value": "ro.product.model", **SOURCED, "standalone": True, "expected": "One"}]},
            "properties[0].standalone: ro.product.model is never enough alone; write false",
            id="ordinary property enough alone",
        ),
        pytest.param(
            {"tests": {}},
            "tests.matches: missing; give an identifier that must match, or say under unmatchable why none can",
            id="no test",
        ),
        pytest.param(
            {"tests": {"unmatchable": " "}},
            "tests.matches: missing; give an identifier that must match, or say under unmatchable why none can",
            id="unmatchable without reason",
        ),
        pytest.param(
            {"tests": {"matches": [MEETS]}},
            "tests.ignores: missing; give a near miss that must stay quiet",
            id="no near miss",
        ),
        pytest.param(
            {"tests": {"matches": [MEETS], "ignores": [{**NEAR, "why": ""}]}},
            "tests.ignores[0].why: missing; say what makes it a near miss and no match",
            id="near miss without reason",
        ),
        pytest.param(
            {"tests": {"matches": [{**MEETS, "kind": "package+signer"}], "ignores": [NEAR]}},
            "tests.matches[0].value: a test of the kind package+signer needs several texts: "
            "{package, signer and properties by name}",
            id="test with too few values",
        ),
        pytest.param(
            {"tests": {"matches": [MEETS], "ignores": [{**NEAR, "kind": "property+build", "value": {"a": "b"}}]}},
            "tests.ignores[0].value.property: missing; a test of the kind property+build needs it",
            id="test without its value",
        ),
        pytest.param(
            {"tests": {"matches": [{**MEETS, "value": {"package": "com.maker.spy"}}], "ignores": [NEAR]}},
            "tests.matches[0].value: a test of the kind package needs one text",
            id="test with too many values",
        ),
    ],
)
def test_a_fault_is_said_with_its_place_and_what_to_write(
    tmp_path: Path, changes: dict[str, Any], expected: str
) -> None:
    assert checked(tmp_path, **changes) == [expected]


@pytest.mark.parametrize(
    ("builds", "expected"),
    [
        pytest.param(
            [{**DOTTED, "below": "5.0"}, {**DOTTED, "status": "fixed", "from": "4.9"}],
            ["builds[1]: from 4.9, fixed, overlaps with builds[0] (below 5.0, affected); "
             "end one where the other begins, or keep one"],
            id="affected and fixed",
        ),
        pytest.param([{**DOTTED, "below": "5.0"}, {**DOTTED, "status": "fixed", "from": "5.0"}], [], id="end to end"),
        pytest.param(
            [{**DOTTED, "from": "2", "below": "5"}, {**DOTTED, "below": "3"}],
            ["builds[1]: below 3, affected, overlaps with builds[0] (from 2 below 5, affected); "
             "end one where the other begins, or keep one"],
            id="the same twice in part",
        ),
        pytest.param(
            [{**HMD, "below": "SP05"}, {**HMD, "status": "fixed", "from": "SP04"}],
            ["builds[1]: 00WW_3_22C from SP04, fixed, overlaps with builds[0] (00WW_3_22C below SP05, affected); "
             "end one where the other begins, or keep one"],
            id="in one branch",
        ),
        pytest.param(
            [{**HMD, "below": "SP05"}, {**HMD, "branch": "00WW_3_39B", "status": "fixed", "from": "SP04"}],
            [],
            id="another branch",
        ),
        pytest.param(
            [{**DOTTED, "below": "5"}, {**DOTTED, "status": "candidate", "below": "6"}], [], id="a wider candidate"
        ),
        pytest.param(
            [{**HMD, "below": "SP05"}, {**BUILD, "value": "00WW_3_22C_SP03", "match": "exact", "status": "fixed"}],
            ["builds[1]: 00WW_3_22C_SP03 is fixed, and inside 00WW_3_22C below SP05, affected (builds[0]); "
             "narrow the range, or leave the value out with unless"],
            id="a fixed build inside",
        ),
        pytest.param(
            [
                {**BUILD, "value": "V1.2", "match": "exact"},
                {**BUILD, "value": "V1", "match": "prefix", "status": "fixed"},
            ],
            ["builds[0]: V1.2 is affected, and inside V1, fixed (builds[1]); "
             "narrow the range, or leave the value out with unless"],
            id="an affected build that a fixed prefix covers",
        ),
        pytest.param(
            [
                {**HMD, "below": "SP05", "unless": [
                    {"field": "ro.build.display.id", "match": "suffix", "value": "_SP03"}]},
                {**BUILD, "value": "00WW_3_22C_SP03", "match": "exact", "status": "fixed"},
            ],
            [],
            id="left out with unless",
        ),
        pytest.param(
            [{**BUILD, "value": "V1", "match": "exact"}, {**BUILD, "value": "V1", "match": "exact", "status": "fixed"}],
            ["builds[1].value: V1 stands in builds[0] too; it is affected there; keep what the source says"],
            id="one value of two kinds",
        ),
        pytest.param(
            [{**BUILD, "value": "V1", "match": "exact"}] * 2,
            ["builds[1].value: V1 stands in builds[0] too; keep one of them"],
            id="one value twice",
        ),
        pytest.param(
            [
                {**BUILD, "value": "V1", "match": "exact", "only_if": [
                    {"field": "ro.product.model", "match": "exact", "value": "One"}]},
                {**BUILD, "value": "V1", "match": "exact", "status": "fixed", "only_if": [
                    {"field": "ro.product.model", "match": "exact", "value": "Two"}]},
            ],
            [],
            id="of two models",
        ),
        pytest.param(
            [{**DOTTED, "from": "5", "below": "5"}],
            ["builds[0].below: nothing lies from 5 to below 5; write the higher one as below"],
            id="nothing inside",
        ),
        pytest.param(
            [{**DOTTED, "from": "Q1"}],
            ["builds[0].from: 'Q1' is no version of the scheme dotted; see docs/knowledge.md"],
            id="a bound that is no version",
        ),
    ],
)  # fmt: skip
def test_ranges_and_values_that_overlap(tmp_path: Path, builds: list[dict[str, Any]], expected: list[str]) -> None:
    assert checked(tmp_path, builds=builds) == expected


def test_an_incident_with_faults_is_not_tried(tmp_path: Path) -> None:
    """One fault, one line: what a broken fact matches is no second one."""
    tests = {"matches": [MEETS], "ignores": [NEAR]}
    assert checked(tmp_path, packages=[{**SPY, "value": "com.maker spy"}], tests=tests) == [
        "packages[0].value: 'com.maker spy' is no package name; correct it or give a kind"
    ]


def test_one_incident_is_tried_beside_a_broken_one(tmp_path: Path) -> None:
    write_incident(tmp_path, incident(id="broken", summary=""))
    assert checked(
        tmp_path,
        tests={"matches": [WEAK], "ignores": [NEAR]},
    ) == [
        "incidents/broken.json: broken: summary: missing; write one to three sentences: who, what was sent or done, "
        "since when",
        "tests.matches[0]: 'com.maker.spy' gives confirmed, not weak; correct the fact, or write confirmed as status",
    ]


def test_hosts_of_trackers_are_held_against_the_whole_list(tmp_path: Path) -> None:
    write_facts(tmp_path, "trackers", tracker(hosts=["edu.gr"], matches=["eu.edu.gr"], ignores=["a.io"]))
    assert [str(problem) for problem in check_all(tmp_path).problems] == [
        "trackers/facts.json: t-1: hosts[0]: 'edu.gr' is a public suffix, or ends in no known top-level domain; "
        "write a host below it"
    ]
