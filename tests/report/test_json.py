"""The JSON documents can be read back, also with fields and words of a later version."""

import json
from pathlib import Path

import pytest

from phone_audit.files.bounded_json import checked
from phone_audit.files.bounds import RESULT
from phone_audit.model.base import Frozen, read_document
from phone_audit.model.results import Scan
from phone_audit.report.canvas import Style
from phone_audit.report.formats import render
from phone_audit.report.json_v1 import render_json
from tests.documents import apk, apks, scan
from tests.knowledge.json_schema import faults


def test_round_trip() -> None:
    document = scan("known-bad")
    assert read_document(Scan, checked(render("json", document, Style()).encode(), RESULT)) == document


def test_published_names() -> None:
    document = json.loads(render("json", scan("known-bad"), Style()))
    assert document["schema"] == "phone-audit/scan/1"
    assert document["findings"][0]["evidence"][0]["class"] is None


def test_one_line() -> None:
    line = render("jsonl", scan(), Style())
    assert line.count("\n") == 1
    assert line.endswith("}\n")


def test_fields_and_words_of_a_later_version_are_no_obstacle() -> None:
    document = json.loads(render("json", scan("known-bad"), Style()))
    document["new"] = 1
    document["findings"][0]["severity"] = "apocalyptic"
    document["findings"][0]["evidence"][0]["new"] = {}
    assert (
        str(read_document(Scan, checked(json.dumps(document).encode(), RESULT)).findings[0].severity) == "apocalyptic"
    )


@pytest.mark.parametrize(("name", "document"), [("scan", scan("known-bad")), ("apks", apks(apk())), ("apk", apk())])
def test_documents_keep_to_their_published_schemas(name: str, document: Frozen) -> None:
    schema = Path(__file__).parents[2] / "docs" / "schema" / f"{name}.schema.json"
    assert faults(json.loads(schema.read_text("utf-8")), json.loads(render_json(document))) == []
