"""Ranges from phones that talk without end, and onto disks without room."""

import errno
import re
import threading
import time
from pathlib import Path

import pytest

from phone_audit.acquire.files import range_carrier
from phone_audit.acquire.files.deliveries import Deliveries, Queue
from phone_audit.acquire.files.range_carrier import RangeCarrier
from phone_audit.acquire.files.ranges import ProgramStarter, RangeJob
from phone_audit.acquire.transport import Bytes, FileOnPhone, PulledApk, Running
from phone_audit.errors import AcquireError
from phone_audit.model.parts import Parts
from tests.acquire.collecting import Receiver, plan_of
from tests.acquire.shell_phone import ShellPhone

SIZE = 100_000


class Talking:
    """A program that gives the same again and again, whatever it is asked."""

    def __init__(self, first: bytes, piece: bytes, pause: float) -> None:
        self._first, self._piece, self._pause = first, piece, pause

    def read(self, deadline: float) -> bytes:
        del deadline
        said, self._first = self._first, b""
        if not said:
            time.sleep(self._pause)
        return said or self._piece

    def write(self, data: bytes) -> None:
        """Hear nothing."""

    def close(self) -> None:
        """Stop."""


class TalkingPhone:
    def __init__(self, piece: bytes, pause: float) -> None:
        self._piece, self._pause = piece, pause

    def start(self, command: str) -> Running:
        mark = re.search(r"echo (phone-audit:[0-9a-f]+:)0:0", command)
        assert mark is not None
        return Talking(f"{mark[1]}0:0\n".encode(), self._piece, self._pause)


def wanted(data: Bytes, size: int, held: Parts) -> tuple[tuple[int, int], ...]:
    del data
    return () if held.holds(0, 5000) else ((0, min(5000, size)),)


class Case:
    """Files that are brought into a folder."""

    def __init__(self, folder: Path, phone: ProgramStarter, names: list[str]) -> None:
        self.told: list[PulledApk] = []
        self.whole = Queue()
        self.stop = threading.Event()
        queue = Queue()
        for number, name in enumerate(names):
            queue.put(FileOnPhone(name, SIZE, f"{number:064}"))
        queue.close()
        self.into = folder / "into"
        self.into.mkdir()
        self.deliveries = Deliveries(plan_of(receiver=Receiver(self.told)), self.into, None)
        self.carrier = RangeCarrier(phone, queue, self.whole, wanted, self.deliveries, self.stop, stall=0.3)

    def work(self) -> None:
        thread = threading.Thread(target=self.carrier.work)
        thread.start()
        thread.join(100)
        ended = not thread.is_alive()
        self.stop.set()
        thread.join(100)
        assert ended, "it would never have ended"


@pytest.mark.parametrize("pause", [0.0, 0.001])
def test_bytes_without_end_are_not_listened_to(tmp_path: Path, pause: float) -> None:
    case = Case(tmp_path, TalkingPhone(bytes(65536), pause), ["/a.apk"])
    case.work()
    assert case.told == []
    assert case.whole.get() is not None, "it is copied in the ordinary way"


def test_a_range_that_drips_stands_still(tmp_path: Path) -> None:
    case = Case(tmp_path, TalkingPhone(b"x", 0.02), ["/a.apk"])
    case.work()
    assert [note.code for note in case.deliveries.notes] == ["not-copied"]
    assert list(case.into.iterdir()) == []


@pytest.fixture
def names(tmp_path: Path) -> list[str]:
    paths = [tmp_path / f"{number}.apk" for number in range(4)]
    for path in paths:
        path.write_bytes(path.name.encode() * (SIZE // 5))
    return [str(path) for path in paths]


def no_room(monkeypatch: pytest.MonkeyPatch, times: int, code: int = errno.ENOSPC) -> None:
    """Let the disk be full so many times."""
    write, left = RangeJob.write, [times]

    def full(job: RangeJob, offset: int, data: memoryview) -> None:
        if "/1.apk" in job.file.path and left[0]:
            left[0] -= 1
            raise OSError(code, "No room")
        write(job, offset, data)

    monkeypatch.setattr(RangeJob, "write", full)


def test_a_file_for_which_there_was_no_room_is_tried_once_more(
    tmp_path: Path, names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    no_room(monkeypatch, 1)
    case = Case(tmp_path, ShellPhone(), names)
    case.work()
    assert sorted(apk.path for apk in case.told) == names
    assert case.deliveries.notes == []


def test_a_file_for_which_there_is_no_room_costs_itself_alone(
    tmp_path: Path, names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    no_room(monkeypatch, 2)
    monkeypatch.setattr(range_carrier, "WAIT_FOR_ROOM", 0.1)
    case = Case(tmp_path, ShellPhone(), names)
    case.work()
    assert sorted(apk.path for apk in case.told) == [names[0], *names[2:]]
    [note] = case.deliveries.notes
    assert (note.subject, note.code) == (names[1], "not-copied")
    assert "No room" in note.reason


def test_a_disk_that_fails_ends_the_work(tmp_path: Path, names: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    no_room(monkeypatch, 1, errno.EIO)
    with pytest.raises(AcquireError):
        Case(tmp_path, ShellPhone(), names).carrier.work()
