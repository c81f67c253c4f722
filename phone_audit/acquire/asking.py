"""Asks a transport questions and keeps account of what was answered and what was not."""

import re
from collections.abc import Callable, Iterable

from phone_audit.acquire.commands import Command
from phone_audit.acquire.questions.file_facts import PathStatus
from phone_audit.acquire.text import decode, shown
from phone_audit.acquire.transport import Answer, Transport
from phone_audit.errors import CommandError, NotHeldError
from phone_audit.model.finding import Skipped, Step

OnProgress = Callable[[str, int, int], None]
"""Gets what is being done (`questions`, `hashes`, `copies`), how much is done, and of how much (0: not known)."""

DUMP_TIME_OUT = re.compile(
    rb"^\*\*\* SERVICE '[^'\n]{1,200}' DUMP TIMEOUT \(\d{1,12}ms\) EXPIRED \*\*\*\s*(?:\Z|@\d)", re.MULTILINE
)
"""What `dumpsys` (AOSP `dumpsys.cpp`) writes under a dump that took it longer than 10 s; it ends with status 0 then.

It is the last that is said, or the last of one of several answers: text of a package may hold such a line elsewhere.
"""

SUBJECT_LENGTH = 120
REASON_LENGTH = 200


class Reader:
    """One reading of one phone.

    Attributes:
        transport: the way to the phone, live or recorded.
        transferred: bytes received so far.
        on_progress: is told of every question.
        looked: what lies at every path that a saved acquisition was asked about; None where it was not read yet.
    """

    def __init__(self, transport: Transport, on_progress: OnProgress) -> None:
        self.transport = transport
        self.on_progress = on_progress
        self._notes: dict[Skipped, None] = {}
        self.transferred = 0
        self.looked: dict[str, PathStatus] | None = None
        self._asked = 0

    def ask(self, command: Command, *, subject: str = "", optional: bool = False) -> str | None:
        """Return the decoded answer.

        None where there is none. A failed or cut one is noted, and given as far as it goes. Raises a DeviceLostError
        where the phone is gone.

        `subject` is what a note calls a long command; nothing is noted of what is `optional`: it is not promised.
        """
        before = len(self._notes)
        answer = self.try_ask(command, subject=subject)
        text = decode(answer.output) if answer else None
        if answer and text is not None:
            self.note_fault(command, answer, text, subject or _short(command.text))
        if optional:
            self.forget_since(before)
        return text

    def note_fault(self, command: Command, answer: Answer, text: str, subject: str) -> None:
        """Note that an answer is not whole, or that the command failed; `text` begins with the word for it."""
        reason = cut_off(command, answer)
        if reason:
            self.skip(subject, "command", "cut-off", reason)
        elif answer.exit not in (0, None):
            line = text.strip().partition("\n")[0][:REASON_LENGTH] or "no word"
            self.skip(subject, "command", "command-failed", f"It ended with status {answer.exit}: {line}.")

    def try_ask(self, command: Command, *, subject: str = "") -> Answer | None:
        """Return the raw answer, whatever it is; None, with a note of it, where the phone gave none."""
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
        self._notes[Skipped(subject=shown(subject), step=step, code=code, reason=shown(reason))] = None

    def keep(self, notes: Iterable[Skipped]) -> None:
        self._notes.update(dict.fromkeys(notes))

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """What was not read so far, and why, in order."""
        return tuple(self._notes)

    @property
    def noted(self) -> int:
        """How many notes there are, for `forget_since`."""
        return len(self._notes)

    def forget_since(self, noted: int) -> None:
        """Take back the notes that were added since there were so many."""
        while len(self._notes) > noted:
            self._notes.popitem()


def cut_off(command: Command, answer: Answer) -> str | None:
    """Return the reason why an answer is not whole; None where the phone finished it."""
    if answer.truncated and len(answer.output) >= command.limit:
        return f"The answer has more than {command.limit // 2**20} MB; what came first was kept."
    if answer.truncated:
        return f"The answer was not finished in time ({command.timeout:.0f} seconds at most); what had come was kept."
    if "dumpsys " in command.text and DUMP_TIME_OUT.search(answer.output):
        return "The phone cut its dump short: the service took too long."
    return None


def _short(command: str) -> str:
    return command if len(command) <= SUBJECT_LENGTH else command[: SUBJECT_LENGTH - 1] + "…"
