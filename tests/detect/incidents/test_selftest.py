"""Every test that a bundled incident file holds, run through the product's own matcher."""

import json

import pytest

from phone_audit.detect.incidents.selftest import failed_tests, observed_in, word_for
from phone_audit.knowledge.files import BUNDLED
from phone_audit.knowledge.load import Knowledge, load_knowledge
from phone_audit.knowledge.schema.incident import MustIgnore, MustMatch
from tests.judge.cases import fact, incident, knowledge_of


@pytest.fixture(scope="module")
def bundled() -> Knowledge:
    return load_knowledge()


def _tests(kind: str) -> list[tuple[str, int]]:
    """Names and numbers only: the entries themselves are read and checked inside the tests."""
    found = []
    for path in sorted((BUNDLED / "incidents").glob("*.json")):
        entry = json.loads(path.read_text("utf-8"))
        found += [(entry["id"], number) for number in range(len(entry["tests"].get(kind, [])))]
    return found


MATCHES, IGNORES = _tests("matches"), _tests("ignores")


def test_the_dossier_brought_its_tests() -> None:
    """290 identifiers that match and 284 near misses came with it; later incidents may only add to them."""
    assert len(MATCHES) >= 290
    assert len(IGNORES) >= 284


@pytest.mark.parametrize(("name", "number"), MATCHES, ids=lambda part: str(part))
def test_matches(name: str, number: int, bundled: Knowledge) -> None:
    """The identifier gets exactly the word that its author wrote."""
    entry = bundled.incident(name)
    test = entry.tests.matches[number]
    assert word_for(entry, test, bundled) == test.status, test


@pytest.mark.parametrize(("name", "number"), IGNORES, ids=lambda part: str(part))
def test_ignores(name: str, number: int, bundled: Knowledge) -> None:
    """The near miss stays quiet, or is known to be fixed."""
    entry = bundled.incident(name)
    test = entry.tests.ignores[number]
    assert word_for(entry, test, bundled) in (None, "fixed"), test


def test_failed_tests_names_what_fails() -> None:
    """A wrong status and a near miss that is none are both reported, with what came out."""
    entry = incident(
        packages=[fact("com.acme.weather", standalone=True)],
        tests={
            "matches": [{"kind": "package", "value": "com.acme.weather", "status": "weak"}],
            "ignores": [
                {"kind": "package", "value": "com.acme.weather", "why": "wrong on purpose"},
                {"kind": "package", "value": "com.acme.weatherx", "why": "another name"},
            ],
        },
    )
    failed = [(item.test, item.got, item.wanted) for item in failed_tests(knowledge_of(entry))]
    assert failed == [
        (entry.tests.matches[0], "confirmed", "weak"),
        (entry.tests.ignores[0], "confirmed", None),
    ]


def test_a_kind_that_nobody_knows() -> None:
    test = MustIgnore(kind="smell", value="x", why="no such kind")
    with pytest.raises(ValueError, match="smell"):
        observed_in(test, knowledge_of())


def test_what_a_person_types_is_read_before_it_is_matched() -> None:
    """The end of a fingerprint that nobody understands would meet no fact, and the test has to say so."""
    fingerprint = fact("QKQ1.190910.002/V12.0.2", field="ro.build.fingerprint", match="exact", status="affected")
    known = knowledge_of(incident(builds=[fingerprint]))
    (entry,) = known.incidents
    typed = MustMatch(kind="fingerprint", value="QKQ1.190910.002/V12.0.2", status="affected")
    assert word_for(entry, typed, known) == "affected"
    assert observed_in(typed, known).properties["ro.build.id"] == "QKQ1.190910.002"
    assert word_for(entry, typed.model_copy(update={"value": "QKQ1.190910.002/V12.0.3"}), known) is None
    display = MustMatch(kind="display-id", value="PPR1.180610.011.00WW_3_39B_SP03", status="affected")
    assert observed_in(display, known).properties["ro.build.display.id"] == "00WW_3_39B_SP03"


def test_only_the_tested_identifier_counts() -> None:
    """A known build beside a package is no part of what is tested; in a test of the build it is."""
    entry = incident(
        packages=[fact("com.acme.weather", standalone=False)],
        builds=[fact("ACME1", field="ro.build.display.id", match="exact", status="candidate")],
    )
    build = {"ro.build.display.id": "ACME1"}
    known = knowledge_of(entry)
    assert word_for(entry, MustIgnore(kind="package", value="com.acme.weather", why="", build=build), known) is None
    assert word_for(entry, MustMatch(kind="display-id", value="ACME1", status="candidate"), known) == "candidate"
