"""A terminal with no phone in sight: the steps, what is seen meanwhile, and how it ends."""

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from phone_audit.cli.wait_for_phone import STEPS, wait_for_phone

REPOSITORY = Path(__file__).resolve().parents[2]


def waited(*looks: tuple[tuple[str, ...], str]) -> tuple[list[str], int]:
    """What is said while this is seen, and how often it slept."""
    coming: Iterator[tuple[tuple[str, ...], str]] = iter(looks)
    said: list[str] = []
    slept: list[float] = []
    wait_for_phone(lambda: next(coming), lambda *lines: said.extend(lines), slept.append)
    return said, len(slept)


def test_with_a_phone_there_nothing_is_said() -> None:
    assert waited((("SERIAL",), "")) == ([], 0)


def test_each_change_is_told_once() -> None:
    charging = "X is plugged in and offers no data."
    said, slept = waited(((), ""), ((), ""), ((), charging), ((), charging), ((), ""), (("S\x1b",), ""))
    nothing = "  Now: Nothing is plugged in that could be a phone."
    assert said == [*STEPS, nothing, f"  Now: {charging}", nothing, "  Now: S\\x1b is there; it is being read."]
    assert slept == 5


def on_a_terminal(*options: str) -> tuple[int, str]:
    """Run `scan` on a terminal where no phone can be seen, press Ctrl-C once it waits; exit code and what was shown."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "ANDROID_ADB_SERVER_PORT": "1", "COLUMNS": "80"}
    command = [sys.executable, "-m", "phone_audit", "scan", "--via", "direct", *options]
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=REPOSITORY, env=environment, start_new_session=True
    ) as running:
        os.close(theirs)
        shown = b""
        while b"Now: " not in shown:
            try:
                shown += os.read(ours, 4096)
            except OSError:
                break
        if running.poll() is None and b"Now: " in shown:
            time.sleep(0.2)
            running.send_signal(signal.SIGINT)
        code = running.wait(timeout=60)
    os.close(ours)
    return code, shown.decode()


@pytest.mark.skipif(sys.platform != "linux", reason="needs a terminal of Linux")
def test_on_a_terminal_it_waits_until_ctrl_c() -> None:
    code, shown = on_a_terminal()
    assert code == 130
    assert "Waiting for one; Ctrl-C ends." in shown


@pytest.mark.skipif(sys.platform != "linux", reason="needs a terminal of Linux")
@pytest.mark.parametrize("option", ["--no-wait", "-q"])
def test_it_ends_at_once_where_that_is_asked_for(option: str) -> None:
    code, shown = on_a_terminal(option)
    assert code == 3
    assert "Waiting for one" not in shown
