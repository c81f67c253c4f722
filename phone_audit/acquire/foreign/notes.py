"""Notes on what of an acquisition was not read. Names and texts of other tools may be no valid Unicode."""

from phone_audit.acquire.parse.text import shown
from phone_audit.errors import SnapshotError
from phone_audit.model.finding import Skipped, Step


def note(subject: str, step: Step, code: str, reason: str) -> Skipped:
    """Return a note that can be published."""
    return Skipped(subject=shown(subject), step=step, code=code, reason=shown(reason))


def contradiction(subject: str, reason: str) -> Skipped:
    """Note that an answer contradicts itself, or another."""
    return note(subject, "command", "contradiction", reason)


def damaged(name: str, error: SnapshotError) -> Skipped:
    """Note that one file of an acquisition cannot be read, which costs that file alone."""
    return note(name, "read", "damaged", error.message)
