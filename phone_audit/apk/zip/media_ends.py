"""Tells from a few bytes whether a picture, font, sound or video is one up to its last byte.

Only formats that say how long each of their parts is can tell that; of all others the end is known to whoever reads
every byte. What stands inside a part is believed. Sources: PNG (ISO 15948), section 5; RIFF and WebP (RFC 9649),
section 2.3; OpenType, "Font file"; ISO/IEC 14496-12, section 4.2.
"""

import struct
from typing import Final

from phone_audit.apk.zip.directory import Sliceable

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_CHUNK, _IDAT = 12, b"IDAT"
_RIFF: Final = b"RIFF"
_RIFF_HEAD, _RIFF_CHUNK = 12, 8
_RIFF_BODIES: Final = frozenset({b"VP8 ", b"VP8L", b"data"})
_FONTS: Final = (b"\0\1\0\0", b"OTTO")
_FONT_HEAD, _FONT_TABLE, _PADDING = 12, 16, 3
_BOX, _LARGE_BOX = 8, 16
_MPEG4: Final = b"ftyp"
_BOX_BODIES: Final = frozenset({b"moov", b"mdat", b"meta", b"moof"})
_MAX_PARTS: Final = 64
_MAX_LOOKS: Final = 2
"""Parts behind the opening whose heads are looked at: each takes a round of its own."""


def is_media_to_its_end(data: Sliceable, start: int, size: int, opening: int) -> bool:
    """Tell whether the parts of which a file consists lie one behind the other and end where it ends.

    Args:
        data: the file lies in it; hostile.
        start: where it begins.
        size: how many bytes it has.
        opening: how many of its first bytes are held.

    Raises:
        NotHeldError: these bytes decide, and are not held.
    """
    file = _File(data, start, size, opening)
    head = file.take(0, _RIFF_HEAD)
    if head.startswith(_PNG):
        return _png(file)
    if head.startswith(_RIFF):
        return _riff(file)
    if head.startswith(_FONTS):
        return _font(file)
    return head[4:8] == _MPEG4 and _mpeg4(file)


class _File:
    def __init__(self, data: Sliceable, start: int, size: int, opening: int) -> None:
        self._data = data
        self._start = start
        self._looks = _MAX_LOOKS
        self.size = size
        self.opening = min(opening, size)

    def take(self, at: int, count: int) -> bytes:
        """Return bytes of the opening, or, a few times, of what follows; fewer where there are no more."""
        end = min(at + count, self.size)
        if end > self.opening:
            self._looks -= 1
            if self._looks < 0:
                return b""
        return bytes(self._data[self._start + at : self._start + end])


def _png(file: _File) -> bool:
    """What stands before the picture must lie in the opening, and nothing may follow it.

    It is cut into equal chunks, of which the last may be shorter; the head of that one is looked at.
    """
    at = len(_PNG)
    while at + _CHUNK <= file.opening:
        length, kind = struct.unpack(">I4s", file.take(at, 8))
        if kind == _IDAT:
            whole, left = divmod(file.size - _CHUNK - at, _CHUNK + length)
            last = left or _CHUNK + length
            head = file.take(at + (whole - (left == 0)) * (_CHUNK + length), 8)
            return whole > 0 and last >= _CHUNK and head == struct.pack(">I4s", last - _CHUNK, _IDAT)
        at += _CHUNK + length
    return False


def _riff(file: _File) -> bool:
    """The chunks that are larger than the opening must be those that hold a picture or sound."""
    told = int.from_bytes(file.take(4, 4), "little") + _RIFF_CHUNK
    if not told <= file.size <= told + 1:
        return False
    at = _RIFF_HEAD
    for _ in range(_MAX_PARTS):
        if told <= at <= file.size:
            return True
        chunk = file.take(at, _RIFF_CHUNK)
        if len(chunk) < _RIFF_CHUNK:
            return False
        kind, length = struct.unpack("<4sI", chunk)
        at += _RIFF_CHUNK + length + length % 2
        if at > file.opening and kind not in _RIFF_BODIES:
            return False
    return False


def _font(file: _File) -> bool:
    """The tables must fill the file, without a gap larger than what aligns them."""
    count = int.from_bytes(file.take(4, 2), "big")
    at = _FONT_HEAD + _FONT_TABLE * count
    if count == 0 or at > file.opening:
        return False
    records = struct.iter_unpack(">4s3I", file.take(_FONT_HEAD, _FONT_TABLE * count))
    for begin, length in sorted((offset, length) for _, _, offset, length in records):
        if not at <= begin <= at + _PADDING:
            return False
        at = begin + length
    return at <= file.size <= at + _PADDING


def _mpeg4(file: _File) -> bool:
    """The boxes that are larger than the opening must be those that hold a picture, a sound, or where its parts lie."""
    at = 0
    for _ in range(_MAX_PARTS):
        if at == file.size:
            return True
        head = file.take(at, _LARGE_BOX)
        if len(head) < _BOX:
            return False
        length, kind = struct.unpack_from(">I4s", head)
        if length == 1:
            length = int.from_bytes(head[_BOX:], "big")
        if length < _BOX:
            return False
        at += length
        if at > file.opening and kind not in _BOX_BODIES:
            return False
    return False
