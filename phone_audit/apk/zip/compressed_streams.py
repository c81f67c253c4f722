"""Files that are compressed by themselves: several streams one after the other, which all common readers join."""

from collections.abc import Callable
from typing import Final, Protocol

from phone_audit.apk.zip.directory import Buffer
from phone_audit.errors import ApkError

MAX_STREAMS: Final = 10_000
"""Streams that are joined; only a forged file has more."""
_FIRST_PIECE: Final = 2**12


class Stream(Protocol):
    """A decompressor of the standard library, or one like it."""

    @property
    def eof(self) -> bool:
        """Whether its stream has ended."""
        ...

    @property
    def unused_data(self) -> bytes:
        """What it was given beyond that end."""
        ...

    def decompress(self, data: Buffer, max_length: int, /) -> bytes:
        """Unpack some more."""
        ...


def unpack(
    data: Buffer, limit: int, new: Callable[[], Stream], faults: tuple[type[Exception], ...]
) -> tuple[bytes, int]:
    """Unpack all streams of a file.

    Args:
        data: the file; hostile.
        limit: bytes that it may unpack to.
        new: makes a decompressor for one stream.
        faults: what that raises on damage.

    Returns:
        The content, and where the last stream ends in the file, in bytes.

    Raises:
        ApkError: code `damaged-entry` where the first stream is damaged, `size-limit`, or `too-many-entries`.
    """
    parts: list[bytes] = []
    at, left = 0, limit
    for _ in range(MAX_STREAMS):
        try:
            content, at = _one(data, at, left, new(), faults)
        except ApkError as error:
            if not parts or error.code == "size-limit":
                raise
            return b"".join(parts), at
        parts.append(content)
        left -= len(content)
        if at == len(data):
            return b"".join(parts), at
    raise ApkError(f"It holds more than {MAX_STREAMS} compressed streams.", code="too-many-entries")


def _one(data: Buffer, at: int, left: int, stream: Stream, faults: tuple[type[Exception], ...]) -> tuple[bytes, int]:
    """Unpack the stream that begins here; it is given pieces that grow, since what is unused is copied."""
    parts: list[bytes] = []
    size = _FIRST_PIECE
    while not stream.eof:
        if at == len(data):
            raise ApkError("It is compressed and cut off.", code="damaged-entry")
        try:
            part = stream.decompress(data[at : at + size], left + 1)
        except faults as error:
            raise ApkError("It is compressed and damaged.", code="damaged-entry") from error
        left -= len(part)
        if left < 0:
            raise ApkError("It is larger than the limit when unpacked.", code="size-limit")
        parts.append(part)
        at = min(at + size, len(data))
        size *= 2
    return b"".join(parts), at - len(stream.unused_data)
