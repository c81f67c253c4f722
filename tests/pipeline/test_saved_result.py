"""Saved results: read back whole, refused with a sentence where they are none."""

from pathlib import Path

import pytest

from phone_audit.errors import ResultError
from phone_audit.pipeline.saved_result import judged_outcomes, load_result
from phone_audit.report.json_v1 import render_json
from tests.documents import scan


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
        ("[" * 100000, "no JSON result"),
    ],
)
def test_refused(tmp_path: Path, content: str, sentence: str) -> None:
    file = tmp_path / "x.json"
    file.write_text(content)
    with pytest.raises(ResultError, match=sentence):
        load_result(file)


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(ResultError, match="cannot be read"):
        load_result(tmp_path / "none.json")
