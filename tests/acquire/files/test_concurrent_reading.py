"""A phone whose files are hashed and copied while it is asked other things."""

import hashlib
import os
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from phone_audit.acquire.adb.stream_transport import ReconnectingTransport
from phone_audit.acquire.collect import Acquired
from phone_audit.acquire.files import hashing, range_carrier, ranges
from phone_audit.acquire.files.deliveries import Plan
from phone_audit.acquire.files.hash_cache import HashCache, PhoneIdentity
from phone_audit.acquire.store.record import RecordingTransport
from phone_audit.acquire.store.replay import ReplayTransport
from phone_audit.acquire.transport import ADB_SERVER, Answer, Bytes, Handshake, PulledApk
from phone_audit.errors import CommandError, DeviceLostError
from phone_audit.model.command_list import COMMANDS
from phone_audit.model.device import Depth
from phone_audit.model.parts import Parts
from tests.acquire.collecting import Receiver, collect, plan_of
from tests.acquire.fake_phone import QUIET, FakePhone
from tests.acquire.shell_phone import ShellPhone, say_instead, shell_phone

SIZE = 300_000
CONTENTS = {f"org.a{number}": random.Random(number).randbytes(SIZE) for number in range(12)}
TAIL, HEAD = (SIZE - 1000, SIZE), (10_000, 10_100)


def ends(data: Bytes, size: int, held: Parts) -> tuple[tuple[int, int], ...] | None:
    """Want the end of each file, then something near its start that the end must be there for."""
    if not held.holds(size - 1000, size):
        return ((size - 1000, size),)
    assert len(data) == size
    if not held.holds(*HEAD):
        assert data[size - 1000 : size] in {content[-1000:] for content in CONTENTS.values()}
        return (HEAD,)
    return ()


def whole(data: Bytes, size: int, held: Parts) -> tuple[tuple[int, int], ...] | None:
    return () if held.holds(0, size) else None


class MemoryFolder(HashCache):
    """Stands for the memory of the phone that is read."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def of(self, phone: PhoneIdentity) -> HashCache:
        name = hashlib.sha256(phone.text.encode()).hexdigest() if phone.text else None
        return HashCache(self._folder / f"{name}.json" if name else None, phone.build)


class Scan:
    """One reading of a phone, and what it gave on the way."""

    def __init__(self, phone: ShellPhone, folder: Path, plan: Plan | None = None, depth: Depth = "standard") -> None:
        self.told: list[PulledApk] = []
        self.into = folder / "into"
        self.into.mkdir(parents=True)
        self.recording = RecordingTransport(
            ReconnectingTransport(phone),
            folder / "saved",
            depth=depth,
            keep_files=plan is None,
        )
        self.acquired = self.read(self.recording, self.into, plan or plan_of(next_wanted=ends), depth)
        self.recording.finish()

    def read(self, transport: object, into: Path, plan: Plan, depth: Depth) -> Acquired:
        return collect(
            transport,  # type: ignore[arg-type]
            depth=depth,
            users="all",
            into=into,
            on_progress=QUIET,
            clock=lambda: 1_699_999_998.0,
            plan=lambda phone: self.listening(plan, phone),
        )

    def listening(self, plan: Plan, phone: PhoneIdentity) -> Plan:
        hash_cache = plan.hash_cache.of(phone) if isinstance(plan.hash_cache, MemoryFolder) else plan.hash_cache
        return replace(plan, receiver=Receiver(self.told, plan.receiver.is_known), hash_cache=hash_cache)

    def sources(self) -> set[str]:
        return {file.hash_source for package in self.acquired.snapshot.packages for file in package.files}

    def codes(self) -> list[str]:
        return [note.code for note in self.acquired.snapshot.skipped]


@pytest.fixture
def phone(tmp_path: Path) -> ShellPhone:
    return shell_phone(tmp_path / "phone", CONTENTS)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def check(acquired: Acquired, contents: dict[str, bytes]) -> None:
    """What was wanted of every file is there, at its place, under its hash."""
    by_name = {Path(apk.path).parent.name: apk for apk in acquired.apks}
    assert by_name.keys() == contents.keys()
    for name, content in contents.items():
        apk = by_name[name]
        assert (apk.sha256, apk.size) == (sha256(content), len(content))
        assert apk.local is not None
        held = apk.local.read_bytes()
        assert len(held) == len(content)
        parts = apk.parts or Parts(((0, len(content)),))
        assert parts.holds(*TAIL)
        assert all(held[start:end] == content[start:end] for start, end in parts.ranges)


def test_parts_of_every_file_and_no_more(phone: ShellPhone, tmp_path: Path) -> None:
    scan = Scan(phone, tmp_path)
    check(scan.acquired, CONTENTS)
    assert scan.sources() == {"device"}
    assert scan.codes() == []
    assert all(apk.parts is not None and apk.parts.size < 20_000 for apk in scan.acquired.apks)
    assert scan.acquired.bytes_transferred < len(CONTENTS) * 25_000
    assert phone.pulled == []
    assert sorted(scan.told, key=lambda apk: apk.path) == list(scan.acquired.apks)
    assert len([command for command in phone.started if "dd if=" in command]) == 1, "one program for all ranges"


def test_a_replay_gives_the_same_bytes(phone: ShellPhone, tmp_path: Path) -> None:
    scan = Scan(phone, tmp_path)
    again = tmp_path / "again"
    again.mkdir()
    replayed = scan.read(ReplayTransport(tmp_path / "saved"), again, plan_of(), "standard")
    assert replayed.snapshot == scan.acquired.snapshot
    check(replayed, CONTENTS)
    assert [(apk.path, apk.parts) for apk in replayed.apks] == [(apk.path, apk.parts) for apk in scan.acquired.apks]


def test_whole_files(phone: ShellPhone, tmp_path: Path) -> None:
    scan = Scan(phone, tmp_path, depth="deep", plan=plan_of())
    check(scan.acquired, CONTENTS)
    assert len(phone.pulled) == len(CONTENTS)
    assert all(apk.parts is None for apk in scan.acquired.apks)


@pytest.mark.parametrize(("from_size", "pulled"), [(SIZE + 1, 0), (1000, len(CONTENTS))])
def test_a_file_that_is_wanted_whole(
    phone: ShellPhone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, from_size: int, pulled: int
) -> None:
    monkeypatch.setattr(range_carrier, "_WHOLE_FROM", from_size)
    scan = Scan(phone, tmp_path, plan=plan_of(next_wanted=whole))
    check(scan.acquired, CONTENTS)
    assert len(phone.pulled) == pulled
    assert all(apk.parts is None for apk in scan.acquired.apks)


def test_equal_files_come_once(tmp_path: Path) -> None:
    contents = {f"org.same{number}": CONTENTS["org.a0"] for number in range(5)}
    scan = Scan(shell_phone(tmp_path / "phone", contents), tmp_path)
    check(scan.acquired, contents)
    assert len({apk.local for apk in scan.acquired.apks}) == 1
    assert scan.acquired.bytes_transferred < 60_000
    assert len(list((tmp_path / "saved/apks").iterdir())) == 1
    again = tmp_path / "again"
    again.mkdir()
    check(scan.read(ReplayTransport(tmp_path / "saved"), again, plan_of(), "standard"), contents)


def test_what_is_known_is_not_copied(phone: ShellPhone, tmp_path: Path) -> None:
    known = {sha256(content) for name, content in CONTENTS.items() if name != "org.a3"}
    scan = Scan(phone, tmp_path, plan=plan_of(next_wanted=ends, receiver=Receiver([], known.__contains__)))
    assert [Path(apk.path).parent.name for apk in scan.acquired.apks if apk.local is not None] == ["org.a3"]
    assert len(scan.told) == len(CONTENTS)
    assert scan.acquired.bytes_transferred < 60_000


def test_what_is_known_is_copied_all_the_same_where_it_is_saved(phone: ShellPhone, tmp_path: Path) -> None:
    into = tmp_path / "into"
    into.mkdir()
    recording = RecordingTransport(ReconnectingTransport(phone), tmp_path / "saved", depth="standard")
    acquired = collect(
        recording,
        depth="standard",
        users="all",
        into=into,
        on_progress=QUIET,
        plan=plan_of(next_wanted=ends, receiver=Receiver([], lambda _: True)),
    )
    check(acquired, CONTENTS)


def test_the_second_scan_hashes_only_what_has_changed(phone: ShellPhone, tmp_path: Path) -> None:
    remember_times(phone)
    plan = plan_of(next_wanted=ends, hash_cache=MemoryFolder(tmp_path))
    assert Scan(phone, tmp_path / "1", plan).sources() == {"device"}
    phone.started.clear()
    second = Scan(phone, tmp_path / "2", plan)
    assert second.sources() == {"cached"}
    assert [command for command in phone.started if command.startswith(": hashes")] == []
    check(second.acquired, CONTENTS)
    changed = Path(next(iter(phone.tree)))
    changed.write_bytes(changed.read_bytes()[::-1])
    os.utime(changed, (1, 1))
    plan = replace(plan, next_wanted=whole)
    third = Scan(phone, tmp_path / "3", plan)
    files = {file.path: file for package in third.acquired.snapshot.packages for file in package.files}
    assert files[str(changed)].hash_source == "device"
    assert files[str(changed)].sha256 == sha256(changed.read_bytes())
    assert [file.hash_source for file in files.values()].count("cached") == len(CONTENTS) - 1
    assert Scan(phone, tmp_path / "4", replace(plan, rehash=True)).sources() == {"device"}
    assert Scan(phone, tmp_path / "5", plan, depth="deep").sources() == {"device"}


SAME = Handshake("device::ro.product.model=X", "a" * 64, asked=False)


@pytest.mark.promise("memory-of-one-phone")
@pytest.mark.parametrize(
    "other",
    [
        replace(SAME, banner="device::ro.product.model=Y"),
        replace(SAME, host_key="b" * 64),
        replace(SAME, host_key=None),
        replace(SAME, host_key=ADB_SERVER),
        replace(SAME, asked=True),
    ],
)
def test_a_phone_that_only_states_the_same_serial_does_not_get_the_hashes_of_another(
    phone: ShellPhone, tmp_path: Path, other: Handshake
) -> None:
    """Its files have the same paths, sizes, times and inodes, as on a phone that somebody copied."""
    remember_times(phone)
    plan = plan_of(next_wanted=ends, hash_cache=MemoryFolder(tmp_path))
    phone.handshake = SAME
    assert Scan(phone, tmp_path / "1", plan).sources() == {"device"}
    phone.handshake = other
    assert Scan(phone, tmp_path / "2", plan).sources() == {"device"}
    phone.handshake = SAME
    assert Scan(phone, tmp_path / "3", plan).sources() == {"cached"}


def test_a_phone_that_did_not_know_this_computer_is_remembered_for_the_next_time(
    phone: ShellPhone, tmp_path: Path
) -> None:
    remember_times(phone)
    plan = plan_of(next_wanted=ends, hash_cache=MemoryFolder(tmp_path))
    phone.handshake = replace(SAME, asked=True)
    assert Scan(phone, tmp_path / "1", plan).sources() == {"device"}
    phone.handshake = SAME
    assert Scan(phone, tmp_path / "2", plan).sources() == {"cached"}


def test_a_file_that_changed_in_the_second_of_the_scan_is_hashed_again(phone: ShellPhone, tmp_path: Path) -> None:
    """The times count seconds, so a second change within one is not seen."""
    remember_times(phone, later=0)
    for path in phone.tree:
        Path(path).touch()
    plan = plan_of(next_wanted=ends, hash_cache=MemoryFolder(tmp_path))
    Scan(phone, tmp_path / "1", plan)
    assert Scan(phone, tmp_path / "2", plan).sources() == {"device"}


def test_hashes_of_a_scan_that_broke_off_are_remembered(phone: ShellPhone, tmp_path: Path) -> None:
    remember_times(phone)
    phone.cuts = [30_000]
    phone.cuts_in = "dd if="
    phone.comes_back = False
    plan = plan_of(next_wanted=ends, hash_cache=MemoryFolder(tmp_path))
    first = Scan(phone, tmp_path / "1", plan)
    assert "device-lost" in first.codes()
    phone.comes_back = True
    phone.reconnect()
    second = Scan(phone, tmp_path / "2", plan)
    check(second.acquired, CONTENTS)
    before = [file for package in first.acquired.snapshot.packages for file in package.files if file.sha256]
    after = {file.path: file.hash_source for package in second.acquired.snapshot.packages for file in package.files}
    assert all(after[file.path] == "cached" for file in before)


def remember_times(phone: ShellPhone, later: int = 60) -> None:
    """Let the phone answer for the times of its files as they are here, some seconds later by its clock."""

    def answer(asked: FakePhone, command: str) -> None:
        if command.startswith(": times;"):
            done = os.popen(f"bash -c {shell_word(command)}")
            now, _, times = done.read().partition("\n")
            asked.says[command] = f"{int(now) + later}\n{times}"
            done.close()

    phone.says["getprop"] = "[ro.build.fingerprint]: [a/b/c]\n" + str(phone.says["getprop"])
    phone.changes = answer


def shell_word(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def test_a_phone_without_a_hash_tool(phone: ShellPhone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    say_instead(monkeypatch, "hashes", COMMANDS["hashes"].replace("sha256sum", "no-such-tool"))
    scan = Scan(phone, tmp_path)
    assert scan.codes() == ["no-hash-tool"]
    assert scan.sources() == {"none"}
    assert {apk.sha256 for apk in scan.acquired.apks} == {None}
    again = tmp_path / "again"
    again.mkdir()
    replayed = scan.read(ReplayTransport(tmp_path / "saved"), again, plan_of(), "standard")
    assert replayed.snapshot == scan.acquired.snapshot
    assert [(apk.path, apk.parts) for apk in replayed.apks] == [(apk.path, apk.parts) for apk in scan.acquired.apks]


def test_a_phone_that_gives_out_no_ranges_gives_whole_files(
    phone: ShellPhone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say_instead(monkeypatch, "ranges", "echo /system/bin/sh: no")
    monkeypatch.setattr(ranges, "REPLY_TIMEOUT", 0.5)
    scan = Scan(phone, tmp_path)
    check(scan.acquired, CONTENTS)
    assert len(phone.pulled) == len(CONTENTS)


def test_a_path_that_means_something_to_a_shell_is_copied_whole(tmp_path: Path) -> None:
    odd = shell_phone(tmp_path / "it's $(id)", CONTENTS)
    scan = Scan(odd, tmp_path)
    check(scan.acquired, CONTENTS)
    assert sorted(odd.pulled) == sorted(odd.tree)
    assert scan.sources() == {"device"}


# Files that change, connections that break


def test_where_one_of_equal_files_changes_none_keeps_the_hash(tmp_path: Path) -> None:
    contents = {f"org.same{number}": CONTENTS["org.a0"] for number in range(3)}
    phone = shell_phone(tmp_path / "phone", contents)
    remember_times(phone)
    answer = phone.changes
    changed = Path(next(iter(phone.tree)))

    def change(asked: FakePhone, command: str) -> None:
        if "dd if=" in command:
            os.utime(changed, (1, 1))
        answer(asked, command)

    phone.changes = change
    scan = Scan(phone, tmp_path)
    assert scan.codes() == ["changed"] * 3
    assert {(apk.sha256, apk.same) for apk in scan.acquired.apks} == {(None, False)}


@pytest.mark.parametrize("asked_for", [": times", "nproc"])
def test_a_command_that_the_phone_does_not_take_costs_no_file(
    phone: ShellPhone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked_for: str
) -> None:
    shell = phone.shell

    def refuse(command: str, **limits: Any) -> Answer:
        if command.startswith(asked_for):
            raise CommandError("It is too long for this phone.")
        return shell(command, **limits)

    monkeypatch.setattr(phone, "shell", refuse)
    scan = Scan(phone, tmp_path)
    check(scan.acquired, CONTENTS)
    assert scan.codes() == []


def test_a_file_that_vanishes_costs_itself_alone(phone: ShellPhone, tmp_path: Path) -> None:
    gone = Path(next(iter(phone.tree)))

    def vanish(asked: FakePhone, command: str) -> None:
        if "dd if=" in command:
            gone.unlink(missing_ok=True)

    phone.changes = vanish
    scan = Scan(phone, tmp_path)
    assert scan.codes() == ["not-copied"]
    assert len(scan.acquired.apks) == len(CONTENTS) - 1
    again = tmp_path / "again"
    again.mkdir()
    replayed = scan.read(ReplayTransport(tmp_path / "saved"), again, plan_of(), "standard")
    assert replayed.snapshot == scan.acquired.snapshot


def test_a_file_that_changes_between_hash_and_copy(tmp_path: Path) -> None:
    phone = shell_phone(tmp_path / "phone", CONTENTS)
    changed = next(iter(phone.tree))

    def change(asked: FakePhone, command: str) -> None:
        if command == f"pull {changed}":
            Path(changed).write_bytes(b"other")

    phone.changes = change
    scan = Scan(phone, tmp_path, depth="deep", plan=plan_of())
    assert scan.codes() == ["changed"]
    assert len(scan.acquired.apks) == len(CONTENTS) - 1


def test_a_file_that_changes_after_its_hash_is_noted(phone: ShellPhone, tmp_path: Path) -> None:
    remember_times(phone)
    answer = phone.changes
    changed = Path(next(iter(phone.tree)))

    def change(asked: FakePhone, command: str) -> None:
        if "dd if=" in command:
            os.utime(changed, (1, 1))
        answer(asked, command)

    phone.changes = change
    scan = Scan(phone, tmp_path)
    [note] = scan.acquired.snapshot.skipped
    assert (note.subject, note.code) == (str(changed), "changed")
    assert {apk.path for apk in scan.acquired.apks if apk.sha256 is None} == {str(changed)}
    assert {apk.path for apk in scan.acquired.apks if not apk.same} == {str(changed)}
    files = [file for package in scan.acquired.snapshot.packages for file in package.files]
    assert {file.path for file in files if file.sha256 is None} == {str(changed)}
    again = tmp_path / "again"
    again.mkdir()
    replayed = scan.read(ReplayTransport(tmp_path / "saved"), again, plan_of(), "standard")
    assert replayed.snapshot == scan.acquired.snapshot


def test_of_equal_files_another_is_copied_where_one_fails(tmp_path: Path) -> None:
    contents = {f"org.same{number}": CONTENTS["org.a0"] for number in range(3)}
    phone = shell_phone(tmp_path / "phone", contents)
    failed: list[str] = []

    def fail(asked: FakePhone, command: str) -> None:
        if command.startswith("pull ") and not failed:
            failed.append(command)
            raise CommandError("It stands still.")

    phone.changes = fail
    scan = Scan(phone, tmp_path, depth="deep", plan=plan_of())
    assert scan.codes() == ["not-copied"]
    assert len(scan.acquired.apks) == 2
    assert len(phone.pulled) == 1


def test_a_connection_that_breaks_goes_on_where_it_was(phone: ShellPhone, tmp_path: Path) -> None:
    phone.cuts = [9000, 40_000, 50_000]
    phone.cuts_in = "dd if="
    phone.piece = 2000
    scan = Scan(phone, tmp_path)
    check(scan.acquired, CONTENTS)
    assert scan.codes() == []
    assert phone.reconnected == 3
    assert scan.acquired.bytes_transferred < len(CONTENTS) * 30_000


def cut_at_every_start(phone: ShellPhone, after: int, times: int) -> None:
    """Let the connection break so many bytes after the program for ranges was started."""
    started: list[str] = []

    def cut(asked: FakePhone, command: str) -> None:
        if "dd if=" in command and len(started) < times:
            started.append(command)
            phone.cuts = [after]

    phone.cuts_in = "dd if="
    phone.piece = 2000
    phone.changes = cut


def test_a_file_at_which_the_connection_breaks_again_and_again_is_given_up(tmp_path: Path) -> None:
    phone = shell_phone(tmp_path / "phone", {"org.a0": CONTENTS["org.a0"], "org.a1": CONTENTS["org.a1"]})
    cut_at_every_start(phone, after=60, times=5)
    scan = Scan(phone, tmp_path)
    assert scan.codes() == ["not-copied"]
    assert len(scan.acquired.apks) == 1
    assert phone.pulled == []


def test_a_program_that_never_gets_to_its_first_word_is_not_started_for_ever(tmp_path: Path) -> None:
    contents = {"org.a0": CONTENTS["org.a0"], "org.a1": CONTENTS["org.a1"]}
    phone = shell_phone(tmp_path / "phone", contents)
    cut_at_every_start(phone, after=1, times=50)
    phone.piece = 10
    scan = Scan(phone, tmp_path)
    assert len(phone.pulled) == 2
    assert {Path(apk.path).parent.name: apk.sha256 for apk in scan.acquired.apks} == {
        name: sha256(content) for name, content in contents.items()
    }


def test_a_file_that_stands_still_is_given_up_and_the_others_go_on(
    phone: ShellPhone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = Path(next(iter(phone.tree)))
    monkeypatch.setattr(range_carrier.RangeCarrier.__init__, "__kwdefaults__", {"stall": 0.3})
    monkeypatch.setattr(hashing.PhoneHasher.__init__, "__kwdefaults__", {"patience": 0.3})

    def block(asked: FakePhone, command: str) -> None:
        if "dd if=" in command and stuck.is_file():
            stuck.unlink()
            os.mkfifo(stuck)

    phone.changes = block
    scan = Scan(phone, tmp_path)
    assert len(scan.acquired.apks) == len(CONTENTS) - 1
    [note] = scan.acquired.snapshot.skipped
    assert (note.subject, note.code) == (str(stuck), "not-copied")
    assert note.reason.endswith("was not read: it stood still for 0 seconds.")


def test_a_phone_that_stays_away_leaves_what_came(phone: ShellPhone, tmp_path: Path) -> None:
    phone.cuts = [80_000]
    phone.cuts_in = "dd if="
    phone.piece = 2000
    phone.comes_back = False
    scan = Scan(phone, tmp_path)
    assert "device-lost" in scan.codes()
    assert 0 < len(scan.acquired.apks) < len(CONTENTS)
    assert len(scan.acquired.snapshot.packages) == len(CONTENTS)
    again = tmp_path / "again"
    again.mkdir()
    replayed = scan.read(ReplayTransport(tmp_path / "saved"), again, plan_of(), "standard")
    assert replayed.snapshot == scan.acquired.snapshot
    assert [(apk.path, apk.parts) for apk in replayed.apks] == [(apk.path, apk.parts) for apk in scan.acquired.apks]


@pytest.mark.timeout(30)
def test_an_interruption_ends_the_threads(phone: ShellPhone, tmp_path: Path) -> None:
    told = 0

    def interrupt(what: str, done: int, total: int) -> None:
        nonlocal told
        told += what == "hashes"
        if told:
            raise DeviceLostError("The scan was interrupted.")

    into = tmp_path / "into"
    into.mkdir()
    acquired = collect(
        ReconnectingTransport(phone),
        depth="standard",
        users="all",
        into=into,
        on_progress=interrupt,
        plan=plan_of(ends),
    )
    assert ("device-lost", "The scan was interrupted.") in [(n.code, n.reason) for n in acquired.snapshot.skipped]


def test_quick_copies_nothing(phone: ShellPhone, tmp_path: Path) -> None:
    scan = Scan(phone, tmp_path, depth="quick")
    assert scan.acquired.apks == ()
    assert scan.sources() == {"device"}
