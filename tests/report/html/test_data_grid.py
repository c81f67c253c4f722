"""Apps and kinds of data: the strongest thing that is known of each, and never a stronger one."""

from phone_audit.model.apk import Behaviour
from phone_audit.report.html.data_grid import LED_OUT, READ, SENT, data_grid
from tests.documents import apk
from tests.report.html.page_text import page_of
from tests.report.html.phones import app, phone, place


def behaviour(name: str, *, allowed: bool = True) -> Behaviour:
    return Behaviour(id=name, title=name, evidence=(), allowed=allowed, needs=("android.permission.X",))


def test_the_strongest_thing_of_each_kind() -> None:
    known = (behaviour("read.imei"), behaviour("read.sms"), behaviour("read.camera", allowed=False))
    record = apk().model_copy(update={"behaviours": known})
    places = (
        place("a.example", "capture", data=("imei",)),
        place("b.example", "flow", data=("imei", "location", "mac")),
        place("c.example", "seen", data=("contacts",)),
    )
    shown = data_grid(phone(app("com.a", destinations=places), app("com.b")).model_copy(update={"apks": (record,)}))
    assert [row.app for row in shown.rows] == ["com.a"]
    assert dict(zip(shown.kinds, shown.rows[0].cells, strict=True)) == {
        "text messages": READ,
        "contacts": LED_OUT,
        "location": LED_OUT,
        "IMEI": SENT,
        "hardware addresses": LED_OUT,
    }


def test_apps_of_one_name_are_told_by_their_packages() -> None:
    places = (place("a.example", "flow", data=("imei",)),)
    apps = [app(name, label="Torch", destinations=places) for name in ("com.a", "com.b")]
    assert [row.app for row in data_grid(phone(*apps)).rows] == ["Torch (com.a)", "Torch (com.b)"]


def test_a_cell_says_in_words_what_it_shows() -> None:
    page = page_of(phone(app("com.a", destinations=(place("a.example", "capture", data=("imei",)),))))
    assert "App IMEI com.a seen sent" in page.text
