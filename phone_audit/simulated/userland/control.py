"""How a program leaves its course, and what it may use up."""

from collections.abc import Callable
from dataclasses import dataclass

_MOST_STATEMENTS = 200_000
_MOST_CHARACTERS = 64 * 1024 * 1024  # that expansion may make in all
_LARGEST_PIPE = 64 * 1024 * 1024


class ExitShell(Exception):  # noqa: N818 - no error: `exit`, and the end of what was told to end
    """`exit STATUS`."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class ReturnFromFunction(ExitShell):
    """`return STATUS`."""


class LeaveLoop(Exception):  # noqa: N818 - no error: `break` and `continue`
    """`break LEVELS`, or `continue LEVELS`."""

    def __init__(self, levels: int, *, again: bool) -> None:
        super().__init__(levels)
        self.levels = levels
        self.again = again


class ShellLimitError(Exception):
    """The program uses more than the simulated phone gives."""


@dataclass
class Budget:
    """What all shells of one session may still use. `gone` tells whether the caller has left."""

    gone: Callable[[], bool]
    statements: int = _MOST_STATEMENTS
    characters: int = _MOST_CHARACTERS

    def spend(self) -> None:
        """Count a statement.

        Raises:
            BrokenPipeError: the caller has left.
            ShellLimitError: there are none left.
        """
        self.statements -= 1
        if self.statements <= 0:
            raise ShellLimitError("too many statements")
        if self.statements % 64 == 0 and self.gone():
            raise BrokenPipeError


class Pipe:
    """What goes through `|` or into `$(...)`, kept until it is read."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes, /) -> None:
        """Keep bytes.

        Raises:
            ShellLimitError: it is too much.
        """
        if len(self.data) + len(data) > _LARGEST_PIPE:
            raise ShellLimitError("too much for a pipe")
        self.data += data
