"""Of paths that a saved phone was never asked about, only those of incidents that fit it otherwise leave a doubt."""

from typing import Any

import pytest

from phone_audit.detect.detect import detect_phone
from phone_audit.detect.incidents.unsearched_paths import doubtful_paths
from phone_audit.knowledge.schema.incident import IncidentEntry
from phone_audit.model.finding import Skipped
from tests.judge.cases import NOKIA, PIXEL, fact, incident, knowledge_of, package, snapshot

PATH = "/system/bin/acme"
ACME = "com.acme.weather"
NAMED = fact(PATH, standalone=True)
MODEL = fact("Nokia 7 plus", field="ro.product.model", match="exact")
AFFECTED = fact("00WW_3_22C", field="ro.build.display.id", match="exact", status="affected")
CANDIDATE = AFFECTED | {"status": "candidate"}
FIXED = AFFECTED | {"status": "fixed"}
ONLY = {"field": "ro.product.model", "match": "exact", "value": "Nokia 7 plus"}
NOTE = Skipped(
    subject="paths that incidents name",
    step="command",
    code="not-looked-for",
    reason="Incidents that fit this phone otherwise name what was not looked for: 1, such as /system/bin/acme. A saved "
    "phone answers only what it was asked; scan the phone itself again to look there.",
)


def doubts(entry: IncidentEntry, never_asked: tuple[str, ...] = (PATH,), **changes: Any) -> tuple[Skipped, ...]:
    fields: dict[str, Any] = {"properties": NOKIA, "never_asked": never_asked, **changes}
    phone = snapshot(fields.pop("properties"), **fields)
    known = knowledge_of(entry)
    return doubtful_paths(phone, detect_phone(phone, (), known), known)


@pytest.mark.parametrize(
    "fits",
    [
        {"models": [MODEL]},
        {"builds": [CANDIDATE]},
        {"only_if": [ONLY]},
        {"paths": [NAMED | {"only_if": [ONLY]}]},
    ],
)
def test_an_incident_of_this_phone_leaves_a_doubt(fits: dict[str, Any]) -> None:
    assert doubts(incident(**{"paths": [NAMED], **fits})) == (NOTE,)
    assert doubts(incident(**{"paths": [NAMED], **fits}), properties=PIXEL) == ()
    assert doubts(incident(**{"paths": [NAMED], **fits}), never_asked=()) == ()


def test_an_incident_of_a_package_that_is_there_leaves_a_doubt() -> None:
    unsure = fact(ACME, standalone=True, unless=[{"field": "ro.acme.fixed", "match": "present"}])
    entry = incident(paths=[NAMED], packages=[unsure])
    assert doubts(entry, packages=[package(ACME, "/system/app/A.apk")]) == (NOTE,)
    assert doubts(entry) == ()


@pytest.mark.parametrize("fits", [{}, {"models": []}, {"builds": [FIXED]}])
def test_a_path_that_any_phone_could_have_leaves_none(fits: dict[str, Any]) -> None:
    assert doubts(incident(paths=[NAMED], **fits)) == ()


def test_where_more_is_shown_already_a_path_adds_no_doubt() -> None:
    assert doubts(incident(paths=[NAMED], builds=[AFFECTED])) == ()
    whole = incident(paths=[NAMED], packages=[fact(ACME, standalone=True)])
    assert doubts(whole, packages=[package(ACME, "/system/app/A.apk")]) == ()
