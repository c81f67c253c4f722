"""What properties say of themselves, beside what publishers say of the build."""

import pytest

from phone_audit.detect.incidents.citations import cited
from phone_audit.judge.judge import BuildJudgement, judge_build
from phone_audit.model.detection import Detection, MatchedIncident
from phone_audit.model.finding import Evidence, Finding, Outcome, Subject
from tests.judge.cases import finding, incident

CASE = cited(incident(raises="known-bad"))
TAGS = Evidence(kind="property", where="getprop", value="ro.build.tags=test-keys")
NO_INCIDENT = "No published incident names this build"
STRONG = "What this build says about itself is a strong sign that"
POSSIBLE = finding(
    "candidate-build", "X1", incident=CASE.id, category="firmware", evidence=(TAGS,),
    subject=Subject(kind="build", name="X1"),
)  # fmt: skip
PUBLISHED: dict[Outcome, tuple[MatchedIncident, ...]] = {
    "nothing-found": (),
    "inconclusive": (MatchedIncident(CASE, "candidate", (POSSIBLE,), "As published.", CASE.title, None),),
    "known-bad": (
        MatchedIncident(
            CASE,
            "affected",
            (POSSIBLE.model_copy(update={"id": "published-incident", "sign": "incident"}),),
            "As published.",
            CASE.title,
            "Update.",
        ),
    ),
}


def judged(before: Outcome, *by_rules: Finding) -> BuildJudgement:
    return judge_build(Detection(PUBLISHED[before], by_rules), understood=True)


def seen(rule: str, title: str = "Odd", category: str = "boot") -> Finding:
    return finding(rule, title=title, category=category, confidence="confirmed", evidence=(TAGS,))


@pytest.mark.parametrize(
    ("before", "rule", "after", "headline"),
    [
        ("nothing-found", "test-keys-build", "suspicious", STRONG),
        (
            "nothing-found",
            "brand-denied",
            "inconclusive",
            "This build cannot be judged by what it says about itself: Odd",
        ),
        ("nothing-found", "patch-levels-apart", "nothing-found", NO_INCIDENT),
        ("inconclusive", "brand-denied", "inconclusive", "This build may be affected"),
        ("known-bad", "test-keys-build", "known-bad", "A publisher lists this build as affected"),
        ("inconclusive", "test-keys-build", "suspicious", STRONG),
    ],
)
def test_the_outcome_is_raised_and_never_lowered(before: Outcome, rule: str, after: Outcome, headline: str) -> None:
    changed = judged(before, seen(rule))
    assert changed.verdict.outcome == after
    assert changed.verdict.headline.startswith(headline)
    reason = changed.verdict.reasons[-1]
    assert (reason.kind, reason.finding) == ("detector", seen(rule).key)
    assert reason.text.endswith(" Seen: ro.build.tags=test-keys.")


def test_the_reason_of_an_incident_ends_with_its_advice() -> None:
    (reason,) = judged("known-bad").verdict.reasons
    assert (reason.kind, reason.text, reason.claim) == (
        "incident",
        "As published. What to do: Update.",
        "As published.",
    )
    assert [step.text for step in reason.advice] == ["Update."]


def test_the_strongest_is_told_first_and_names_the_headline() -> None:
    found = [seen("brand-denied", "Brand"), seen("test-keys-build", "Keys"), seen("insecure-adb", "Port")]
    changed = judged("nothing-found", *found)
    keys = {item.key: item.id for item in changed.findings}
    assert [keys[str(reason.finding)] for reason in changed.verdict.reasons] == [
        "insecure-adb", "test-keys-build", "brand-denied",
    ]  # fmt: skip
    assert changed.verdict.headline.endswith(": Port and Keys")


def test_one_fact_is_told_once() -> None:
    changed = judged("inconclusive", seen("test-keys-build", category="firmware"))
    assert [item.id for item in changed.findings] == ["test-keys-build"]
    assert [reason.finding for reason in changed.verdict.reasons] == [changed.findings[0].key]
    both = judged("inconclusive", seen("brand-denied"))
    assert len(both.findings) == len(both.verdict.reasons) == 2
