"""What of an archive is here: a byte that was not brought is never taken for a zero. Nothing is inflated here."""

from collections.abc import Iterable
from typing import Final

from phone_audit.apk.zip.directory import DEFLATED, LOCAL_HEADER, Buffer, Entry, Sliceable, start_of
from phone_audit.errors import ApkError
from phone_audit.model.apk import LeftOnPhone
from phone_audit.model.parts import Parts

NOT_BROUGHT: Final = "not-brought"
"""The code of this error."""


class MissingBytesError(ApkError):
    """Bytes that were not brought are asked for: from `start` to `end`, the offset behind the last one."""

    def __init__(self, start: int, end: int) -> None:
        super().__init__(f"The bytes {start} to {end} of the file were not brought from the phone.", code=NOT_BROUGHT)
        self.start = start
        self.end = end


class PartialBytes:
    """The bytes of a file at its full size, as far as some parts of it are held."""

    def __init__(self, data: Sliceable, parts: Parts) -> None:
        self._data = data
        self.parts = parts

    def __len__(self) -> int:
        return len(self._data)

    def __getitem__(self, part: slice, /) -> bytes | Buffer:
        """Return some bytes, all of a range, whatever its step; a `MissingBytesError` if one of them is not held."""
        start, end, _ = slice(part.start, part.stop).indices(len(self._data))
        if not self.parts.holds(start, end):
            raise MissingBytesError(start, end)
        return self._data[start:end]


class PartialArchive:
    """Tells what of an archive, given at its full size, is here; `parts` is None where that is all of it."""

    def __init__(self, data: Buffer, parts: Parts | None) -> None:
        self._data = data
        self._parts = None if parts is None or parts.holds(0, len(data)) else parts

    @property
    def whole(self) -> bool:
        return self._parts is None

    @property
    def data(self) -> Sliceable:
        """The bytes; asking for one that is not here raises `MissingBytesError`."""
        return self._data if self._parts is None else PartialBytes(self._data, self._parts)

    def holds(self, start: int, end: int) -> bool:
        return self._parts is None or self._parts.holds(start, end)

    def has(self, entry: Entry) -> bool:
        """Tell whether an entry is here, with its header."""
        if self._parts is None:
            return True
        start = entry.header_offset
        try:
            end = self.start_of(entry) + (entry.compressed if entry.method == DEFLATED else entry.size)
        except MissingBytesError:
            return False
        except ApkError:
            return True  # it is damaged, whatever follows
        return self._parts.holds(start, min(end, len(self._data)))

    def require(self, entry: Entry) -> None:
        """Raise a `MissingBytesError` if an entry is not here."""
        if not self.has(entry):
            raise MissingBytesError(entry.header_offset, entry.header_offset + LOCAL_HEADER + entry.compressed)

    def start_of(self, entry: Entry) -> int:
        """Find where the bytes of an entry begin; an `ApkError` (`damaged-entry` or `not-brought`) where it cannot."""
        start = entry.header_offset
        if not self.holds(start, start + LOCAL_HEADER):
            raise MissingBytesError(start, start + LOCAL_HEADER)
        return start_of(self._data, entry)

    def left_on_phone(self, entries: Iterable[Entry]) -> LeftOnPhone | None:
        """Tell how much of some entries is not here; None where all of the archive is."""
        if self._parts is None:
            return None
        left = [entry for entry in entries if not self.has(entry)]
        packed = sum(entry.compressed for entry in left)
        return LeftOnPhone(files=len(left), bytes=packed, bytes_read=self._parts.size)
