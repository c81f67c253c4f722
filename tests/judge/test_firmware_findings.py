"""What properties say of themselves, beside what publishers say of the build."""

import pytest

from phone_audit.judge.citations import cited
from phone_audit.judge.firmware_findings import with_detected
from phone_audit.model.finding import Evidence, Finding, Outcome, Reason, Subject, Verdict
from phone_audit.model.results import CheckedBuild, ParsedBuild
from tests.judge.cases import finding, incident

CASE = {"case": cited(incident(raises="known-bad"))}
TAGS = Evidence(kind="property", where="getprop", value="ro.build.tags=test-keys")


def build(outcome: Outcome = "nothing-found", *findings: Finding) -> CheckedBuild:
    reasons = tuple(Reason(finding=item.key, text="As published.") for item in findings)
    return CheckedBuild(
        input="X1",
        parsed=ParsedBuild(vendor_version="X1"),
        matches=(),
        findings=findings,
        verdict=Verdict(outcome=outcome, headline="Published.", reasons=reasons),
    )


def seen(rule: str, title: str = "Odd") -> Finding:
    return finding(rule, title=title, category="firmware", confidence="confirmed", evidence=(TAGS,))


@pytest.mark.parametrize(
    ("before", "rule", "after", "headline"),
    [
        ("nothing-found", "test-keys-build", "suspicious", "What this build says of itself is a strong sign that"),
        ("nothing-found", "brand-denied", "inconclusive", "This build cannot be judged by what it says of itself: Odd"),
        ("nothing-found", "patch-levels-apart", "nothing-found", "Published."),
        ("inconclusive", "brand-denied", "inconclusive", "Published."),
        ("known-bad", "test-keys-build", "known-bad", "Published."),
        ("inconclusive", "test-keys-build", "suspicious", "What this build says of itself is a strong sign that"),
    ],
)
def test_the_outcome_is_raised_and_never_lowered(before: Outcome, rule: str, after: Outcome, headline: str) -> None:
    changed = with_detected(build(before), [seen(rule)], {})
    assert changed.verdict.outcome == after
    assert changed.verdict.headline.startswith(headline)
    assert [item.id for item in changed.findings] == [rule]
    (reason,) = changed.verdict.reasons
    assert reason.finding == changed.findings[0].key
    assert reason.text.endswith(" Seen: ro.build.tags=test-keys.")


def test_nothing_seen_changes_nothing() -> None:
    assert with_detected(build(), [], {}) == build()


def test_the_strongest_is_told_first_and_names_the_headline() -> None:
    found = [seen("brand-denied", "Brand"), seen("test-keys-build", "Keys"), seen("insecure-adb", "Port")]
    changed = with_detected(build(), found, {})
    keys = {item.key: item.id for item in changed.findings}
    assert [keys[str(reason.finding)] for reason in changed.verdict.reasons] == [
        "insecure-adb", "test-keys-build", "brand-denied",
    ]  # fmt: skip
    assert changed.verdict.headline.endswith(": Port and Keys")


def test_one_fact_is_told_once() -> None:
    published = finding(
        "candidate-build", "X1", incident="case", category="firmware", evidence=(TAGS,),
        subject=Subject(kind="build", name="X1"),
    )  # fmt: skip
    changed = with_detected(build("inconclusive", published), [seen("test-keys-build")], CASE)
    assert [item.id for item in changed.findings] == ["test-keys-build"]
    assert [reason.finding for reason in changed.verdict.reasons] == [changed.findings[0].key]
    other = seen("brand-denied").model_copy(update={"category": "boot"})
    both = with_detected(build("inconclusive", published), [other], CASE)
    assert len(both.findings) == len(both.verdict.reasons) == 2
