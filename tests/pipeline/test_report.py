"""Saved results: read back whole, refused with a sentence where they are none."""

import contextlib
import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from phone_audit.errors import ResultError
from phone_audit.model.apk import Apk, Apks
from phone_audit.model.results import Scan
from phone_audit.pipeline.report import DOCUMENTS, judged_outcomes
from phone_audit.report.json_v1 import render_json
from tests.documents import load_result, scan


def test_read_back(tmp_path: Path) -> None:
    file = tmp_path / "scan.json"
    file.write_text(render_json(scan("known-bad")))
    assert load_result(file) == scan("known-bad")
    assert judged_outcomes(load_result(file)) == [("known-bad", True)]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "no JSON result"),
        ("[1]", "names no schema"),
        ("{}", "names no schema"),
        ('{"schema": "phone-audit/else/9"}', "cannot be shown"),
        ('{"schema": "phone-audit/scan/1"}', "damaged"),
        ("[" * 100000, "nested more than 64 levels"),
        ("[" * 60, "no JSON result"),
        ('{"schema": ' + "1" * 5000 + "}", "more than 400 digits"),
        ('{"schema": "\\ud800"}', "no JSON result"),
        ('{"schema": "' + "k" * 1000 + '"}', r"'kkkk*\.\.\.k*', which cannot be shown"),
        ('{"schema": "phone-audit/scan/1", "label": "' + "a" * 9 + '\\u0000"}', "damaged"),
    ],
)
def test_refused(tmp_path: Path, content: str, sentence: str) -> None:
    file = tmp_path / "x.json"
    file.write_text(content)
    with pytest.raises(ResultError, match=sentence):
        load_result(file)


def test_what_is_no_result_says_what_to_name(tmp_path: Path) -> None:
    lines = tmp_path / "x.jsonl"
    lines.write_text("{}\n{}\n")
    with pytest.raises(ResultError) as raised:
        load_result(lines)
    assert "holds a record a line" in raised.value.hint
    with pytest.raises(ResultError) as raised:
        load_result(tmp_path)
    assert "such as fleet.json" in raised.value.hint
    assert "phone-audit scan FOLDER" in raised.value.hint


@pytest.mark.timeout(10)
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ResultError, match="it is no regular file") as raised:
        load_result(tmp_path / "pipe")
    assert "report -" in raised.value.hint


def test_a_list_stops_at_its_first_fault(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text('{"schema": "phone-audit/apks/1", "apks": [' + "[]," * 1000 + "[]]}")
    with pytest.raises(ResultError, match="damaged") as raised:
        load_result(file)
    assert isinstance(raised.value.__cause__, ValidationError)
    assert sum(fault["loc"][0] == "apks" for fault in raised.value.__cause__.errors()) == 1


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(ResultError, match="cannot be read"):
        load_result(tmp_path / "none.json")


def values_of_a_result() -> st.SearchStrategy[object]:
    words = st.text(alphabet='a"\\\0\ud800\x1b{[,', max_size=5) | st.sampled_from(["base", "info", "phone-audit/apk/1"])
    leaves = st.none() | st.booleans() | st.integers() | st.floats() | words
    names = st.sampled_from([*Apks.model_fields, *Apk.model_fields, "schema", "outcome", "title"]) | words
    return st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4))


@given(
    st.sampled_from(sorted(DOCUMENTS)),
    st.dictionaries(st.sampled_from([*Apks.model_fields, *Scan.model_fields]), values_of_a_result(), max_size=6),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_json_is_a_result_or_a_sentence(tmp_path: Path, schema: str, fields: dict[str, object]) -> None:
    file = tmp_path / "x.json"
    file.write_text(json.dumps({**fields, "schema": schema}))
    with contextlib.suppress(ResultError):
        load_result(file)
