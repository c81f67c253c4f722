"""Where does data go?"""

from typing import Any

import pytest

from phone_audit.judge.questions.sends import sends
from phone_audit.model.apps import App
from phone_audit.model.traffic import RecordedTraffic, TrafficHost
from tests.judge.cases import finding
from tests.judge.questions.phone_questions import app, basis, place, published

OTHER = app("com.other", label="Other", destinations=(place("o.example", "seen"),))


@pytest.mark.parametrize(
    ("places", "text"),
    [
        (
            (place("a.example", "capture", data=("imei",), cleartext=True),),
            "“App” (com.app) sent the IMEI to a.example without encryption.",
        ),
        (
            (place("a.example", "seen", cleartext=True, owner="Acme"),),
            "“App” (com.app) was seen connected to a.example without encryption (Acme).",
        ),
        (
            (place("a.example", "seen", category="telemetry", cleartext=False),),
            "“App” (com.app) was seen connected to a.example.",
        ),
        ((place("a.example", "capture"),), "“App” (com.app) was recorded talking to a.example; so was 1 other app."),
    ],
)
def test_what_was_seen_is_a_yes(places: Any, text: str) -> None:
    said = sends(basis(apps=(app(destinations=places), OTHER)))
    assert (said.answer, said.text, said.package) == ("yes", text, "com.app")


def test_a_confirmed_case_says_what_is_sent_and_who_says_so() -> None:
    found = published()
    said = sends(basis(found, apps=(app(), OTHER)))
    assert (said.answer, said.text) == ("yes", "A lab published that “App” (com.app) sends IMEI and contacts.")
    assert said.findings == (found.key,)


def test_an_app_that_can_watch_and_sent_is_told_with_how_much() -> None:
    found = finding("watching-powers", "com.app", severity="high", confidence="high", category="powers")
    said = sends(basis(found, apps=(app(sent=2671220, sent_background=1002143), OTHER)))
    assert said.text == "“App” (com.app) sent 2.7 MB, 1.0 MB of it in the background; where to was not seen."


@pytest.mark.parametrize(
    ("apps", "findings", "text"),
    [
        ((), (), "No recording of traffic was read, so nothing shows where data goes."),
        (
            (app(destinations=(place("a.example", "fetched"),), sent=9),),
            (),
            "No recording of traffic was read, so nothing shows where data goes.",
        ),
        (
            (
                app(destinations=(place("a.example", "flow", data=("imei",)), place(None, "flow", data=("location",)))),
                app("com.b", label="B", destinations=(place(None, "flow", data=("imei",), cleartext=True),)),
            ),
            (),
            "Not seen on the way; the code of “B” (com.b) sends the IMEI over an unencrypted connection, and "
            "so does that of 1 other app.",
        ),
        ((), (finding("tracker-present"),), "Not seen on the way; 1 app holds code of trackers."),
    ],
)
def test_code_alone_is_no_sight_and_never_a_no(apps: tuple[App, ...], findings: Any, text: str) -> None:
    said = sends(basis(*findings, apps=apps))
    assert (said.answer, said.text) == ("not-seen", text)


def recorded(**changes: Any) -> RecordedTraffic:
    fields: dict[str, Any] = {
        "host": "a.example", "address": "203.0.113.7", "port": 80, "package": None, "cleartext": True, "times": 2,
        "identifiers": ("IMEI …4417",), "protocol": "http", "data": ("imei",), "of_this_phone": True,
    }  # fmt: skip
    host = TrafficHost(**(fields | changes))
    return RecordedTraffic(file="a.pcap", sha256="a" * 64, format="pcap", first=None, last=None, hosts=(host,))


def test_identifiers_that_may_be_of_another_device_say_nothing_of_this_phone() -> None:
    said = sends(basis(traffic=(recorded(of_this_phone=False),)))
    text = "Traffic was recorded, but nothing in it is shown to be of an app on this phone."
    assert (said.answer, said.text) == ("not-seen", text)


def test_identifiers_of_a_recording_that_names_no_app() -> None:
    said = sends(basis(apps=(OTHER,), traffic=(recorded(),)))
    text = "Some app on this phone sent IMEI …4417 to a.example without encryption."
    assert (said.answer, said.text, said.package) == ("yes", text, None)
    assert "Other" in sends(basis(apps=(OTHER,), traffic=(recorded(identifiers=(), of_this_phone=False),))).text
    assert "Other" in sends(basis(apps=(OTHER,), traffic=(recorded(package="com.app"),))).text
