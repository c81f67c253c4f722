"""Ctrl-C: the first asks for an end that keeps what was found; the second, or one too early for that, ends at once."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

import typer

from phone_audit.cli import exits
from phone_audit.cli.messages import tell
from phone_audit.errors import AcquireError

AnyStop = TypeVar("AnyStop", bound="Stop")

ENDS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Signals that ask for an end: copies of packages must not stay behind, whoever asks."""


class Stop:
    """Says whether an end was asked for. From the first time it is asked, somebody listens, and Ctrl-C can wait.

    `asked` says the same, and nobody listens by it; `kept` is said where it ended at once.
    """

    def __init__(self) -> None:
        self._heard = False
        self.asked = False
        self.kept = "Interrupted; nothing was kept."

    def __call__(self) -> bool:
        self._heard = True
        return self.asked

    def on_signal(self, _signal: int, _frame: FrameType | None) -> None:
        if self.asked or not self._heard:
            self.asked = True
            raise KeyboardInterrupt
        self.asked = True
        tell("", "Stopping; what was found so far is kept. Press Ctrl-C again to stop at once.")


class GentleStop(Stop):
    """Takes one Ctrl-C more: the first only begins nothing new."""

    def __init__(self) -> None:
        super().__init__()
        self._no_more = False

    def no_more(self) -> bool:
        return self._no_more

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._no_more or number != signal.SIGINT:
            self._no_more = True
            super().on_signal(number, frame)
            return
        self._no_more = True
        tell(
            "", "No further phone is started; those already being read are finished. Press Ctrl-C to stop them as well."
        )


@contextmanager
def stopped_by(stop: AnyStop) -> Iterator[AnyStop]:
    """Handle Ctrl-C, and what else asks for an end, with `stop` while the block runs.

    Raises typer.Exit with the code for an interruption, where nothing could be kept.
    """
    heard = [one for one in ENDS if one == signal.SIGINT or signal.getsignal(one) != signal.SIG_IGN]  # nohup
    before = {one: signal.signal(one, stop.on_signal) for one in heard}
    try:
        yield stop
    except KeyboardInterrupt:
        tell(stop.kept)
        raise typer.Exit(exits.INTERRUPTED) from None
    except AcquireError:
        if not stop.asked:
            raise
        tell("Interrupted before the phone had answered.")
        raise typer.Exit(exits.INTERRUPTED) from None
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
