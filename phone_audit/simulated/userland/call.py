"""What a command on the phone is given: its words, its streams, and the phone."""

import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Protocol

from phone_audit.simulated.profile import Profile
from phone_audit.simulated.tree import Tree


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


class Nowhere:
    """/dev/null, for writing."""

    def write(self, _data: bytes, /) -> None:
        """Take the bytes and forget them."""


@dataclass(frozen=True)
class Streams:
    """Standard input, output and error."""

    stdin: Source
    stdout: Sink
    stderr: Sink


@dataclass(frozen=True)
class Phone:
    """The phone as a command sees it. `clock` gives seconds since 1970; `pause` waits, less when the caller goes."""

    profile: Profile
    tree: Tree
    clock: Callable[[], float]
    pause: Callable[[float], None]


@dataclass(frozen=True)
class Call:
    """One run of a command."""

    name: str
    args: tuple[str, ...]
    streams: Streams
    phone: Phone
    folder: str = "/"

    def out(self, text: str) -> None:
        """Write text to standard output."""
        self.streams.stdout.write(encode(text))

    def error(self, text: str) -> None:
        """Write text to standard error."""
        self.streams.stderr.write(encode(text))

    def fail(self, text: str, status: int = 1) -> int:
        """Write `NAME: text` to standard error, as toybox does, and return the status."""
        self.error(f"{self.name}: {text}\n")
        return status

    def path(self, word: str) -> str:
        """Return the absolute path that a word of the command line means."""
        return posixpath.join(self.folder, word) if word else word


def encode(text: str) -> bytes:
    """Return the bytes of text; bytes that were no UTF-8 come out as they went in."""
    return text.encode("utf-8", "surrogateescape")


def decode(data: bytes) -> str:
    """Return bytes as text, without losing any."""
    return data.decode("utf-8", "surrogateescape")


def nothing() -> Source:
    """Return an empty source."""
    return BytesIO()


Command = Callable[[Call], int]
"""A command: runs, and returns its exit status."""


class UnknownOptionError(Exception):
    """An option that a command does not know, or one without its value."""


def options(call: Call, flags: str, valued: str = "") -> tuple[dict[str, str], tuple[str, ...]]:
    """Read options as toybox does: letters joined or apart, up to `--`; values follow at once or as the next word.

    Args:
        call: the call whose words are read.
        flags: letters without a value.
        valued: letters with one.

    Returns:
        The options by letter (a flag's value is empty), and the words that are none.

    Raises:
        UnknownOptionError: a letter that is neither.
    """
    found: dict[str, str] = {}
    words = list(call.args)
    rest: list[str] = []
    while words:
        word = words.pop(0)
        if word == "--":
            return found, (*rest, *words)
        if not word.startswith("-") or word == "-":
            rest.append(word)
            continue
        for at, letter in enumerate(word[1:], 2):
            if letter in valued:
                if not word[at:] and not words:
                    raise UnknownOptionError(f"Missing argument to -{letter}")
                found[letter] = word[at:] or words.pop(0)
                break
            if letter not in flags:
                raise UnknownOptionError(f"Unknown option '{word.lstrip('-') if word[1] == '-' else letter}'")
            found[letter] = ""
    return found, tuple(rest)


def each_file(call: Call, names: tuple[str, ...], read: Callable[[str, Source], None], status: int = 1) -> int:
    """Give each file to `read`, with the name it has on the command line; standard input where none is named, or `-`.

    A file that cannot be opened or read is said so on standard error, and the others are read all the same.

    Returns:
        0, or `status` where one could not be read.
    """
    ended = 0
    for name in names or ("-",):
        if name == "-":
            read(name, call.streams.stdin)
            continue
        try:
            with call.phone.tree.open(call.path(name)) as file:
                read(name, file)
        except BrokenPipeError:
            raise
        except OSError as error:
            ended = call.fail(f"{name}: {error.strerror}", status)
    return ended
