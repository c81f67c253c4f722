import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from phone_audit.acquire.collect import Acquired
from phone_audit.acquire.questions.file_facts import LOOK_PREFIX
from phone_audit.acquire.store.layout import is_saved, manifest_sha256
from phone_audit.acquire.store.record import RecordingTransport
from phone_audit.acquire.store.replay import ReplayTransport
from phone_audit.acquire.transport import Answer, Transport
from phone_audit.errors import CommandError, DeviceLostError, SnapshotError
from tests.acquire.collecting import collect
from tests.acquire.fake_phone import HASH_SETUP, QUIET, Fake, FakePhone, fake_phone

PATHS = ("/system/xbin/su", "/data/local/tmp")


def record(phone: FakePhone, folder: Path, *commands_: str) -> None:
    """Ask the commands; those that begin with / are pulled."""
    recording = RecordingTransport(phone, folder, depth="standard")
    for command in commands_:
        try:
            if command.startswith("/"):
                recording.pull(command, folder)
            else:
                recording.shell(command)
        except (CommandError, DeviceLostError):
            pass
    recording.finish()


def change_manifest(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    change(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest))


def read(transport: Transport, into: Path, paths: tuple[str, ...] = PATHS) -> Acquired:
    return collect(transport, depth="standard", users="all", into=into, on_progress=QUIET, paths=paths)


def test_answers_come_back_byte_for_byte(tmp_path: Path) -> None:
    raw = bytes(range(256)) + b"\r\n"
    phone = FakePhone(
        {"getprop": raw, "fails": Answer(b"no", 3, truncated=False), "cut": Answer(b"c", None, truncated=True)}
    )
    record(phone, tmp_path / "saved", "getprop", "fails", "cut")
    replay = ReplayTransport(tmp_path / "saved")
    assert replay.shell("getprop") == Answer(raw, 0, truncated=False)
    assert replay.shell("fails") == Answer(b"no", 3, truncated=False)
    assert replay.shell("cut") == Answer(b"c", None, truncated=True)
    assert replay.shell("getprop", limit=5) == Answer(raw[:5], None, truncated=True)
    assert (replay.serial, replay.via, replay.depth, replay.users) == ("127.0.0.1:5555", "direct", "standard", "all")
    replay.close()


@given(raw=st.binary(max_size=200), code=st.none() | st.integers(0, 255), cut=st.booleans())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_answer_comes_back(
    raw: bytes, code: int | None, cut: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("any") / "saved"
    answer = Answer(raw, code, truncated=cut)
    record(FakePhone({"x": answer}), folder, "x")
    assert ReplayTransport(folder).shell("x") == answer


def test_a_command_that_was_asked_twice_has_both_answers(tmp_path: Path) -> None:
    def count(phone: FakePhone, command: str) -> None:
        phone.says[command] = str(len(phone.asked))

    record(FakePhone({"date": ""}, changes=count), tmp_path / "saved", "date", "date")
    replay = ReplayTransport(tmp_path / "saved")
    assert [replay.shell("date").output for _ in range(3)] == [b"1", b"2", b"2"]


def test_failures_come_back_with_their_sentence(tmp_path: Path) -> None:
    phone = FakePhone({"bad": CommandError("It cannot be sent.", "Shorter.")})
    record(phone, tmp_path / "saved", "bad", "/gone.apk")
    replay = ReplayTransport(tmp_path / "saved")
    with pytest.raises(CommandError, match=r"It cannot be sent\.") as caught:
        replay.shell("bad")
    assert caught.value.hint == "Shorter."
    with pytest.raises(CommandError, match=r"/gone\.apk is no regular file\."):
        replay.pull("/gone.apk", tmp_path)


def test_files_come_back_from_where_they_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(FakePhone(tree={"/a/\udcff.apk": b"apk"}), tmp_path / "saved", "/a/\udcff.apk")
    replay = ReplayTransport(tmp_path / "saved")
    local = replay.pull("/a/\udcff.apk", tmp_path / "elsewhere")
    assert local.read_bytes() == b"apk"
    assert local.parent == tmp_path / "saved/apks"
    monkeypatch.setattr("phone_audit.acquire.store.replay.PULL_LIMIT", 2)
    with pytest.raises(CommandError, match="has 3 bytes"):
        replay.pull("/a/\udcff.apk", tmp_path)


def test_what_was_not_asked_is_a_sentence(tmp_path: Path) -> None:
    record(FakePhone(), tmp_path / "saved")
    replay = ReplayTransport(tmp_path / "saved")
    with pytest.raises(CommandError, match="holds no answer to this command"):
        replay.shell("id")
    with pytest.raises(CommandError, match="does not hold this file"):
        replay.pull("/x.apk", tmp_path)


# The same snapshot


def compare(phone: FakePhone, tmp_path: Path) -> Acquired:
    folder = tmp_path / "saved"
    recording = RecordingTransport(phone, folder, depth="standard")
    live = read(recording, tmp_path / "unused")
    recording.finish()
    replayed = read(ReplayTransport(folder), tmp_path / "unused")
    assert replayed.snapshot.model_dump_json() == live.snapshot.model_dump_json()
    assert replace(replayed, snapshot=live.snapshot) == live
    return live


def test_a_replay_gives_the_same_snapshot(tmp_path: Path) -> None:
    phone = fake_phone(Fake("org.a"), Fake("org.b", uid=10002, version_name="\udcff"))
    phone.tree["/system/xbin/su"] = b"x"
    acquired = compare(phone, tmp_path)
    assert acquired.paths == {"/system/xbin/su": "file"}
    assert len(acquired.apks) == 2
    assert acquired.phone_clock_offset is not None


FLAWS: dict[str, Callable[[FakePhone, str], None]] = {}


def flaw(function: Callable[[FakePhone, str], None]) -> Callable[[FakePhone, str], None]:
    FLAWS[function.__name__] = function
    return function


@flaw
def unreadable_file(phone: FakePhone, command: str) -> None:
    if command == "pull /data/app/org.a-1/base.apk":
        raise CommandError("It stands still.")


@flaw
def no_hash_tool(phone: FakePhone, command: str) -> None:
    phone.hash_tool = False


@flaw
def cut_dump(phone: FakePhone, command: str) -> None:
    phone.says["dumpsys package"] = Answer(b"Packages:\n", None, truncated=True)


@flaw
def stuck_path(phone: FakePhone, command: str) -> None:
    if command.startswith(LOOK_PREFIX) and "org.a" in command:
        phone.says[command] = Answer(b"", None, truncated=True)


@flaw
def stuck_hash(phone: FakePhone, command: str) -> None:
    if command.startswith(HASH_SETUP) and "org.a" in command:
        phone.says[command] = Answer(b"@0\n", None, truncated=True)


@flaw
def changed_file(phone: FakePhone, command: str) -> None:
    if command.startswith("pull"):
        phone.tree["/data/app/org.b-1/base.apk"] = b"other"


@flaw
def no_users(phone: FakePhone, command: str) -> None:
    phone.says["pm list users"] = CommandError("No.")


@pytest.mark.parametrize("name", FLAWS)
def test_a_replay_fails_where_the_phone_failed(tmp_path: Path, name: str) -> None:
    phone = fake_phone(Fake("org.a"), Fake("org.b", uid=10002))
    phone.changes = FLAWS[name]
    compare(phone, tmp_path)


@pytest.mark.parametrize(
    "at",
    ["date", "pm list users", "dumpsys package", LOOK_PREFIX, HASH_SETUP, "pull /data/app/org.b"],
)
def test_a_replay_of_a_phone_that_went_away_ends_in_the_same_way(tmp_path: Path, at: str) -> None:
    def unplug(phone: FakePhone, command: str) -> None:
        if command.startswith(at):
            raise DeviceLostError("The phone is gone.", "Plug it in.")

    phone = fake_phone(Fake("org.a"), Fake("org.b", uid=10002))
    phone.changes = unplug
    acquired = compare(phone, tmp_path)
    assert [note.reason for note in acquired.snapshot.skipped if note.code == "device-lost"] == ["The phone is gone."]


@pytest.mark.parametrize("after", [1, 6, 9, 12, 13, 14, 15])
def test_a_replay_of_an_interrupted_scan_ends_in_the_same_way(tmp_path: Path, after: int) -> None:
    told = 0

    def stop(what: str, done: int, total: int) -> None:
        nonlocal told
        told += 1
        if told > after:
            raise DeviceLostError("The scan was interrupted.")

    folder = tmp_path / "saved"
    recording = RecordingTransport(fake_phone(Fake("org.a"), Fake("org.b", uid=10002)), folder, depth="standard")
    live = collect(recording, depth="standard", users="all", into=tmp_path, on_progress=stop)
    recording.finish()
    replayed = read(ReplayTransport(folder), tmp_path, paths=())
    assert ("phone", "device-lost") in [(note.subject, note.code) for note in live.snapshot.skipped]
    assert replayed.snapshot == live.snapshot
    assert replayed.apks == live.apks


def test_paths_of_newer_knowledge_are_told_apart_and_known_ones_still_answered(tmp_path: Path) -> None:
    phone = fake_phone(Fake("org.a"))
    phone.tree["/system/xbin/su"] = b"x"
    recording = RecordingTransport(phone, tmp_path / "saved", depth="standard")
    read(recording, tmp_path)
    recording.finish()
    newer = read(ReplayTransport(tmp_path / "saved"), tmp_path, ("/new/path", "/system/xbin/su"))
    assert newer.paths == {"/system/xbin/su": "file"}
    assert newer.digests.keys() == {"/system/xbin/su"}
    assert newer.snapshot.never_asked == ("/new/path",)
    assert newer.snapshot.skipped == ()


def test_paths_of_which_the_phone_said_nothing_are_noted_alike_when_read_again(tmp_path: Path) -> None:
    def fail(_: FakePhone, command: str) -> None:
        if command.startswith(LOOK_PREFIX) and PATHS[0] in command:
            raise CommandError("The phone took too long.")

    phone = fake_phone(Fake("org.a"))
    phone.changes = fail
    recording = RecordingTransport(phone, tmp_path / "saved", depth="standard")
    live = read(recording, tmp_path)
    recording.finish()
    again = read(ReplayTransport(tmp_path / "saved"), tmp_path, (*PATHS, "/new/path"))
    assert again.snapshot.skipped == live.snapshot.skipped
    assert [note.reason for note in live.snapshot.skipped if note.code == "not-looked-for"] == [
        "2 of 2 paths that incidents name were not looked for, such as /system/xbin/su."
    ]
    assert (live.snapshot.never_asked, again.snapshot.never_asked) == ((), ("/new/path",))


# Damage


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    folder = tmp_path / "saved"
    record(FakePhone({"getprop": "x"}, {"/a.apk": b"apk"}), folder, "getprop", "/a.apk")
    return folder


@pytest.mark.promise("saved-unchanged")
def test_a_changed_answer_is_named(saved: Path) -> None:
    (saved / "answers/0000-getprop.txt").write_bytes(b"y")
    with pytest.raises(SnapshotError, match=r"0000-getprop\.txt is not what was saved"):
        ReplayTransport(saved).shell("getprop")


@pytest.mark.promise("saved-unchanged")
def test_a_changed_apk_is_named(saved: Path) -> None:
    [apk] = (saved / "apks").iterdir()
    apk.write_bytes(b"APK")
    with pytest.raises(SnapshotError, match=rf"{apk.name} is not what was saved"):
        ReplayTransport(saved).pull("/a.apk", saved)


def test_a_missing_file_is_named(saved: Path) -> None:
    (saved / "answers/0000-getprop.txt").unlink()
    with pytest.raises(SnapshotError, match=r"0000-getprop\.txt cannot be read: No such file"):
        ReplayTransport(saved).shell("getprop")


@pytest.mark.promise("saved-unchanged")
@pytest.mark.parametrize("make", [lambda path: path.symlink_to("/etc/passwd"), lambda path: path.mkdir()])
def test_a_link_or_folder_in_place_of_a_file_is_refused(saved: Path, make: Callable[[Path], None]) -> None:
    path = saved / "answers/0000-getprop.txt"
    path.unlink()
    make(path)
    with pytest.raises(SnapshotError, match=r"0000-getprop\.txt cannot be read: it is a (link|folder)"):
        ReplayTransport(saved).shell("getprop")


@pytest.mark.promise("saved-unchanged")
@pytest.mark.timeout(10)
def test_a_pipe_in_place_of_a_file_is_refused(saved: Path) -> None:
    path = saved / "answers/0000-getprop.txt"
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(SnapshotError, match=r"is no regular file"):
        ReplayTransport(saved).shell("getprop")


@pytest.mark.parametrize(
    "file",
    [
        "../secret.txt",
        "answers/../../x",
        "/etc/passwd",
        "answers/sub/x.txt",
        "answers/",
        "answers/.hidden",
        "answers/\0x",
        "",
    ],
)
def test_a_manifest_that_leads_elsewhere_is_refused(saved: Path, file: str) -> None:
    change_manifest(saved, lambda manifest: manifest["artifacts"][0].update(file=file))
    with pytest.raises(SnapshotError, match="names a file that cannot be part of it"):
        ReplayTransport(saved)


def test_a_later_layout_is_refused_with_a_hint(saved: Path) -> None:
    change_manifest(saved, lambda manifest: manifest.update(format=3, schema="phone-audit/acquisition/2"))
    with pytest.raises(SnapshotError, match="saved by a later version") as caught:
        ReplayTransport(saved)
    assert caught.value.hint == "Update phone-audit, then read it again."


def test_unknown_fields_of_the_same_layout_are_ignored(saved: Path) -> None:
    change_manifest(saved, lambda manifest: manifest.update(mood="good"))
    assert ReplayTransport(saved).shell("getprop").output == b"x"


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"schema": "phone-audit/scan/1"}', '{"schema": "phone-audit/acquisition/1"}', "[" * 60],
)
def test_what_is_no_manifest_is_a_sentence(saved: Path, text: str) -> None:
    (saved / "manifest.json").write_text(text)
    with pytest.raises(SnapshotError, match=r"manifest\.json is not the manifest"):
        ReplayTransport(saved)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[" * 100_000, "nested more than 64 levels"),
        ("[]," * 1_000_000, "more than 1,000,000 values"),
        ('{"format": ' + "9" * 5000 + "}", "more than 400 digits"),
        ('"' + "a" * 17_000_000 + '"', "larger than 16 MB"),
    ],
)
def test_a_manifest_larger_than_any_is_not_parsed(saved: Path, text: str, sentence: str) -> None:
    (saved / "manifest.json").write_text(text)
    with pytest.raises(SnapshotError, match=rf"manifest\.json was not read: .*{sentence}"):
        ReplayTransport(saved)


def test_a_manifest_of_wrong_values_stops_at_the_first(saved: Path) -> None:
    change_manifest(saved, lambda manifest: manifest.update(artifacts=[[]] * 1000))
    with pytest.raises(SnapshotError, match="is not the manifest") as raised:
        ReplayTransport(saved)
    assert isinstance(raised.value.__cause__, ValidationError)
    assert raised.value.__cause__.error_count() == 1


@pytest.mark.parametrize("name", ["answers", "apks"])
def test_a_folder_that_is_a_link_leads_nowhere(tmp_path: Path, name: str) -> None:
    record(FakePhone({"getprop": "x"}, {"/a.apk": b"apk"}), tmp_path / "saved", "getprop", "/a.apk")
    (tmp_path / "saved" / name).rename(tmp_path / "elsewhere")
    (tmp_path / "saved" / name).symlink_to("../elsewhere")
    replay = ReplayTransport(tmp_path / "saved")
    with pytest.raises(SnapshotError, match="cannot be read: it is a link, or lies behind one"):
        _ = replay.shell("getprop") if name == "answers" else replay.pull("/a.apk", tmp_path)


def test_the_folder_itself_may_be_a_link(saved: Path, tmp_path: Path) -> None:
    (tmp_path / "named").symlink_to(saved)
    assert ReplayTransport(tmp_path / "named").shell("getprop").output == b"x"


def test_a_folder_without_a_manifest(tmp_path: Path) -> None:
    assert not is_saved(tmp_path)
    assert not is_saved(tmp_path / "gone")
    with pytest.raises(SnapshotError, match="cannot be read"):
        ReplayTransport(tmp_path)
    with pytest.raises(SnapshotError, match="cannot be read"):
        manifest_sha256(tmp_path)


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_manifest_never_raises_anything_else(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("damaged") / "saved"
    record(FakePhone({"getprop": "x"}), folder, "getprop")
    text = (folder / "manifest.json").read_text()
    at = data.draw(st.integers(0, len(text) - 1))
    piece = data.draw(st.sampled_from(["", '"', "}", "null", "-1", "../", "\\ud800", "9" * 400]))
    (folder / "manifest.json").write_text(text[:at] + piece + text[at + data.draw(st.integers(0, 9)) :])
    try:
        replay = ReplayTransport(folder)
        replay.shell("getprop")
    except (SnapshotError, CommandError, DeviceLostError):
        pass
