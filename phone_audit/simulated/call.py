"""What answers a command: its arguments, its streams, and the phone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from phone_audit.simulated.profile import Profile
from phone_audit.simulated.tree import Tree

NOT_FOUND = 127
"""The exit status of a shell that has no such program."""

_SHELL = "/system/bin/sh"


class Source(Protocol):
    """Where a command reads from. Nothing read means the end."""

    def read(self, size: int = -1, /) -> bytes:
        """Return at most `size` bytes; all of them when negative."""

    def readline(self) -> bytes:
        """Return the next line with its end."""


class Sink(Protocol):
    """Where a command writes to."""

    def write(self, data: bytes, /) -> object:
        """Write all of it."""


@dataclass(frozen=True)
class Streams:
    """Standard input, output and error."""

    stdin: Source
    stdout: Sink
    stderr: Sink


@dataclass(frozen=True)
class Phone:
    """The phone as a command sees it. `clock` gives seconds since 1970."""

    profile: Profile
    tree: Tree
    clock: Callable[[], float]


@dataclass(frozen=True)
class Call:
    """One run of a command of the list. `arguments` are those of `command_list.ARGUMENTS`, by name."""

    phone: Phone
    streams: Streams
    arguments: Mapping[str, str] = field(default_factory=dict)

    def out(self, text: str) -> None:
        """Write text to standard output."""
        self.streams.stdout.write(encode(text))

    def error(self, text: str) -> None:
        """Write text to standard error."""
        self.streams.stderr.write(encode(text))

    def complain(self, text: str, status: int) -> int:
        """Write to standard error what the shell itself says, and return the exit status."""
        self.error(f"{_SHELL}: {text}\n")
        return status

    def not_found(self, program: str) -> int:
        """Say that the phone has no such program, and return the exit status."""
        return self.complain(f"{program}: not found", NOT_FOUND)


Answer = Callable[[Call], int]
"""Answers a command, and returns its exit status."""


def encode(text: str) -> bytes:
    """Return the bytes of text; bytes that were no UTF-8 come out as they went in."""
    return text.encode("utf-8", "surrogateescape")


def decode(data: bytes) -> str:
    """Return bytes as text, without losing any."""
    return data.decode("utf-8", "surrogateescape")
