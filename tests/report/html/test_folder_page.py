"""The page of a folder of APKs: the most harmful first, who is in them, what was not read, and bounds."""

from phone_audit.model.apk import Apks
from phone_audit.model.finding import Reason, Remedy
from phone_audit.report.draw_answer import WARNING
from phone_audit.report.html.folder_page import FolderSummary
from tests.documents import SKIPPED, apk, apks, finding
from tests.report.html.page_text import page_of
from tests.report.test_indicators import endpoint


def folder() -> Apks:
    held = endpoint("t.example", owner="Ads Inc", category="advertising")
    bad = apk("bad.apk", "known-bad").model_copy(update={"endpoints": (held,)})
    return apks(apk("a.apk"), bad, apk("b.apk", "exposed", (SKIPPED,)), outcome="known-bad")


def test_the_most_harmful_stand_first() -> None:
    page = page_of(folder())
    assert [one["data-tags"] for one in page.named("tr") if "data-tags" in one] == [
        "known-bad", "exposed", "nothing-found",
    ]  # fmt: skip
    assert "A com.a bad.apk known bad A published incident 0 1" in page.text


def test_what_to_do_stands_behind_the_warning() -> None:
    document = folder()
    advised = Reason(finding="k1", text="It is bad. Ask.", kind="incident", advice=(Remedy(text="Ask."),))
    judged = document.verdict.model_copy(update={"reasons": (advised,)})
    text = page_of(document.model_copy(update={"verdict": judged})).text
    assert text.index(WARNING) < text.index("Why, and what to do") < text.index("Ask.")
    assert WARNING not in page_of(document).text


def test_who_is_in_them_and_what_was_not_read() -> None:
    text = page_of(folder()).text
    assert "Owner APKs Bar Ads Inc 1" in text
    assert "The file ends too early. 1 /system/app/B.apk" in text


def test_an_apk_without_a_finding_leads_nowhere_also_where_a_finding_has_no_address_of_its_own() -> None:
    twice = tuple(apk(f"{number}.apk", "known-bad") for number in range(2))  # of one key, which is an address once
    links = page_of(apks(apk("a.apk"), *twice, outcome="known-bad")).named("a")
    assert "#f-k1" in [one["href"] for one in links]
    assert "#" not in [one["href"] for one in links]


def test_a_folder_without_anything() -> None:
    text = page_of(apks()).text
    assert "0 APKs from 0 files" in text
    assert "APKs There are none." in text
    assert "Everything that was planned to be read was read." in text


def test_of_many_apks_the_first_are_held_and_the_others_counted() -> None:
    many = apks(*(apk(f"{number:04}.apk", "known-bad") for number in range(600)), outcome="known-bad")
    summary = FolderSummary(many)
    assert (len(summary.rows), summary.rows[-1].path, len(summary.findings), summary.total) == (
        500, "0499.apk", 500, 600,
    )  # fmt: skip
    text = page_of(many).text
    assert "and 100 more APKs, all in the JSON result" in text
    assert "And 100 more findings, all in the JSON result." in text


def test_what_is_worth_little_is_counted_and_not_listed() -> None:
    low = finding().model_copy(update={"severity": "low"})
    record = apk().model_copy(update={"findings": (low,)})
    assert "And 1 more findings, all in the JSON result." in page_of(apks(record)).text
