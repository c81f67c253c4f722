"""The published JSON Schemas: as new as the models, and every bundled file keeps to its own."""

import importlib.util
import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from fixtures.knowledge.pages import COMMAND, pages
from fixtures.knowledge.schemas import DIALECT, SCHEMAS, schema_of, text_of
from phone_audit.knowledge.files import FEED_FOLDER
from phone_audit.knowledge.kinds import KINDS
from phone_audit.knowledge.load import BUNDLED
from phone_audit.report.json_v1 import render_json
from tests.knowledge.folders import incident
from tests.knowledge.json_schema import faults
from tests.report.test_draw_diff import UNREAD, change, diff

FOLDER_OF = {kind.schema: kind.folder for kind in KINDS}


def bundled(kind: str) -> dict[str, Any]:
    found = {path.name: json.loads(path.read_bytes()) for path in (BUNDLED / FOLDER_OF[kind]).glob("*.json")}
    assert found
    return found


def test_every_kind_of_file_has_a_schema() -> None:
    assert SCHEMAS.keys() == FOLDER_OF.keys()
    folders = {path.name for path in BUNDLED.iterdir() if path.is_dir()}
    assert folders == {*FOLDER_OF.values(), FEED_FOLDER}
    assert schema_of("incident")["$schema"] == DIALECT


@pytest.mark.parametrize(("path", "text"), [pytest.param(*page, id=page[0].name) for page in pages()])
def test_the_pages_made_from_the_facts_are_up_to_date(path: Path, text: str) -> None:
    assert path.read_text("utf-8") == text, f"run: {COMMAND}"


@pytest.mark.parametrize("kind", SCHEMAS)
def test_every_bundled_file_keeps_to_it(kind: str) -> None:
    schema = json.loads(text_of(kind))
    assert {name: faults(schema, document) for name, document in bundled(kind).items()} == {
        name: [] for name in bundled(kind)
    }


@pytest.mark.skipif(importlib.util.find_spec("jsonschema") is None, reason="the package jsonschema is not there")
@pytest.mark.parametrize("kind", SCHEMAS)
def test_another_reader_of_json_schema_says_the_same(kind: str) -> None:
    reader = import_module("jsonschema").Draft202012Validator
    schema = schema_of(kind)
    reader.check_schema(schema)
    assert [
        error.message for document in bundled(kind).values() for error in reader(schema).iter_errors(document)
    ] == []


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"colour": "red"}, ".colour: no such field"),
        ({"raises": "worse"}, ".raises: no such word"),
        ({"summary": 1}, ".summary: no string"),
        ({"sources": [{"n": "1"}]}, ".sources[0].n: no integer"),
        ({"packages": [{"value": "com.a", "confidence": "sourced"}]}, ".packages[0].standalone: missing"),
        ({"requires": ["luck"]}, ".requires[0]: no such word"),
        ({"what_to_do": [{"txt": "Update."}]}, ".what_to_do[0]: none of the choices"),
        ({"transport": "http"}, ".transport: none of the choices"),
    ],
)
def test_a_broken_incident_does_not(changes: dict[str, Any], fault: str) -> None:
    schema = schema_of("incident")
    assert faults(schema, incident()) == []
    assert fault in faults(schema, incident(**changes))


def test_a_number_keeps_to_its_bounds() -> None:
    schema = {"type": "integer", "minimum": 1, "maximum": 16}
    assert [faults(schema, number) for number in (1, 16)] == [[], []]
    assert [faults(schema, number) for number in (0, 17)] == [[": too small or too large"]] * 2


def test_a_step_is_a_text_or_an_object() -> None:
    steps = ["Update.", {"text": "Switch it off.", "needs": "found"}]
    assert faults(schema_of("incident"), incident(what_to_do=steps)) == []


@pytest.mark.skipif(importlib.util.find_spec("jsonschema") is None, reason="the package jsonschema is not there")
def test_a_comparison_keeps_to_its_schema() -> None:
    reader = import_module("jsonschema").Draft202012Validator(schema_of("diff"))
    document = json.loads(render_json(diff(change(), not_compared=(UNREAD,))))
    assert [error.message for error in reader.iter_errors(document)] == []
    for name in ("accept", "diff"):
        import_module("jsonschema").Draft202012Validator.check_schema(schema_of(name))
    document["changes"][0].pop("severity")
    assert [error.message for error in reader.iter_errors(document)] == ["'severity' is a required property"]
