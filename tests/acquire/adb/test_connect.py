"""Which phone is meant, and which way leads to it."""

from pathlib import Path

import pytest

from phone_audit.acquire.adb import connect, states, usb_devices
from phone_audit.acquire.adb.connect import open_transport
from phone_audit.acquire.adb.server import AdbServer, ListedPhone
from phone_audit.acquire.adb.tcp import split_address
from phone_audit.acquire.adb.usb_devices import UnusableDevice, UsbPhone, UsbScan
from phone_audit.errors import (
    AcquireError,
    DeviceModeError,
    DeviceOfflineError,
    NoDeviceError,
    SeveralDevicesError,
    UnauthorizedError,
    UsageError,
)
from tests import kit as kits
from tests.acquire.listener import greet, hold, listening
from tests.kit import Phone


class FakeServer(AdbServer):
    """A server with a fixed list, whose phones are ready at once."""

    def __init__(self, *phones: tuple[str, str, bool]) -> None:
        self._phones = phones
        self.log: list[str] = []

    def phones(self) -> tuple[ListedPhone, ...]:
        return tuple(ListedPhone(self, serial, state, None, usb) for serial, state, usb in self._phones)

    def connect(self, address: str) -> None:
        self.log.append(f"connect {address}")
        self._phones = (*self._phones, (address, "device", False))

    def disconnect(self, address: str) -> None:
        self.log.append(f"disconnect {address}")

    def wait_for(self, serial: str, patience: float, on_wait: object) -> bool:
        self.log.append(f"wait {serial} {patience:g}")
        return super().wait_for(serial, 0, None)


def plugged(serial: str) -> UsbPhone:
    return UsbPhone(serial, None, 0x18D1, 1, (1,), 0, 0x81, 0x01, 512)


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> "Scene":
    return Scene(monkeypatch)


class Scene:
    """What is in sight, and which phone on USB was opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.server: FakeServer | None = None
        self.sight = UsbScan()
        self.opened: list[str] = []
        monkeypatch.setattr(connect, "find_server", lambda: self.server)
        monkeypatch.setattr(connect, "find_server", lambda: self.server)
        monkeypatch.setattr(usb_devices, "scan_bus", lambda: self.sight)
        monkeypatch.setattr(connect, "UsbLink", self._open)
        monkeypatch.setattr(connect, "load_keys", lambda: ())
        monkeypatch.setattr(connect, "connect_directly", lambda link, *_, **__: link)

    def _open(self, phone: UsbPhone, *, server_runs: bool) -> object:
        self.opened.append(f"{phone.serial} {server_runs}")
        return object()

    def way(self, target: str | None, via: connect.Via = "auto") -> str:
        """Which phone is opened, and how."""
        self.opened.clear()
        transport = open_transport(target, via=via, patience=1)
        return f"usb {self.opened[0]}" if self.opened else f"{transport.via} {transport.serial}"

    def error(self, target: str | None, via: connect.Via = "auto") -> AcquireError:
        with pytest.raises(AcquireError) as caught:
            self.way(target, via)
        assert caught.value.hint
        return caught.value


@pytest.mark.parametrize(
    ("target", "address"),
    [
        ("127.0.0.1:5601", ("127.0.0.1", 5601)),
        ("phone.lan:5555", ("phone.lan", 5555)),
        ("[::1]:5555", ("::1", 5555)),
        ("::1:5555", None),
        ("usb:1-2", None),
        ("127.0.0.1", None),
        ("127.0.0.1:0", None),
        ("127.0.0.1:65536", None),
        ("127.0.0.1:٣", None),
        (":5555", None),
        ("adb-77-Abc._adb-tls-connect._tcp", None),
        ("", None),
    ],
)
def test_addresses_are_told_from_serials(target: str, address: tuple[str, int] | None) -> None:
    assert split_address(target) == address


def test_the_one_phone_is_taken_from_wherever_it_is(scene: Scene) -> None:
    scene.sight = UsbScan((plugged("U1"),))
    assert scene.way(None) == "usb U1 False"
    assert scene.way("usb") == "usb U1 False"
    assert scene.way("U1") == "usb U1 False"
    scene.server = FakeServer()
    assert scene.way(None) == "usb U1 True"
    scene.server = FakeServer(("U1", "device", True))
    assert scene.way(None) == "server U1"
    assert scene.way("usb") == "server U1"
    assert scene.way("U1", "server") == "server U1"
    assert scene.way("U1", "direct") == "usb U1 True"


def test_the_server_and_usb_are_counted_together(scene: Scene) -> None:
    scene.sight = UsbScan((plugged("U1"), plugged("U2")))
    scene.server = FakeServer(("U1", "device", True), ("emulator-5554", "device", False))
    error = scene.error(None)
    assert isinstance(error, SeveralDevicesError)
    assert error.message == "3 phones are there: U1, emulator-5554, U2."
    assert scene.error("usb").message == "2 phones are there: U1, U2."
    assert scene.way("U2") == "usb U2 True"
    assert scene.way("emulator-5554") == "server emulator-5554"


def test_a_second_phone_that_waits_for_its_dialog_is_not_passed_over(scene: Scene) -> None:
    scene.server = FakeServer(("A", "device", True), ("B", "unauthorized", True))
    assert isinstance(scene.error(None), SeveralDevicesError)
    scene.server = FakeServer(("A", "device", True), ("192.0.2.1:5555", "offline", False))
    assert scene.way(None) == "server A"


@pytest.mark.parametrize(
    ("state", "kind"),
    [("unauthorized", UnauthorizedError), ("recovery", DeviceModeError), ("sideload", DeviceModeError)],
)
def test_a_state_that_blocks_is_an_error_of_its_own(scene: Scene, state: str, kind: type[AcquireError]) -> None:
    scene.server = FakeServer(("A", state, True))
    assert type(scene.error(None)) is kind
    assert type(scene.error("A")) is kind


def test_no_phone_says_how_debugging_is_switched_on(scene: Scene) -> None:
    error = scene.error(None)
    assert isinstance(error, NoDeviceError)
    assert error.message == "No phone was found."
    assert "build number seven times" in error.hint
    named = scene.error("R58M")
    assert named.message == "No phone was found, and so none called R58M."
    assert "HOST:PORT" in named.hint


def test_what_was_seen_instead_is_said(scene: Scene) -> None:
    scene.sight = UsbScan(
        (),
        (
            UnusableDevice("F1", "Moto", states.in_mode("F1", "fastboot")),
            UnusableDevice("M1", "Redmi", states.debugging_off("Redmi")),
        ),
    )
    assert scene.error(None).message == (
        "No phone was found. The phone F1 is in its bootloader (fastboot), where it cannot be read. "
        "Redmi is plugged in, and if it is a phone, its USB debugging is off."
    )
    assert isinstance(scene.error("F1"), DeviceOfflineError)


def test_usb_that_cannot_be_used_is_said(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> UsbScan:
        raise states.no_usb("no libusb")

    monkeypatch.setattr(usb_devices, "scan_bus", fail)
    assert scene.error(None).message == "No phone was found. USB cannot be used on this computer (no libusb)."
    scene.server = FakeServer(("A", "device", True))
    assert scene.way(None) == "server A"


def test_a_phone_that_is_not_there_is_told_from_those_that_are(scene: Scene) -> None:
    scene.server = FakeServer(("192.0.2.1:5555", "device", False))
    assert "192.0.2.1:5555" in scene.error("R58M").hint
    error = scene.error("usb")
    assert error.message == "No phone is attached by USB."
    assert "192.0.2.1:5555" in error.hint


def test_an_address_goes_the_direct_way_unless_the_server_holds_it(scene: Scene) -> None:
    with listening(hold) as name:
        scene.server = FakeServer((name, "device", False))
        assert scene.way(name) == f"server {name}"
        assert scene.server.log == [f"wait {name} 1"]
        for server in (None, FakeServer(), FakeServer((name, "offline", False))):
            scene.server = server
            link = open_transport(name, patience=1)
            assert type(link).__name__ == "TcpLink"
            link.close()


def test_a_server_that_was_asked_to_connect_lets_go_again(scene: Scene) -> None:
    scene.server = FakeServer()
    transport = open_transport("192.0.2.1:5555", via="server", patience=1)
    assert scene.server.log == ["connect 192.0.2.1:5555", "wait 192.0.2.1:5555 1"]
    transport.close()
    transport.close()
    assert scene.server.log[2:] == ["disconnect 192.0.2.1:5555"]


def test_a_server_lets_go_also_when_the_phone_cannot_be_used(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    server = scene.server = FakeServer()
    monkeypatch.setattr(FakeServer, "wait_for", lambda *_: (_ for _ in ()).throw(states.unauthorized("x")))
    scene.error("192.0.2.1:5555", "server")
    assert server.log[-1] == "disconnect 192.0.2.1:5555"


@pytest.mark.parametrize(("text", "seconds"), [(None, 60), ("5", 5), ("0.5", 0.5)])
def test_the_patience_can_be_set(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, text: str | None, seconds: float
) -> None:
    if text is not None:
        monkeypatch.setenv("PHONE_AUDIT_PATIENCE", text)
    scene.server = FakeServer(("A", "device", True))
    open_transport(None)
    assert scene.server.log == [f"wait A {seconds:g}"]


def test_a_patience_that_is_no_number_is_wrong_usage(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHONE_AUDIT_PATIENCE", "long")
    with pytest.raises(UsageError, match="not a number of seconds"):
        open_transport(None)


def test_a_key_is_made_only_when_a_phone_is_opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    connect.list_devices()
    assert not (tmp_path / ".android").exists()

    def phone(connection: object) -> None:
        greet(connection)  # type: ignore[arg-type]
        hold(connection)  # type: ignore[arg-type]

    with listening(phone) as name:
        open_transport(name).close()
    assert (tmp_path / ".android" / "adbkey").exists()


@pytest.mark.adbd
@pytest.mark.stock_adb
def test_the_stock_server_and_the_direct_way_agree_on_the_key(
    nokia: Phone, adb_server: kits.AdbServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A phone that trusts this computer through adb is not asked again, and the other way round."""
    monkeypatch.setenv("HOME", str(adb_server.home))
    told: list[tuple[str, float]] = []
    with nokia.asking("always"), adb_server.connected(nokia.address):
        open_transport(nokia.address, via="server", patience=10).close()
        open_transport(nokia.address, via="direct", patience=0, on_wait=lambda *wait: told.append(wait)).close()
    assert told == []
