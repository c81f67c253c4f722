"""The time budget of a file, shared among its steps."""

import json
from pathlib import Path

import pytest

from phone_audit.apk.records import empty_record
from phone_audit.apk.worker.tasks import ApkInput, Task, renamed
from phone_audit.model.apk import ApkFile, ApkInfo
from phone_audit.model.finding import Skipped


def begun(timeout: float = 16.0, now: float = 100.0) -> Task:
    task = Task(0, ApkInput(Path("a.apk"), "a.apk"), timeout)
    task.begin(now)
    return task


def test_a_step_may_use_half_of_what_is_left_and_the_longest_nearly_all() -> None:
    task = begun()
    assert task.deadline == 108.0
    task.begin_step("manifest", 104.0)
    assert task.deadline == 110.0
    task.begin_step("dex", 106.0)
    assert task.deadline == pytest.approx(115.0)


def test_every_step_of_the_analysis_can_be_left_out() -> None:
    for step in ("signature", "resources", "manifest", "native", "dex"):
        task = begun()
        task.begin_step(step, 100.0)
        assert task.fail("crashed", 101.0) is True
        assert json.loads(task.request())["leave_out"] == [step]


def test_a_step_that_nobody_knows_counts_as_reading() -> None:
    task = begun()
    task.begin_step("mining", 100.0)
    assert task.fail("crashed", 101.0) is False


def test_the_next_attempt_has_what_is_left() -> None:
    task = begun()
    task.begin_step("manifest", 100.0)
    assert task.fail("time-budget", 108.0) is True
    task.begin(200.0)
    task.begin_step("dex", 200.0)
    assert task.deadline == pytest.approx(207.2)
    assert json.loads(task.request())["leave_out"] == ["manifest"]


def test_once_the_budget_is_used_up_the_cheap_steps_get_a_little_more() -> None:
    task = begun()
    task.begin_step("dex", 103.0)
    assert task.fail("time-budget", 116.0) is True
    task.begin(200.0)
    assert task.deadline == 200.0 + (1.0 + 2 * 3.0) / 2


def test_a_step_that_fails_though_it_is_left_out_ends_the_file() -> None:
    task = begun()
    for again in (True, False):
        task.begin_step("dex", 100.0)
        assert task.fail("crashed", 101.0, "signal 11") is again
        task.begin(100.0)
    info, seconds = task.lost()
    assert (info.path, seconds) == ("a.apk", 2.0)
    assert [skipped.code for skipped in info.skipped] == ["crashed"]


def test_time_in_which_nobody_listened_is_not_counted() -> None:
    task = begun()
    task.stretch(50.0)
    assert task.deadline == 158.0
    task.begin_step("dex", 150.0)
    assert task.deadline == pytest.approx(164.4)


def test_the_seconds_of_failed_attempts_count() -> None:
    task = begun()
    task.begin_step("dex", 100.0)
    task.fail("memory-budget", 103.0)
    info, seconds = task.done(empty_record("a.apk", ()), 0.5)
    assert seconds == 3.5
    assert info.skipped == (
        Skipped(
            subject="a.apk",
            step="dex",
            code="memory-budget",
            reason="The dex step needed more memory than it may have.",
        ),
    )


@pytest.mark.parametrize(("subject", "moved"), [("a.apk", "b"), ("a.apk!classes.dex", "b!classes.dex"), ("x", "x")])
def test_a_record_under_another_name(subject: str, moved: str) -> None:
    def record(path: str, of: str) -> ApkInfo:
        skipped = Skipped(subject=of, step="dex", code="c", reason="r")
        files = (ApkFile(path=path, sha256="0", size=1, role="base"),)
        return empty_record(path, (skipped,), files=files)

    before = record("a.apk", subject)
    assert renamed(before, "b") == record("b", moved)
