"""Where the bytes of an entry begin, and whether they are here."""

import struct
from collections.abc import Iterable

from phone_audit.apk.zip.directory import LOCAL, Buffer, Entry, Sliceable
from phone_audit.apk.zip.held_parts import Held, NotHeldError
from phone_audit.errors import ApkError
from phone_audit.model.apk import LeftOnPhone
from phone_audit.model.parts import Parts

_FIXED = 30
_DEFLATED = 8


class HeldEntries:
    """Tells what of an archive is here.

    Args:
        data: the archive at its full size.
        parts: what of it is here; None: all of it.
    """

    def __init__(self, data: Buffer, parts: Parts | None) -> None:
        self._data = data
        self._parts = None if parts is None or parts.holds(0, len(data)) else parts

    @property
    def whole(self) -> bool:
        """Whether all bytes are here."""
        return self._parts is None

    @property
    def data(self) -> Sliceable:
        """The bytes; asking for one that is not here raises `NotHeldError`."""
        return self._data if self._parts is None else Held(self._data, self._parts)

    def holds(self, start: int, end: int) -> bool:
        """Tell whether some bytes are here."""
        return self._parts is None or self._parts.holds(start, end)

    def has(self, entry: Entry) -> bool:
        """Tell whether an entry is here, with its header."""
        if self._parts is None:
            return True
        start = entry.header_offset
        try:
            end = self.start_of(entry) + (entry.compressed if entry.method == _DEFLATED else entry.size)
        except NotHeldError:
            return False
        except ApkError:
            return True  # it is damaged, whatever follows
        return self._parts.holds(start, min(end, len(self._data)))

    def require(self, entry: Entry) -> None:
        """Make sure that an entry is here.

        Raises:
            NotHeldError: it is not.
        """
        if not self.has(entry):
            raise NotHeldError(entry.header_offset, entry.header_offset + _FIXED + entry.compressed)

    def start_of(self, entry: Entry) -> int:
        """Find where the bytes of an entry begin, perhaps deflated.

        Raises:
            ApkError: code `damaged-entry`, or `not-brought` where its header is not here.
        """
        start = entry.header_offset
        if not self.holds(start, start + _FIXED):
            raise NotHeldError(start, start + _FIXED)
        return start_of(self._data, entry)

    def left_on_phone(self, entries: Iterable[Entry]) -> LeftOnPhone | None:
        """Tell how much of some entries is not here; None where all of the archive is."""
        if self._parts is None:
            return None
        left = [entry for entry in entries if not self.has(entry)]
        packed = sum(entry.compressed for entry in left)
        return LeftOnPhone(files=len(left), bytes=packed, bytes_read=self._parts.size)


def start_of(data: Buffer, entry: Entry) -> int:
    """Find where the bytes of an entry of a whole archive begin.

    Raises:
        ApkError: code `damaged-entry`.
    """
    offset = entry.header_offset
    if offset + _FIXED > len(data) or data[offset : offset + 4] != LOCAL:
        raise damaged(entry)
    name_length, extra_length = struct.unpack_from("<HH", data, offset + 26)
    return int(offset + _FIXED + name_length + extra_length)


def damaged(entry: Entry) -> ApkError:
    """Return the error for an entry that cannot be read."""
    return ApkError(f"The entry {entry.name} of the archive is damaged.", code="damaged-entry")
