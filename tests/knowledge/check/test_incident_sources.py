"""What an incident has to say of its sources, of the phones that it is about, and of what is no more than a sign."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from phone_audit.knowledge.check.counts import counts_of
from phone_audit.knowledge.check.folder import check_folder
from phone_audit.knowledge.check.incident_sources import printed_fault
from tests.knowledge.folders import STUDY, incident, write_incident

SOURCED = {"confidence": "sourced", "source": 1}
SOURCE = {"n": 1, "title": "A study", "publisher": "A lab", "date": "2026-01-31", "url": STUDY, "kind": "primary"}
BUILD = {**SOURCED, "value": "A1.2", "field": "ro.build.display.id", "match": "exact", "status": "affected"}
MODEL = {**SOURCED, "value": "A1", "field": "ro.product.model", "match": "exact"}
WHY = "the page is gone from the net"


def found(folder: Path, today: date | None = None, **changes: Any) -> list[tuple[str, str]]:
    problems = check_folder(write_incident(folder, incident(**changes)), today).problems
    return [(problem.field, problem.text.partition(";")[0]) for problem in problems]


def of_source(folder: Path, **changes: Any) -> list[tuple[str, str]]:
    return found(folder, sources=[{**SOURCE, **changes}])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"url": ""}, ("sources[0].url", "missing")),
        ({"url": "https://lab.example/"}, ("sources[0].url", "https://lab.example/ is a home page")),
        ({"url": "https://lab.example"}, ("sources[0].url", "https://lab.example is a home page")),
        (
            {"url": "https://github.com/lab/names", "kind": "secondary"},
            ("sources[0].url", "https://github.com/lab/names is a whole repository"),
        ),
        ({"date": ""}, ("sources[0].date", "missing")),
    ],
)
def test_what_a_source_lacks_it_has_to_explain(
    tmp_path: Path, changes: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert of_source(tmp_path, **changes) == [expected]
    assert of_source(tmp_path, **changes, lacks="gone") == [expected]
    assert of_source(tmp_path, **changes, lacks=WHY) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"url": "lab.example/study"}, "sources[0].url"),
        ({"date": "2025/2026"}, "sources[0].date"),
        ({"date": "2026-13"}, "sources[0].date"),
        ({"date": "2026-02-30"}, "sources[0].date"),
        ({"date": "May 2026"}, "sources[0].date"),
    ],
)
def test_no_reason_excuses_what_is_wrong(tmp_path: Path, changes: dict[str, Any], field: str) -> None:
    assert [place for place, _ in of_source(tmp_path, **changes, lacks=WHY)] == [field]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"url": "https://lab.example/?p=7"},
        {"url": "https://github.com/lab/study"},
        {"date": "2026"},
        {"date": "2026-01"},
    ],
)
def test_what_can_be_looked_up_is_fine(tmp_path: Path, changes: dict[str, Any]) -> None:
    assert of_source(tmp_path, **changes) == []


@pytest.mark.parametrize(("text", "right"), [("2026-01-31", True), ("2026-01", True), ("2026", True), ("", False)])
def test_dates_as_printed(text: str, right: bool) -> None:
    assert (printed_fault(text) is None) == right


def test_nothing_is_from_a_day_to_come(tmp_path: Path) -> None:
    today = date(2026, 1, 30)
    assert found(tmp_path, today, sources=[SOURCE], disclosed="2026-02-01") == [
        ("disclosed", "2026-02-01 is in the future"),
        ("sources[0].date", "2026-01-31 is in the future"),
    ]
    assert found(tmp_path, date(2026, 2, 1), sources=[SOURCE], disclosed="2026-02-01") == []
    assert found(tmp_path, today, sources=[{**SOURCE, "date": "2026-01"}], disclosed="2026") == []


def test_a_list_of_names_accuses_nobody(tmp_path: Path) -> None:
    names = {**SOURCE, "n": 2, "kind": "list", "publisher": "A list"}
    ((place, text),) = found(tmp_path, sources=[SOURCE, names], vendors=[{**SOURCED, "value": "Maker", "source": 2}])
    assert (place, text) == ("vendors[0].source", "A list lists names and accuses nobody")
    read_there = [{**SOURCED, "value": "Maker", "value_source": 2}]
    assert found(tmp_path, sources=[SOURCE, names], vendors=read_there) == []


@pytest.mark.parametrize(
    "build",
    [
        {},
        {"field": "ro.build.version.incremental", "value": "7"},
        {"field": "ro.build.id", "value": "A1.2"},
        {"field": "ro.build.fingerprint", "value": "/A1.2", "match": "contains"},
        {"any_phone": "because"},
    ],
)
def test_a_build_says_which_phones_it_is_about(tmp_path: Path, build: dict[str, Any]) -> None:
    assert ("builds[0].phones", "missing") in [
        (place, text[:7]) for place, text in found(tmp_path, builds=[{**BUILD, **build}])
    ]


@pytest.mark.parametrize(
    "build",
    [
        {"phones": {"ro.product.device": ["a1"]}},
        {"phones": {"ro.product.brand": ["Maker"]}},
        {"only_if": [{"field": "ro.product.device", "match": "exact", "value": "a1"}]},
        {"any_phone": "the number is that of one batch"},
        {"field": "ro.build.fingerprint", "value": "maker/a1/a1:9/PPR1/7:user/release-keys"},
        {"field": "ro.build.fingerprint", "value": "a1:9/PPR1/7:user/release-keys", "match": "suffix"},
        {"field": "ro.product.model", "value": "Maker A1"},
        {"field": "description", "match": None},
    ],
)
def test_a_build_that_says_it(tmp_path: Path, build: dict[str, Any]) -> None:
    assert found(tmp_path, builds=[{**BUILD, **build}]) == []


def test_a_condition_on_the_whole_incident_is_enough(tmp_path: Path) -> None:
    only = [{"field": "ro.product.brand", "match": "exact", "value": "Maker"}]
    assert found(tmp_path, builds=[BUILD], models=[MODEL], only_if=only) == []


@pytest.mark.parametrize(
    ("model", "right"),
    [
        ({}, False),
        ({"phones": {"ro.product.device": ["a1"]}}, False),
        ({"phones": {"ro.product.brand": ["Maker"]}}, True),
        ({"value": "Maker A1"}, True),
        ({"any_phone": "a type number that is this maker's alone"}, True),
        ({"field": "description", "match": None}, True),
    ],
)
def test_a_model_has_its_brand(tmp_path: Path, model: dict[str, Any], right: bool) -> None:
    problems = found(tmp_path, models=[{**MODEL, **model}])
    assert [place for place, _ in problems] == ([] if right else ["models[0].phones"])


def test_phones_are_named_by_what_phones_say(tmp_path: Path) -> None:
    ((place, _),) = found(tmp_path, builds=[{**BUILD, "phones": {"ro.build.tags": ["test-keys"]}, "any_phone": WHY}])
    assert place == "builds[0].phones"
    ((place, _),) = found(tmp_path, builds=[{**BUILD, "phones": {"ro.product.brand": []}, "any_phone": WHY}])
    assert place == "builds[0].phones"


@pytest.mark.parametrize("value", ["http://bad.io", "bad.io/x", "bad.io:80", "user@bad.io"])
def test_a_domain_is_no_url(tmp_path: Path, value: str) -> None:
    endpoint = {**SOURCED, "value": value, "kind": "domain", "weight": "strong"}
    ((place, text),) = found(tmp_path, endpoints=[endpoint])
    assert place == "endpoints[0].kind"
    assert text.endswith("is no name of a host alone")


def test_what_is_a_sign_only_says_why(tmp_path: Path) -> None:
    endpoint = {**SOURCED, "value": "bad.io", "kind": "domain", "weight": "strong"}
    sign = {"kind": "endpoint", "value": "bad.io", "status": "weak"}
    near = {"kind": "endpoint", "value": "bad.com", "why": "another host"}
    for why, problems in (({}, 1), ({"why": "a host"}, 1), ({"why": "a host alone proves nothing"}, 0)):
        tests = {"matches": [{**sign, **why}], "ignores": [near]}
        assert len(found(tmp_path, endpoints=[endpoint], tests=tests)) == problems


def test_facts_are_counted_by_kind_of_source(tmp_path: Path) -> None:
    press = {**SOURCE, "n": 2, "kind": "secondary", "url": "", "lacks": WHY}
    models = [{**SOURCED, "value": "Maker A1", "source": 2, "field": "description"}]
    folder = write_incident(tmp_path, incident(sources=[SOURCE, press], models=models))
    assert counts_of(check_folder(folder))[1] == (
        "facts by kind of source: 1 primary (1 sources), 1 press (1 sources), 0 list (0 sources); "
        "sources without address 1, each with its reason"
    )
