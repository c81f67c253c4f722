"""The JSON documents can be read back, also with fields and words of a later version."""

import json

from phone_audit.files.bounded_json import checked
from phone_audit.files.bounds import RESULT
from phone_audit.model.base import read_document
from phone_audit.model.results import Scan
from phone_audit.report.canvas import Style
from phone_audit.report.formats import render
from tests.documents import scan


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
