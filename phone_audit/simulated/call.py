r"""What answers a command: its arguments, its streams, and the phone; and words of it that name paths.

Such words are `'/a b'`, `$'/it\047s'`, `'/system/app/X'/*.apk`.
"""

import fnmatch
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from phone_audit.simulated.profile import Profile
from phone_audit.simulated.tree import Tree

_SHELL = "/system/bin/sh"

PATH = r"(?:'[^']*'|\$'[^']*')"
"""One quoted path, inside text that has the grammar of the list."""

_PIECE = re.compile(r"(\$?)'([^']*)'|([^' $]+)")
_WORD = re.compile(rf"(?:{PATH}|[^' $]+)+")
_OCTAL = re.compile(rb"\\([0-7]{3})")
_MAGIC = re.compile(r"[*?\[]")


class Source(Protocol):
    """Where a command reads from. Nothing read means the end."""

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

    def out(self, text: str) -> int:
        """Write text to standard output, and return the exit status of a command that succeeds."""
        self.streams.stdout.write(encode(text))
        return 0

    def error(self, text: str) -> None:
        self.streams.stderr.write(encode(text))

    def complain(self, text: str, status: int) -> int:
        """Write to standard error what the shell itself says, and return the exit status."""
        self.error(f"{_SHELL}: {text}\n")
        return status

    def not_found(self, program: str) -> int:
        return self.complain(f"{program}: not found", 127)


Answer = Callable[[Call], int]
"""Answers a command, and returns its exit status."""


def encode(text: str) -> bytes:
    """Return the bytes of text; bytes that were no UTF-8 come out as they went in."""
    return text.encode("utf-8", "surrogateescape")


def decode(data: bytes) -> str:
    """Return bytes as text, without losing any."""
    return data.decode("utf-8", "surrogateescape")


def one_path(word: str) -> str:
    r"""Return the path that a quoted word names.

    Example:
        >>> one_path(r"$'/it\047s'")
        "/it's"
    """
    return "".join(text for text, _ in _pieces(word))


def every_path(words: str, tree: Tree) -> tuple[str, ...]:
    """Return the paths that words name; a pattern stands for what it meets, or for itself where it meets nothing."""
    return tuple(path for word in _WORD.findall(words) for path in _expanded(word, tree))


def _pieces(word: str) -> Iterator[tuple[str, bool]]:
    """Yield the parts of a word, and whether each was quoted."""
    for dollar, quoted, bare in _PIECE.findall(word):
        if bare:
            yield bare, False
        elif dollar:
            octal = _OCTAL.sub(lambda found: bytes([int(found[1], 8)]), quoted.encode())
            yield decode(octal), True
        else:
            yield quoted, True


def _expanded(word: str, tree: Tree) -> list[str]:
    pieces = list(_pieces(word))
    plain = "".join(text for text, _ in pieces)
    if not any(_MAGIC.search(text) for text, quoted in pieces if not quoted):
        return [plain]
    pattern = "".join(_MAGIC.sub(r"[\g<0>]", text) if quoted else text for text, quoted in pieces)
    found = [""]
    for step in pattern.removeprefix("/").split("/"):
        found = [path for folder in found for path in _step(folder, step, tree)]
    return sorted(path for path in found if tree.exists(path, follow=False)) or [plain]


def _step(folder: str, step: str, tree: Tree) -> list[str]:
    if not _MAGIC.search(step):
        return [f"{folder}/{step}"]
    try:
        names = tree.names(folder or "/")
    except OSError:
        return []
    return [f"{folder}/{name}" for name in names if not name.startswith(".") and fnmatch.fnmatchcase(name, step)]
