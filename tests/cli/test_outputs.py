"""`-f` and `-o`: paired in order, files by suffix, one result for standard output."""

import errno
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from phone_audit.cli import messages, outputs
from phone_audit.cli.outputs import Output, pair_outputs, tell_result, write_outputs
from phone_audit.errors import OutputError, UsageError
from phone_audit.model.finding import Reason, Remedy
from phone_audit.report.json_v1 import render_json
from tests.documents import apk, apks, scan

ALL = ("apks",)


@pytest.mark.parametrize(
    ("formats", "paths", "expected"),
    [
        ([], [], [Output("text", None)]),
        (["json"], [], [Output("json", None)]),
        ([], ["x.json"], [Output("json", Path("x.json"))]),
        (["text"], ["x.json"], [Output("text", Path("x.json"))]),
        (["json", "text"], ["x"], [Output("json", Path("x")), Output("text", None)]),
        (["json"], ["-"], [Output("json", None)]),
    ],
)
def test_pairs(formats: list[str], paths: list[str], expected: list[Output]) -> None:
    assert list(pair_outputs(formats, [Path(path) for path in paths], ALL)) == expected


@pytest.mark.parametrize(
    ("formats", "paths"), [(["pdf"], []), ([], ["x.pdf"]), ([], ["x"]), (["json", "text"], []), (["jsonl"], ["-", "-"])]
)
def test_wrong_usage(formats: list[str], paths: list[str]) -> None:
    with pytest.raises(UsageError):
        pair_outputs(formats, [Path(path) for path in paths], ALL)


def test_a_file_that_cannot_be_written_has_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        write_outputs(scan(), [Output("json", tmp_path / "none" / "x.json")])


@pytest.mark.promise("outputs-whole")
def test_files_are_written_whole(tmp_path: Path) -> None:
    write_outputs(scan(), [Output("json", tmp_path / "x.json")])
    assert [path.name for path in tmp_path.iterdir()] == ["x.json"]


@pytest.mark.promise("outputs-private")
def test_a_result_is_private_and_one_that_is_there_keeps_its_rights(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    write_outputs(scan(), [Output("json", path)])
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    write_outputs(scan(), [Output("json", path)])
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_link_that_was_named_leads_to_its_file(tmp_path: Path) -> None:
    (tmp_path / "link.json").symlink_to("file.json")
    write_outputs(scan(), [Output("json", tmp_path / "link.json")])
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "file.json").stat().st_size > 0


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS])
def test_a_disk_that_is_full_or_fails_is_no_wrong_usage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=f"{os.strerror(number)}") as caught:
        write_outputs(scan(), [Output("json", tmp_path / "x.json")])
    assert "Free some space" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_the_others_are_written_where_standard_output_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(text: str) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(outputs, "write_out", full)
    with pytest.raises(OSError, match="No space left"):
        write_outputs(scan(), [Output("text", None), Output("json", tmp_path / "x.json")])
    assert (tmp_path / "x.json").stat().st_size > 0


def limited() -> None:
    """Let no file grow beyond 1,000 bytes, as on a disk that fills up."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 1_000))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def test_a_disk_that_fills_up_could_not_run(tmp_path: Path) -> None:
    (tmp_path / "scan.json").write_text(render_json(scan()), "utf-8")
    command = [sys.executable, "-Bm", "phone_audit", "report", str(tmp_path / "scan.json")]
    outputs = ["-f", "json", "-o", str(tmp_path / "x.json")]
    done = subprocess.run([*command, *outputs], capture_output=True, text=True, preexec_fn=limited, check=False)
    assert done.returncode == 1
    assert done.stderr.partition("\n")[2] == (
        f"phone-audit: {tmp_path / 'x.json'} cannot be written: File too large.\n"
        "  Free some space, or write to another disk.\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["scan.json"]


@pytest.mark.parametrize("format_", ["json", "jsonl"])
@pytest.mark.parametrize("to", ["file", "standard output"])
def test_a_full_device_could_not_run(tmp_path: Path, format_: str, to: str) -> None:
    (tmp_path / "a.apk").write_bytes(b"no apk")
    words = ["apks", str(tmp_path), "-q", "--no-cache", "-f", format_, "-o", "/dev/full" if to == "file" else "-"]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "phone_audit", *words], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert "cannot be written: No space left on device.\n  Free some space" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_result_that_went_to_files_only_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    files = (Output("json", Path("a.json")), Output("text", Path("b\x1b.txt")))
    tell_result(scan("known-bad"), files)
    line = "KNOWN-BAD: Nokia 7 plus, 1 reason. The headline of known-bad. Full report: a.json, b\\x1b.txt\n"
    assert capsys.readouterr().err.startswith(line)
    tell_result(apks(apk()), files[:1])
    assert capsys.readouterr().err == "NOTHING-FOUND: 1 reason. The headline of nothing-found. Full report: a.json\n"


def test_what_holds_a_part_is_not_called_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    stix = Output("stix", Path("a.stix2"))
    tell_result(scan("known-bad"), (Output("json", Path("a.json")), stix))
    said = capsys.readouterr().err.splitlines()
    assert said[0].endswith("Full report: a.json")
    assert said[1] == "a.stix2 holds only what published lists and incidents name as malicious."
    tell_result(scan("known-bad"), (stix,))
    assert "Full report" not in capsys.readouterr().err


def test_what_to_do_next_is_told_behind_the_result(capsys: pytest.CaptureFixture[str]) -> None:
    files = (Output("html", Path("a.html")), Output("json", Path("a.json")))
    tell_result(scan("known-bad"), files)
    assert capsys.readouterr().err.splitlines()[1] == (
        "Do not remove or switch off anything yet if somebody may be watching you: that can warn them. First ask for "
        "help: stopstalkerware.org, accessnow.org/help. Open a.html in a browser. When done, switch USB debugging off."
    )
    tell_result(scan(), files[1:])
    assert capsys.readouterr().err.splitlines()[1:] == ["When done, switch USB debugging off."]


def test_advice_for_a_folder_comes_with_the_word_to_ask_for_help_first(capsys: pytest.CaptureFixture[str]) -> None:
    document = apks(apk("z.apk", "known-bad"), outcome="known-bad")
    advised = Reason(finding="k1", text="It is bad.", kind="incident", advice=(Remedy(text="Ask."),))
    judged = document.verdict.model_copy(update={"reasons": (advised,)})
    files = (Output("json", Path("a.json")),)
    tell_result(document.model_copy(update={"verdict": judged}), files)
    assert "Do not remove or switch off anything yet" in capsys.readouterr().err
    tell_result(document, files)
    assert "Do not remove" not in capsys.readouterr().err


def test_a_terminal_never_breaks_a_word(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "on_terminal", lambda: True)
    tell_result(scan("known-bad"), (Output("html", Path("a-page-with-a-name.html")),))
    lines = capsys.readouterr().err.splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert "a-page-with-a-name.html" in " ".join(lines).split()


@pytest.mark.parametrize(
    "outputs", [(), (Output("text", None),), (Output("json", Path("a.json")), Output("text", None))]
)
def test_a_result_on_the_terminal_is_not_told_again(
    outputs: tuple[Output, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    tell_result(scan(), outputs)
    assert capsys.readouterr().err == ""
