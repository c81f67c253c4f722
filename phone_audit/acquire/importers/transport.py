"""A transport that answers from what another tool wrote down."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from phone_audit.acquire.importers.answers import SAME
from phone_audit.acquire.questions.clock import DATE
from phone_audit.acquire.questions.identity import SHELL_ID
from phone_audit.acquire.transport import (
    PULL_LIMIT,
    PULL_TIMEOUT,
    SHELL_LIMIT,
    SHELL_TIMEOUT,
    Answer,
    Running,
    Transport,
)
from phone_audit.errors import CommandError, NotHeldError, SnapshotError
from phone_audit.files.open_regular import open_regular

NEVER_HELD = (DATE.text, SHELL_ID.text)
"""No tool asks these; a text that seems to answer them is that of a package."""


class ImportedTransport(Transport):
    """Gives the answers that are held, and refuses every other question; see `Transport`.

    Args:
        answers: command → answer.
        path: the file or folder that a person named.
    """

    def __init__(self, answers: Mapping[str, bytes], path: Path) -> None:
        self.serial = ""
        self.via = "file"
        self._answers = answers
        self._path = path

    def shell(self, command: str, *, timeout: float = SHELL_TIMEOUT, limit: int = SHELL_LIMIT) -> Answer:
        """Return the answer.

        Raises:
            NotHeldError: it is not held.
        """
        said = self._held(command)
        if said is None:
            raise NotHeldError("The acquisition has no answer to this question.")
        output = self._answers[said]
        cut = len(output) > limit
        return Answer(output[:limit], None if cut else 0, cut)

    def holds(self, command: str) -> bool:
        """Tell whether it has an answer."""
        return self._held(command) is not None

    def _held(self, command: str) -> str | None:
        if command in NEVER_HELD:
            return None
        return next((text for text in (command, SAME.get(command, "")) if text in self._answers), None)

    def pull(self, path: str, into: Path, *, timeout: float = PULL_TIMEOUT, limit: int = PULL_LIMIT) -> Path:
        """Refuse: files are taken from the acquisition itself."""
        raise CommandError(f"The acquisition does not contain {path}.")

    def start(self, command: str) -> Running:
        """Refuse: there is no phone."""
        raise CommandError("An acquisition cannot run commands.")

    def finish(self) -> str | None:
        """Return the SHA-256 of a single file, so that a reader can tell which one it was.

        Raises:
            SnapshotError: it cannot be read.
        """
        if not self._path.is_file():
            return None
        try:
            with open_regular(self._path) as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise SnapshotError(f"{self._path} cannot be read: {error.strerror}.") from error

    def close(self) -> None:
        """Nothing is open."""
