"""Faults of schemes of build numbers, of ends of support, and of labels are told with their place."""

from pathlib import Path
from typing import Any

import pytest

from phone_audit.knowledge.check.folder import check_folder
from tests.knowledge.folders import source, write

FORM = {
    "name": "plain",
    "pattern": r"AC(?P<region>[A-Z]{2})_(?P<number>[0-9]+)(?:_(?P<day>[0-9]{6}))?",
    "says": {"region": "region"},
    "stands_for": {"ro.build.display.id": "*"},
    "same": ["region"],
    "order": [{"group": "number", "type": "int"}],
    "date": {"type": "yymmdd", "groups": ["day"]},
}


def scheme(**changes: Any) -> dict[str, Any]:
    return {
        "id": "acme",
        "vendor": "Acme",
        "generic": False,
        "brands": ["Acme"],
        "forms": [FORM],
        "sources": ["s"],
        "examples": [{"text": "ACEU_12", "found": "a dump", "form": "plain", "says": {"region": "EU"}}],
        "pairs": [["ACEU_9", "ACEU_12"]],
        "ignores": ["ACEU"],
        **changes,
    }


def problems(folder: Path, *entries: dict[str, Any], kind: str = "schemes", **more: Any) -> list[str]:
    write(folder, kind, {"sources": [source()], "entries": list(entries), **more}, "a.json")
    return [str(problem) for problem in check_folder(folder).problems]


def test_a_sound_scheme(tmp_path: Path) -> None:
    assert problems(tmp_path, scheme()) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"forms": [FORM | {"pattern": "("}]}, "no regular expression"),
        (
            {"forms": [FORM | {"same": ["branch"]}]},
            "the pattern has no group 'branch'; name one of day, number, region",
        ),
        ({"forms": [FORM | {"stands_for": {}}]}, "stands_for names no property"),
        ({"pairs": [["ACEU_12", "ACEU_9"]]}, "pairs[0]: 'ACEU_12' is not told to be older than 'ACEU_9' but after"),
        ({"pairs": [["ACEU_9", "ACUS_12"]]}, "pairs[0]: 'ACEU_9' is not told to be older than 'ACUS_12' but None"),
        (
            {"forms": [FORM | {"order": [{"group": "region", "type": "int"}]}]},
            "pairs[0]: 'ACEU_9' is not told to be older than 'ACEU_12' but None",
        ),
        ({"pairs": []}, "pairs: missing"),
        ({"ignores": ["ACEU_12"]}, "ignores[0]: 'ACEU_12' is read"),
        ({"examples": []}, "examples: missing"),
        (
            {"examples": [{"text": "ACEU_12", "found": "x", "form": "plain", "says": {"region": "US"}}]},
            "examples[0].says.region: 'ACEU_12' tells 'EU', not 'US'",
        ),
        (
            {"examples": [{"text": "ACEU_12_261301", "found": "x", "form": "plain", "says": {}}]},
            "examples[0]: 'ACEU_12_261301' is read by the forms []",
        ),
        ({"sources": ["other"]}, "source: there is no source 'other'"),
    ],
)
def test_faults_of_a_scheme(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    assert any(said in problem for problem in problems(tmp_path, scheme(**changes)))


def test_a_text_that_two_schemes_accept(tmp_path: Path) -> None:
    found = problems(tmp_path, scheme(), scheme(id="other"))
    assert "schemes/a.json: acme: examples[0]: 'ACEU_12' is accepted by other too" in found


def test_faults_of_support(tmp_path: Path) -> None:
    fact = {
        "id": "one", "maker": "Acme", "name": "One", "brand": "acme", "models": [], "devices": [], "until": "soon",
        "sources": ["s"],
    }  # fmt: skip
    assert problems(tmp_path, fact, kind="support") == [
        "support/a.json: one: models: names no model and no device; name one, or leave the entry out",
        "support/a.json: one: until: 'soon'; write a day: 2026-01-31",
    ]


def test_faults_of_labels(tmp_path: Path) -> None:
    fact = {"id": "model", "labels": ["Model:"], "sources": ["s"]}
    assert problems(tmp_path, fact, kind="labels", months=[]) == [
        "labels/a.json: model: id: 'model' is no property",
        "labels/a.json: model: labels[0]: 'Model:'; write the words alone, with nothing around them",
    ]
