"""The system: what the phone says beside what an ordinary one says, and what it did not answer."""

from phone_audit.model.finding import Subject
from phone_audit.report.html.health import health_of
from tests.documents import finding
from tests.report.html.phones import phone, state


def test_what_differs_is_said_to_differ_and_leads_to_its_finding() -> None:
    found = finding().model_copy(update={"subject": Subject(kind="setting", name="ro.build.tags")})
    items = (
        state("ro.build.tags", "test-keys", "release-keys"),
        state("ro.debuggable", "0", "0"),
        state("patch_age_days", "2306"),
        state("root_programs", ""),
        state("mounts_writable", None, ""),
    )
    (part,) = health_of(phone(state=items).model_copy(update={"findings": (found,)}))
    assert [(row.key, row.value, row.expected, row.differs, row.anchor) for row in part.rows] == [
        ("patch_age_days", "6 years", "", None, ""),
        ("ro.build.tags", "test-keys", "release-keys", True, "f-k1"),
        ("ro.debuggable", "no", "no", False, ""),
        ("root_programs", "none", "", None, ""),
        ("mounts_writable", "the phone does not show it", "none", True, ""),
    ]
    assert "verified boot" in part.unanswered


def test_a_setting_that_stands_in_two_places_is_told_once_where_it_is_the_same() -> None:
    items = (state("http_proxy", "x:1", ""), state("http_proxy", "x:1", ""), state("http_proxy", "", ""))
    (part,) = health_of(phone(state=items))
    assert [row.value for row in part.rows] == ["x:1", "none"]


def test_without_answers_there_is_no_such_part() -> None:
    assert health_of(phone()) == ()


def test_a_word_of_androids_is_explained() -> None:
    (part,) = health_of(phone(state=(state("ro.boot.verifiedbootstate", "orange"), state("ro.boot.veritymode", "eio"))))
    assert [row.value for row in part.rows] == [
        "orange: unlocked, so any system starts",
        "eio: a part was altered or is damaged, and cannot be read",
    ]
