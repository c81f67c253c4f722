"""All indicators as one SQLite database: made from the feeds, kept in the cache by their digests, then only read."""

import contextlib
import errno
import json
import mmap
import os
import re
import sqlite3
import stat
import threading
import weakref
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, Final

from phone_audit.errors import KnowledgeError
from phone_audit.files.atomic_write import replace_file
from phone_audit.files.bounded_json import parse, read_checked
from phone_audit.files.bounds import OWN_LIST
from phone_audit.files.open_regular import open_unlinked
from phone_audit.knowledge.feeds.indicator import MALICIOUS, About, FeedHead, FeedRow, Indicator, Kind, ListedIndicator
from phone_audit.knowledge.feeds.store import read_rows, sha256_of

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


SCHEMA: Final = (
    "CREATE TABLE about (number INTEGER PRIMARY KEY, feed INTEGER, name TEXT, class TEXT, weight TEXT, note TEXT,"
    " by_file INTEGER)",
    "CREATE TABLE indicator (kind TEXT, value TEXT, about INTEGER, PRIMARY KEY (kind, value, about)) WITHOUT ROWID",
)
"""`about` says what a row of a feed says, feed 0 being the first; `indicator` holds its values."""
_LISTED: Final = (
    "SELECT kind, value, feed, name, class, weight, note, by_file"
    " FROM indicator JOIN about ON about.number = indicator.about"
)
_ORDER: Final = " ORDER BY kind, value, about"
_KEPT: Final = 3
_SUFFIX: Final = ".sqlite"


class IndicatorDatabase:
    """The indicators of some feeds, ready to be looked up, by several threads if need be.

    The connection is closed with this object; `feeds` are the heads of its feeds, in their order.

    Raises:
        sqlite3.Error: it is no database, or one of another schema.
    """

    def __init__(self, connection: sqlite3.Connection, feeds: Sequence[FeedHead]) -> None:
        weakref.finalize(self, connection.close)
        self._connection = connection
        self._lock = threading.Lock()
        self._feeds = tuple(feeds)
        schema = tuple(text for (text,) in connection.execute("SELECT sql FROM sqlite_master ORDER BY rowid"))
        if schema != SCHEMA:
            raise sqlite3.DatabaseError("it is of another schema")

    def look_up(self, kind: Kind, value: str) -> tuple[ListedIndicator, ...]:
        """Return what is listed under this very value, feed by feed.

        Raises:
            KnowledgeError: the database cannot be read.
        """
        rows = self._select(f"{_LISTED} WHERE kind = ? AND value = ?{_ORDER}", kind, value)
        return tuple(self._listed(row) for row in rows)

    @cached_property
    def networks(self) -> Mapping[int, tuple[int, ...]]:
        """How long listed networks are, by version, longest first: an address is looked up once for each length."""
        lengths: dict[int, set[int]] = {4: set(), 6: set()}
        for (network,) in self._select("SELECT value FROM indicator WHERE kind = 'network'"):
            lengths[6 if ":" in network else 4].add(int(network.rpartition("/")[2]))
        return {version: tuple(sorted(found, reverse=True)) for version, found in lengths.items()}

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """The paths of malicious things, sorted."""
        rows = self._select(f"{_LISTED} WHERE kind = 'path'")
        return tuple(sorted({row[1] for row in rows if row[4] in MALICIOUS}))

    def __iter__(self) -> Iterator[ListedIndicator]:
        """Yield everything, by kind and value. Raises KnowledgeError where the database cannot be read."""
        with _errors_translated():
            with self._lock:
                rows = self._connection.execute(f"{_LISTED}{_ORDER}")
            for row in rows:
                yield self._listed(row)

    def serialized(self) -> bytes:
        """Return the bytes of its file. Equal feeds in equal order give equal bytes."""
        return self._connection.serialize()

    def _select(self, query: str, *values: str) -> list[Any]:
        try:
            # sqlite3 keeps one statement for each text: two threads that run it at a time get each other's rows
            with _errors_translated(), self._lock:
                return self._connection.execute(query, values).fetchall()
        except UnicodeEncodeError:
            # half of a surrogate pair: no feed holds one
            return []

    def _listed(self, row: Sequence[Any]) -> ListedIndicator:
        kind, value, feed, name, class_, weight, note, by_file = row
        about = About(name, class_, weight, note, bool(by_file))
        return ListedIndicator(Indicator(kind, value, about), self._feeds[feed])


@contextlib.contextmanager
def _errors_translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise KnowledgeError(
            f"The database of indicators cannot be read: {error}.",
            "Remove the folder phone-audit in your cache folder; it is made again.",
        ) from error


def build_database(feeds: Iterable[tuple[FeedHead, Iterable[FeedRow]]]) -> IndicatorDatabase:
    """Return the database of some feeds, in memory."""
    heads: list[FeedHead] = []
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    try:
        for statement in SCHEMA:
            connection.execute(statement)
        for number, (head, rows) in enumerate(feeds):
            heads.append(head)
            for row in rows:
                _insert(connection, number, row)
        connection.commit()
    except BaseException:
        connection.close()
        raise
    return IndicatorDatabase(connection, heads)


def _insert(connection: sqlite3.Connection, feed: int, row: FeedRow) -> None:
    said = (feed, row.name, row.class_, row.weight, row.note, row.by_file)
    about = connection.execute("INSERT INTO about VALUES (NULL, ?, ?, ?, ?, ?, ?)", said).lastrowid
    values = ((row.kind, value, about) for value in row.values)
    connection.executemany("INSERT OR IGNORE INTO indicator VALUES (?, ?, ?)", values)


def read_database(path: Path, feeds: Sequence[FeedHead]) -> IndicatorDatabase:
    """Open the file of a database. It is not changed as long as it is open.

    Raises:
        sqlite3.Error: it cannot be opened, or is none of this schema.
    """
    place = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    return IndicatorDatabase(sqlite3.connect(place, uri=True, check_same_thread=False), feeds)


def open_database(
    files: Sequence[Path], feeds: Sequence[FeedHead], digests: Sequence[str], folder: Path
) -> IndicatorDatabase:
    """Return the database of these feeds: the kept one if it is whole, else a new one, which is kept if it can be.

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
    if write_cache_file(path, data):
        _forget_old(folder, path)
    return made


def _is_whole(path: Path) -> bool:
    """Tell whether the check sum of a database is the one in its name.

    Raises:
        OSError: it cannot be read, or others can write it.
        ValueError: it is empty.
    """
    with open_cache_file(path) as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return path.stem.endswith(f"-{zlib.crc32(data):08x}")


def _forget_old(folder: Path, newest: Path) -> None:
    with contextlib.suppress(OSError):
        kept = sorted(folder.glob(f"*{_SUFFIX}"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in [path for path in kept if path != newest][_KEPT - 1 :]:
            path.unlink(missing_ok=True)
