"""Files that are kept between runs: digests of feeds, and how such a file is opened and written."""

import errno
import json
import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Final

from phone_audit.files.atomic_write import replace_file
from phone_audit.files.bounded_json import parse, read_checked
from phone_audit.files.bounds import OWN_LIST
from phone_audit.files.open_regular import open_unlinked
from phone_audit.knowledge.feeds.store import sha256_of

_DIGESTS: Final = "digests.json"
_SHA256: Final = re.compile("[0-9a-f]{64}")


def digests_of(files: Sequence[Path], folder: Path) -> tuple[str, ...]:
    """Return the SHA-256 of each file. One that has the size, times and place of last time is not read again.

    Where the folder, the cache, cannot be written, every file is read.
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
        write_cache_file(folder / _DIGESTS, json.dumps({**known, **found}).encode())
    return tuple(str(mark[-1]) for mark in found.values())


def _read_digests(path: Path) -> dict[str, list[int | str]]:
    try:
        with open_cache_file(path) as file:
            document = parse(read_checked(file, OWN_LIST))
    except (OSError, ValueError):
        return {}
    shaped = isinstance(document, dict) and all(isinstance(mark, list) and mark for mark in document.values())
    return {name: mark for name, mark in document.items() if _SHA256.fullmatch(str(mark[-1]))} if shaped else {}


def open_cache_file(path: Path) -> BinaryIO:
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


def write_cache_file(path: Path, data: bytes) -> bool:
    """Write a cache file as a whole; tell whether that could be done. Nothing depends on it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_file(path, data, durable=False)
    except OSError:
        return False
    return True
