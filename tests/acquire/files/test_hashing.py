"""Hashes of the phone's files through a shell, as the phone's."""

import hashlib
import os
import threading
import time
from pathlib import Path

import pytest

from phone_audit.acquire.files import apk_files, hashing
from phone_audit.acquire.files.hashing import PhoneHasher
from phone_audit.acquire.transport import FileOnPhone, Running
from phone_audit.errors import DeviceLostError
from phone_audit.model.command_list import COMMANDS
from tests.acquire.shell_phone import ShellPhone, say_instead

ODD = ("it's.apk", "new\nline.apk", "back\\slash.apk", "$(id).apk", "b\udcffd.apk")


def made(folder: Path, *names: str) -> list[FileOnPhone]:
    files = []
    for number, name in enumerate(names):
        path = folder / name
        path.write_bytes(name.encode("utf-8", "surrogateescape") * (number + 1))
        files.append(FileOnPhone(str(path), path.stat().st_size))
    return files


def true_hash(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def run(
    phone: ShellPhone, files: list[FileOnPhone], *, patience: float = 20.0
) -> tuple[dict[str, str | None], PhoneHasher]:
    told: list[FileOnPhone] = []
    hashing = PhoneHasher(phone, files, told.append, threading.Event(), patience=patience)
    hashing.work()
    assert len({file.path for file in told}) == len(told), "each file is told of once"
    return {file.path: file.sha256 for file in told}, hashing


def test_all_files_also_those_with_odd_names(tmp_path: Path) -> None:
    files = made(tmp_path, *(f"plain {number}.apk" for number in range(60)), *ODD)
    found, done = run(ShellPhone(), files)
    assert found == {file.path: true_hash(file.path) for file in files}
    assert done.received > 60 * 64


def test_many_files_a_process(tmp_path: Path) -> None:
    phone = ShellPhone()
    run(phone, made(tmp_path, *(f"{number}.apk" for number in range(40))))
    [command] = phone.started
    assert command.count(";$H '") == 3
    assert command.count("$H '") == 3


def test_a_file_that_cannot_be_read_has_no_hash(tmp_path: Path) -> None:
    files = made(tmp_path, "a.apk", "gone.apk", "c.apk")
    Path(files[1].path).unlink()
    found, _ = run(ShellPhone(), files)
    assert found == {
        files[0].path: true_hash(files[0].path),
        files[1].path: None,
        files[2].path: true_hash(files[2].path),
    }


def test_a_file_that_stops_it_is_left_out(tmp_path: Path) -> None:
    files = made(tmp_path, "a.apk", "stuck.apk", "c.apk")
    Path(files[1].path).unlink()
    os.mkfifo(files[1].path)
    found, _ = run(ShellPhone(), files, patience=0.5)
    assert found[files[1].path] is None
    assert [found[files[at].path] for at in (0, 2)] == [true_hash(files[at].path) for at in (0, 2)]


def test_a_phone_without_a_tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    say_instead(monkeypatch, "hashes", COMMANDS["hashes"].replace("sha256sum", "no-such-tool"))
    files = made(tmp_path, "a.apk", "b.apk")
    found, done = run(ShellPhone(), files)
    assert found == {file.path: None for file in files}
    assert done.no_tool


class Enduring(ShellPhone):
    """Comes back whenever something is started."""

    def start(self, command: str) -> Running:
        self._lost = False
        return super().start(command)


def test_a_cut_connection_goes_on_where_it_was(tmp_path: Path) -> None:
    files = made(tmp_path, *(f"{number:02}.apk" for number in range(30)))
    phone = Enduring(cuts=[400, 700, 900], piece=100)
    found, _ = run(phone, files)
    assert found == {file.path: true_hash(file.path) for file in files}
    assert len(phone.started) == 4
    assert len(phone.started[-1]) < len(phone.started[0]), "what was hashed is not asked for again"


def test_a_file_at_which_it_is_cut_again_and_again_has_no_hash(tmp_path: Path) -> None:
    files = made(tmp_path, "a.apk", "b.apk")
    found, _ = run(Enduring(cuts=[1] * (hashing.CUT_AT_MOST + 1), piece=10), files)
    assert sorted(found[file.path] is None for file in files) == [False, True]


def test_a_phone_that_stays_away_ends_it(tmp_path: Path) -> None:
    with pytest.raises(DeviceLostError):
        run(ShellPhone(_lost=True), made(tmp_path, "a.apk"))


def test_a_command_that_ends_too_early_again_and_again_ends_the_hashing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say_instead(monkeypatch, "hashes", "exit;")
    phone = ShellPhone()
    found, _ = run(phone, made(tmp_path, "a.apk"))
    assert list(found.values()) == [None]
    assert len(phone.started) == apk_files.STUCK_AT_MOST


def test_lies_about_other_files_are_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lie = "ab" * 32
    say_instead(monkeypatch, "hashes", f"echo '{lie}  /other';echo '{lie} x';echo @end;exit;")
    found, _ = run(ShellPhone(), made(tmp_path, "a.apk"))
    assert list(found.values()) == [None]


def test_a_stop_ends_it(tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    told: list[FileOnPhone] = []
    phone = ShellPhone()
    PhoneHasher(phone, made(tmp_path, "a.apk"), told.append, stop).work()
    assert (told, phone.started) == ([], [])


class Talking(ShellPhone):
    """Says the same without end in place of hashes."""

    said, pause = b"", 0.0

    def start(self, command: str) -> Running:
        del command
        return self

    def read(self, deadline: float) -> bytes:
        del deadline
        time.sleep(self.pause)
        return self.said

    def close(self) -> None:
        """Stop."""

    def write(self, data: bytes) -> None:
        """Hear nothing."""


@pytest.mark.parametrize(("said", "pause"), [(b"x\n" * 1000, 0.0), (b"x\n", 0.02), (b"x", 0.02)])
def test_a_phone_that_talks_without_end_hashes_nothing(tmp_path: Path, said: bytes, pause: float) -> None:
    phone = Talking()
    phone.said, phone.pause = said, pause
    files = made(tmp_path, "a.apk", "b.apk")
    stop = threading.Event()
    told: list[FileOnPhone] = []
    hashing = PhoneHasher(phone, files, told.append, stop, patience=0.1)
    thread = threading.Thread(target=hashing.work)
    thread.start()
    thread.join(100)
    ended = not thread.is_alive()
    stop.set()
    thread.join(100)
    assert ended, "it would never have ended"
    assert [file.sha256 for file in told] == [None, None]
