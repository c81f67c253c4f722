"""Straight to an adbd over TCP, against phones that misbehave; the real adbd is in test_direct_adbd.py."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from phone_audit.acquire.adb import states, wire
from phone_audit.acquire.adb.keys import AdbKey, load_keys
from phone_audit.acquire.adb.multiplex import WINDOW
from phone_audit.acquire.adb.tcp import TcpLink, split_address
from phone_audit.acquire.adb.transports import DirectTransport, connect_directly
from phone_audit.acquire.transport import Handshake
from phone_audit.errors import (
    AcquireError,
    CommandError,
    DeviceLostError,
    DeviceOfflineError,
    NoDeviceError,
    ProtocolError,
    UnauthorizedError,
)
from tests.acquire.listener import (
    BANNER,
    HEADER,
    Behaviour,
    exactly,
    greet,
    hang_up,
    hold,
    listening,
    mark_in,
    message,
    opened,
    packed,
    say,
    silence,
)
from tests.kit import ROOT, free_port


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "REPLY_TIMEOUT", 0.5)


@pytest.fixture
def keys(home: Path) -> tuple[AdbKey, ...]:
    return load_keys({"HOME": str(home)})


def link_to(name: str) -> TcpLink:
    address = split_address(name)
    assert address is not None
    return TcpLink(name, *address)


@contextmanager
def connected(*behaviours: Behaviour) -> Iterator[DirectTransport]:
    with listening(*behaviours) as name:
        transport = connect_directly(link_to(name), (), patience=0, on_wait=None)
        try:
            yield transport
        finally:
            transport.close()


def refusal(behaviour: Behaviour, keys: tuple[AdbKey, ...] = (), patience: float = 0) -> AcquireError:
    with listening(behaviour) as name, pytest.raises(AcquireError) as caught:
        connect_directly(link_to(name), keys, patience=patience, on_wait=None)
    assert name in caught.value.message
    assert caught.value.hint
    return caught.value


def answering(connection: socket.socket, remote: int, output: bytes, *, status: bytes | None = b"0") -> bytes:
    """Accept a command, give its output and its exit status, and end it; gives back the service."""
    local, service = opened(connection, remote)
    ending = b"" if status is None else mark_in(service) + status + b"\n"
    empty = packed(b"WRTE", remote, local, b"")
    connection.sendall(empty + packed(b"WRTE", remote, local, output + ending) + packed(b"CLSE", remote, local))
    return service


@pytest.mark.parametrize(
    ("said", "what"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "a web server"),
        (b"SSH-2.0-OpenSSH_9.9\r\n", "an SSH server"),
        (b"FAIL000cunknown host", "an adb server"),
        (bytes(range(200, 256)), "does not speak ADB"),
        (HEADER.pack(0x4E584E43, 1, 4096, 2**31 - 1, 0, 0x4E584E43 ^ 0xFFFFFFFF), "its messages are damaged"),
        (HEADER.pack(0x4E584E43, 1, 4096, 0, 0, 0), "its messages are damaged"),
        (packed(b"CNXN", 1, 4096, b"device::")[:-1] + b"x", "its messages are damaged"),
        (packed(b"AUTH", 7, 0, bytes(20)), "its messages are damaged"),
        (packed(b"AUTH", 1, 0, bytes(19)), "its messages are damaged"),
        (packed(b"CNXN", 1, 4096, b""), "does not say that it is a phone"),
        (packed(b"CNXN", 1, 4096, b"toaster::"), "does not say that it is a phone"),
    ],
)
def test_what_is_no_phone_is_named(said: bytes, what: str, keys: tuple[AdbKey, ...]) -> None:
    error = refusal(say(said), keys)
    assert isinstance(error, ProtocolError)
    assert what in error.message


@pytest.mark.parametrize(
    ("behaviour", "what"), [(silence, "it says nothing for"), (hang_up, "it ends the connection without a word")]
)
def test_what_says_nothing_is_no_phone(behaviour: Behaviour, what: str) -> None:
    error = refusal(behaviour)
    assert isinstance(error, ProtocolError)
    assert what in error.message


@pytest.mark.parametrize("mode", ["recovery", "sideload", "rescue", "bootloader"])
def test_a_phone_in_another_mode_is_told_by_its_banner(mode: str) -> None:
    error = refusal(say(packed(b"CNXN", 1, 4096, f"{mode}::ro.product.model=y;".encode())))
    assert isinstance(error, DeviceOfflineError)
    assert states.MODES[mode] in error.message


def test_a_port_for_paired_computers_is_told_by_its_demand_for_tls() -> None:
    error = refusal(say(packed(b"STLS", 0x01000000, 0)))
    assert isinstance(error, UnauthorizedError)
    assert "devices --pair HOST:PORT" in error.hint
    assert "--via server" in error.hint


def test_a_closed_port_is_no_phone() -> None:
    with pytest.raises(NoDeviceError, match="the connection was refused"):
        link_to(f"127.0.0.1:{free_port()}")


def ask_for_key(signatures: list[bytes], public: list[bytes], then: Behaviour) -> Behaviour:
    """A phone that knows none of our keys; it says what it was sent, and goes on as `then` says."""

    def behave(connection: socket.socket) -> None:
        assert message(connection)[0] == b"CNXN"
        while True:
            connection.sendall(packed(b"AUTH", 1, 0, bytes(20)))
            command, kind, _, data = message(connection)
            if command == b"AUTH" and kind == 2:
                signatures.append(data)
                continue
            if command == b"AUTH" and kind == 3:
                public.append(data)
                then(connection)
            return

    return behave


def test_an_unknown_key_is_offered_and_the_person_is_told_once(keys: tuple[AdbKey, ...]) -> None:
    public: list[bytes] = []
    told: list[tuple[str, float]] = []

    def accept(connection: socket.socket) -> None:
        connection.sendall(packed(b"CNXN", 1, 4096, b"device::"))
        hold(connection)

    with listening(ask_for_key([], public, accept)) as name:
        transport = connect_directly(link_to(name), keys, patience=5, on_wait=lambda *wait: told.append(wait))
        transport.close()
    assert public == [keys[0].public + b"\0"]
    assert told == [(states.waiting(name), 5)]


def test_a_look_does_not_make_the_phone_ask(keys: tuple[AdbKey, ...]) -> None:
    signatures: list[bytes] = []
    public: list[bytes] = []
    error = refusal(ask_for_key(signatures, public, hold), keys, patience=0)
    assert isinstance(error, UnauthorizedError)
    assert signatures == [keys[0].sign(bytes(20))]
    assert public == []


def test_a_key_that_is_not_accepted_in_time_is_unauthorized(keys: tuple[AdbKey, ...]) -> None:
    error = refusal(ask_for_key([], [], hold), keys, patience=0.3)
    assert isinstance(error, UnauthorizedError)
    assert "has not accepted" in error.message


def test_a_phone_that_hangs_up_instead_of_accepting_refused(keys: tuple[AdbKey, ...]) -> None:
    error = refusal(ask_for_key([], [], hang_up), keys, patience=5)
    assert isinstance(error, UnauthorizedError)
    assert "refused" in error.message


AUTH_TOKEN, AUTH_SIGNATURE, AUTH_PUBLIC_KEY = 1, 2, 3


def accepting(*refused: int) -> Behaviour:
    """Ask for a key, and accept what comes after so many refusals."""

    def behave(connection: socket.socket) -> None:
        assert message(connection)[0] == b"CNXN"
        for _ in (*refused, 0):
            connection.sendall(packed(b"AUTH", AUTH_TOKEN, 0, bytes(20)))
            assert message(connection)[0] == b"AUTH"
        connection.sendall(packed(b"CNXN", 0x01000001, 2**20, BANNER))
        hold(connection)

    return behave


def two_keys(keys: tuple[AdbKey, ...], tmp_path: Path) -> tuple[AdbKey, ...]:
    return (*keys, *load_keys({"HOME": str(tmp_path)}))


@pytest.mark.parametrize(("refusals", "accepted", "asked"), [(0, 0, False), (1, 1, False), (2, 0, True)])
def test_which_key_the_phone_accepted_is_known_and_whether_it_had_to_ask(
    keys: tuple[AdbKey, ...], tmp_path: Path, refusals: int, accepted: int, asked: bool
) -> None:
    both = two_keys(keys, tmp_path)
    with listening(accepting(*range(refusals))) as name:
        transport = connect_directly(link_to(name), both, patience=5, on_wait=None)
        transport.close()
    banner = BANNER.decode().rstrip("\0")
    assert transport.handshake == Handshake(banner, both[accepted].fingerprint, asked)
    assert both[0].fingerprint != both[1].fingerprint


def test_a_phone_that_asks_for_no_key_has_accepted_none(keys: tuple[AdbKey, ...]) -> None:
    def behave(connection: socket.socket) -> None:
        greet(connection)
        hold(connection)

    with listening(behave) as name:
        transport = connect_directly(link_to(name), keys, patience=5, on_wait=None)
        transport.close()
    assert (transport.handshake.host_key, transport.handshake.asked) == (None, False)


def test_a_phone_that_has_to_ask_now_is_not_the_one_that_was_lost(keys: tuple[AdbKey, ...]) -> None:
    """Another phone of the same model, put in while the first one was gone: it does not know this computer."""
    first, second = accepting(), accepting(0)
    with listening(first, second) as name:
        transport = connect_directly(link_to(name), keys, patience=5, on_wait=None, redial=lambda: link_to(name))
        with pytest.raises(DeviceLostError, match="another phone is in its place"):
            transport.connect_again()
        transport.close()


def test_without_a_key_nothing_is_signed() -> None:
    assert isinstance(refusal(say(packed(b"AUTH", 1, 0, bytes(20)))), UnauthorizedError)


def test_the_model_comes_from_the_banner() -> None:
    def behave(connection: socket.socket) -> None:
        greet(connection)
        hold(connection)

    with connected(behave) as transport:
        assert transport.model == "Fake Phone"
        assert transport.via == "direct"


def test_this_computer_says_what_it_can_do_and_leaves_out_check_sums() -> None:
    """adb_shell alone says version 0x01000000 and no features; a zero byte would spoil the last feature."""
    said: list[tuple[bytes, int, int, bytes]] = []

    def behave(connection: socket.socket) -> None:
        said.append(message(connection))
        greeting = bytearray(packed(b"CNXN", 0x01000001, 2**20, b"device::ro.product.model=X;features=delayed_ack,cmd"))
        greeting[16:20] = bytes(4)  # a phone of that version sends no check sum
        connection.sendall(greeting)
        said.append(message(connection))
        hold(connection)

    with connected(behave) as transport, pytest.raises(DeviceLostError):
        transport.shell("id")
    assert said[0][:3] == (b"CNXN", 0x01000001, 2**20)
    kind, _, features = said[0][3].partition(b"::")
    assert kind == b"host"
    assert b"delayed_ack" in features.removeprefix(b"features=").split(b",")
    assert (said[1][0], said[1][2]) == (b"OPEN", WINDOW)


def test_small_messages_are_not_held_back() -> None:
    with listening(silence) as name:
        link = link_to(name)
        assert link._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        link.close()


def test_output_and_exit_status_are_told_apart() -> None:
    services: list[bytes] = []

    def behave(connection: socket.socket) -> None:
        greet(connection)
        services.append(answering(connection, 1, b"raw\r\n\x00\xff", status=b"3"))
        services.append(answering(connection, 2, b"no status at all", status=None))
        forged = b"phone-audit:0123456789abcdef:0\n"
        services.append(answering(connection, 3, forged, status=b"255"))
        hold(connection)

    with connected(behave) as transport:
        first = transport.shell("true")
        assert (first.output, first.exit, first.truncated) == (b"raw\r\n\x00\xff", 3, False)
        second = transport.shell("true")
        assert (second.output, second.exit, second.truncated) == (b"no status at all", None, False)
        third = transport.shell("it's \udcff")
        assert (third.output, third.exit) == (b"phone-audit:0123456789abcdef:0\n", 255)
    assert services[2].startswith(b"exec:(eval 'it'\"'\"'s \xff') </dev/null 2>&1; echo phone-audit:")


def test_a_phone_without_exec_is_asked_through_a_terminal() -> None:
    services: list[bytes] = []

    def behave(connection: socket.socket) -> None:
        greet(connection)
        for _ in ("as it says", "with a window"):
            refused = message(connection)
            services.append(refused[3][:5])
            connection.sendall(packed(b"CLSE", 0, refused[1]))
        for number in (1, 2):
            local, service = opened(connection, number)
            services.append(service[:6])
            ending = mark_in(service) + b"0\r\n"
            connection.sendall(packed(b"WRTE", number, local, b"a\r\nb\r\n" + ending) + packed(b"CLSE", number, local))
        hold(connection)

    with connected(behave) as transport:
        for _ in range(2):
            answer = transport.shell("cat x")
            assert (answer.output, answer.exit) == (b"a\nb\n", 0)
    assert services == [b"exec:", b"exec:", b"shell:", b"shell:"]


def test_a_phone_that_runs_nothing_is_a_sentence() -> None:
    def behave(connection: socket.socket) -> None:
        greet(connection)
        while (got := message(connection))[0]:
            connection.sendall(packed(b"CLSE", 0, got[1]))

    with connected(behave) as transport:
        with pytest.raises(CommandError, match="does not run commands"):
            transport.shell("id")
        with pytest.raises(CommandError, match="does not let files be copied"):
            transport.pull("/x", Path("/nowhere"))


def test_late_data_of_a_command_that_was_given_up_reach_nobody() -> None:
    def behave(connection: socket.socket) -> None:
        greet(connection)
        local, _ = opened(connection, 1)
        connection.sendall(packed(b"WRTE", 1, local, b"early"))
        assert message(connection)[0] == b"OKAY"
        assert message(connection)[:3] == (b"CLSE", local, 1)
        connection.sendall(packed(b"WRTE", 1, local, b"late") + packed(b"CLSE", 1, local))
        mine, service = opened(connection, 2)
        connection.sendall(packed(b"WRTE", 1, local, b"later") + packed(b"CLSE", 1, local))
        connection.sendall(packed(b"WRTE", 2, mine, b"mine" + mark_in(service) + b"0\n") + packed(b"CLSE", 2, mine))
        hold(connection)

    with connected(behave) as transport:
        first = transport.shell("slow", timeout=0.2)
        assert (first.output, first.exit, first.truncated) == (b"early", None, True)
        second = transport.shell("next")
        assert (second.output, second.exit, second.truncated) == (b"mine", 0, False)


def test_a_message_that_comes_in_pieces_survives_a_time_out() -> None:
    def behave(connection: socket.socket) -> None:
        greet(connection)
        local, _ = opened(connection, 1)
        late = packed(b"WRTE", 1, local, b"x" * 100)
        connection.sendall(late[:60])
        assert message(connection)[0] == b"CLSE"
        connection.sendall(late[60:] + packed(b"CLSE", 1, local))
        answering(connection, 2, b"whole")
        hold(connection)

    with connected(behave) as transport:
        assert transport.shell("slow", timeout=0.2).truncated
        assert transport.shell("next").output == b"whole"


@pytest.mark.promise("answers-bounded")
def test_endless_output_is_cut_at_the_limit() -> None:
    def behave(connection: socket.socket) -> None:
        greet(connection)
        local, _ = opened(connection, 1)
        command = b"OKAY"
        while command == b"OKAY":
            connection.sendall(packed(b"WRTE", 1, local, b"y\n" * 500))
            command = message(connection)[0]
        assert command == b"CLSE"
        connection.sendall(packed(b"CLSE", 1, local))
        answering(connection, 2, b"12345678901")
        answering(connection, 3, b"1234567890")
        hold(connection)

    with connected(behave) as transport:
        answer = transport.shell("yes", limit=2500)
        assert (answer.output, answer.exit, answer.truncated) == (b"y\n" * 1250, None, True)
        over = transport.shell("one too many", limit=10)
        assert (over.output, over.exit, over.truncated) == (b"1234567890", None, True)
        exact = transport.shell("just so", limit=10)
        assert (exact.output, exact.exit, exact.truncated) == (b"1234567890", 0, False)


def test_a_command_ends_with_its_status_also_where_the_stream_stays_open() -> None:
    def behave(connection: socket.socket) -> None:
        greet(connection)
        local, service = opened(connection, 1)
        for piece in (b"started\n" + mark_in(service)[:9], mark_in(service)[9:] + b"1", b"7\n"):
            connection.sendall(packed(b"WRTE", 1, local, piece))
            assert message(connection)[0] == b"OKAY"
        assert message(connection)[0] == b"CLSE"
        connection.sendall(packed(b"CLSE", 1, local))
        hold(connection)

    with connected(behave) as transport:
        answer = transport.shell("sleep 20 & echo started; exit 17", timeout=60)
        assert (answer.output, answer.exit, answer.truncated) == (b"started\n", 17, False)


@pytest.mark.promise("answers-bounded")
def test_a_flood_for_nobody_ends_with_the_time_of_the_command() -> None:
    def behave(connection: socket.socket) -> None:
        greet(connection)
        opened(connection, 1)
        flood = packed(b"WRTE", 9, 12345, b"z" * 2**16) * 4
        connection.settimeout(5)
        while True:
            connection.sendall(flood)

    with connected(behave) as transport:
        for _ in range(2):
            with pytest.raises(DeviceLostError, match="no longer answers"):
                transport.shell("id", timeout=0.3)


def test_a_connection_that_breaks_is_a_lost_phone() -> None:
    def behave(connection: socket.socket) -> None:
        greet(connection)
        local, _ = opened(connection, 1)
        connection.sendall(packed(b"WRTE", 1, local, b"half"))
        assert message(connection)[0] == b"OKAY"

    with connected(behave) as transport:
        for _ in range(2):
            with pytest.raises(DeviceLostError, match="is gone: it closed the connection") as caught:
                transport.shell("id")
            assert transport.serial in caught.value.message
            assert "cable" in caught.value.hint


def test_nonsense_in_the_middle_is_a_lost_phone() -> None:
    def behave(connection: socket.socket) -> None:
        greet(connection)
        opened(connection, 1)
        connection.sendall(b"nonsense" * 10)
        hold(connection)

    with connected(behave) as transport, pytest.raises(DeviceLostError, match="not ADB"):
        transport.shell("id")


def test_silence_after_a_time_out_is_a_lost_phone_but_keeps_what_came() -> None:
    def behave(connection: socket.socket) -> None:
        greet(connection)
        local, _ = opened(connection, 1)
        connection.sendall(packed(b"WRTE", 1, local, b"kept"))
        hold(connection)

    with connected(behave) as transport:
        assert transport.shell("id", timeout=0.2).output == b"kept"
        with pytest.raises(DeviceLostError, match="no longer answers"):
            transport.shell("id")


def test_a_command_that_cannot_be_sent_is_refused_here() -> None:
    def behave(connection: socket.socket) -> None:
        greet(connection, payload=4096)
        hold(connection)

    with connected(behave) as transport:
        with pytest.raises(CommandError, match="too long for this phone"):
            transport.shell("x" * 5000)
        with pytest.raises(CommandError, match="zero byte"):
            transport.shell("a\0b")


def test_a_closed_transport_says_so() -> None:
    def behave(connection: socket.socket) -> None:
        greet(connection)
        hold(connection)

    with connected(behave) as transport:
        transport.close()
        transport.close()
        with pytest.raises(DeviceLostError, match="this program closed"):
            transport.shell("id")


def sync_phone(*blocks: bytes, mode: int = 0o100644, size: int = 5) -> Behaviour:
    """A phone with one file: its STAT says `mode` and `size`, its RECV answers `blocks`."""

    def behave(connection: socket.socket) -> None:
        greet(connection)
        local, service = opened(connection, 1)
        assert service == b"sync:"
        request = message(connection)[3]
        assert request[:4] == b"STAT"
        answer = b"STAT" + b"".join(value.to_bytes(4, "little") for value in (mode, size, 0))
        connection.sendall(packed(b"OKAY", 1, local) + packed(b"WRTE", 1, local, answer))
        assert message(connection)[0] == b"OKAY"
        if (got := message(connection))[0] == b"WRTE":
            assert got[3][:4] == b"RECV"
            connection.sendall(packed(b"OKAY", 1, local) + b"".join(packed(b"WRTE", 1, local, b) for b in blocks))
            while (got := message(connection))[0] == b"OKAY":
                pass
        if got[0] == b"CLSE":
            connection.sendall(packed(b"CLSE", 1, local))
        hold(connection)

    return behave


def block(word: bytes, data: bytes, size: int | None = None) -> bytes:
    return word + (len(data) if size is None else size).to_bytes(4, "little") + data


def test_a_file_comes_whole_however_it_is_cut(tmp_path: Path) -> None:
    stream = block(b"DATA", b"hel") + block(b"DATA", b"lo") + block(b"DONE", b"", 1234567)
    for cut in (1, 3, 9, 100):
        pieces = [stream[at : at + cut] for at in range(0, len(stream), cut)]
        with connected(sync_phone(*pieces)) as transport:
            assert transport.pull("/f", tmp_path / "f") == tmp_path / "f"
        assert (tmp_path / "f").read_bytes() == b"hello"


@pytest.mark.parametrize(
    ("phone", "why"),
    [
        (sync_phone(mode=0), "it is not there"),
        (sync_phone(mode=0o040755), "it is a folder"),
        (sync_phone(mode=0o010644), "it is a pipe"),
        (sync_phone(mode=0o020666), "it is a device"),
        (sync_phone(mode=0o060666), "it is a device"),
        (sync_phone(mode=0o140666), "it is a socket"),
        (sync_phone(size=1001), "1001 bytes, more than 1000"),
        (sync_phone(block(b"FAIL", b"open failed: \xff\x1b[31m")), "the phone says 'open failed: \ufffd\\x1b[31m'"),
        (sync_phone(block(b"DATA", b"x" * 600), block(b"DATA", b"x" * 600)), "more than 1000 bytes"),
        (sync_phone(block(b"DATA", b"", 2**32 - 1)), "does not speak the protocol"),
        (sync_phone(block(b"WHAT", b"")), "does not speak the protocol"),
        (sync_phone(block(b"DATA", b"x" * 10, 20)), "it stood still for 0 seconds"),
    ],
)
def test_a_file_that_cannot_be_had_is_a_command_error(tmp_path: Path, phone: Behaviour, why: str) -> None:
    into = tmp_path / "f"
    with connected(phone) as transport:
        with pytest.raises(CommandError) as caught:
            transport.pull("/data/f", into, limit=1000, timeout=0.3)
        assert why in caught.value.message
        assert "/data/f" in caught.value.message
        assert not into.exists()


def test_a_file_that_drips_is_given_up(tmp_path: Path) -> None:
    def behave(connection: socket.socket) -> None:
        greet(connection)
        local, _ = opened(connection, 1)
        message(connection)
        answer = b"STAT" + b"".join(value.to_bytes(4, "little") for value in (0o100644, 60000, 0))
        connection.sendall(packed(b"OKAY", 1, local) + packed(b"WRTE", 1, local, answer))
        while message(connection)[0] != b"WRTE":
            pass
        connection.sendall(packed(b"OKAY", 1, local) + packed(b"WRTE", 1, local, block(b"DATA", b"", 60000)))
        while (got := message(connection))[0] == b"OKAY":
            time.sleep(0.05)
            connection.sendall(packed(b"WRTE", 1, local, b"d"))
        assert got[0] == b"CLSE"
        connection.sendall(packed(b"CLSE", 1, local))
        hold(connection)

    with connected(behave) as transport, pytest.raises(CommandError, match="stood still"):
        transport.pull("/f", tmp_path / "f", timeout=0.5)


@pytest.mark.parametrize("path", ["", "/a\0b", "/" + "x" * 1024])
def test_a_path_that_no_phone_takes_is_refused_here(tmp_path: Path, path: str) -> None:
    def behave(connection: socket.socket) -> None:
        greet(connection)
        assert message(connection)[0] == b""

    with connected(behave) as transport, pytest.raises(CommandError, match="no phone accepts such a path"):
        transport.pull(path, tmp_path / "f")


def test_a_full_disk_is_a_sentence(tmp_path: Path) -> None:
    with connected(sync_phone(block(b"DATA", b"hello"))) as transport:
        with pytest.raises(CommandError, match="cannot be stored on this computer"):
            transport.pull("/f", tmp_path)
        assert tmp_path.is_dir()


def test_a_phone_that_ends_in_the_middle_of_a_file_is_lost(tmp_path: Path) -> None:
    def behave(connection: socket.socket) -> None:
        greet(connection)
        opened(connection, 1)
        exactly(connection, 10)

    with connected(behave) as transport, pytest.raises(DeviceLostError):
        transport.pull("/f", tmp_path / "f")
    assert not (tmp_path / "f").exists()


def test_tcp_does_not_depend_on_usb() -> None:
    """adb_shell opens the system's libusb at import; where that fails, TCP must still work."""
    code = (
        "import usb1\n"
        "def fail(self): raise usb1.USBErrorOther()\n"
        "usb1.USBContext.open = fail\n"
        "import phone_audit.acquire.adb.transports\n"
        "from phone_audit.acquire.adb.usb_devices import scan_bus\n"
        "try: scan_bus()\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60, cwd=ROOT
    )
    assert done.stdout.startswith("NoDeviceError USB cannot be used on this computer")
    assert done.stderr == ""
