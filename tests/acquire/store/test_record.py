import hashlib
import json
import stat
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from phone_audit import __version__
from phone_audit.acquire.asking import Reader
from phone_audit.acquire.commands import quoted
from phone_audit.acquire.files.apk_files import look
from phone_audit.acquire.questions.file_facts import look_command
from phone_audit.acquire.store.layout import is_saved, manifest_sha256, pull_command, read_stored
from phone_audit.acquire.store.record import RecordingTransport
from phone_audit.acquire.store.replay import ReplayTransport
from phone_audit.acquire.transport import Answer
from phone_audit.errors import CommandError, DeviceLostError, SnapshotError
from tests.acquire.fake_phone import QUIET, FakePhone, Said

NOON = datetime(2026, 1, 2, 13, 0, 0, 5, timezone(timedelta(hours=1)))


def recorder(phone: FakePhone, folder: Path) -> RecordingTransport:
    return RecordingTransport(phone, folder, depth="quick", users="0", clock=lambda: NOON)


def artifacts(folder: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads((folder / "manifest.json").read_text())["artifacts"]
    return found


def test_every_answer_and_file_is_written_down(tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    raw = bytes(range(256)) + b"\r\n"
    phone = FakePhone({"getprop": raw, "dumpsys x": Answer(b"cut", None, truncated=True)}, {"/a/b.apk": b"apk"})
    recording = recorder(phone, folder)
    assert recording.shell("getprop").output == raw
    recording.shell("dumpsys x")
    local = recording.pull("/a/b.apk", tmp_path / "elsewhere")
    recording.clock_offset(-2.5)
    recording.finish()
    digest = hashlib.sha256(b"apk").hexdigest()
    assert local == folder / "apks" / f"{digest}.apk"
    assert local.read_bytes() == b"apk"
    assert (folder / "answers/0000-getprop.txt").read_bytes() == raw
    at = "2026-01-02T12:00:00.000005Z"
    assert json.loads((folder / "manifest.json").read_text()) == {
        "schema": "phone-audit/acquisition/1",
        "artifacts": [
            {
                "command": "getprop",
                "file": "answers/0000-getprop.txt",
                "sha256": hashlib.sha256(raw).hexdigest(),
                "exit": 0,
                "at": at,
                "truncated": False,
            },
            {
                "command": "dumpsys x",
                "file": "answers/0001-dumpsys.txt",
                "sha256": hashlib.sha256(b"cut").hexdigest(),
                "exit": None,
                "at": at,
                "truncated": True,
            },
            {
                "command": "pull:/a/b.apk",
                "file": f"apks/{digest}.apk",
                "sha256": digest,
                "exit": 0,
                "at": at,
                "truncated": False,
            },
        ],
        "format": 2,
        "serial": "127.0.0.1:5555",
        "depth": "quick",
        "users": "0",
        "via": "direct",
        "tool": {"name": "phone-audit", "version": __version__},
        "label": None,
        "phone_clock_offset": -2.5,
    }
    assert is_saved(folder)
    assert manifest_sha256(folder) == hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()


@pytest.mark.promise("saved-for-owner")
def test_only_this_user_may_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "saved"
    recording = recorder(FakePhone({"getprop": "x"}, {"/a.apk": b"apk"}), folder)
    recording.shell("getprop")
    recording.pull("/a.apk", tmp_path / "x")
    recording.finish()
    for path in (folder, *folder.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_equal_files_are_kept_once(tmp_path: Path) -> None:
    recording = recorder(FakePhone(tree={"/a.apk": b"same", "/b.apk": b"same"}), tmp_path / "saved")
    assert recording.pull("/a.apk", tmp_path / "x") == recording.pull("/b.apk", tmp_path / "x")
    recording.finish()
    assert [artifact["command"] for artifact in artifacts(tmp_path / "saved")] == ["pull:/a.apk", "pull:/b.apk"]
    assert len(list((tmp_path / "saved/apks").iterdir())) == 1


def test_failures_are_recorded_and_raised(tmp_path: Path) -> None:
    phone = FakePhone({"bad": CommandError("It cannot be sent.", "Shorter.")})
    recording = recorder(phone, tmp_path / "saved")
    with pytest.raises(CommandError):
        recording.shell("bad")
    with pytest.raises(CommandError):
        recording.pull("/gone.apk", tmp_path / "x")
    phone.says["gone"] = DeviceLostError("The phone is gone.")
    with pytest.raises(DeviceLostError):
        recording.shell("gone")
    recording.note_lost(DeviceLostError("The phone is gone."))
    recording.finish()
    saved = artifacts(tmp_path / "saved")
    assert [(artifact["command"], artifact["exit"]) for artifact in saved] == [
        ("bad", -2),
        ("pull:/gone.apk", 1),
        ("gone", -1),
    ]
    assert read_stored(tmp_path / "saved", str(saved[0]["file"])) == b"It cannot be sent.\nShorter."
    assert not list((tmp_path / "saved/apks").iterdir())


def test_a_reading_that_was_ended_is_noted(tmp_path: Path) -> None:
    recording = recorder(FakePhone({"getprop": "x"}), tmp_path / "saved")
    recording.shell("getprop")
    recording.note_lost(DeviceLostError("The scan was interrupted."))
    recording.finish()
    assert [(artifact["command"], artifact["exit"]) for artifact in artifacts(tmp_path / "saved")] == [
        ("getprop", 0),
        ("broke off", -1),
    ]


def test_a_path_that_is_no_text_has_a_name_of_its_own() -> None:
    assert pull_command("/inv\udcff\udcc3(/base.apk") == "pull:/inv%FF%C3(/base.apk"
    assert pull_command("/new\nline 50%/ü.apk") == "pull:/new%0Aline 50%25/%C3%BC.apk"


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(SnapshotError, match="is not empty"):
        recorder(FakePhone(), tmp_path)
    saved = tmp_path / "saved"
    recorder(FakePhone(), saved).finish()
    with pytest.raises(SnapshotError, match="already holds a saved acquisition"):
        recorder(FakePhone(), saved)
    assert {path.name for path in tmp_path.iterdir()} == {"thesis.txt", "saved"}


def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(SnapshotError, match="cannot be written"):
        recorder(FakePhone(), tmp_path / "file" / "saved")


def test_a_full_disk_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = recorder(FakePhone({"getprop": "x"}), tmp_path / "saved")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(SnapshotError, match="is full"):
        recording.shell("getprop")
    with pytest.raises(SnapshotError, match="is full"):
        recording.finish()
    assert not is_saved(tmp_path / "saved")


def test_a_full_disk_while_copying_is_a_sentence(tmp_path: Path) -> None:
    def full(phone: FakePhone, command: str) -> None:
        raise OSError(28, "No space left on device")

    recording = recorder(FakePhone(changes=full), tmp_path / "saved")
    with pytest.raises(SnapshotError, match="is full"):
        recording.pull("/a.apk", tmp_path / "x")


def test_the_times_are_utc_by_default(tmp_path: Path) -> None:
    recording = RecordingTransport(FakePhone({"getprop": "x"}), tmp_path / "saved", depth="deep")
    recording.shell("getprop")
    recording.finish()
    [artifact] = artifacts(tmp_path / "saved")
    taken = datetime.fromisoformat(str(artifact["at"]))
    assert abs(datetime.now(UTC) - taken) < timedelta(minutes=1)


def test_a_phone_that_was_lost_over_other_paths_keeps_what_lay_at_these(tmp_path: Path) -> None:
    """All recorded looks are read at once: where one was not answered, a replay gave up what the others had said."""
    first, second = look_command([quoted("/a/b.apk")]), look_command([quoted("/data/named")])
    says: dict[str, Said] = {
        first.text: "\0files\x00120\n\0/a/b.apk\0",
        second.text: DeviceLostError("The phone is gone."),
    }
    recording = recorder(FakePhone(says), tmp_path / "saved")
    recording.shell(first.text)
    with pytest.raises(DeviceLostError):
        recording.shell(second.text)
    recording.finish()
    reader = Reader(ReplayTransport(tmp_path / "saved"), QUIET)
    assert set(look(reader, ["/a/b.apk"])) == {"/a/b.apk"}
    with pytest.raises(DeviceLostError, match="gone"):
        look(reader, ["/data/named"])
