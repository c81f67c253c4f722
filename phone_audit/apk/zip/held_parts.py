"""Reading a file of which only parts are here: a byte that was not brought is never taken for a zero."""

from typing import Final

from phone_audit.apk.zip.directory import Buffer, Sliceable
from phone_audit.errors import ApkError
from phone_audit.model.parts import Parts

NOT_BROUGHT: Final = "not-brought"
"""The code of this error."""


class NotHeldError(ApkError):
    """Bytes that were not brought are asked for.

    Args:
        start: offset of the first byte that was asked for.
        end: offset behind the last one.
    """

    def __init__(self, start: int, end: int) -> None:
        super().__init__(f"The bytes {start} to {end} of the file were not brought from the phone.", code=NOT_BROUGHT)
        self.start = start
        self.end = end


class Held:
    """The bytes of a file as far as they are held.

    Args:
        data: the file, at its full size.
        parts: what of it is held.
    """

    def __init__(self, data: Sliceable, parts: Parts) -> None:
        self._data = data
        self._parts = parts

    def __len__(self) -> int:
        return len(self._data)

    def __getitem__(self, part: slice, /) -> bytes | Buffer:
        """Return some bytes; all of a range, whatever its step.

        Raises:
            NotHeldError: one of them is not held.
        """
        start, end, _ = slice(part.start, part.stop).indices(len(self._data))
        if not self._parts.holds(start, end):
            raise NotHeldError(start, end)
        return self._data[start:end]
