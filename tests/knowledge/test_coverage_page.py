"""docs/coverage.md: as new as the facts, and no more promised than the matcher gives."""

import json
import re

import pytest

from fixtures.knowledge.coverage_page import LEFT_OUT, page
from phone_audit.knowledge.check.incident import STRENGTH
from phone_audit.knowledge.coverage import BESTS, best_outcome, best_word
from phone_audit.knowledge.load import Knowledge, load_knowledge
from phone_audit.knowledge.schema.incident import IncidentEntry
from tests.knowledge.folders import incident

SOURCED = {"confidence": "sourced", "source": 1}
NAME = {"value": "com.maker.spy", **SOURCED, "standalone": False}
HOST = {"value": "spy.maker.io", **SOURCED, "kind": "domain", "weight": "strong"}
BUILD = {"value": "V1", **SOURCED, "field": "ro.build.display.id", "match": "exact", "status": "affected"}
MODEL = {"value": "One", **SOURCED, "field": "ro.product.model", "match": "exact"}


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge()


def test_every_incident_has_a_row(knowledge: Knowledge) -> None:
    rows = [line for line in page(knowledge).splitlines() if line.startswith("| `")]
    assert len(rows) == len(knowledge.incidents)
    assert all(line.count("|") == 13 for line in rows)


def test_every_incident_is_counted_by_year_and_by_kind(knowledge: Knowledge) -> None:
    told = page(knowledge).partition("## Before and after")[2].partition("## Incidents")[0]
    rows = [line.split("|") for line in told.splitlines() if re.match(r"\| [a-z0-9]", line)]
    counts = [(int(before), int(after)) for _, _, before, after, *_ in rows if before.strip().isdigit()]
    assert sum(before for before, _ in counts) == 2 * 116
    assert sum(after for _, after in counts) == 2 * len(knowledge.incidents)


def test_what_is_not_in_says_why(knowledge: Knowledge) -> None:
    """Each line names the case, the reason, and where it was published; incidents that it points to are there."""
    told = page(knowledge).partition("## Published, and not in")[2].strip().splitlines()
    assert len(told) == len(json.loads(LEFT_OUT.read_bytes()))
    for line in told:
        assert re.fullmatch(r"- .+: .{15,}\.", line)
        assert "https://" in line or "no publication" in line
        assert set(re.findall(r"`([\w-]+)`", line)) <= {entry.id for entry in knowledge.incidents}


def test_the_words_are_those_that_the_self_tests_get(knowledge: Knowledge) -> None:
    """No self-test gets a stronger word than the page says, and what nothing can be told by says why."""
    for entry in knowledge.incidents:
        best = best_word(entry)
        words = [test.status for test in entry.tests.matches if test.status != "newer"]
        got = min(words, key=BESTS.index, default="nothing")
        assert BESTS.index(best) <= BESTS.index(got), entry.id
        assert (best == "nothing") == (entry.tests.unmatchable is not None), entry.id


def test_no_outcome_is_above_what_the_incident_raises(knowledge: Knowledge) -> None:
    for entry in knowledge.incidents:
        outcome = best_outcome(entry)
        if outcome in STRENGTH:
            assert STRENGTH.index(outcome) <= STRENGTH.index(entry.raises)


@pytest.mark.parametrize(
    ("facts", "best", "outcome"),
    [
        ({}, "nothing", "nothing"),
        ({"packages": [NAME]}, "nothing", "nothing"),
        ({"packages": [{**NAME, "standalone": True}]}, "confirmed", "known-bad"),
        ({"packages": [NAME], "endpoints": [HOST]}, "confirmed", "known-bad"),
        ({"packages": [NAME], "endpoints": [{**HOST, "weight": "second"}]}, "confirmed", "known-bad"),
        ({"packages": [NAME], "endpoints": [{**HOST, "weight": "none"}]}, "nothing", "nothing"),
        ({"packages": [{**NAME, "confidence": "recalled"}], "endpoints": [HOST]}, "weak", "suspicious"),
        ({"endpoints": [HOST]}, "weak", "suspicious"),
        ({"endpoints": [{**HOST, "kind": "url-path"}]}, "nothing", "nothing"),
        ({"packages": [NAME], "builds": [BUILD]}, "confirmed", "known-bad"),
        ({"builds": [BUILD]}, "affected", "known-bad"),
        ({"builds": [{**BUILD, "confidence": "recalled"}]}, "candidate", "inconclusive"),
        ({"builds": [{**BUILD, "status": "candidate"}], "models": [MODEL]}, "candidate", "inconclusive"),
        ({"builds": [{**BUILD, "status": "fixed"}], "models": [MODEL]}, "model", "inconclusive"),
        ({"builds": [{**BUILD, "status": "fixed"}]}, "fixed", "nothing"),
        ({"packages": [{**NAME, "standalone": True}], "requires": ["build"]}, "nothing", "nothing"),
        (
            {"endpoints": [HOST], "raises": "exposed", "category": "telemetry", "status": "by-design"},
            "weak",
            "exposed",
        ),
    ],
)
def test_what_facts_can_give(facts: dict[str, object], best: str, outcome: str) -> None:
    entry = IncidentEntry.model_validate(incident(**facts))
    assert (best_word(entry), best_outcome(entry)) == (best, outcome)
