"""The layout of a saved acquisition: a folder with a manifest, raw answers and APK files."""

import errno
import hashlib
import os
import re
import stat
from pathlib import Path
from urllib.parse import quote

from phone_audit.errors import SnapshotError

MANIFEST = "manifest.json"
FORMAT = 2
"""Number of the layout; a reader refuses a higher one. 2: hashes and files were read beside the questions, and of a
file there may be parts."""

BESIDE = 2
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
LIMIT = 256 * 2**20
"""Bytes of a manifest or an answer; APK files are not bound by it."""

_PLAIN = "".join(chr(byte) for byte in range(0x20, 0x7F) if chr(byte) != "%")


def is_saved(path: Path) -> bool:
    """Tell whether the path is a folder in which an acquisition was saved (it may still be damaged)."""
    return path.is_dir() and (path / MANIFEST).is_file()


def looks_saved(path: Path) -> bool:
    """Tell whether the folder has the parts of a saved acquisition, whether or not its manifest is there."""
    return path.is_dir() and (path / ANSWERS).is_dir() and (path / APKS).is_dir()


def manifest_sha256(folder: Path) -> str:
    """Give the SHA-256 of the manifest, which in turn holds that of every other file.

    Raises:
        SnapshotError: there is no manifest, or it cannot be read.
    """
    return hashlib.sha256(read_stored(folder, MANIFEST)).hexdigest()


def pull_command(path: str) -> str:
    """Give the command under which a copied file is recorded; bytes that are no UTF-8 are percent-encoded.

    Example:
        >>> pull_command("/data/app/a=b/50%.apk")
        'pull:/data/app/a=b/50%25.apk'
    """
    return PULL + quote(path.encode("utf-8", "surrogateescape"), safe=_PLAIN)


def parts_command(path: str) -> str:
    """Give the command under which parts of a file are recorded; see `pull_command`."""
    return PARTS + pull_command(path).removeprefix(PULL)


def read_stored(folder: Path, name: str) -> bytes:
    """Read one file of the folder; a link, a FIFO and what lies outside are refused.

    Raises:
        SnapshotError: it cannot be read; the message names it.
    """
    with os.fdopen(open_stored(folder, name), "rb") as file:
        data = file.read(LIMIT + 1)
    if len(data) > LIMIT:
        raise SnapshotError(f"{folder / name} is larger than {LIMIT // 2**20} MB, which no answer of a phone is.")
    return data


def open_stored(folder: Path, name: str) -> int:
    """Open one file of the folder for reading and give its descriptor.

    Raises:
        SnapshotError: it is missing, no regular file, or its name leads elsewhere.
    """
    if name != MANIFEST and not STORED.fullmatch(name):
        raise SnapshotError(f"{folder / MANIFEST} names a file that cannot be part of it: {name!r}.")
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(folder / name, flags)
    except OSError as error:
        what = "is a link" if error.errno == errno.ELOOP else f"cannot be read ({error.strerror})"
        raise SnapshotError(
            f"{folder / name} {what}.", "Copy the whole folder again, or save the phone anew."
        ) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise SnapshotError(f"{folder / name} is no regular file.")
    return descriptor
