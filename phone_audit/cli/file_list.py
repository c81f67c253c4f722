"""`--files-from`: the paths of files and folders, one a line."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from phone_audit.errors import UsageError
from phone_audit.files.bounded_lines import read_lines
from phone_audit.files.open_regular import open_regular

_LONGEST_PATH: Final = 2**16
_HINT: Final = "Name a file that lists one path a line."


def listed_paths(named: str) -> list[str]:
    """Return the paths that a file lists, or standard input where it is called `-`; empty lines count for nothing.

    Whether they are there is not asked: what is not has a record that says so.

    Raises:
        UsageError: the file cannot be read, or a line of it is no path.
    """
    if named == "-":
        if sys.stdin is None:
            raise UsageError("--files-from - has no standard input to read.")
        return list(_paths(sys.stdin.buffer))
    try:
        with open_regular(Path(named)) as file:
            return list(_paths(file))
    except OSError as error:
        raise UsageError(f"{named} cannot be read: {error.strerror}.", _HINT) from error


def _paths(file: BinaryIO) -> Iterator[str]:
    for number, line in enumerate(read_lines(file, _LONGEST_PATH), 1):
        if line is None:
            raise UsageError(f"Line {number} of --files-from is longer than any path.", _HINT)
        if b"\0" in line:
            raise UsageError(f"Line {number} of --files-from holds a zero, which no path does.", _HINT)
        path = os.fsdecode(line.rstrip(b"\r\n"))
        if path:
            yield path
