"""The verdict on a folder does not depend on whether all findings are at hand, or only what was kept of each kind."""

from hypothesis import given
from hypothesis import strategies as st

from phone_audit.judge.folder import FolderJudge
from phone_audit.judge.headlines import folder_headlines
from phone_audit.judge.outcomes import CONFIDENCES, supports
from phone_audit.judge.verdict import RatedFinding, Scope, UnreadTally, sorted_skipped, verdict
from phone_audit.model.apk import Apk
from phone_audit.model.finding import OUTCOMES, SEVERITIES, Finding, Skipped, Subject
from tests.documents import apk
from tests.judge.cases import SIGNS, finding, judge_folder

FINDINGS = st.builds(
    lambda detector, name, kind, severity, confidence, category, title: finding(
        detector,
        f"com.{name}",
        severity=severity,
        confidence=confidence,
        category=category,
        title=title,
        subject=Subject(kind=kind, name=f"com.{name}"),
        key=f"{detector} {name} {kind} {severity} {title}",
    ),
    st.sampled_from([*SIGNS, "indicator.malware"]),
    st.sampled_from("abcdefgh"),
    st.sampled_from(["package", "apk"]),
    st.sampled_from(SEVERITIES),
    st.sampled_from(CONFIDENCES),
    st.sampled_from(["tracker", "cleartext", "signing"]),
    st.sampled_from(["One", "Other (malware)"]),
)
SKIPPED = st.builds(
    lambda subject, code, reason: Skipped(subject=subject, step="dex", code=code, reason=reason),
    st.sampled_from("abc"),
    st.sampled_from("xyz"),
    st.sampled_from(["It ends too early.", "It is damaged."]),
)
RECORDS = st.lists(
    st.builds(
        lambda number, outcome, findings, skipped: apk(f"{number}.apk", outcome, tuple(skipped)).model_copy(
            update={"findings": tuple({one.key: one for one in findings}.values())}
        ),
        st.integers(0, 99),
        st.sampled_from(OUTCOMES),
        st.lists(FINDINGS, max_size=5),
        st.lists(SKIPPED, max_size=3),
    ),
    min_size=1,
    max_size=8,
)


@given(RECORDS, st.lists(SKIPPED, max_size=3))
def test_as_from_all_findings_at_once(records: list[Apk], skipped: list[Skipped]) -> None:
    counts: dict[str, int] = {word: sum(one.outcome == word for one in records) for word in OUTCOMES}
    everything = [RatedFinding(one, supports(one, {}), one.message) for record in records for one in record.findings]
    unread = sorted_skipped([*skipped, *(one for record in records for one in record.skipped)])
    expected = verdict(everything, Scope(folder_headlines(counts, len(records)), UnreadTally(unread)))
    assert judge_folder(records, skipped).model_copy(update={"questions": ()}) == expected


def test_what_is_kept_does_not_grow_with_the_records() -> None:
    found: tuple[Finding, ...] = (finding("tracker-present"), finding("cleartext-endpoint"))
    judge = FolderJudge()
    for number in range(500):
        judge.add(apk(f"{number}.apk", "exposed").model_copy(update={"findings": found}))
    assert len(judge._alike) == 2
    assert all(not item.finding.evidence for item in judge._alike.values())
    assert judge.counts["exposed"] == 500
