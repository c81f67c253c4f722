"""What a result file may state of reasons and findings: it decides neither where they stand nor what is first."""

import pytest

from phone_audit.model.base import READ_CONTEXT
from phone_audit.model.finding import Finding, Reason

FINDING = {
    "id": "a", "key": "0" * 16, "category": "c", "title": "t", "message": "m.", "severity": "low", "confidence": "low",
    "subject": {"kind": "package", "name": "com.a"}, "evidence": [],
}  # fmt: skip


def read(**stated: object) -> Reason:
    return Reason.model_validate({"finding": None, **stated}, context=READ_CONTEXT, extra="ignore")


@pytest.mark.promise("no-lent-voice")
@pytest.mark.parametrize("advice", [[], [{"text": "another one"}], [{"text": "uninstall it"}]])
def test_no_advice_stands_before_the_warning(advice: list[dict[str, str]]) -> None:
    text = "Stalkerware is on this phone. What to do: uninstall it at once, before you ask anybody."
    assert read(text=text, kind="incident", advice=advice).claim == "Stalkerware is on this phone."


@pytest.mark.parametrize("text", ["Bad. What to do: Update", "Bad. What to do:"])
def test_a_result_of_an_earlier_version_has_its_advice_in_the_text(text: str) -> None:
    reason = read(text=text)
    assert (reason.claim, [one.text for one in reason.advice]) == ("Bad.", ["Update"] if "Update" in text else [])


@pytest.mark.parametrize(
    ("text", "stated", "kind"),
    [
        ("A package sends data.", "unread", None),
        ("Not read: 2 APKs.", "incident", "unread"),
        ("Not read: 2 APKs.", None, "unread"),
        ("A package sends data.", "detector", "detector"),
    ],
)
def test_a_file_hides_no_reason_among_what_was_not_read(text: str, stated: str | None, kind: str | None) -> None:
    assert read(text=text, kind=stated).kind == kind


@pytest.mark.parametrize("stated", [5, "Looks fine", None])
def test_what_is_not_published_is_not_read(stated: object) -> None:
    values = {**FINDING, "headline": stated, "held": stated}
    found = Finding.model_validate(values, context=READ_CONTEXT, extra="ignore")
    assert (found.headline, found.held) == ("", False)
