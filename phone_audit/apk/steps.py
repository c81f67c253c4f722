"""The steps of one analysis: announced before they begin, left out on request, their failures noted."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from phone_audit.apk.zip.directory import Note
from phone_audit.errors import ApkError
from phone_audit.model.finding import Skipped, Step

Done = TypeVar("Done")


class Steps:
    """What was tried and what was left out.

    Args:
        leave_out: steps that are not tried; whoever asks for that says why.
        on_step: is told each step before it begins.
    """

    def __init__(self, leave_out: frozenset[str], on_step: Callable[[str], None]) -> None:
        self._leave_out = leave_out
        self._on_step = on_step
        self._skipped: list[Skipped] = []

    def run(self, step: Step, subject: str, work: Callable[[], Done]) -> Done | None:
        """Do one step; None where it was left out or failed."""
        if step in self._leave_out:
            return None
        self.announce(step)
        try:
            return work()
        except ApkError as error:
            self.note(subject, step, error)
        except MemoryError:
            self.note(subject, step, out_of_memory(step))
        return None

    def announce(self, step: Step) -> None:
        """Say that a step begins, so that whatever happens from now on is put down to it."""
        self._on_step(step)

    def note(self, subject: str, step: Step, error: ApkError) -> None:
        """Remember that something was not looked at."""
        self.add(Skipped(subject=subject, step=step, code=error.code, reason=error.message))

    def note_archive(self, subject: str, notes: Iterable[Note]) -> None:
        """Remember what is odd about an archive."""
        for note in notes:
            self.add(Skipped(subject=subject, step="list", code=note.code, reason=note.reason))

    def add(self, skipped: Skipped) -> None:
        """Remember what another part has left out."""
        self._skipped.append(skipped)

    def taken(self) -> tuple[Skipped, ...]:
        """Return what was left out since the last call."""
        taken, self._skipped = tuple(self._skipped), []
        return taken


def out_of_memory(step: Step) -> ApkError:
    """The error of a step that needed more memory than it may have."""
    return ApkError(f"The {step} step needed more memory than it may have.", code="memory-budget")
