"""The outcome that decides the exit code: without what was accepted, and never below what was not read."""

from datetime import date
from typing import Any

import pytest

from phone_audit.judge.folder import FolderJudge
from phone_audit.judge.gate import gating_outcome, mark_reasons
from phone_audit.judge.judge import judge_apk, judge_phone
from phone_audit.model.acceptance import Acceptances, AcceptedEntry
from phone_audit.model.detection import Detection
from phone_audit.model.finding import OUTCOMES, Acceptance, Finding, Outcome, Reason
from tests.documents import finding
from tests.judge.cases import apk_info, record, snapshot
from tests.judge.cases import finding as detected

WHO = Acceptance(by="Jo", at="2026-01-31", reason="It is ours.")


def naming(*keys: str) -> Acceptances:
    entry = AcceptedEntry(finding="0" * 16, by=WHO.by, at=WHO.at, reason=WHO.reason, severity="critical")
    entries = [entry.model_copy(update={"finding": key}) for key in keys]
    return Acceptances.on(date(2026, 2, 1), entries)


def one(key: str, supports: Outcome | None, *, accepted: bool = False, **changed: Any) -> Finding:
    values = {"supports": supports, "accepted_by": WHO if accepted else None, "incident": None, **changed}
    return finding(key=key).model_copy(update=values)


@pytest.mark.parametrize(
    ("outcome", "findings", "complete", "gating"),
    [
        ("suspicious", [one("a", "suspicious")], True, "suspicious"),
        ("suspicious", [one("a", "suspicious", accepted=True)], True, "nothing-found"),
        ("suspicious", [one("a", "suspicious", accepted=True)], False, "inconclusive"),
        ("suspicious", [one("a", "suspicious", accepted=True), one("b", "exposed")], True, "exposed"),
        ("suspicious", [one("a", "suspicious", accepted=True), one("b", "suspicious")], True, "suspicious"),
        ("known-bad", [one("a", "known-bad"), one("b", "suspicious", accepted=True)], True, "known-bad"),
        ("suspicious", [one("a", "suspicious", accepted=True), one("b", None)], True, "suspicious"),
        ("apocalyptic", [one("a", "suspicious", accepted=True)], True, "apocalyptic"),
        ("inconclusive", [], True, "inconclusive"),
    ],
)
def test_what_counts(outcome: Any, findings: list[Finding], complete: bool, gating: str) -> None:
    assert gating_outcome(outcome, findings, complete=complete) == gating


def test_accepting_never_raises_an_outcome() -> None:
    for outcome in OUTCOMES:
        for supports in OUTCOMES[: OUTCOMES.index(outcome) + 1]:
            found = [one("a", outcome, accepted=True), one("b", supports)]
            assert OUTCOMES.index(gating_outcome(outcome, found, complete=True)) <= OUTCOMES.index(outcome)


def test_reasons_of_a_saved_verdict() -> None:
    before = [
        one("a", "suspicious", id="x"), one("b", "suspicious", id="x"), one("c", "exposed", id="x"),
        one("d", "exposed", id="y"), one("e", "known-bad", incident="inc-1"), one("f", "suspicious", incident="inc-1"),
    ]  # fmt: skip
    reasons = [Reason(finding=key, text="A reason.") for key in ("a", "c", "d", "e", None, "gone")]

    def accepted(*keys: str) -> list[bool]:
        after = [one_.model_copy(update={"accepted_by": WHO if one_.key in keys else None}) for one_ in before]
        return [reason.accepted for reason in mark_reasons(reasons, before, after)]

    assert accepted() == [False] * 6
    assert accepted("a") == [False] * 6, "the reason speaks for b too"
    assert accepted("a", "b", "d") == [True, False, True, False, False, False]
    assert accepted("e") == [False] * 6, "the incident rests on f too"
    assert accepted("e", "f") == [False, False, False, True, False, False]


def test_an_accepted_finding_has_a_reason_of_its_own_and_the_outcome_stays() -> None:
    two = (detected("tracker-present", "com.a"), detected("tracker-present", "com.b"))
    accepted = naming(two[0].key)
    plain, marked = (
        judge_phone(snapshot({}, ()), [], found, "standard")
        for found in (Detection(findings=two), Detection(findings=two).changed(accepted.mark))
    )
    assert (marked.verdict.outcome, marked.verdict.headline) == (plain.verdict.outcome, plain.verdict.headline)
    assert [(reason.finding, reason.accepted) for reason in plain.verdict.reasons] == [(two[0].key, False)]
    assert {(reason.finding, reason.accepted) for reason in marked.verdict.reasons} == {
        (two[0].key, True),
        (two[1].key, False),
    }
    assert [one.accepted_by for one in marked.findings] == [WHO, None]
    assert [one.supports for one in marked.findings] == ["exposed", "exposed"]


def test_accepted_records_of_a_folder_have_a_reason_of_their_own() -> None:
    judge = FolderJudge()
    for name, accepted in (("com.a", True), ("com.b", False)):
        mark = naming(*([detected("tracker-present", name).key] if accepted else [])).mark
        info = apk_info(name, f"/{name}.apk")
        judge.add(record(info, judge_apk(info, Detection(findings=(detected("tracker-present", name),)).changed(mark))))
    assert judge.gating_outcome == "exposed"
    assert [reason.accepted for reason in judge.verdict(()).reasons] == [True, False]
