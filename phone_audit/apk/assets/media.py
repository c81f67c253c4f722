"""Where a picture or a font ends by its own structure: what stands behind is searched like any other file.

Only the formats that packages hold in great numbers are told, and pictures only where no address stands in them; all
others are searched whole. Sources: PNG (ISO 15948), section 5; JPEG (ITU-T T.81), annex B; OpenType, "Font file"; WOFF.
"""

import struct
from typing import Final

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PNG_HEAD: Final = _PNG + b"\0\0\0\rIHDR"
_PNG_END: Final = b"\0\0\0\0IEND\xaeB`\x82"
_CHUNK: Final = 12
_MAX_CHUNKS: Final = 20_000
_ADDRESS: Final = b"://"
_FONTS: Final = (b"\0\1\0\0\0", b"OTTO\0")
_WEB_FONTS: Final = (b"wOFF", b"wOF2")
_FONT_HEAD, _FONT_TABLE = 12, 16
_JPEG: Final = b"\xff\xd8\xff"
_JPEG_SCAN, _JPEG_END = 0xDA, b"\xff\xd9"


def end_of_media(data: memoryview) -> int:
    """Return where a picture or font ends, in bytes.

    0 where it is to be searched whole: it is none, or holds an address.

    A font names its maker and licence for people; nothing acts on that.

    Args:
        data: bytes that begin like one; hostile.
    """
    head = bytes(data[:16])
    if head == _PNG_HEAD:
        return _end_of_png(bytes(data))
    if head.startswith(_JPEG):
        return _end_of_jpeg(bytes(data))
    if head.startswith(_FONTS):
        return _end_of_font(data)
    if head.startswith(_WEB_FONTS):
        return _inside(int.from_bytes(head[8:12], "big"), data)
    return 0


def _inside(end: int, data: memoryview) -> int:
    return end if end <= len(data) else 0


def _end_of_font(data: memoryview) -> int:
    tables = int.from_bytes(data[4:6], "big")
    if len(data) < _FONT_HEAD + _FONT_TABLE * tables:
        return 0
    records = struct.iter_unpack(">4s3I", data[_FONT_HEAD : _FONT_HEAD + _FONT_TABLE * tables])
    return _inside(max((offset + length for _, _, offset, length in records), default=0), data)


def _end_of_png(data: bytes) -> int:
    """Nearly all have one end mark, at the very end; only the others are walked through."""
    if data.find(_PNG_END) == len(data) - _CHUNK:
        return 0 if _ADDRESS in data else len(data)
    at = len(_PNG)
    for _ in range(_MAX_CHUNKS):
        if at + _CHUNK > len(data):
            return 0
        length = int.from_bytes(data[at : at + 4], "big")
        kind = data[at + 4 : at + 8]
        at += _CHUNK + length
        if not kind.isalpha() or at > len(data):
            return 0
        if kind == _PNG_END[4:8]:
            return 0 if data[at - _CHUNK : at] != _PNG_END or data.find(_ADDRESS, 0, at) >= 0 else at
    return 0


def _end_of_jpeg(data: bytes) -> int:
    """Segments up to the first scan have a length; in what follows only the end of the picture is marked so."""
    at = 2
    while data[at : at + 1] == b"\xff" and at + 4 <= len(data):
        if data[at + 1] == _JPEG_SCAN:
            end = data.find(_JPEG_END, at) + len(_JPEG_END)
            return 0 if end < at or data.find(_ADDRESS, 0, end) >= 0 else end
        at += 2 + max(2, int.from_bytes(data[at + 2 : at + 4], "big"))
    return 0
