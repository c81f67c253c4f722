"""The list of phones in sight, each with its state and its next step."""

import pytest

from phone_audit.acquire import devices, states, usb
from phone_audit.acquire.devices import list_devices
from phone_audit.acquire.server import AdbServer, Listed
from phone_audit.acquire.usb import UsbPhone, UsbSight
from phone_audit.errors import AcquireError, NoDeviceError
from phone_audit.model.device import DeviceState


class FakeServer(AdbServer):
    def __init__(self, *phones: tuple[str, str, str | None]) -> None:
        self._phones = phones

    def phones(self) -> tuple[Listed, ...]:
        return tuple(Listed(self, serial, state, model, usb=True) for serial, state, model in self._phones)


@pytest.fixture(autouse=True)
def _nothing_in_sight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "find_server", lambda: None)
    monkeypatch.setattr(usb, "look", UsbSight)


def plug_in(monkeypatch: pytest.MonkeyPatch, *serials: str, error: AcquireError) -> None:
    """Phones on USB that cannot be opened."""
    phones = tuple(UsbPhone(serial, f"Model of {serial}", 1, 1, (1,), 0, 0x81, 0x01, 512) for serial in serials)
    monkeypatch.setattr(usb, "look", lambda: UsbSight(phones))

    def fail(phone: UsbPhone, *, server_runs: bool) -> None:
        raise error

    monkeypatch.setattr(usb, "UsbLink", fail)


def test_nothing_is_an_empty_list() -> None:
    assert list_devices() == ()
    assert list_devices(via="direct") == ()
    with pytest.raises(NoDeviceError, match="No adb server runs"):
        list_devices(via="server")


def test_each_phone_of_the_server_has_its_state_and_its_next_step(monkeypatch: pytest.MonkeyPatch) -> None:
    server = FakeServer(("C", "device", "Pixel 8"), ("A", "unauthorized", None), ("B", "recovery", None))
    monkeypatch.setattr(devices, "find_server", lambda: server)
    assert list_devices() == (
        DeviceState(
            serial="A",
            state="unauthorized",
            usable=False,
            via="server",
            model=None,
            message="The phone A has not accepted this computer's key.",
            hint=states.ACCEPT,
        ),
        DeviceState(
            serial="B",
            state="recovery",
            usable=False,
            via="server",
            model=None,
            message="The phone B is in recovery mode, where it cannot be read.",
            hint="Restart it normally, wait until it shows its home screen, and try again.",
        ),
        DeviceState(
            serial="C",
            state="device",
            usable=True,
            via="server",
            model="Pixel 8",
            message="C can be scanned.",
            hint="",
        ),
    )
    assert list_devices(via="server") == list_devices()
    assert list_devices(via="direct") == ()


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (states.unauthorized("U"), "unauthorized"),
        (states.no_permission("U", 1), "no permissions"),
        (states.busy("U", server_runs=True), "busy"),
        (states.lost("U", "it was unplugged"), "gone"),
        (states.in_mode("U", "recovery"), "offline"),
        (states.no_adbd("U", "it does not speak ADB"), "offline"),
    ],
)
def test_each_error_on_usb_is_a_state(monkeypatch: pytest.MonkeyPatch, error: AcquireError, word: str) -> None:
    plug_in(monkeypatch, "U", error=error)
    (state,) = list_devices()
    assert state == DeviceState(
        serial="U",
        state=word,
        usable=False,
        via="direct",
        model="Model of U",
        message=error.message,
        hint=error.hint,
    )
    assert state.hint


def test_a_phone_that_the_server_holds_is_listed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in(monkeypatch, "A", "B", error=states.busy("?", server_runs=True))
    monkeypatch.setattr(devices, "find_server", lambda: FakeServer(("A", "device", None)))
    assert [(state.serial, state.via) for state in list_devices()] == [("A", "server"), ("B", "direct")]
    assert [(state.serial, state.via) for state in list_devices(via="direct")] == [("A", "direct"), ("B", "direct")]


def test_what_looks_like_a_phone_is_listed_with_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    sight = UsbSight(
        (), (("M1", "Redmi", states.debugging_off("Redmi")), ("F1", None, states.in_mode("F1", "fastboot")))
    )
    monkeypatch.setattr(usb, "look", lambda: sight)
    assert [(state.serial, state.state, state.usable, state.model) for state in list_devices()] == [
        ("F1", "offline", False, None),
        ("M1", "no debugging", False, "Redmi"),
    ]
    assert all(state.hint for state in list_devices())
