"""Inflating within budgets: entries of archives, and files that are compressed by themselves."""

import bz2
import lzma
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final, Protocol

from isal import isal_zlib  # noqa: TID251

from phone_audit.apk.zip.directory import Buffer, Entry
from phone_audit.apk.zip.partial_archive import damaged
from phone_audit.errors import ApkError

MAX_STREAMS: Final = 10_000
"""Streams that are joined; only a forged file has more."""
_RAW_DEFLATE, _GZIP = -15, 31
_INFLATE_ERROR: type[Exception] = isal_zlib.IsalError  # type: ignore[assignment]  # its stub says an instance
_XZ_MEMORY: Final = 128 * 2**20
_PIECE, _FIRST_PIECE = 2**20, 2**12


def first_bytes(raw: Buffer, count: int) -> bytes | None:
    """Inflate the beginning of deflated bytes, up to `count` bytes; None where they are damaged."""
    try:
        return bytes(isal_zlib.decompressobj(wbits=_RAW_DEFLATE).decompress(raw, count))
    except _INFLATE_ERROR:
        return None


def whole(raw: Buffer, limit: int) -> bytes | None:
    """Inflate bytes that give up to `limit`; one byte more where they give more, None where they are damaged."""
    stream = isal_zlib.decompressobj(wbits=_RAW_DEFLATE)
    try:
        content = bytes(stream.decompress(raw, limit + 1))
    except _INFLATE_ERROR:
        return None
    return content if stream.eof or len(content) > limit else None


def inflated(entry: Entry, raw: Buffer, *, to_the_end: bool = True) -> Iterator[bytes]:
    """Inflate bytes piece by piece; what follows the end of their stream is left out.

    Args:
        entry: whose bytes they are, for the message.
        raw: the deflated bytes.
        to_the_end: refuse a stream that is cut off.

    Raises:
        ApkError: code `damaged-entry`, perhaps after some pieces.
    """
    stream = isal_zlib.decompressobj(wbits=_RAW_DEFLATE)
    try:
        for at in range(0, len(raw), _PIECE):
            waiting: bytes | Buffer = raw[at : at + _PIECE]
            while waiting and not stream.eof:
                yield stream.decompress(waiting, _PIECE)
                waiting = stream.unconsumed_tail
        while not stream.eof and (rest := stream.decompress(b"", _PIECE)):
            yield rest
    except _INFLATE_ERROR as error:
        raise damaged(entry) from error
    if to_the_end and not stream.eof:
        raise damaged(entry)


class _Stream(Protocol):
    """A decompressor of the standard library, or one like it."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: Buffer, max_length: int, /) -> bytes: ...


_NewStream = Callable[[], _Stream]


def gunzip(data: Buffer, limit: int) -> tuple[bytes, int]:
    """Return the content of a gzip file with all of its members, and where the last one ends in the file, in bytes.

    Args:
        data: the file; hostile.
        limit: bytes that it may unpack to.

    Raises:
        ApkError: code `damaged-entry` where the first stream is damaged, `size-limit`, or `too-many-entries`.
    """
    return _joined(data, limit, partial(isal_zlib.decompressobj, wbits=_GZIP), (_INFLATE_ERROR,))


def bunzip2(data: Buffer, limit: int) -> tuple[bytes, int]:
    """Unpack a bzip2 file; as `gunzip`."""
    return _joined(data, limit, bz2.BZ2Decompressor, (OSError, EOFError))


def unxz(data: Buffer, limit: int) -> tuple[bytes, int]:
    """Unpack an xz file; as `gunzip`."""
    return _joined(data, limit, partial(lzma.LZMADecompressor, memlimit=_XZ_MEMORY), (lzma.LZMAError, EOFError))


def _joined(data: Buffer, limit: int, new: _NewStream, faults: tuple[type[Exception], ...]) -> tuple[bytes, int]:
    """Unpack streams one after the other, which all common readers join; `faults` are what they raise on damage."""
    parts: list[bytes] = []
    at, left = 0, limit
    for _ in range(MAX_STREAMS):
        try:
            content, at = _one_stream(data, at, left, new(), faults)
        except ApkError as error:
            if not parts or error.code == "size-limit":
                raise
            return b"".join(parts), at
        parts.append(content)
        left -= len(content)
        if at == len(data):
            return b"".join(parts), at
    raise ApkError(f"It holds more than {MAX_STREAMS} compressed streams.", code="too-many-entries")


def _one_stream(
    data: Buffer, at: int, left: int, stream: _Stream, faults: tuple[type[Exception], ...]
) -> tuple[bytes, int]:
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
