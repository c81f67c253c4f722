"""The directory of a ZIP archive as Android reads it.

Follows AOSP `system/libziparchive/zip_archive.cc`: the last end record counts, the central directory alone says what
there is, and as many records are read as the end record announces. Where Android refuses a file that other readers
accept, the file is still read, and a `Note` says so. Plain `struct` over the bytes, nothing is inflated here.
"""

import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from phone_audit.errors import ApkError

STORED, DEFLATED = 0, 8
"""Methods of compression."""
END = b"PK\x05\x06"
RECORD = b"PK\x01\x02"
LOCAL = b"PK\x03\x04"
LOCAL_HEADER = 30
"""Bytes of the header in front of an entry, without its name and its extra field."""
_END64 = b"PK\x06\x06"
_LOCATOR64 = b"PK\x06\x07"
_END_FORMAT = struct.Struct("<4s4H2IH")
_RECORD_FORMAT = struct.Struct("<10xH8x2I3H8xI")
_LOCATOR64_FORMAT = struct.Struct("<4sIQI")
_END64_FORMAT = struct.Struct("<4sQ2H2I4Q")
_FULL16 = 0xFFFF
_FULL32 = 0xFFFFFFFF
_EXTRA64 = 1
_SEARCH = _END_FORMAT.size + _FULL16
MAX_ENTRIES = 1_000_000
SMALL_ENTRIES = 65_535
"""As many as an archive without 64-bit records may have."""
SMALL_DIRECTORY = 8 * 2**20
"""Bytes of a directory: some 80 for each of so many entries, several times what the largest real packages have."""

Buffer = memoryview
"""Read-only bytes: a mapped file, or one archive inside another."""


class Sliceable(Protocol):
    """Bytes that need not be in memory as a whole."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> bytes | Buffer: ...


class Entry(NamedTuple):
    """One record of the central directory, which begins at `record`.

    Sizes and offsets in bytes; undecodable bytes of `name` are escaped.
    """

    name: str
    method: int
    compressed: int
    size: int
    header_offset: int
    record: int = 0


@dataclass(frozen=True, slots=True)
class Note:
    """Something odd that Android refuses, or that was not read."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Index:
    """What the central directory says. Offsets count from the first byte of the file."""

    entries: tuple[Entry, ...]
    directory_offset: int
    directory_size: int
    end_offset: int
    notes: tuple[Note, ...]


class _End(NamedTuple):
    offset: int
    records: int
    directory_size: int
    directory_offset: int
    shift: int

    @property
    def directory_end(self) -> int:
        return self.directory_offset + self.shift + self.directory_size


def read_index(data: Sliceable, *, small: bool = False) -> Index:
    """Read the central directory of a hostile archive.

    `small` refuses one that is larger than that of any honest package, so that little time and memory do. Raises an
    ApkError (`empty`, `not-an-archive`, `truncated`, `damaged-archive` or `too-many-entries`).
    """
    notes: list[Note] = []
    end = _find_end(data, notes)
    if small:
        _check_small(end)
    if end.records > MAX_ENTRIES:
        reason = f"The archive claims {end.records} entries; {MAX_ENTRIES} is the limit."
        raise ApkError(reason, code="too-many-entries")
    entries = tuple(_records(data, end))
    if len(entries) < end.records:
        if not entries:
            raise ApkError("The archive's central directory is damaged.", code="damaged-archive")
        reason = (
            f"Record {len(entries) + 1} of {end.records} of the central directory is damaged; the rest was not read."
        )
        notes.append(Note("damaged-archive", reason))
    elif entries and not _end_of(data, entries[-1]) <= end.directory_end <= end.offset:
        odd = "The end record gives the central directory a size that cannot be; Android refuses such a file."
        notes.append(Note("directory-size", odd))
    notes.extend(_duplicates(entries))
    return Index(entries, end.directory_offset, end.directory_size, end.offset, tuple(notes))


def records(data: Sliceable, *, small: bool = False) -> Iterator[Entry]:
    """Return the entries as they are read, as far as they can be.

    Raises as `read_index`, except that the number of entries is limited only where it has to be small.
    """
    end = _find_end(data, [])
    if small:
        _check_small(end)
    return _records(data, end)


def _check_small(end: _End) -> None:
    if end.records > SMALL_ENTRIES or end.offset - end.directory_offset - end.shift > SMALL_DIRECTORY:
        raise ApkError("The archive has a larger directory than is read here.", code="too-many-entries")


def _find_end(data: Sliceable, notes: list[Note]) -> _End:
    """Locate the end record. The last one counts; one that ends exactly at the end of the file is preferred."""
    start = max(0, len(data) - _SEARCH)
    tail = bytes(data[start:])
    position = tail.rfind(END, 0, max(0, len(tail) - _END_FORMAT.size + len(END)))
    if position < 0:
        raise _no_end(data)
    last = position
    while position >= 0 and _comment_end(tail, position) != len(tail):
        position = tail.rfind(END, 0, position + len(END) - 1)
    if position < 0:
        position = last
        odd = "Bytes that follow the archive's end record were not looked at; Android refuses such a file."
        notes.append(Note("trailing-bytes", odd))
    offset = start + position
    _, _, _, here, records, size, directory, _ = _END_FORMAT.unpack(data[offset : offset + _END_FORMAT.size])
    if _FULL16 in (here, records) or _FULL32 in (size, directory):
        records, size, directory = _end64(data, offset) or (records, size, directory)
    return _End(offset, records, size, directory, _shift(data, offset, size, directory, notes))


def _comment_end(tail: bytes, position: int) -> int:
    return position + _END_FORMAT.size + int.from_bytes(tail[position + 20 : position + 22], "little")


def _no_end(data: Sliceable) -> ApkError:
    if not len(data):
        return ApkError("The file is empty.", code="empty")
    if data[:4] == LOCAL:
        return ApkError("The archive is cut off: its central directory is missing.", code="truncated")
    return ApkError("This is not a ZIP archive, so it is not an APK.", code="not-an-archive")


def _end64(data: Sliceable, end_offset: int) -> tuple[int, int, int] | None:
    locator = end_offset - _LOCATOR64_FORMAT.size
    if locator < 0 or data[locator : locator + 4] != _LOCATOR64:
        return None
    offset = _LOCATOR64_FORMAT.unpack(data[locator:end_offset])[2]
    if offset + _END64_FORMAT.size > locator or data[offset : offset + 4] != _END64:
        raise ApkError("The archive's 64-bit end record is damaged.", code="damaged-archive")
    *_, records, size, directory = _END64_FORMAT.unpack(data[offset : offset + _END64_FORMAT.size])
    return records, size, directory


def _shift(data: Sliceable, end_offset: int, size: int, directory: int, notes: list[Note]) -> int:
    """Bytes that were put before the archive without correcting its offsets; Android does not correct them either."""
    if data[directory : directory + 4] == RECORD or size == 0:
        return 0
    shift = end_offset - size - directory
    if shift > 0 and data[directory + shift : directory + shift + 4] == RECORD:
        odd = f"{shift} bytes before the archive were not looked at; Android refuses such a file."
        notes.append(Note("prefixed", odd))
        return shift
    code = "truncated" if directory >= len(data) else "damaged-archive"
    raise ApkError("The archive's central directory is not where its end record says.", code=code)


def _records(data: Sliceable, end: _End) -> Iterator[Entry]:
    """Yield as many records as are announced, up to the first damaged one."""
    at = end.directory_offset + end.shift
    for _ in range(end.records):
        fixed = data[at : at + _RECORD_FORMAT.size]
        if at + _RECORD_FORMAT.size > end.offset or fixed[:4] != RECORD:
            return
        method, compressed, size, name_length, extra_length, comment_length, offset = _RECORD_FORMAT.unpack(fixed)
        record, at = at, at + _RECORD_FORMAT.size
        name = bytes(data[at : at + name_length]).decode("utf-8", "backslashreplace")
        if _FULL32 in (compressed, size, offset):
            extra = bytes(data[at + name_length : at + name_length + extra_length])
            size, compressed, offset = _sizes64(extra, size, compressed, offset)
        at += name_length + extra_length + comment_length
        yield Entry(name, method, compressed, size, offset + end.shift, record)


def _end_of(data: Sliceable, entry: Entry) -> int:
    """The offset at which the record of an entry ends."""
    lengths = struct.unpack("<3H", data[entry.record + 28 : entry.record + 34])
    return entry.record + _RECORD_FORMAT.size + int(sum(lengths))


def _sizes64(extra: bytes, size: int, compressed: int, offset: int) -> tuple[int, int, int]:
    """Replace each value that is all ones by the next one of the ZIP64 extra field, as long as there is one."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == _EXTRA64:
            field = extra[at + 4 : at + 4 + length]
            wide = iter([int.from_bytes(field[n : n + 8], "little") for n in range(0, len(field) - 7, 8)])
            size, compressed, offset = (next(wide, v) if v == _FULL32 else v for v in (size, compressed, offset))
            break
        at += 4 + length
    return size, compressed, offset


def _duplicates(entries: tuple[Entry, ...]) -> list[Note]:
    twice = [name for name, count in Counter(entry.name for entry in entries).items() if count > 1]
    if not twice:
        return []
    more = f" and {len(twice) - 1} more" if len(twice) > 1 else ""
    reason = f"The entry {twice[0]}{more} stands in the archive more than once; Android refuses such a file."
    return [Note("duplicate-entry", reason)]


def start_of(data: Buffer, entry: Entry) -> int:
    """Find where the bytes of an entry begin; an `ApkError` (`damaged-entry`) where its header is none."""
    offset = entry.header_offset
    if offset + LOCAL_HEADER > len(data) or data[offset : offset + 4] != LOCAL:
        raise damaged(entry)
    name_length, extra_length = struct.unpack_from("<HH", data, offset + 26)
    return int(offset + LOCAL_HEADER + name_length + extra_length)


def damaged(entry: Entry) -> ApkError:
    return ApkError(f"The entry {entry.name} of the archive is damaged.", code="damaged-entry")
