"""The entries of a ZIP archive, inflated within budgets; a byte that was not brought is never taken for a zero.

As in AOSP `system/libziparchive/zip_archive.cc` and `frameworks/base/libs/androidfw/AssetsProvider.cpp`: sizes and
method come from the central directory, the encryption flag and checksums are not looked at, and a method other than
deflate is read as if stored.
"""

import errno
import mmap
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from phone_audit.apk.zip.directory import DEFLATED, STORED, Buffer, Entry, Index, damaged, read_index, start_of
from phone_audit.apk.zip.inflate import ContentHashes, InflatedAhead, SecondThread, first_bytes, inflated, whole
from phone_audit.apk.zip.partial_archive import PartialArchive
from phone_audit.errors import ApkError
from phone_audit.model.parts import Parts

_DEFLATE_HEADERS = 512
"""Bytes that the tables of a deflated stream may take before its first byte."""
TOTAL_LIMIT = 2**30
"""Bytes that all entries of one archive together may inflate to."""


class Archive:
    """An archive over bytes that stay where they are, of which all reads together may give `total_limit`.

    `entries` are in the order of the central directory, duplicates included. `parts` is what of it is here, None for
    all of it; `partial` tells that. Raises as `read_index`, and an ApkError (`not-brought`) where the directory is not
    here. `hashes`, if there are any, take in every entry that is read.
    """

    def __init__(self, data: Buffer, *, total_limit: int = TOTAL_LIMIT, parts: Parts | None = None) -> None:
        self.data = data
        self.partial = PartialArchive(data, parts)
        self.index: Index = read_index(self.partial.data)
        self.entries = self.index.entries
        self._by_name: dict[str, Entry] = {}
        for entry in self.entries:
            self._by_name.setdefault(entry.name, entry)
        self._left = total_limit
        self._ahead: InflatedAhead | None = None
        self.hashes: ContentHashes | None = None
        self._mislabelled: dict[Entry, bool] = {}
        self._left_to_try = TOTAL_LIMIT

    def inflate_ahead(self, entries: Iterable[Entry], thread: SecondThread) -> None:
        """Let the large ones of some entries be inflated in another thread, in this order, before they are read."""
        deflated = (entry for entry in entries if entry.method == DEFLATED and self.partial.has(entry))
        self._ahead = InflatedAhead(deflated, partial(_announced, self.data), thread)

    def opening(self, entry: Entry, count: int) -> bytes | None:
        """Return the first bytes of an entry also where only these are here; None where they are not, or damaged."""
        try:
            start = self.partial.start_of(entry)
        except ApkError:
            return None
        length = count if entry.method != DEFLATED else 2 * count + _DEFLATE_HEADERS
        end = min(start + length, start + entry.compressed)
        if not self.partial.holds(start, end):
            return None
        raw = self.data[start:end]
        return first_bytes(raw, count) if entry.method == DEFLATED else bytes(raw[:count])

    def find(self, name: str) -> Entry | None:
        return self._by_name.get(name)

    def read(self, entry: Entry, limit: int) -> bytes | Buffer:
        """Return the content of an entry, at most `limit` bytes; a stored one as a view of the file itself.

        What the directory announces is not believed. Raises an ApkError (`damaged-entry`, `size-limit` or
        `not-brought`).
        """
        content = self._inflate(entry, self._raw(entry), limit) if self._is_deflated(entry) else self._stored(entry)
        allowed = min(limit, self._left)
        if len(content) > allowed:
            reason = f"The entry {entry.name} is larger than {allowed} bytes when unpacked."
            raise ApkError(reason, code="size-limit")
        self._left -= len(content)
        if self.hashes is not None:
            self.hashes.note(entry, content)
        return content

    def pieces(self, entry: Entry) -> Iterator[bytes | Buffer]:
        """Return the content of an entry piece by piece, so that it need not fit into memory as a whole.

        It does not count against what all reads together may give: whoever asks sets the limit. Raises an ApkError
        (`damaged-entry`, perhaps after some pieces, or `not-brought`).
        """
        return inflated(entry, self._raw(entry)) if self._is_deflated(entry) else iter([self._stored(entry)])

    def _raw(self, entry: Entry) -> Buffer:
        self.partial.require(entry)
        return raw_of(self.data, entry)

    def _stored(self, entry: Entry) -> Buffer:
        self.partial.require(entry)
        start = start_of(self.data, entry)
        for length in (entry.size, entry.compressed):
            content = self.data[start : start + length]
            if len(content) == length:
                return content
        raise damaged(entry)

    def _inflate(self, entry: Entry, raw: Buffer, limit: int) -> bytes:
        if self._ahead is not None and (content := self._ahead.take(entry)) is not None:
            return content
        content = whole(raw, min(limit, self._left))
        if content is None:
            raise damaged(entry)
        return content

    def _is_deflated(self, entry: Entry) -> bool:
        """Tell how to read an entry. Android takes unknown methods as stored; what inflates exactly was mislabelled."""
        if entry.method in (STORED, DEFLATED) or entry.compressed == entry.size:
            return entry.method == DEFLATED
        if entry not in self._mislabelled:
            self._mislabelled[entry] = self._inflates_exactly(entry)
        return self._mislabelled[entry]

    def _inflates_exactly(self, entry: Entry) -> bool:
        """Whether the bytes inflate to the announced size, as long as all such attempts together stay in the limit."""
        size = 0
        try:
            for piece in inflated(entry, self._raw(entry)):
                size += len(piece)
                self._left_to_try -= len(piece)
                if size > entry.size or self._left_to_try < 0:
                    return False
        except ApkError:
            return False
        return size == entry.size


def _announced(data: Buffer, entry: Entry) -> bytes | None:
    """Inflate an entry that is no larger than announced; None where it is, or damaged. Safe in any thread."""
    try:
        content = whole(raw_of(data, entry), entry.size)
    except ApkError:
        return None
    return content if content is not None and len(content) <= entry.size else None


def raw_of(data: Buffer, entry: Entry) -> Buffer:
    """Return the bytes of an entry as they lie in the file; an `ApkError` (`damaged-entry`) where they do not."""
    start = start_of(data, entry)
    return data[start : start + entry.compressed]


@contextmanager
def map_file(path: Path) -> Iterator[Buffer]:
    """Map a file for reading; an empty one gives an empty buffer.

    Raises an ApkError (`not-found`, `not-a-file` or `unreadable`), or a MemoryError where there is no room for it.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ApkError("This is not a regular file.", code="not-a-file")
        with path.open("rb") as file:
            size = file.seek(0, 2)
            view = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b"")
    except FileNotFoundError as error:
        raise ApkError("There is no such file.", code="not-found") from error
    except (OSError, ValueError) as error:
        if getattr(error, "errno", None) == errno.ENOMEM:
            raise MemoryError from error
        reason = getattr(error, "strerror", None) or "it changed while it was opened"
        raise ApkError(f"The file cannot be opened: {reason}.", code="unreadable") from error
    yield view
