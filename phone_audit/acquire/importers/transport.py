"""A transport that answers from what another tool wrote down."""

from collections.abc import Mapping
from pathlib import Path

from phone_audit.acquire.importers.answers import SAME
from phone_audit.acquire.transport import (
    PULL_LIMIT,
    PULL_TIMEOUT,
    SHELL_LIMIT,
    SHELL_TIMEOUT,
    Answer,
    Running,
    Transport,
)
from phone_audit.errors import CommandError, NotHeldError


class HeldTransport(Transport):
    """Gives the answers that are held, and refuses every other question; see `Transport`."""

    def __init__(self, source: str, answers: Mapping[str, bytes]) -> None:
        self.serial = ""
        self.via = source
        self._answers = answers

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
        return next((text for text in (command, SAME.get(command, "")) if text in self._answers), None)

    def pull(self, path: str, into: Path, *, timeout: float = PULL_TIMEOUT, limit: int = PULL_LIMIT) -> Path:
        """Refuse: files are taken from the acquisition itself."""
        raise CommandError(f"The acquisition does not contain {path}.")

    def start(self, command: str) -> Running:
        """Refuse: there is no phone."""
        raise CommandError("An acquisition cannot run commands.")

    def close(self) -> None:
        """Nothing is open."""
