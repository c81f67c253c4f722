"""`phone-audit diff` as a person runs it: what it prints, and its exit code."""

import json
from pathlib import Path

import pytest

from phone_audit.model.base import Frozen
from phone_audit.report.json_v1 import render_json
from tests.documents import apks, scan
from tests.judge.comparison.test_compare import UNREAD, package, phone, record, unread
from tests.program import program


def saved(folder: Path, name: str, document: Frozen) -> Path:
    path = folder / name
    path.write_text(render_json(document), "utf-8")
    return path


@pytest.mark.parametrize(
    ("new", "code", "sentence"),
    [
        (phone(), 0, "no change was seen"),
        (phone(package(enabled=False)), 11, "com.a: enabled before, disabled now."),
        (unread(phone(apks=(record(skipped=(UNREAD,)),)), UNREAD), 10, "did not read the trackers of 1 package"),
    ],
)
def test_exit_codes(tmp_path: Path, new: Frozen, code: int, sentence: str) -> None:
    done = program("diff", saved(tmp_path, "old.json", phone()), saved(tmp_path, "new.json", new))
    assert (done.returncode, done.stderr) == (code, "")
    assert sentence in " ".join(done.stdout.split())


def test_one_result_may_come_from_standard_input(tmp_path: Path) -> None:
    old = saved(tmp_path, "old.json", phone())
    done = program("diff", old, "-", "-f", "json", given=render_json(phone(package(enabled=False))))
    assert done.returncode == 11
    document = json.loads(done.stdout)
    assert (document["schema"], document["new"]["file"]) == ("phone-audit/diff/1", "standard input")
    again = program("report", "-", given=done.stdout)
    assert again.returncode == 0
    assert "com.a: enabled before, disabled now." in again.stdout


def test_what_cannot_be_compared(tmp_path: Path) -> None:
    old = saved(tmp_path, "old.json", scan())
    refused = program("diff", old, saved(tmp_path, "apks.json", apks()))
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "A phone cannot be compared with APKs" in refused.stderr
    assert program("diff", old, tmp_path / "none.json").returncode == 1
    folder = program("diff", old, tmp_path)
    assert folder.returncode == 1
    assert "it is a folder" in folder.stderr
    assert program("diff", old).returncode == 2
    assert program("diff", old, old, "-f", "stix").returncode == 2
