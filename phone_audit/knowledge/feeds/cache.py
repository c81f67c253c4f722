"""The database of the feeds at hand: kept under the digest of the feeds, made again when they change.

What lies in the cache is believed only where this user alone can write it, and its check sum is that of its name.
"""

import contextlib
import errno
import json
import mmap
import os
import re
import sqlite3
import stat
import zlib
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final

from phone_audit.files.atomic_write import replace_file
from phone_audit.files.bounded_json import parse, read_checked
from phone_audit.files.bounds import OWN_LIST
from phone_audit.files.open_regular import open_unlinked
from phone_audit.knowledge.feeds.database import SCHEMA, IndicatorDatabase, build_database, read_database
from phone_audit.knowledge.feeds.indicator import FeedHead
from phone_audit.knowledge.feeds.store import read_rows, sha256_of

_KEPT: Final = 3
_DIGESTS: Final = "digests.json"
_SUFFIX: Final = ".sqlite"
_SHA256: Final = re.compile("[0-9a-f]{64}")


def cache_folder() -> Path:
    """Return the folder of this user's caches; it may not be there."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "phone-audit" / "indicators"


def digests_of(files: Sequence[Path], folder: Path) -> tuple[str, ...]:
    """Return the SHA-256 of each file. One that has the size, times and place of last time is not read again.

    Args:
        files: the feed files.
        folder: the cache; where it cannot be written, every file is read.
    """
    known = _read_digests(folder / _DIGESTS)
    found: dict[str, list[int | str]] = {}
    for file in files:
        # a file that is gone or may not be read is told by sha256_of
        it = file.stat() if file.exists() else None
        # the time of modification can be set, that of the change cannot
        mark: list[int | str] = [it.st_size, it.st_mtime_ns, it.st_ctime_ns, it.st_ino] if it else []
        before = known.get(str(file.absolute()), [])
        digest = before[-1] if mark and before[:-1] == mark else sha256_of(file)
        found[str(file.absolute())] = [*mark, digest]
    if found != {name: known.get(name) for name in found}:
        _write(folder / _DIGESTS, json.dumps({**known, **found}).encode())
    return tuple(str(mark[-1]) for mark in found.values())


def open_database(
    files: Sequence[Path], feeds: Sequence[FeedHead], digests: Sequence[str], folder: Path
) -> IndicatorDatabase:
    """Return the database of these feeds: the kept one if it is whole, else a new one, which is kept if it can be.

    Args:
        files: the feed files.
        feeds: their heads.
        digests: their SHA-256.
        folder: the cache.

    Raises:
        KnowledgeError: a feed is broken.
    """
    stem = sha256("\n".join([*SCHEMA, *digests]).encode()).hexdigest()[:32]
    for path in folder.glob(f"{stem}-*{_SUFFIX}"):
        with contextlib.suppress(OSError, ValueError, sqlite3.Error):
            if _is_whole(path):
                return read_database(path, feeds)
    made = build_database((head, read_rows(file)) for head, file in zip(feeds, files, strict=True))
    data = made.serialized()
    path = folder / f"{stem}-{zlib.crc32(data):08x}{_SUFFIX}"
    if _write(path, data):
        _forget_old(folder, path)
    return made


def _is_whole(path: Path) -> bool:
    """Tell whether the check sum of a database is the one in its name.

    Raises:
        OSError: it cannot be read, or others can write it.
        ValueError: it is empty.
    """
    with _opened(path) as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return path.stem.endswith(f"-{zlib.crc32(data):08x}")


def _read_digests(path: Path) -> dict[str, list[int | str]]:
    try:
        with _opened(path) as file:
            document = parse(read_checked(file, OWN_LIST))
    except (OSError, ValueError):
        return {}
    shaped = isinstance(document, dict) and all(isinstance(mark, list) and mark for mark in document.values())
    return {name: mark for name, mark in document.items() if _SHA256.fullmatch(str(mark[-1]))} if shaped else {}


def _opened(path: Path) -> BinaryIO:
    """Open a cache file.

    Raises:
        OSError: it cannot be read, is no plain file, or somebody else than this user can write it.
    """
    file = open_unlinked(path)
    it = os.fstat(file.fileno())
    # Windows tells rights in another way; there the folder of the user is his own
    alone = os.name == "nt" or (it.st_uid == os.geteuid() and not it.st_mode & (stat.S_IWGRP | stat.S_IWOTH))
    if alone:
        return file
    file.close()
    raise OSError(errno.EPERM, "somebody else can write it")


def _write(path: Path, data: bytes) -> bool:
    """Write a cache file as a whole; tell whether that could be done. Nothing depends on it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_file(path, data, durable=False)
    except OSError:
        return False
    return True


def _forget_old(folder: Path, newest: Path) -> None:
    with contextlib.suppress(OSError):
        kept = sorted(folder.glob(f"*{_SUFFIX}"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in [path for path in kept if path != newest][_KEPT - 1 :]:
            path.unlink(missing_ok=True)
