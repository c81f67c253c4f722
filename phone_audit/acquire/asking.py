"""Asks a transport questions and keeps account of what was answered and what was not."""

from collections.abc import Callable

from phone_audit.acquire.commands import Command
from phone_audit.acquire.parse.shell_loops import Found
from phone_audit.acquire.parse.text import decode, shown
from phone_audit.acquire.transport import Answer, Transport
from phone_audit.errors import CommandError, NotHeldError
from phone_audit.model.finding import Skipped, Step

OnProgress = Callable[[str, int, int], None]
"""Gets what is being done (`questions`, `hashes`, `copies`), how much is done, and of how much (0: not known)."""

SUBJECT_LENGTH = 120
REASON_LENGTH = 200


class Reader:
    """One reading of one phone.

    Attributes:
        transport: the way to the phone, live or recorded.
        skipped: what was not read so far, and why.
        transferred: bytes received so far.
        on_progress: is told of every question.
        looked: what lies at every path that a saved acquisition was asked about; None where it was not read yet.
    """

    def __init__(self, transport: Transport, on_progress: OnProgress) -> None:
        self.transport = transport
        self.on_progress = on_progress
        self.skipped: list[Skipped] = []
        self.transferred = 0
        self.looked: dict[str, Found] | None = None
        self._asked = 0

    def ask(self, command: Command, *, subject: str = "", optional: bool = False) -> str | None:
        """Give the decoded answer; None where there is none. A failed or cut one is noted, and given as far as it goes.

        Args:
            command: the question.
            subject: what a note calls it, where the command itself is long.
            optional: the acquisition promises nothing of it, so that nothing is noted.

        Raises:
            DeviceLostError: the phone is gone.
        """
        before = len(self.skipped)
        answer = self.try_ask(command, subject=subject)
        text = decode(answer.output) if answer else None
        if answer and text is not None:
            self._note_failure(command, answer, text, subject or _short(command.text))
        if optional:
            del self.skipped[before:]
        return text

    def _note_failure(self, command: Command, answer: Answer, text: str, subject: str) -> None:
        if answer.truncated:
            reason = f"The answer was not finished within {command.timeout:.0f} seconds and {command.limit} bytes."
            self.skip(subject, "command", "cut-off", reason)
        elif answer.exit not in (0, None):
            said = text.strip().partition("\n")[0][:REASON_LENGTH]
            self.skip(subject, "command", "command-failed", f"It ended with status {answer.exit}: {said or 'no word'}.")

    def try_ask(self, command: Command, *, subject: str = "") -> Answer | None:
        """Give the raw answer, whatever it is; None, with a note of it, where the phone gave none."""
        self._asked += 1
        self.on_progress("questions", self._asked, 0)
        try:
            answer = self.transport.shell(command.text, timeout=command.timeout, limit=command.limit)
        except NotHeldError:
            return None  # what such an acquisition cannot hold is said once, of it as a whole
        except CommandError as error:
            self.skip(subject or _short(command.text), "command", "command-failed", error.message)
            return None
        self.transferred += len(answer.output)
        return answer

    def skip(self, subject: str, step: Step, code: str, reason: str) -> None:
        """Note something that was not looked at; each note is kept once."""
        note = Skipped(subject=shown(subject), step=step, code=code, reason=shown(reason))
        if note not in self.skipped:
            self.skipped.append(note)


def _short(command: str) -> str:
    return command if len(command) <= SUBJECT_LENGTH else command[: SUBJECT_LENGTH - 1] + "…"
