"""The list of phones in sight, each with its state and its next step."""

import pytest

from phone_audit.acquire.adb import connect, states, usb_devices, usb_link
from phone_audit.acquire.adb.connect import list_devices, survey
from phone_audit.acquire.adb.server import AdbServer, ListedPhone
from phone_audit.acquire.adb.states import Process
from phone_audit.acquire.adb.usb_devices import UnusableDevice, UsbPhone, UsbScan
from phone_audit.errors import AcquireError, NoDeviceError
from phone_audit.model.device import DeviceState
from phone_audit.model.finding import Tool
from phone_audit.model.results import Devices, DevicesRun
from phone_audit.report.canvas import Style
from phone_audit.report.formats import render


class FakeServer(AdbServer):
    def __init__(self, *phones: tuple[str, str, str | None]) -> None:
        self._phones = phones

    def phones(self) -> tuple[ListedPhone, ...]:
        return tuple(ListedPhone(self, serial, state, model, usb=True) for serial, state, model in self._phones)


@pytest.fixture(autouse=True)
def _nothing_in_sight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect, "find_server", lambda: None)
    monkeypatch.setattr(usb_devices, "scan_bus", UsbScan)


def plug_in(monkeypatch: pytest.MonkeyPatch, *serials: str, error: AcquireError) -> None:
    """Phones on USB that cannot be opened."""
    phones = tuple(UsbPhone(serial, f"Model of {serial}", 1, 1, (1,), 0, 0x81, 0x01, 512) for serial in serials)
    monkeypatch.setattr(usb_devices, "scan_bus", lambda: UsbScan(phones))

    def fail(phone: UsbPhone, *, server_runs: bool) -> None:
        raise error

    monkeypatch.setattr(usb_link, "UsbLink", fail)


def test_nothing_is_an_empty_list() -> None:
    assert list_devices() == ()
    assert list_devices(via="direct") == ()
    with pytest.raises(NoDeviceError, match="No adb server runs"):
        list_devices(via="server")


def test_each_phone_of_the_server_has_its_state_and_its_next_step(monkeypatch: pytest.MonkeyPatch) -> None:
    server = FakeServer(("C", "device", "Pixel 8"), ("A", "unauthorized", None), ("B", "recovery", None))
    monkeypatch.setattr(connect, "find_server", lambda: server)
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
        (states.in_mode("U", "recovery"), "recovery"),
        (states.in_mode("U", "fastboot"), "bootloader"),
        (states.only_charging("U"), "no debugging"),
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
    monkeypatch.setattr(connect, "find_server", lambda: FakeServer(("A", "device", None)))
    assert [(state.serial, state.via) for state in list_devices()] == [("A", "server"), ("B", "direct")]
    assert [(state.serial, state.via) for state in list_devices(via="direct")] == [("A", "direct"), ("B", "direct")]


def test_what_looks_like_a_phone_is_listed_with_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    sight = UsbScan(
        (),
        (
            UnusableDevice("M1", "Redmi", states.debugging_off("Redmi")),
            UnusableDevice("F1", None, states.in_mode("F1", "fastboot")),
        ),
    )
    monkeypatch.setattr(usb_devices, "scan_bus", lambda: sight)
    assert [(state.serial, state.state, state.usable, state.model) for state in list_devices()] == [
        ("F1", "bootloader", False, None),
        ("M1", "no debugging", False, "Redmi"),
    ]
    assert all(state.hint for state in list_devices())


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("authorizing", "has not yet answered whether it trusts this computer"),
        ("connecting", "The adb server is still connecting to the phone C"),
        ("detached", "was told to let go of the phone C"),
        ("offline", "the adb server knows it, but gets no answer"),
        ("no permissions", "This user may not open the USB device"),
        ("unauthorized", "has not accepted this computer's key"),
        ("bootloader", "is in its bootloader (fastboot)"),
        ("recovery", "is in recovery mode"),
        ("sideload", "is in sideload mode (waiting for an update)"),
        ("rescue", "is in rescue mode"),
        ("host", "it acts as the USB host"),
        ("something new", "is offline"),
    ],
)
def test_each_state_of_an_adb_server_has_its_sentence_and_next_step(
    monkeypatch: pytest.MonkeyPatch, state: str, sentence: str
) -> None:
    monkeypatch.setattr(connect, "find_server", lambda: FakeServer(("C", state, None)))
    (found,) = list_devices()
    assert (found.state, found.usable) == (state, False)
    assert sentence in found.message
    assert found.hint


def test_the_udev_rule_is_printed_whole() -> None:
    error = states.no_permission("U", 0x2E04)
    assert """SUBSYSTEM=="usb", ATTR{idVendor}=="2e04", MODE="0660", GROUP="plugdev", TAG+="uaccess\"""" in error.hint
    assert "/etc/udev/rules.d/51-android.rules" in error.hint
    assert "udevadm control --reload-rules" in error.hint
    state = DeviceState(
        serial="U", state="no permission", usable=False, via="direct", model=None, message="", hint=error.hint
    )
    document = Devices(
        schema_="phone-audit/devices/1",
        devices=(state,),
        tool=Tool(name="t", version="0"),
        run=DevicesRun(started="2026-01-01T00:00:00Z"),
    )
    (line,) = [line for line in render("text", document, Style(width=40)).splitlines() if "SUBSYSTEM" in line]
    assert line.endswith("&& sudo udevadm control --reload-rules")


def test_a_second_adb_server_is_named_with_its_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(states, "adb_servers", lambda: (Process(4711, "adb", 5038),))
    hint = states.busy("U", server_runs=False).hint
    assert "on port 5038 (process 4711)" in hint
    assert "ANDROID_ADB_SERVER_PORT=5038" in hint
    assert "--via server" in states.busy("U", server_runs=True).hint


def test_a_program_that_holds_the_bus_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(states, "adb_servers", lambda: ())
    monkeypatch.setattr(states, "usb_users", lambda: (Process(12, "scrcpy"),))
    assert "scrcpy (process 12)" in states.busy("U", server_runs=False).hint
    monkeypatch.setattr(states, "usb_users", lambda: ())
    assert "Close other programs" in states.busy("U", server_runs=False).hint


def test_what_is_in_sight_is_not_opened_and_what_settles_can_be_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in(monkeypatch, "U", error=AssertionError("opened"))  # type: ignore[arg-type]
    server = FakeServer(
        ("A", "device", None), ("B", "offline", None), ("C", "unauthorized", None), ("D", "recovery", None)
    )
    monkeypatch.setattr(connect, "find_server", lambda: server)
    assert survey("auto").serials == ("A", "B", "C", "D", "U")
    assert survey("auto").settled_serials == ("A", "C", "U")
