"""Straight to the real adbd, for an old, a middle-aged and a new phone."""

import hashlib
import os
import shlex
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from phone_audit.acquire.adb import states, wire
from phone_audit.acquire.adb.connect import open_transport
from phone_audit.acquire.adb.stream_transport import StreamTransport
from phone_audit.acquire.transport import Transport
from phone_audit.errors import CommandError, DeviceLostError, DeviceOfflineError, ProtocolError, UnauthorizedError
from tests.kit import Kit, Phone

pytestmark = pytest.mark.adbd

EVERY_BYTE = bytes(range(256)) * 5


@pytest.fixture(params=["nokia7plus-bad", "nokia7plus-oreo", "clean-pixel"])
def phone(request: pytest.FixtureRequest, kit: Kit) -> Phone:
    return kit.phone(request.param)


@pytest.fixture
def transport(phone: Phone) -> Iterator[StreamTransport]:
    opened = open_transport(phone.address, via="direct", patience=10)
    assert isinstance(opened, StreamTransport)
    yield opened
    opened.close()


def test_a_phone_tells_who_it_is(phone: Phone, transport: Transport) -> None:
    assert (transport.serial, transport.via) == (phone.address, "direct")
    answer = transport.shell("getprop ro.build.fingerprint; id -un")
    fingerprint = phone.truth["props"]["ro.build.fingerprint"]
    assert (answer.output, answer.exit, answer.truncated) == (f"{fingerprint}\nshell\n".encode(), 0, False)


@pytest.mark.parametrize(
    ("command", "output", "status"),
    [
        ("exit 3", b"", 3),
        ("echo out; echo err >&2; echo out", b"out\nerr\nout\n", 0),
        ("cat", b"", 0),
        ("printf 'no newline'", b"no newline", 0),
        ("printf 'a\\r\\nb\\0\\377'", b"a\r\nb\0\xff", 0),
        ("echo 'it''s'; echo \"$0\" >/dev/null # comment", b"its\n", 0),
        ("for i in 1 2 3; do\necho $i\ndone", b"1\n2\n3\n", 0),
        ("kill -9 $$", b"", None),
        ("sleep 20 & echo started", b"started\n", 0),
    ],
)
def test_bytes_and_exit_status_are_exact(transport: Transport, command: str, output: bytes, status: int | None) -> None:
    answer = transport.shell(command, timeout=3)
    assert (answer.output, answer.exit, answer.truncated) == (output, status, False)


@pytest.mark.parametrize(("command", "status"), [("echo 'unfinished", 1), ("nosuchcommand", 127)])
def test_a_shell_that_complains_still_gives_its_status(transport: Transport, command: str, status: int) -> None:
    answer = transport.shell(command)
    assert answer.exit == status
    assert b"/system/bin/sh" in answer.output


def test_a_time_out_keeps_what_came_and_spares_the_next_command(transport: Transport) -> None:
    answer = transport.shell("echo early; sleep 1; echo late", timeout=0.5)
    assert (answer.output, answer.exit, answer.truncated) == (b"early\n", None, True)
    time.sleep(0.8)
    assert transport.shell("echo next").output == b"next\n"


def test_a_silent_command_is_waited_for(transport: Transport, monkeypatch: pytest.MonkeyPatch) -> None:
    """The phone is asked meanwhile whether it lives, for a service that none has."""
    monkeypatch.setattr(wire, "REPLY_TIMEOUT", 0.3)
    assert transport.shell("sleep 1.5; echo done", timeout=10).output == b"done\n"


@pytest.mark.promise("answers-bounded")
def test_endless_output_is_cut_and_the_command_ends_on_the_phone(transport: Transport) -> None:
    answer = transport.shell("while echo yes; do :; done", limit=100_000)
    assert answer.output == b"yes\n" * 25_000
    assert (answer.exit, answer.truncated) == (None, True)
    assert transport.shell("echo next").output == b"next\n"


def test_much_output_is_whole(transport: Transport) -> None:
    answer = transport.shell("seq 1 300000")
    assert answer.output == b"".join(b"%d\n" % number for number in range(1, 300_001))


def test_a_file_arrives_byte_for_byte(phone: Phone, transport: StreamTransport, tmp_path: Path) -> None:
    content = os.urandom(3_000_001)
    with phone.file("/data/local/tmp/blob \udcff'ß.bin", content) as path:
        pulled = transport.pull(path, tmp_path / "blob")
        assert hashlib.sha256(pulled.read_bytes()).digest() == hashlib.sha256(content).digest()
        assert transport.shell(f"cat {shlex.quote(path)}").output == content
        with pytest.raises(CommandError, match="3000001 bytes, more than 3000000"):
            transport.pull(path, tmp_path / "small", limit=3_000_000)
    with phone.file("/data/local/tmp/empty", b"") as path:
        assert transport.pull(path, tmp_path / "empty").read_bytes() == b""


@pytest.mark.promise("only-regular-files")
def test_only_regular_files_are_pulled(phone: Phone, transport: StreamTransport, tmp_path: Path) -> None:
    folder = phone.root / "data/local/tmp/odd"
    folder.mkdir()
    try:
        os.mkfifo(folder / "pipe")
        (folder / "file").write_bytes(EVERY_BYTE)
        for name, to in (
            ("good", "file"),
            ("to-pipe", "pipe"),
            ("to-zero", "/dev/zero"),
            ("loop", "loop"),
            ("off", "x"),
        ):
            (folder / name).symlink_to(to)
        odd = "/data/local/tmp/odd"
        assert transport.pull(f"{odd}/good", tmp_path / "good").read_bytes() == EVERY_BYTE
        for name, why in (
            ("pipe", "a pipe"),
            ("to-pipe", "a pipe"),
            ("to-zero", "a device"),
            ("loop", "a link to nothing"),
            ("off", "a link to nothing"),
            ("", "a folder"),
            ("missing", "not there"),
        ):
            with pytest.raises(CommandError, match=why):
                transport.pull(f"{odd}/{name}", tmp_path / "odd", timeout=5)
    finally:
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
    with pytest.raises(CommandError, match=r"'open failed: Permission denied'|not there"):
        transport.pull("/data/system/packages.xml", tmp_path / "packages.xml")
    assert transport.shell("echo fine").output == b"fine\n"


def test_a_command_too_long_for_the_phone_is_refused_and_a_long_one_is_not(transport: Transport) -> None:
    assert len(transport.shell("echo " + "x" * 60_000).output) == 60_001
    with pytest.raises(CommandError, match="too long for this phone"):
        transport.shell("echo " + "x" * 2**20)


def test_the_person_is_told_once_and_the_key_is_remembered(nokia: Phone) -> None:
    told: list[str] = []

    def tap(sentence: str, seconds: float) -> None:
        assert seconds == 10
        told.append(sentence)

    shown = []
    with nokia.asking("always"):
        for _ in range(2):
            transport = open_transport(nokia.address, via="direct", on_wait=tap, patience=10)
            transport.close()
            shown.append(transport.handshake)
    assert told == [states.waiting(nokia.address)]
    assert [one.asked for one in shown] == [True, False]
    assert shown[0].host_key is not None
    assert replace(shown[0], asked=False) == shown[1]


@pytest.mark.parametrize("policy", ["ask", "deny"])
def test_a_key_that_nobody_accepts_is_unauthorized(nokia: Phone, policy: str) -> None:
    with nokia.asking(policy), pytest.raises(UnauthorizedError, match="has not accepted") as caught:
        open_transport(nokia.address, via="direct", patience=0.5)
    assert "Allow" in caught.value.hint


@pytest.mark.parametrize(
    ("banner", "what"),
    [
        ("garbage", "does not speak ADB"),
        ("http", "a web server"),
        ("ssh", "an SSH server"),
        ("empty", "does not say that it is a phone"),
        ("silent", "says nothing for"),
        ("hugelen", "its messages are damaged"),
        ("badmagic", "its messages are damaged"),
    ],
)
def test_other_answers_are_named(nokia: Phone, monkeypatch: pytest.MonkeyPatch, banner: str, what: str) -> None:
    monkeypatch.setattr(wire, "REPLY_TIMEOUT", 1.0)
    with nokia.proxy("--banner", banner) as address, pytest.raises(ProtocolError) as caught:
        open_transport(address, via="direct")
    assert address in caught.value.message
    assert what in caught.value.message


def test_a_phone_in_sideload_is_named(nokia: Phone) -> None:
    with nokia.proxy("--banner", "sideload") as address, pytest.raises(DeviceOfflineError, match="sideload"):
        open_transport(address, via="direct")


def test_a_cable_that_is_pulled_is_a_lost_phone(nokia: Phone, tmp_path: Path) -> None:
    with (
        nokia.file("/data/local/tmp/large", bytes(4_000_000)) as path,
        nokia.proxy("--cut", 2_000_000) as address,
    ):
        transport = open_transport(address, via="direct")
        with pytest.raises(DeviceLostError):
            transport.pull(path, tmp_path / "large")
        with pytest.raises(DeviceLostError):
            transport.shell("id")
        transport.close()
    assert not (tmp_path / "large").exists()


def test_a_cable_half_out_is_a_lost_phone(nokia: Phone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "REPLY_TIMEOUT", 1.0)
    with (
        nokia.file("/data/local/tmp/large", bytes(4_000_000)) as path,
        nokia.proxy("--stall", 2_000_000) as address,
    ):
        transport = open_transport(address, via="direct")
        assert isinstance(transport, StreamTransport)
        with pytest.raises(DeviceLostError, match="no longer answers"):
            transport.pull(path, tmp_path / "large", timeout=1)
        transport.close()
    assert not (tmp_path / "large").exists()
