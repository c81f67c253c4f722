"""Which regular expressions are taken, and that those finish on a text made against them."""

import json
from pathlib import Path

import pytest

from phone_audit.errors import KnowledgeError
from phone_audit.knowledge.check.folder import check_folder
from phone_audit.knowledge.compare import compare, names_build
from phone_audit.knowledge.load import load_knowledge
from phone_audit.knowledge.patterns import LONGEST_TEXT, pattern_fault
from phone_audit.knowledge.schema.incident import BuildFact
from tests.knowledge.folders import incident, write_incident

ENDLESS = r"ACME_ONE_1\.4\.1|(A+)+Z"
BUILD = {"value": "all", "confidence": "sourced", "source": 1, "field": "ro.build.display.id", "status": "affected"}


@pytest.mark.parametrize(
    "pattern",
    [
        ENDLESS,
        "(A*)*Z",
        "(A|AA)+Z",
        "(?:(?:A?){9}){9}Z",
        "(?>A+A*)+Z",
        ".*.*.*.*Z",
        "(?m)^.*.*.*Z",
        "(?=(A+)+Z)",
        "(?:(?:(?:(?:(?:A*)*)*)*)*)*Z",
    ],
)
def test_a_pattern_that_can_take_for_ever_is_refused(pattern: str) -> None:
    assert "can take for ever" in (pattern_fault(pattern) or "")


@pytest.mark.parametrize("pattern", ["(", "A{99999999999999999999}", "(" * 5000 + ")" * 5000])
def test_a_pattern_that_cannot_be_read_is_refused(pattern: str) -> None:
    assert (pattern_fault(pattern) or "").startswith("no regular expression: ")


@pytest.mark.parametrize(
    "pattern",
    [
        r"^V362HH\.SHWY\.HB\.HJ\.P3\.[0-9]{4}\.V3\.02$",
        "^google/walleye/walleye:10/.*/test-keys$",
        r"^B2N(_sprout)?$",
        r"([0-9]{1,3}\.){1}[0-9]+",
        "^(H3113|H3123|H3133)$",
        "^Acme/.*/.*:9/.*/release-keys$",
    ],
)
def test_a_plain_pattern_is_taken(pattern: str) -> None:
    assert pattern_fault(pattern) is None


def test_what_is_taken_ends_soon_on_the_text_that_is_worst_for_it() -> None:
    assert pattern_fault("A*A*Z") is None
    assert not compare("regex", "A*A*Z", "A" * 100_000)  # without the limit on the text: days


def test_only_the_first_characters_are_searched() -> None:
    assert compare("regex", "Z", "A" * (LONGEST_TEXT - 1) + "Z")
    assert not compare("regex", "Z", "A" * LONGEST_TEXT + "Z")


def test_the_check_and_loading_both_refuse(tmp_path: Path) -> None:
    folder = write_incident(tmp_path, incident(builds=[{**BUILD, "match": "regex", "pattern": ENDLESS}]))
    assert ["builds[0].pattern: can take for ever" in str(problem) for problem in check_folder(folder).problems] == [
        True
    ]
    with pytest.raises(KnowledgeError, match="can take for ever"):
        _ = load_knowledge([folder]).incidents


def test_a_condition_is_looked_at_too(tmp_path: Path) -> None:
    condition = {"field": "ro.build.display.id", "match": "regex", "value": ENDLESS}
    found = check_folder(write_incident(tmp_path, incident(only_if=[condition]))).problems
    assert len(found) == 1
    assert "can take for ever" in str(found[0])


def test_the_label_of_a_pattern_is_never_a_pattern() -> None:
    fact = BuildFact.model_validate_json(json.dumps({**BUILD, "value": "(A+)+Z", "match": "regex"}))
    assert not names_build(fact, "AZ")
