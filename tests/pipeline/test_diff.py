"""Saved results that are compared: read within bounds, refused with a sentence where they cannot be compared."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from phone_audit.errors import ResultError, UsageError
from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.base import Frozen
from phone_audit.pipeline.diff import diff_results, read_baseline, with_baseline
from phone_audit.report.json_v1 import render_json
from tests.documents import apk, apks, load_result, scan
from tests.judge.comparison.test_compare import package, phone
from tests.watches import watch

NOW = datetime(2026, 2, 1, tzinfo=UTC)


def saved(folder: Path, name: str, document: Frozen) -> Path:
    path = folder / name
    path.write_text(render_json(document), "utf-8")
    return path


def test_two_results(tmp_path: Path) -> None:
    old = saved(tmp_path, "old.json", phone())
    new = saved(tmp_path, "new.json", phone(package(enabled=False)))
    diff = diff_results(old, new, clock=lambda: NOW)
    assert (diff.kind, [change.subject for change in diff.changes], diff.even) == ("same-phone", ["com.a"], True)
    assert (diff.old.file, diff.old.digest) == (str(old), hashlib.sha256(old.read_bytes()).hexdigest())
    assert (diff.old.outcome, diff.old.complete, diff.old.document) == ("nothing-found", True, "phone-audit/scan/1")
    assert diff.run.started == "2026-02-01T00:00:00Z"
    again = saved(tmp_path, "diff.json", diff)
    assert load_result(again) == diff


def test_a_record_and_a_folder(tmp_path: Path) -> None:
    old = saved(tmp_path, "old.json", apk())
    new = saved(tmp_path, "new.json", apks(apk().model_copy(update={"version_code": 2})))
    assert [change.what for change in diff_results(old, new).changes] == ["package"]


def test_what_cannot_be_compared_is_refused(tmp_path: Path) -> None:
    one, other = saved(tmp_path, "scan.json", scan()), saved(tmp_path, "apks.json", apks(apk()))
    with pytest.raises(UsageError, match="A phone cannot be compared with APKs"):
        diff_results(one, other)
    with pytest.raises(UsageError, match="holds no packages"):
        diff_results(one, saved(tmp_path, "watch.json", watch()))
    with pytest.raises(UsageError, match="Two results cannot come from standard input"):
        diff_results(Path("-"), Path("-"))
    with pytest.raises(ResultError, match="it is a folder"):
        diff_results(one, tmp_path)
    with pytest.raises(ResultError, match="cannot be read"):
        diff_results(one, tmp_path / "none.json")


def test_a_baseline_is_the_result_of_a_phone(tmp_path: Path) -> None:
    good = read_baseline(saved(tmp_path, "good.json", phone(phone_name="2" * 16)))
    seen = phone(package(enabled=False))
    scanned = with_baseline(seen, good, load_knowledge().powers, clock=lambda: NOW)
    diff = scanned.baseline
    assert diff is not None
    assert scanned.model_copy(update={"baseline": None}) == seen
    assert (diff.kind, len(diff.changes)) == ("same-build", 1)
    assert (diff.new.file, diff.new.digest) == (None, None)
    with pytest.raises(UsageError, match="not the result of a phone"):
        read_baseline(saved(tmp_path, "apks.json", apks(apk())))


def test_a_result_whose_seal_does_not_hold_is_not_compared(tmp_path: Path) -> None:
    old = saved(tmp_path, "old.json", phone())
    (tmp_path / "old.json.minisig").write_text("no seal")
    with pytest.raises(ResultError, match="seal"):
        diff_results(old, old)
