"""A phone with apps of every kind, for the tests of its page."""

from phone_audit.model.apps import App, CameFrom, Destination, Power
from phone_audit.model.device import StateItem
from phone_audit.model.results import Scan
from tests.documents import scan

READING = "2026-01-10T12:00:00Z"


def came(kind: str, installed: str | None = None, by: str | None = None) -> CameFrom:
    return CameFrom.model_validate(
        {"kind": kind, "installer": by, "installed": installed, "updated": None, "installer_name": None}
    )


MICROPHONE = Power(
    what="microphone",
    granted=True,
    title="microphone",
    can="record with the microphone",
    did="used the microphone",
    watching="part",
)
CONTACTS = Power(what="contacts", granted=True, title="contacts", can="read the contacts")


def used(power: Power, at: str, *, background: bool = False) -> Power:
    return power.model_copy(update={"last_used": at, "background": background})


def place(host: str | None, by: str, owner: str | None = None, **more: object) -> Destination:
    values = {"host": host, "owner": owner, "category": "unknown", "cleartext": None, "by": by, **more}
    return Destination.model_validate(values)


def app(package: str, kind: str = "store", **more: object) -> App:
    values = {"package": package, "label": None, "user": 0, "system": kind == "firmware", "came_from": came(kind)}
    return App.model_validate({**values, **more})


def phone(*apps: App, state: tuple[StateItem, ...] = ()) -> Scan:
    document = scan()
    acquisition = document.acquisition.model_copy(update={"device_time": READING})
    return document.model_copy(update={"apps": apps, "state": state, "acquisition": acquisition})


def state(key: str, value: str | None, expected: str | None = None) -> StateItem:
    return StateItem(key=key, value=value, expected=expected, evidence=())
