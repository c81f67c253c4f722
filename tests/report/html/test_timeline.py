"""The timeline: which apps are in it, where their marks stand, and the same as words."""

from phone_audit.report.html.timeline import timeline_of
from tests.report.html.page_text import page_of
from tests.report.html.phones import CONTACTS, MICROPHONE, app, came, phone, used

INSTALLED = came("store", "2025-01-10T12:00:00Z")
RECENT = used(MICROPHONE, "2026-01-10T11:50:00Z", background=True)


def test_marks_in_order_of_time_from_left_to_right() -> None:
    (lane,) = timeline_of(phone(app("com.a", came_from=INSTALLED, powers=(RECENT,)))).lanes
    assert [(mark.kind, mark.what, mark.ago) for mark in lane.marks] == [
        ("installed", "installed", "1 year"),
        ("background", "used the microphone in the background", "10 minutes"),
    ]
    assert 210 < lane.marks[0].x < lane.marks[1].x < 880


def test_apps_of_the_phone_are_in_it_only_where_they_were_used_lately() -> None:
    old = used(MICROPHONE, "2025-06-01T00:00:00Z")
    apps = (
        app("com.recent", "firmware", came_from=came("firmware", "2009-01-01T00:00:00Z"), powers=(RECENT,)),
        app("com.old", "firmware", powers=(old,)),
        app("com.contacts", "firmware", powers=(used(CONTACTS, "2026-01-10T11:00:00Z"),)),
    )
    shown = timeline_of(phone(*apps))
    assert [[mark.kind for mark in lane.marks] for lane in shown.lanes] == [["background"]]


def test_what_was_installed_by_hand_stands_first_and_the_rest_is_counted() -> None:
    apps = [app(f"com.a{number:02}", powers=(RECENT,)) for number in range(25)]
    shown = timeline_of(phone(*apps, app("com.z", "hand", came_from=came("hand", "2020-01-01T00:00:00Z"))))
    assert shown.lanes[0].name == "com.z"
    assert (len(shown.lanes), shown.left) == (20, 6)


def test_a_time_after_the_reading_or_before_all_telephones() -> None:
    apps = (
        app("com.later", came_from=came("store", "2027-01-01T00:00:00Z")),
        app("com.old", came_from=came("store", "1970-01-01T00:00:00Z")),
    )
    (lane,) = timeline_of(phone(*apps)).lanes
    assert (lane.name, lane.marks[0].x) == ("com.old", 230.0)


def test_the_picture_has_the_same_as_a_table() -> None:
    page = page_of(phone(app("com.a", came_from=INSTALLED)))
    assert "App What When Before the reading com.a installed 2025-01-10 12:00 1 year" in page.text
    assert "#times" in [one["href"] for one in page.named("a")]
    assert "Before the reading com.a" not in page_of(phone(app("com.b"))).text
