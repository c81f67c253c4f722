"""What is said of an app, never stronger than what was seen."""

from typing import Any

import pytest

from phone_audit.model.app_wording import ago, called, can_words, origin_words, place_words, sent_words, use_words
from phone_audit.model.apps import App, CameFrom, Destination, Power

NOW = "2026-01-10T12:00:00Z"


def app(**changes: Any) -> App:
    fields: dict[str, Any] = {
        "package": "com.a", "label": "Cleaner", "user": 0, "system": False,
        "came_from": CameFrom(kind="hand", installer=None, installed=None, updated=None),
    }  # fmt: skip
    return App(**(fields | changes))


@pytest.mark.parametrize(
    ("then", "now", "said"),
    [
        ("2026-01-10T11:59:30Z", NOW, "less than a minute before the scan (2026-01-10 11:59)"),
        ("2026-01-10T12:04:00Z", NOW, "less than a minute before the scan (2026-01-10 12:04)"),
        ("2026-01-10T12:10:00Z", NOW, "on 2026-01-10"),
        ("2026-01-10T11:58:59Z", NOW, "1 minute before the scan (2026-01-10 11:58)"),
        ("2026-01-10T10:01:00Z", NOW, "119 minutes before the scan (2026-01-10 10:01)"),
        ("2026-01-10T09:59:00Z", NOW, "2 hours before the scan (2026-01-10 09:59)"),
        ("2026-01-08T12:00:01Z", NOW, "47 hours before the scan (2026-01-08 12:00)"),
        ("2026-01-08T12:00:00Z", NOW, "2 days before the scan (2026-01-08 12:00)"),
        ("2025-01-08T12:00:00Z", NOW, "on 2025-01-08"),
        ("2025-01-08T12:00:00Z", None, "on 2025-01-08"),
        ("2025-01-08T12:00:00Z", "noon", "on 2025-01-08"),
    ],
)
def test_how_long_ago(then: str, now: str | None, said: str) -> None:
    assert ago(then, now) == said


def test_an_app_is_called_by_its_name_and_package() -> None:
    assert called(app()) == "“Cleaner” (com.a)"
    assert called(app(label=None)) == "com.a"


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("Nobody. You are safe", "“Nobody. You are safe” (com.a)"),
        ("x” (com.android.vending), and „y“", "“x (com.android.vending), and y” (com.a)"),
        ('"Play"', "“Play” (com.a)"),
        ("It's", "“It's” (com.a)"),
        ("x" * 41, f"“{'x' * 39}…” (com.a)"),
        ("a\n b", "“a b” (com.a)"),
        (" ", "com.a"),
        ("”", "com.a"),
        ("...", "com.a"),
    ],
)
def test_a_name_is_a_name_and_no_words_of_ours(label: str, said: str) -> None:
    assert called(app(label=label)) == said


def test_a_long_package_is_cut() -> None:
    assert called(app(package="c." + "x" * 100)) == f"“Cleaner” (c.{'x' * 57}…)"
    assert called(app(package="c." + "x" * 100, label=None)) == f"c.{'x' * 57}…"


@pytest.mark.parametrize(
    ("kind", "installer", "name", "said"),
    [
        ("firmware", None, None, "which came with the phone"),
        ("store", "com.android.vending", "Google Play", "installed from Google Play, as the phone notes"),
        ("hand", None, None, "installed by hand"),
        ("hand", "com.lenovo.anyshare.gps", "SHAREit", "installed by hand with SHAREit"),
        ("other", "com.loader", None, "installed by com.loader, as the phone notes"),
        ("unknown", None, None, "of which it is not known who put it there"),
    ],
)
def test_where_it_came_from(kind: Any, installer: str | None, name: str | None, said: str) -> None:
    came_from = CameFrom(kind=kind, installer=installer, installed=None, updated=None, installer_name=name)
    assert origin_words(came_from) == said


@pytest.mark.parametrize(
    ("background", "did", "said"),
    [
        (False, "used the microphone", "used the microphone 1 minute before the scan (2026-01-10 11:59)"),
        (None, "used the microphone", "used the microphone 1 minute before the scan (2026-01-10 11:59)"),
        (
            True,
            "read or received text messages",
            "read or received text messages 1 minute before the scan (2026-01-10 11:59) in the background",
        ),
        (False, "", "used microphone 1 minute before the scan (2026-01-10 11:59)"),
    ],
)
def test_what_it_did(background: bool | None, did: str, said: str) -> None:
    power = Power(
        what="microphone", granted=True, last_used="2026-01-10T11:59:00Z", background=background, title="microphone",
        did=did,
    )  # fmt: skip
    assert use_words(power, NOW) == said


def test_of_many_powers_the_first_are_said() -> None:
    powers = [Power(what=f"p{number}", granted=True, can=f"do {number}") for number in range(5)]
    assert can_words(powers[:2]) == "may do 0 and do 1"
    assert can_words(powers) == "may do 0, do 1, do 2 and 2 more things"


def test_how_much_it_sent() -> None:
    assert sent_words(app()) == ""
    assert sent_words(app(sent=0, sent_background=0)) == "sent 0 B"
    assert sent_words(app(sent=2671220, sent_background=1002143)) == "sent 2.7 MB, 1.0 MB of it in the background"
    assert sent_words(app(sent=5000, sent_background=0, sent_shared=22)) == (
        "shares a counter with 22 other apps: together they sent 5.0 kB"
    )


@pytest.mark.parametrize(
    ("by", "host", "data", "cleartext", "said"),
    [
        ("capture", "a.example", ("imei",), True, "sent the IMEI to a.example without encryption"),
        ("capture", "a.example", (), None, "was recorded talking to a.example"),
        ("seen", "a.example", ("imei",), False, "was seen connected to a.example"),
        ("flow", "a.example", ("imei", "location"), None,
         "holds code that sends the place of the phone and the IMEI to a.example"),
        ("flow", None, ("imei",), True,
         "holds code that sends the IMEI to a place that is not known over an unencrypted connection"),
        ("fetched", "a.example", (), False, "holds code that connects to a.example"),
        ("held", "a.example", (), True, "holds the address a.example"),
        ("later-word", "a.example", (), True, "holds the address a.example"),
    ],
)  # fmt: skip
def test_a_place_is_told_by_its_link_and_no_stronger(
    by: Any, host: str | None, data: tuple[str, ...], cleartext: bool | None, said: str
) -> None:
    place = Destination.model_construct(
        host=host, owner=None, category="unknown", cleartext=cleartext, by=by, data=data, times=None
    )
    assert place_words(place) == said
