"""Signals that ask for an end."""

import os
import signal

import pytest
import typer

from phone_audit.cli import exits
from phone_audit.cli.stopping import ENDS, GentleStop, Stop, stopped_by


@pytest.mark.parametrize("number", ENDS)
def test_the_first_asks_and_the_second_ends(number: signal.Signals) -> None:
    ignored = signal.signal(number, signal.default_int_handler)  # by nohup, where the tests are run so
    before = signal.getsignal(number)

    def ask_twice() -> None:
        with stopped_by(Stop()) as stop:
            assert not stop()
            os.kill(os.getpid(), number)
            assert stop()
            os.kill(os.getpid(), number)

    with pytest.raises(typer.Exit) as ended:
        ask_twice()
    assert ended.value.exit_code == exits.INTERRUPTED
    assert signal.getsignal(number) == before
    signal.signal(number, ignored)


def test_one_that_was_ignored_before_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stopped_by(Stop()) as stop:
            assert not stop()
            os.kill(os.getpid(), signal.SIGHUP)
            assert not stop()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_queue_of_phones_ends_gently_by_ctrl_c_and_soon_by_another_signal() -> None:
    with stopped_by(GentleStop()) as stop:
        assert not stop()
        os.kill(os.getpid(), signal.SIGINT)
        assert (stop.no_more(), stop()) == (True, False)
    with stopped_by(GentleStop()) as stop:
        assert not stop()
        os.kill(os.getpid(), signal.SIGTERM)
        assert (stop.no_more(), stop()) == (True, True)
