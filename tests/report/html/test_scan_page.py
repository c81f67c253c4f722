"""The page of one phone: the answer first, findings with what they rest on, what was not read, and custody."""

from phone_audit.model.finding import Acceptance, Question, Reason, Verdict
from phone_audit.report.canvas import Style
from phone_audit.report.draw_answer import WARNING
from phone_audit.report.formats import render
from phone_audit.report.html.findings import finding_list
from tests.documents import SKIPPED, finding, scan
from tests.report.html.page_text import page_of

MOST_BYTES = 5_000_000


def test_nothing_found() -> None:
    page = page_of(scan())
    assert "nothing found The headline of nothing-found" in page.text
    assert "Findings There are none." in page.text
    assert "Everything that was planned to be read was read." in page.text
    assert WARNING not in page.text  # there is nothing to do that could warn anybody


def test_a_bad_phone_has_the_warning_before_what_to_do_and_the_evidence_behind_it() -> None:
    text = page_of(scan("known-bad")).text
    places = [
        text.index(part)
        for part in (
            "known bad The headline of known-bad",
            WARNING,
            "Disable the package.",
            "Findings 1 finding",
            "dex-string: http://a.example classes.dex, offset 0x10",
            "Source: A lab, A study, 2019-03-21",
        )
    ]
    assert places == sorted(places)


def test_tiles_stand_between_the_verdict_and_the_reasons() -> None:
    asked = (Question(id="watched", answer="not-seen", text="No app can watch you."),)
    document = scan("known-bad")
    judged = document.verdict.model_copy(update={"questions": asked})
    text = page_of(document.model_copy(update={"verdict": judged})).text
    assert "Can somebody watch you? Not seen No app can watch you. Why, and what to do" in text


def test_reasons_beyond_the_first_are_folded() -> None:
    reasons = tuple(Reason(finding=None, text=f"Reason {number}.") for number in range(7))
    judged = Verdict(outcome="exposed", headline="A headline", reasons=reasons)
    page = page_of(scan().model_copy(update={"verdict": judged}), Style(points=5))
    assert "Reason 4. 2 more reasons Reason 5." in page.text
    assert [one.get("start") for one in page.named("ol")] == [None, "6"]


def test_what_was_not_read_has_its_reason() -> None:
    page = page_of(scan(skipped=(SKIPPED, SKIPPED)))
    assert "The file ends too early. 2 /system/app/B.apk" in page.text


def test_a_finding_has_an_address_by_its_key() -> None:
    page = page_of(scan("known-bad"))
    assert "f-k1" in page.ids
    assert "#f-k1" in [one["href"] for one in page.named("a")]


def test_findings_are_in_the_order_of_severity_and_a_key_is_an_address_once() -> None:
    ones = [
        finding(key=key).model_copy(update={"severity": severity})
        for key, severity in (("a", "info"), ("b", "critical"), ("b", "low"), ("no key", "high"), ("c", "odd-word"))
    ]
    shown = finding_list(ones)
    assert [(row.severity, row.anchor) for row in shown.rows] == [
        ("critical", "f-b"), ("high", ""), ("low", ""), ("info", "f-a"), ("odd-word", "f-c"),
    ]  # fmt: skip
    assert shown.counts == (("critical", 1), ("high", 1), ("low", 1), ("info", 1), ("odd-word", 1))


def test_ten_thousand_findings_are_all_there_in_a_page_that_can_be_sent() -> None:
    ones = tuple(
        finding(f"com.example.number{number}", key=f"{number:016x}").model_copy(
            update={"severity": "medium", "evidence": finding().evidence * 20}
        )
        for number in range(10_000)
    )
    source = render("html", scan("known-bad").model_copy(update={"findings": ones}), Style())
    assert len(source.encode()) < MOST_BYTES
    assert source.count(' id="f-') == 10_000
    assert "and 14 more, all in the JSON result" in source
    assert "of these rest on is in the JSON result." in source


def test_findings_beyond_the_room_of_a_page_are_counted() -> None:
    one = finding("x" * 500).model_copy(update={"title": "y" * 500})
    shown = finding_list([one] * 20_000)
    assert 0 < shown.left < shown.total == 20_000
    assert shown.folded > 0


def test_an_accepted_finding_is_shown_with_who_answers_for_it() -> None:
    accepted = Acceptance(by="A. Lab", at="2026-01-02T00:00:00Z", reason="Known.", until="2026-06-01")
    ones = (finding().model_copy(update={"accepted_by": accepted}),)
    text = page_of(scan("known-bad").model_copy(update={"findings": ones})).text
    assert "Accepted by A. Lab on 2026-01-02 until 2026-06-01: Known." in text


def test_custody_has_times_digests_and_the_label() -> None:
    text = page_of(scan().model_copy(update={"label": "Case 14"})).text
    for part in ("Label Case 14", "Began (this computer's clock) 2026-01-01T00:00:00Z", f"the knowledge {'d' * 64}"):
        assert part in text
