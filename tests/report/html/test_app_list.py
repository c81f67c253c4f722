"""Who can watch: those that somebody chose first, what each may and last did, and the boxes that narrow the list."""

from phone_audit.report.html.app_list import app_list
from tests.report.html.page_text import page_of
from tests.report.html.phones import CONTACTS, MICROPHONE, app, came, phone, used

RECENT = used(MICROPHONE, "2026-01-10T11:50:00Z", background=True)
LONG_AGO = used(MICROPHONE, "2025-12-01T00:00:00Z")
HAND = app("com.hand", "hand", label="Torch", powers=(RECENT, CONTACTS), sent=2_700_000, sent_background=1_000_000)
STORE = app("com.store", powers=(LONG_AGO,))
SYSTEM = app("com.system", "firmware", powers=(MICROPHONE,))
PLAIN = app("com.plain", powers=(CONTACTS,))


def test_what_somebody_chose_stands_first_and_what_cannot_watch_is_counted() -> None:
    shown = app_list(phone(PLAIN, SYSTEM, STORE, HAND), {})
    assert [row.package for row in shown.added] == ["com.hand", "com.store"]
    assert [row.package for row in shown.shipped] == ["com.system"]
    assert (shown.others, shown.left) == (1, 0)


def test_what_an_app_may_and_what_it_last_did() -> None:
    (row,) = app_list(phone(HAND), {}).added
    assert [(power.title, power.watches, power.used) for power in row.powers] == [
        ("record with the microphone", True, "used the microphone, 10 minutes before, in the background"),
        ("read the contacts", False, ""),
    ]
    assert (row.name, row.origin, row.sent) == ("Torch", "installed by hand", "2.7 MB, 1.0 MB of it in the background")


def test_a_use_after_the_reading_is_told_by_its_time() -> None:
    (row,) = app_list(phone(app("com.a", powers=(used(MICROPHONE, "2026-01-11T00:00:00Z"),))), {}).added
    assert row.powers[0].used == "used the microphone at 2026-01-11 00:00"


def test_a_power_that_was_taken_away_is_said_to_be() -> None:
    lost = LONG_AGO.model_copy(update={"granted": False})
    (row,) = app_list(phone(app("com.a", powers=(lost,))), {}).added
    assert row.powers[0].lost
    assert "microphone" not in row.tags.split()
    assert "(not any more)" in page_of(phone(app("com.a", powers=(lost,)))).text


def test_the_boxes_are_those_that_some_app_fits() -> None:
    shown = app_list(phone(STORE, HAND, SYSTEM), {})
    assert [(one.group, one.tag, one.count) for one in shown.filters] == [
        ("origin", "hand", 1), ("origin", "added", 2), ("use", "recent", 1), ("use", "background", 1),
        ("power", "microphone", 3),
    ]  # fmt: skip


def test_a_finding_is_linked_where_it_is_on_the_page() -> None:
    (row,) = app_list(phone(app("com.a", findings=("k1", "gone"))), {"k1": "A title"}).added
    assert row.findings == (("f-k1", "A title"),)


def test_who_installed_it_is_named() -> None:
    (row,) = app_list(phone(app("com.a", "hand", came_from=came("hand", by="com.share"))), {}).added
    assert row.origin == "installed by hand (com.share)"
    assert row.tags == "hand added"


def test_without_apps_it_says_so() -> None:
    assert "This result lists no apps." in page_of(phone()).text
    assert "No app is listed that may do more than every app may." in page_of(phone(PLAIN)).text
