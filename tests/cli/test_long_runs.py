"""Runs over very many files: killed and resumed, shared by several, given as a list, and summed up."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.apk.packages import dex, fixture, package
from tests.program import REPOSITORY, program

pytestmark = pytest.mark.slow

FILES = 60


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "apks"
    place.mkdir()
    for number in range(FILES):
        (place / f"{number:03}.apk").write_bytes(package("policy", dex(f"http://h{number}.example.net/x")))
    return place


def paths(out: Path) -> list[str]:
    return [json.loads(line)["path"] for line in out.read_text("utf-8").splitlines()]


def names(folder: Path) -> list[str]:
    return sorted(str(path) for path in folder.iterdir())


def audit(folder: Path, out: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return program("apks", folder, "-f", "jsonl", "-o", out, "--jobs", "1", "--fail-on", "never", *more)


def killed_after(lines: int, folder: Path, out: Path) -> None:
    """Start or resume a run, and kill it once it has written so many lines."""
    command = ["apks", str(folder), "-f", "jsonl", "-o", str(out), "--jobs", "1", "--resume", "--no-cache", "-q"]
    with subprocess.Popen([sys.executable, "-m", "phone_audit", *command], cwd=REPOSITORY) as run:
        while run.poll() is None and (not out.exists() or out.read_bytes().count(b"\n") < lines):
            pass
        run.send_signal(signal.SIGKILL)


def test_a_run_that_is_killed_three_times_has_each_record_once(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    held: list[bytes] = []
    for lines in (5, 20, 40):
        killed_after(lines, folder, out)
        whole = [line for line in out.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
        assert whole[: len(held)] == held, "what was there is neither read nor written again"
        assert lines <= len(whole) < FILES
        held = whole
    assert audit(folder, out, "--resume").returncode == 10
    assert out.read_bytes().splitlines(keepends=True)[: len(held)] == held
    assert sorted(paths(out)) == names(folder)


@pytest.mark.parametrize("cut", [1, 40, 1000])
def test_a_last_line_that_was_cut_off_is_written_anew(folder: Path, tmp_path: Path, cut: int) -> None:
    out = tmp_path / "out.jsonl"
    audit(folder, out)
    whole = out.read_bytes()
    out.write_bytes(whole[:-cut])
    audit(folder, out, "--resume")
    assert sorted(paths(out)) == names(folder)
    held = whole[:-cut].rpartition(b"\n")[0]
    assert out.read_bytes().startswith(held + b"\n")


def test_a_file_that_changed_since_is_read_again_and_has_one_record(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    audit(folder, out)
    (folder / "007.apk").write_bytes(package("base", dex("http://other.example.net/y")))
    written = out.stat().st_mtime
    os.utime(folder / "007.apk", (written - 100, written - 100))
    (folder / "008.apk").write_bytes((folder / "008.apk").read_bytes())
    os.utime(folder / "008.apk", (written + 100, written + 100))
    (folder / "009.apk").unlink()
    ended = audit(folder, out, "--resume")
    assert "2 records are made anew" in ended.stderr
    assert Counter(paths(out)) == Counter(dict.fromkeys([*names(folder), str(folder / "009.apk")], 1))
    (record,) = [one for one in map(json.loads, out.read_text("utf-8").splitlines()) if one["path"].endswith("007.apk")]
    assert [one["host"] for one in record["endpoints"]] == ["other.example.net"]


def test_records_of_other_facts_are_made_anew(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    audit(folder, out)
    mine = tmp_path / "mine" / "hosts"
    mine.mkdir(parents=True)
    (mine / "mine.json").write_text(json.dumps({"sources": [], "entries": []}))
    ended = audit(folder, out, "--resume", "--knowledge", str(mine.parent))
    assert f"{FILES} records are made anew" in ended.stderr
    assert sorted(paths(out)) == names(folder)


def test_the_result_of_a_resumed_run_is_that_of_all_records(folder: Path, tmp_path: Path) -> None:
    out, page = tmp_path / "out.jsonl", tmp_path / "all.json"
    audit(folder, out)
    (folder / "a.apk").write_bytes(fixture("rotated"))
    ended = audit(folder, out, "--resume", "-f", "json", "-o", str(page))
    assert len(json.loads(page.read_text("utf-8"))["apks"]) == FILES + 1
    assert f"{FILES + 1} records in " in ended.stderr
    assert f"{FILES} of them are from earlier runs." in ended.stderr


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"notes of mine\n", "Line 1 of"),
        (b'{"schema": "phone-audit/scan/1"}\n', "is no record of an APK that this version wrote."),
        (b"\0" * 100 + b"\n", "is no record of an APK"),
    ],
)
def test_what_is_no_output_is_left_alone(folder: Path, tmp_path: Path, content: bytes, sentence: str) -> None:
    out = tmp_path / "out.jsonl"
    out.write_bytes(content)
    ended = audit(folder, out, "--resume")
    assert ended.returncode == 2
    assert sentence in ended.stderr
    assert out.read_bytes() == content


@pytest.mark.parametrize("more", [("-f", "json"), ("-f", "jsonl")])
def test_resume_needs_one_file_of_lines(folder: Path, more: tuple[str, ...]) -> None:
    ended = program("apks", folder, "--resume", *more)
    assert ended.returncode == 2
    assert "--resume goes on with one file of JSON lines." in ended.stderr


def test_shares_hold_every_file_once(folder: Path, tmp_path: Path) -> None:
    outs = [tmp_path / f"{number}.jsonl" for number in (1, 2, 3)]
    for number, out in enumerate(outs, 1):
        audit(folder, out, "--shard", f"{number}/3")
    assert all(paths(out) for out in outs)
    assert sorted(path for out in outs for path in paths(out)) == names(folder)


def test_a_list_of_files_and_folders(folder: Path, tmp_path: Path) -> None:
    listed = tmp_path / "list"
    gone = tmp_path / "gone.apk"
    listed.write_text(f"{folder / '001.apk'}\n\n{gone}\r\n{folder / '001.apk'}\n")
    ended = program("apks", "--files-from", listed, "-f", "jsonl")
    records = {one["path"]: one for one in map(json.loads, ended.stdout.splitlines())}
    assert sorted(records) == sorted([str(folder / "001.apk"), str(gone)])
    assert [one["code"] for one in records[str(gone)]["skipped"]] == ["not-found"]
    command = [sys.executable, "-m", "phone_audit", "apks", "--files-from", "-", "-f", "jsonl", str(folder / "002.apk")]
    given = f"{folder / '001.apk'}\n"
    taken = subprocess.run(command, input=given, capture_output=True, text=True, check=False, cwd=REPOSITORY)
    assert sorted(json.loads(line)["path"][-7:] for line in taken.stdout.splitlines()) == ["001.apk", "002.apk"]


def test_lists_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "long").write_bytes(b"a" * 2**17 + b"\n")
    (tmp_path / "zeros").write_bytes(b"one.apk\0two.apk\0")
    ends = [program("apks", "--files-from", tmp_path / name) for name in ("gone", "long", "zeros")]
    assert [ended.returncode for ended in ends] == [2, 2, 2]
    assert "gone cannot be read: No such file or directory." in ends[0].stderr
    assert "Line 1 of --files-from is longer than any path." in ends[1].stderr
    assert "Line 1 of --files-from holds a zero, which no path does." in ends[2].stderr
    assert program("apks").returncode == 2


def test_a_long_run_is_summed_up(folder: Path, tmp_path: Path) -> None:
    (folder / "cut.apk").write_bytes(fixture("base")[:200])
    told = audit(folder, tmp_path / "out.jsonl").stderr
    assert f"{FILES + 1} records in " in told
    assert "Slowest: " in told
    assert "Not all of it was read: " in told
    assert "1 truncated (such as " in told
    assert audit(folder, tmp_path / "out.jsonl", "-q").stderr == ""
