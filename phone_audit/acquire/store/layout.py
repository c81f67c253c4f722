"""The layout of a saved acquisition: a folder with a manifest, raw answers and APK files."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from urllib.parse import quote

from phone_audit.errors import SnapshotError
from phone_audit.files.bounded_json import CheckedJson, read_checked
from phone_audit.files.bounded_lines import read_bounded
from phone_audit.files.bounds import ANSWER, BoundsError, JsonBounds
from phone_audit.files.open_regular import open_inside
from phone_audit.files.short_repr import short_repr

MANIFEST = "manifest.json"
SCHEMA = "phone-audit/acquisition/"
FORMAT = 2
"""Number of the layout; a reader refuses a higher one. 2: hashes and files were read beside the questions, and of a
file there may be parts."""

CONCURRENT_FILES = 2
"""The first layout whose files were read beside the questions."""

ANSWERS = "answers"
APKS = "apks"
STORED = re.compile(r"(?:answers|apks)/[A-Za-z0-9][A-Za-z0-9._\-]{0,127}")

LOST = -1
"""Exit of an artifact: the phone went away; the artifact holds the sentence. A shell's own status is never negative."""

BROKE_OFF = "broke off"
"""Stands for a command where the reading was ended without one."""

REFUSED = -2
"""Exit of an artifact: the transport could not run the command; the artifact holds the sentence."""

PULL = "pull:"
PARTS = "parts:"
"""Begins the command of a file of which parts are kept; see `packed`."""

HASHES = "hashes beside"
"""Stands for a command where the hashes of all files are kept that were computed while other things were asked."""

PULL_FAILED = 1

_PLAIN = "".join(chr(byte) for byte in range(0x20, 0x7F) if chr(byte) != "%")


def is_saved(path: Path) -> bool:
    """Tell whether the path is a folder in which an acquisition was saved (it may still be damaged)."""
    return path.is_dir() and (path / MANIFEST).is_file()


def looks_saved(path: Path) -> bool:
    """Tell whether the folder has the parts of a saved acquisition, whether or not its manifest is there."""
    return path.is_dir() and (path / ANSWERS).is_dir() and (path / APKS).is_dir()


def manifest_sha256(folder: Path) -> str:
    """Return the SHA-256 of the manifest, which in turn holds that of every other file.

    Raises a SnapshotError where there is no manifest, or it cannot be read.
    """
    return hashlib.sha256(read_stored(folder, MANIFEST)).hexdigest()


def pull_command(path: str) -> str:
    """Return the command under which a copied file is recorded; bytes that are no UTF-8 are percent-encoded.

    Example:
        >>> pull_command("/data/app/a=b/50%.apk")
        'pull:/data/app/a=b/50%25.apk'
    """
    return PULL + quote(path.encode("utf-8", "surrogateescape"), safe=_PLAIN)


def parts_command(path: str) -> str:
    """Return the command under which parts of a file are recorded; see `pull_command`."""
    return PARTS + pull_command(path).removeprefix(PULL)


def read_stored(folder: Path, name: str) -> bytes:
    """Read a manifest or an answer; a link, a pipe and what lies outside are refused.

    Raises a SnapshotError where it cannot be read, or is larger than any answer; the message names it.
    """
    with _within_bounds(folder, name) as file:
        return read_bounded(file, ANSWER)


def read_stored_json(folder: Path, name: str, bounds: JsonBounds) -> CheckedJson:
    """Read a file of JSON as `read_stored` does, within its bounds."""
    with _within_bounds(folder, name) as file:
        return read_checked(file, bounds)


@contextmanager
def _within_bounds(folder: Path, name: str) -> Iterator[BufferedReader]:
    try:
        with open_stored(folder, name) as file:
            yield file
    except BoundsError as error:
        raise SnapshotError(
            f"{folder / name} was not read: {error}, which no saved answer is or holds.", "Copy the whole folder again."
        ) from error


def open_stored(folder: Path, name: str) -> BufferedReader:
    """Open one file of the folder for reading; neither it nor a folder on the way to it may be a link.

    Raises a SnapshotError where it is missing, no regular file, or its name leads elsewhere.
    """
    if name != MANIFEST and not STORED.fullmatch(name):
        raise SnapshotError(f"{folder / MANIFEST} names a file that cannot be part of it: {short_repr(name)}.")
    try:
        return open_inside(folder, name)
    except OSError as error:
        raise SnapshotError(
            f"{folder / name} cannot be read: {error.strerror}.",
            "Copy the whole folder again, or save the phone again.",
        ) from error
