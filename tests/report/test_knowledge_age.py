"""Every report says how old its knowledge is, and advises an update of what is too old."""

import html
import json
from typing import Any

import pytest

from phone_audit.model.finding import KnowledgeInfo
from phone_audit.report.canvas import Style
from phone_audit.report.formats import render
from phone_audit.report.knowledge_age import OUTDATED, age_of, days_old, update_advice
from tests.documents import KNOWLEDGE, apk, apks, scan


def known(version: str) -> KnowledgeInfo:
    return KNOWLEDGE.model_copy(update={"version": version})


def aged(document: Any, started: str) -> Any:
    run = document.run.model_copy(update={"started": started})
    return document.model_copy(update={"knowledge": known("2026.01.01"), "run": run})


@pytest.mark.parametrize(
    ("version", "started", "days"),
    [
        ("2026.01.01", "2026-01-01T23:59:59Z", 0),
        ("2026.01.01", "2026-04-01T00:00:00Z", 90),
        ("2026.01.01", "2025-12-31T00:00:00Z", -1),
        ("2026.1", "2026-04-01T00:00:00Z", None),
        ("", "2026-04-01T00:00:00Z", None),
        ("2026.01.01", "", None),
    ],
)
def test_days(version: str, started: str, days: int | None) -> None:
    assert days_old(known(version), started) == days


def test_what_is_said_and_from_when_on() -> None:
    facts = known("2026.01.01")
    assert OUTDATED == 90
    assert age_of(facts, "2026-01-02T00:00:00Z") == "1 day old on 2026-01-02"
    assert age_of(facts, "2025-01-02T00:00:00Z") == ""
    assert update_advice(facts, "2026-04-01T00:00:00Z") == ""
    assert update_advice(facts, "2026-04-02T00:00:00Z").startswith("What this is judged by is 91 days old: ")


@pytest.mark.parametrize("name", ["text", "markdown", "html"])
@pytest.mark.parametrize("document", [scan("known-bad"), apks(apk())], ids=["scan", "folder"])
@pytest.mark.parametrize(("day", "days", "advised"), [("2026-01-11", 10, False), ("2026-12-31", 364, True)])
def test_reports_say_it(name: str, document: Any, day: str, days: int, advised: bool) -> None:
    written = render(name, aged(document, f"{day}T00:00:00Z"), Style(details=True))
    told = " ".join(written.split())
    assert f"{days} days old" in told
    assert ("phone-audit db update" in told) == advised


@pytest.mark.parametrize(("day", "said"), [("2026-01-11", "10 days old."), ("2026-12-31", "364 days old. Update")])
def test_the_answer_on_one_screen_says_it(day: str, said: str) -> None:
    for document in (scan("known-bad"), apks(apk())):
        told = render("text", aged(document, f"{day}T00:00:00Z"), Style())
        assert f"Known facts: {said}" in " ".join(told.split())


def test_sarif_counts_the_days() -> None:
    (run,) = json.loads(render("sarif", aged(scan("known-bad"), "2026-01-11T00:00:00Z"), Style()))["runs"]
    assert run["properties"]["knowledgeDays"] == 10


@pytest.mark.parametrize("format_", ["text", "markdown", "html"])
def test_what_became_known_after_a_phone_was_saved_is_told(format_: str) -> None:
    asked = scan().coverage.model_copy(update={"never_asked": ("/system/bin/wd\x1b[2J", "/vendor/b")})
    saved = scan().model_copy(update={"coverage": asked})
    told = (
        "Saved before 2 places became known where a published case leaves traces, such as /system/bin/wd\\x1b[2J: to "
        "look there, scan the phone itself."
    )
    for style in (Style(), Style(details=True)):
        text = " ".join(html.unescape(render(format_, saved, style)).split())
        assert told in text.replace("\\_", "_").replace("\\\\", "\\").replace("\\[", "[")
    assert "Saved before" not in render(format_, scan(), Style())
