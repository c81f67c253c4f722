"""The sync service, request by request."""

import errno
import hashlib
import struct
from collections.abc import Iterator

import pytest

from tests.simulated.lab_phone import LabPhone
from tests.simulated.wire import Wire, greeted

APK = "/system/app/AutoRegistration/AutoRegistration.apk"


class Sync:
    """A sync stream that is open."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.ours, self.theirs = wire.open("sync:")
        self._data = b""

    def ask(self, request: bytes, path: str | bytes) -> None:
        data = path.encode() if isinstance(path, str) else path
        self.put(request + struct.pack("<I", len(data)) + data)

    def put(self, data: bytes) -> None:
        self.wire.send(b"WRTE", self.ours, self.theirs, data)

    def take(self, size: int) -> bytes:
        while len(self._data) < size:
            packet = self.wire.receive()
            if packet.command == b"CLSE":
                raise EOFError
            if packet.command == b"WRTE":
                self._data += packet.payload
                self.wire.send(b"OKAY", self.ours, self.theirs)
        taken, self._data = self._data[:size], self._data[size:]
        return taken

    def failure(self) -> str:
        word, length = struct.unpack("<4sI", self.take(8))
        assert word == b"FAIL"
        return self.take(length).decode()

    def names(self, path: str) -> dict[str, tuple[int, int, int]]:
        self.ask(b"LIST", path)
        found: dict[str, tuple[int, int, int]] = {}
        while True:
            word, mode, size, time, length = struct.unpack("<4sIIII", self.take(20))
            if word == b"DONE":
                assert (mode, size, time, length) == (0, 0, 0, 0)
                return found
            found[self.take(length).decode()] = (mode, size, time)

    def ended(self) -> bool:
        try:
            self.take(1)
        except EOFError:
            return True
        return False


@pytest.fixture
def sync(phone: LabPhone) -> Iterator[Sync]:
    with greeted(phone) as wire:
        yield Sync(wire)
    assert phone.complaints == []


def apk_bytes(phone: LabPhone) -> bytes:
    return (phone.profile.folder / "com.qualcomm.qti.autoregistration.apk").read_bytes()


def test_stat_gives_mode_size_and_time(sync: Sync, phone: LabPhone) -> None:
    sync.ask(b"STAT", APK)
    assert struct.unpack("<4sIII", sync.take(16)) == (b"STAT", 0o100644, len(apk_bytes(phone)), 1230768000)


def test_stat_does_not_follow_links(sync: Sync) -> None:
    sync.ask(b"STAT", "/sdcard")
    assert struct.unpack("<4sIII", sync.take(16))[1] == 0o120777


@pytest.mark.parametrize("path", ["/nosuch", "/system/build.prop/x", ""])
def test_stat_of_nothing_is_zeros(sync: Sync, path: str) -> None:
    sync.ask(b"STAT", path)
    assert struct.unpack("<4sIII", sync.take(16)) == (b"STAT", 0, 0, 0)


def stat_2(sync: Sync, request: bytes, path: str) -> tuple[int, int, int]:
    sync.ask(request, path)
    found = struct.unpack("<4sIQQIIIIQqqq", sync.take(72))
    assert found[0] == request
    return found[1], found[4], found[8]


def test_stat_v2_follows_links_and_lstat_v2_does_not(sync: Sync) -> None:
    assert stat_2(sync, b"STA2", "/sdcard") == (0, 0o40771, 4096)
    assert stat_2(sync, b"LST2", "/sdcard") == (0, 0o120777, 21)


def test_stat_v2_tells_why_there_is_nothing(sync: Sync) -> None:
    assert stat_2(sync, b"STA2", "/nosuch") == (errno.ENOENT, 0, 0)
    assert stat_2(sync, b"STA2", "/system/build.prop/x") == (errno.ENOTDIR, 0, 0)


def test_a_folder_is_listed(sync: Sync, phone: LabPhone) -> None:
    assert sync.names("/system/app/AutoRegistration") == {
        ".": (0o40755, 4096, 1230768000),
        "..": (0o40755, 4096, 1230768000),
        "AutoRegistration.apk": (0o100644, len(apk_bytes(phone)), 1230768000),
    }


@pytest.mark.parametrize("path", ["/data/app", "/nosuch", APK], ids=["no permission", "missing", "a file"])
def test_what_cannot_be_listed_looks_empty(sync: Sync, path: str) -> None:
    assert sync.names(path) == {}


def test_a_file_is_received(sync: Sync, phone: LabPhone) -> None:
    sync.ask(b"RECV", APK)
    data = b""
    while (head := struct.unpack("<4sI", sync.take(8)))[0] == b"DATA":
        assert head[1] <= 64 * 1024
        data += sync.take(head[1])
    assert head == (b"DONE", 0)
    assert hashlib.sha256(data).digest() == hashlib.sha256(apk_bytes(phone)).digest()


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/nosuch", "No such file or directory"),
        ("/system/build.prop", "Permission denied"),
        ("/system", "Is a directory"),
        ("", "No such file or directory"),
    ],
)
def test_a_file_that_cannot_be_read_fails_and_the_next_is_read(sync: Sync, path: str, why: str) -> None:
    sync.ask(b"RECV", path)
    assert sync.failure() == f"open failed: {why}"
    sync.ask(b"RECV", "/system/etc/hosts")
    assert sync.take(4) == b"DATA"


def test_nothing_can_be_sent(sync: Sync) -> None:
    sync.ask(b"SEND", "/data/local/tmp/x,33188")
    sync.put(b"DATA" + struct.pack("<I", 3) + b"abc" + b"DONE" + struct.pack("<I", 0))
    assert sync.failure().startswith("Read-only file system")
    sync.ask(b"STAT", "/data/local/tmp/x")
    assert sync.take(16)[4:] == b"\0" * 12


def test_nonsense_while_sending_ends_the_stream(sync: Sync) -> None:
    sync.ask(b"SEND", "/x,1")
    sync.put(b"JUNK" + struct.pack("<I", 3) + b"abc")
    assert sync.failure() == "invalid data message"


def test_a_long_path_is_refused(sync: Sync) -> None:
    sync.ask(b"STAT", "/" + "x" * 1024)
    assert sync.failure() == "path too long"
    assert sync.ended()


def test_an_unknown_request_is_refused(sync: Sync) -> None:
    sync.ask(b"RCV2", APK)
    assert sync.failure() == "unknown command 52435632"
    assert sync.ended()


def test_quit_ends_the_stream(sync: Sync) -> None:
    sync.put(b"QUIT\0\0\0\0")
    assert sync.ended()


def test_bytes_in_a_path_that_are_no_text(sync: Sync) -> None:
    sync.ask(b"RECV", b"/\xff\xfe")
    assert sync.failure() == "open failed: No such file or directory"
