"""Through an adb server: one that misbehaves, and the stock one with real phones behind it."""

import os
import shlex
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from phone_audit.acquire.adb import server, states
from phone_audit.acquire.adb.connect import list_devices, open_transport
from phone_audit.acquire.adb.server import AdbServer, find_server
from phone_audit.acquire.adb.transports import ServerTransport
from phone_audit.acquire.transport import ADB_SERVER, Handshake, Transport
from phone_audit.errors import (
    AcquireError,
    CommandError,
    DeviceLostError,
    DeviceModeError,
    DeviceOfflineError,
    DevicePermissionError,
    NoDeviceError,
    ProtocolError,
    UnauthorizedError,
)
from tests import kit as kits
from tests.acquire.listener import Behaviour, exactly, hang_up, hold, listening, mark_in, say, silence
from tests.kit import Kit, Phone, free_port

PHONE = "S1               device usb:1-1 product:x model:Nokia_7_plus device:y transport_id:1\n"


def okay(text: str) -> bytes:
    return b"OKAY%04x%b" % (len(text), text.encode())


def fail(text: str) -> bytes:
    return b"FAIL%04x%b" % (len(text), text.encode())


def request(connection: socket.socket) -> bytes:
    return exactly(connection, int(exactly(connection, 4) or b"0", 16))


def answering(answers: Mapping[bytes, bytes | Behaviour]) -> Behaviour:
    """An adb server with a fixed answer to each request; a phone's service follows `host:transport:`."""

    def behave(connection: socket.socket) -> None:
        while asked := request(connection):
            name = max((key for key in answers if asked.startswith(key)), key=len)
            answer = answers[name]
            if callable(answer):
                answer(connection)
                return
            connection.sendall(answer)

    return behave


@contextmanager
def fake_server(answers: Mapping[bytes, bytes | Behaviour]) -> Iterator[AdbServer]:
    with listening(answering({b"host:version": okay("0029"), b"host:devices-l": okay(PHONE), **answers})) as name:
        found = find_server({"ANDROID_ADB_SERVER_PORT": name.rpartition(":")[2]})
        assert found is not None
        yield found


def command(connection: socket.socket) -> bytes:
    """Accept the next service, and give back its name."""
    service = request(connection)
    connection.sendall(b"OKAY")
    return service


@pytest.fixture
def _no_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("a program was started")

    for name in ("run", "Popen", "call", "check_call", "check_output"):
        monkeypatch.setattr(subprocess, name, forbidden)


@pytest.mark.promise("adb-server-left-alone")
@pytest.mark.usefixtures("_no_programs")
def test_a_server_that_does_not_run_is_never_started(monkeypatch: pytest.MonkeyPatch) -> None:
    port = str(free_port())
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", port)
    assert find_server() is None
    with pytest.raises(NoDeviceError, match="No adb server runs") as caught:
        open_transport(None, via="server")
    assert "adb start-server" in caught.value.hint
    with pytest.raises(NoDeviceError, match="No adb server runs"):
        open_transport("127.0.0.1:5555", via="server")
    with pytest.raises(NoDeviceError, match="No phone was found"):
        open_transport(None)


def test_what_a_server_lists_of_a_phone_is_its_banner_and_the_key_is_not_known() -> None:
    with fake_server({b"host:devices-l": okay(PHONE)}) as adb:
        shown = ServerTransport(adb, "S1", asked=True).handshake
        assert shown == Handshake("product=x;model=Nokia_7_plus;device=y", ADB_SERVER, asked=True)
        assert ServerTransport(adb, "S2").handshake.banner == ""
    assert ServerTransport(adb, "S1").handshake == Handshake("", None, asked=False)


@pytest.mark.promise("adb-server-left-alone")
@pytest.mark.usefixtures("_no_programs")
def test_a_server_that_ends_is_never_started_again() -> None:
    with fake_server({}) as adb:
        transport = ServerTransport(adb, "S1")
    with pytest.raises(ProtocolError, match="does not answer like an adb server"):
        adb.phones()
    with pytest.raises(DeviceLostError, match="the adb server reports"):
        transport.shell("id")
    with pytest.raises(DeviceLostError, match="the adb server ended"):
        transport.confirm()


@pytest.mark.parametrize("behaviour", [say(b"HTTP/1.1 400 Bad Request\r\n\r\n"), say(b"OKAYzzzz"), hang_up, silence])
def test_what_is_no_adb_server_is_not_taken_for_one(behaviour: Behaviour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "ANSWER_TIMEOUT", 0.3)
    with listening(behaviour) as name:
        assert find_server({"ANDROID_ADB_SERVER_PORT": name.rpartition(":")[2]}) is None


@pytest.mark.promise("adb-server-left-alone")
@pytest.mark.parametrize(
    ("address", "used"),
    [("127.0.0.1", True), ("localhost", True), ("192.0.2.1", False), ("adb.example", False), ("0.0.0.0", False)],
)
def test_only_a_server_of_this_computer_is_used(address: str, used: bool) -> None:
    with listening(answering({b"host:version": okay("0029")})) as name:
        environ = {"ANDROID_ADB_SERVER_PORT": name.rpartition(":")[2], "ANDROID_ADB_SERVER_ADDRESS": address}
        assert (find_server(environ) is not None) is used


@pytest.mark.parametrize("port", ["", "x", "0", "65536", "-1", "٣"])
def test_a_port_that_is_none_means_no_server(port: str) -> None:
    assert find_server({"ANDROID_ADB_SERVER_PORT": port}) is None


def test_the_list_is_read_as_it_stands() -> None:
    listing = (
        "B2N              no permissions (missing udev rules? user is in the plugdev group); see [http://x] usb:1-3\n"
        "127.0.0.1:5555   offline transport_id:3\n"
        "adb-77-Abc._adb-tls-connect._tcp device product:p model:Pixel_8_Pro device:d transport_id:4\n"
        "R5               recovery usb:1-2 transport_id:5\n"
        "\n"
    )
    with fake_server({b"host:devices-l": okay(listing)}) as adb:
        assert [(phone.serial, phone.state, phone.model, phone.usb) for phone in adb.phones()] == [
            ("127.0.0.1:5555", "offline", None, False),
            ("B2N", "no permissions", None, True),
            ("R5", "recovery", None, True),
            ("adb-77-Abc._adb-tls-connect._tcp", "device", "Pixel 8 Pro", False),
        ]


@pytest.mark.parametrize("answer", [b"", b"OKAY", b"OKAYzzzz", b"FAIL", b"FAILzzzz", b"FAIL0003odd", b"\xff\xfe"])
def test_an_answer_that_is_none_is_a_sentence(answer: bytes) -> None:
    with (
        fake_server({b"host:devices-l": lambda connection: connection.sendall(answer)}) as adb,
        pytest.raises(ProtocolError, match="does not answer like an adb server") as caught,
    ):
        adb.phones()
    assert "adb kill-server" in caught.value.hint


@pytest.mark.parametrize(
    ("state", "kind", "says"),
    [
        ("unauthorized", UnauthorizedError, "has not accepted"),
        ("offline", DeviceOfflineError, "offline"),
        ("connecting", DeviceOfflineError, "still connecting"),
        ("recovery", DeviceModeError, "recovery mode"),
        ("sideload", DeviceModeError, "sideload mode"),
        ("bootloader", DeviceModeError, "fastboot"),
        ("no permissions", DevicePermissionError, "may not open"),
        (None, DeviceLostError, "no longer lists"),
    ],
)
def test_every_state_has_its_own_error(state: str | None, kind: type[AcquireError], says: str) -> None:
    error = states.listed_as("S1", state)
    assert type(error) is kind
    assert says in error.message
    assert "S1" in error.message
    assert error.hint


def test_a_phone_without_a_udev_rule_gets_one_that_fits_every_phone() -> None:
    assert 'ENV{ID_USB_INTERFACES}=="*:ff4201:*"' in states.listed_as("S1", "no permissions").hint


def changing(*states_in_turn: str) -> Behaviour:
    """Answers `devices -l` with one state after the other."""
    left = list(states_in_turn)

    def behave(connection: socket.socket) -> None:
        state = left.pop(0) if len(left) > 1 else left[0]
        connection.sendall(okay(f"S1 {state} transport_id:1\n"))
        hold(connection)

    return behave


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_POLL", 0.01)
    monkeypatch.setattr(server, "_SETTLING", 0.2)


@pytest.mark.usefixtures("_quick")
def test_the_person_is_told_once_while_the_phone_asks() -> None:
    told: list[tuple[str, float]] = []
    turns = changing("connecting", "authorizing", "unauthorized", "unauthorized", "unauthorized", "device")
    with fake_server({b"host:devices-l": turns}) as adb:
        adb.wait_for("S1", 5, lambda *wait: told.append(wait))
    ((sentence, left),) = told
    assert sentence == states.waiting("S1")
    assert 0 < left < 5


@pytest.mark.usefixtures("_quick")
@pytest.mark.parametrize(
    ("state", "patience", "kind"),
    [
        ("unauthorized", 0.3, UnauthorizedError),
        ("unauthorized", 0, UnauthorizedError),
        ("offline", 3600, DeviceOfflineError),
        ("recovery", 3600, DeviceOfflineError),
        ("no permissions", 3600, DevicePermissionError),
    ],
)
def test_waiting_ends(state: str, patience: float, kind: type[AcquireError]) -> None:
    with fake_server({b"host:devices-l": changing(state)}) as adb, pytest.raises(kind):
        adb.wait_for("S1", patience, None)


def test_a_phone_without_exec_is_asked_through_a_terminal() -> None:
    def transport(connection: socket.socket) -> None:
        connection.sendall(b"OKAY")
        service = request(connection)
        if service.startswith(b"exec:"):
            connection.sendall(fail("closed"))
        else:
            assert service.startswith(b"shell:(eval ")
            connection.sendall(b"OKAYa\r\n" + mark_in(service) + b"4\r\n")

    with fake_server({b"host:transport:S1": transport}) as adb:
        answer = ServerTransport(adb, "S1").shell("cat x")
    assert (answer.output, answer.exit) == (b"a\n", 4)


@pytest.mark.parametrize("said", ["device 'S1' not found", "device offline", "device unauthorized."])
def test_a_phone_that_the_server_lost_is_lost(said: str) -> None:
    with fake_server({b"host:transport:S1": fail(said)}) as adb, pytest.raises(DeviceLostError, match=said):
        ServerTransport(adb, "S1").shell("id")


def test_an_end_without_exit_status_is_checked_against_the_list() -> None:
    def transport(connection: socket.socket) -> None:
        connection.sendall(b"OKAY")
        command(connection)
        connection.sendall(b"half an ans")

    with fake_server({b"host:transport:S1": transport}) as adb:
        answer = ServerTransport(adb, "S1").shell("id")
        assert (answer.output, answer.exit, answer.truncated) == (b"half an ans", None, False)
    gone: dict[bytes, bytes | Behaviour] = {b"host:transport:S1": transport, b"host:devices-l": okay("")}
    with fake_server(gone) as adb, pytest.raises(DeviceLostError, match="the adb server lost it"):
        ServerTransport(adb, "S1").shell("id")


def test_a_command_longer_than_four_digits_is_refused_here() -> None:
    with fake_server({}) as adb, pytest.raises(CommandError, match="too long for an adb server"):
        ServerTransport(adb, "S1").shell("x" * 70_000)


def test_a_server_that_cannot_reach_an_address_says_why() -> None:
    for answer in (okay("failed to connect to '192.0.2.9:5555': Connection refused"), fail("bad port number")):
        with (
            fake_server({b"host:connect:": answer}) as adb,
            pytest.raises(NoDeviceError, match="the adb server reports"),
        ):
            adb.connect("192.0.2.9:5555")


def test_a_closed_transport_says_so() -> None:
    with fake_server({}) as adb:
        transport = ServerTransport(adb, "S1")
        transport.close()
        with pytest.raises(DeviceLostError, match="this program closed"):
            transport.shell("id")


def test_closing_wakes_whoever_waits() -> None:
    def transport(connection: socket.socket) -> None:
        connection.sendall(b"OKAY")
        command(connection)
        hold(connection)

    errors: list[DeviceLostError] = []
    with fake_server({b"host:transport:S1": transport}) as adb:
        phone = ServerTransport(adb, "S1")
        program = phone.start("sleep")

        def wait() -> None:
            assert program.read(time.monotonic() + 60) == b""
            try:
                program.confirm()
            except DeviceLostError as error:
                errors.append(error)

        thread = threading.Thread(target=wait)
        thread.start()
        time.sleep(0.1)
        phone.close()
        thread.join(60)
        program.close()
    assert [error.message for error in errors] == ["The phone S1 is gone: this program closed the connection."]


# -- the stock server, with the real adbd behind it


@pytest.fixture(params=["nokia7plus-bad", "nokia7plus-oreo", "clean-pixel"])
def held(request: pytest.FixtureRequest, kit: Kit, adb_server: kits.AdbServer) -> Iterator[Phone]:
    phone = kit.phone(request.param)
    with adb_server.connected(phone.address):
        yield phone


@pytest.fixture
def transport(held: Phone) -> Iterator[Transport]:
    opened = open_transport(held.address, patience=10)
    yield opened
    opened.close()


both = [pytest.mark.adbd, pytest.mark.stock_adb]


class TestStockServer:
    pytestmark = both

    @pytest.mark.parametrize(
        ("asked", "output", "status"),
        [
            ("exit 3", b"", 3),
            ("echo out; echo err >&2; echo out", b"out\nerr\nout\n", 0),
            ("cat", b"", 0),
            ("printf 'a\\r\\nb\\0\\377'", b"a\r\nb\0\xff", 0),
            ("kill -9 $$", b"", None),
        ],
    )
    def test_bytes_and_exit_status_are_exact(
        self, transport: Transport, asked: str, output: bytes, status: int | None
    ) -> None:
        assert transport.via == "server"
        answer = transport.shell(asked, timeout=5)
        assert (answer.output, answer.exit, answer.truncated) == (output, status, False)

    def test_time_and_size_are_limited(self, transport: Transport) -> None:
        slow = transport.shell("echo early; sleep 1; echo late", timeout=0.5)
        assert (slow.output, slow.exit, slow.truncated) == (b"early\n", None, True)
        endless = transport.shell("while echo yes; do :; done", limit=10_000)
        assert (endless.output, endless.exit, endless.truncated) == (b"yes\n" * 2500, None, True)
        assert transport.shell("echo next").output == b"next\n"

    def test_a_file_arrives_byte_for_byte(self, held: Phone, transport: Transport, tmp_path: Path) -> None:
        content = os.urandom(2_000_001)
        with held.file("/data/local/tmp/blob \udcff'ß.bin", content) as path:
            assert transport.pull(path, tmp_path / "blob").read_bytes() == content
            assert transport.shell(f"cat {shlex.quote(path)}").output == content
        with pytest.raises(CommandError, match="not there"):
            transport.pull("/nope", tmp_path / "nope")
        with pytest.raises(CommandError, match="a folder"):
            transport.pull("/data/local/tmp", tmp_path / "folder")

    def test_the_answers_are_those_of_the_direct_way(self, held: Phone, transport: Transport) -> None:
        directly = open_transport(held.address, via="direct", patience=10)
        for asked in ("getprop", "pm list packages -f -u -i -U", "dumpsys package", "nosuchcommand", "id"):
            assert transport.shell(asked) == directly.shell(asked)
        directly.close()

    def test_the_phone_is_listed(self, held: Phone, transport: Transport) -> None:
        (state,) = list_devices()
        assert (state.serial, state.state, state.usable, state.via) == (held.address, "device", True, "server")
        assert state.model == held.truth["props"]["ro.product.model"]
        assert transport.serial == state.serial

    def test_a_phone_the_server_did_not_hold_is_let_go_again(self, nokia: Phone, adb_server: kits.AdbServer) -> None:
        transport = open_transport(nokia.address, via="server", patience=10)
        assert transport.shell("echo here").output == b"here\n"
        assert nokia.address.encode() in adb_server.adb("devices").stdout
        transport.close()
        assert nokia.address.encode() not in adb_server.adb("devices").stdout

    def test_a_phone_that_goes_away_is_lost(self, nokia: Phone, adb_server: kits.AdbServer) -> None:
        with nokia.proxy() as address:
            adb_server.adb("connect", address)
            transport = open_transport(address)
            assert transport.via == "server"
            assert transport.shell("echo here").output == b"here\n"
            adb_server.adb("disconnect", address)
            with pytest.raises(DeviceLostError):
                transport.shell("id")

    def test_an_unknown_key_is_unauthorized(self, nokia: Phone, adb_server: kits.AdbServer) -> None:
        told: list[str] = []
        with nokia.asking("ask"), adb_server.connected(nokia.address), pytest.raises(UnauthorizedError):
            open_transport(nokia.address, on_wait=lambda sentence, _: told.append(sentence), patience=0.5)
        assert told == [states.waiting(nokia.address)]

    def test_the_server_lives_on(self, transport: Transport, adb_server: kits.AdbServer) -> None:
        before = _server_process(adb_server.port)
        transport.shell("id")
        transport.close()
        assert _server_process(adb_server.port) == before


def _server_process(port: int) -> str:
    """The process that listens on a port."""
    done = subprocess.run(["ss", "-Hltnp", f"sport = :{port}"], capture_output=True, text=True, check=True)
    assert "pid=" in done.stdout
    return done.stdout.partition("pid=")[2].partition(",")[0]
