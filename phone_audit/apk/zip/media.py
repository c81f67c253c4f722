"""Images, fonts, audio and video: how they are told by name and first bytes, and where they end by their own structure.

Sources: PNG (ISO 15948), section 5; JPEG (ITU-T T.81), annex B; RIFF and WebP (RFC 9649), section 2.3; OpenType, "Font
file"; WOFF; MP4 (ISO/IEC 14496-12), section 4.2; MPEG audio (ISO/IEC 11172-3); Ogg (RFC 3533); FLAC (RFC 9639); AMR
(RFC 4867); Khronos KTX, PVR, DDS and ASTC containers.

"""

import struct
from pathlib import PurePosixPath
from typing import Final

from phone_audit.apk.zip.directory import Sliceable

OPENING: Final = 16
"""Bytes that are enough to tell how a file begins."""
MEDIA_MAGICS: Final = (
    b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"OggS", b"ID3", b"\xff\xfb", b"fLaC", b"MThd",
    b"\x1aE\xdf\xa3", b"\0\1\0\0\0", b"OTTO", b"ttcf", b"wOFF", b"wOF2", b"\xabKTX", b"PKM ", b"DDS ", b"PVR\3",
)  # fmt: skip
"""How images, fonts, sounds and videos begin."""
MPEG4: Final = b"ftyp"
"""Stands behind the four bytes with which a file of this family begins."""

_NAMES: Final = frozenset(
    {
        ".png", ".jpg", ".jpeg", ".jpe", ".webp", ".gif", ".bmp", ".ico", ".heic", ".heif", ".avif", ".tga",
        ".ttf", ".otf", ".ttc", ".woff", ".woff2",
        ".mp3", ".ogg", ".oga", ".opus", ".wav", ".m4a", ".aac", ".flac", ".amr", ".mid", ".midi",
        ".mp4", ".m4v", ".webm", ".mkv", ".mov", ".avi", ".3gp", ".3gpp", ".flv",
        ".ktx", ".pvr", ".dds", ".pkm", ".astc",
    }
)  # fmt: skip
_MAGICS: Final = (
    b"\xff\xf3", b"\xff\xf2", b"\xff\xf1", b"\xff\xf9", b"#!AMR", b"FLV\1", b"BM", b"\0\0\1\0", b"\x13\xab\xa1\x5c",
)  # fmt: skip
"""Beginnings of sounds and pictures that are too short, or too common, to take a whole file for one by them alone."""
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PNG_CHUNK, _IDAT = 12, b"IDAT"
_RIFF: Final = b"RIFF"
_RIFF_HEAD, _RIFF_CHUNK = 12, 8
_RIFF_BODIES: Final = frozenset({b"VP8 ", b"VP8L", b"data"})
_FONT_MAGICS: Final = (b"\0\1\0\0", b"OTTO")
_FONT_HEAD, _FONT_TABLE, _PADDING = 12, 16, 3
_BOX, _LARGE_BOX = 8, 16
_BOX_BODIES: Final = frozenset({b"moov", b"mdat", b"meta", b"moof"})
_MAX_PARTS: Final = 64
_MAX_LOOKS: Final = 2
"""Parts behind the opening whose heads are looked at: each takes a round of its own."""
_PNG_HEAD: Final = _PNG + b"\0\0\0\rIHDR"
_PNG_END: Final = b"\0\0\0\0IEND\xaeB`\x82"
_MAX_CHUNKS: Final = 20_000
_ADDRESS: Final = b"://"
_FONTS: Final = (b"\0\1\0\0\0", b"OTTO\0")
_WEB_FONTS: Final = (b"wOFF", b"wOF2")
_JPEG: Final = b"\xff\xd8\xff"
_JPEG_SCAN, _JPEG_END = 0xDA, b"\xff\xd9"


def named_like_media(name: str) -> bool:
    """Tell whether a file is called like an image, a font, a sound or a video."""
    return PurePosixPath(name).suffix.lower() in _NAMES


def may_stay(name: str, head: bytes | None) -> bool:
    """Tell whether a file may stay on the phone, by its name, and by its first bytes where they are known."""
    if not named_like_media(name):
        return False
    return head is None or head.startswith((*MEDIA_MAGICS, *_MAGICS)) or head[4:8] == MPEG4


def is_media_to_its_end(data: Sliceable, start: int, size: int, opening: int) -> bool:
    """Tell whether the parts of which a file consists lie one behind the other and end where it ends.

    The file lies in hostile `data`, from `start` on, and its first `opening` bytes are held. Raises a MissingBytesError
    where bytes decide that are not.
    """
    file = _PartialFile(data, start, size, opening)
    head = file.take(0, _RIFF_HEAD)
    if head.startswith(_PNG):
        return _is_whole_png(file)
    if head.startswith(_RIFF):
        return _is_whole_riff(file)
    if head.startswith(_FONT_MAGICS):
        return _is_whole_font(file)
    return head[4:8] == MPEG4 and _is_whole_mpeg4(file)


class _PartialFile:
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


def _is_whole_png(file: _PartialFile) -> bool:
    """What stands before the picture must lie in the opening, and nothing may follow it.

    It is cut into equal chunks, of which the last may be shorter; the head of that one is looked at.
    """
    at = len(_PNG)
    while at + _PNG_CHUNK <= file.opening:
        length, kind = struct.unpack(">I4s", file.take(at, 8))
        if kind == _IDAT:
            whole, left = divmod(file.size - _PNG_CHUNK - at, _PNG_CHUNK + length)
            last = left or _PNG_CHUNK + length
            head = file.take(at + (whole - (left == 0)) * (_PNG_CHUNK + length), 8)
            return whole > 0 and last >= _PNG_CHUNK and head == struct.pack(">I4s", last - _PNG_CHUNK, _IDAT)
        at += _PNG_CHUNK + length
    return False


def _is_whole_riff(file: _PartialFile) -> bool:
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


def _is_whole_font(file: _PartialFile) -> bool:
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


def _is_whole_mpeg4(file: _PartialFile) -> bool:
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


def end_of_media(data: memoryview) -> int:
    """Return where a picture or font ends, in bytes; 0 where it is to be searched whole: none, or with an address.

    A font names its maker and licence for people; nothing acts on that.
    """
    head = bytes(data[:16])
    if head == _PNG_HEAD:
        return _end_of_png(bytes(data))
    if head.startswith(_JPEG):
        return _end_of_jpeg(bytes(data))
    if head.startswith(_FONTS):
        return _end_of_font(data)
    if head.startswith(_WEB_FONTS):
        return _end_within(int.from_bytes(head[8:12], "big"), data)
    return 0


def _end_within(end: int, data: memoryview) -> int:
    return end if end <= len(data) else 0


def _end_of_font(data: memoryview) -> int:
    tables = int.from_bytes(data[4:6], "big")
    if len(data) < _FONT_HEAD + _FONT_TABLE * tables:
        return 0
    records = struct.iter_unpack(">4s3I", data[_FONT_HEAD : _FONT_HEAD + _FONT_TABLE * tables])
    return _end_within(max((offset + length for _, _, offset, length in records), default=0), data)


def _end_of_png(data: bytes) -> int:
    """Nearly all have one end mark, at the very end; only the others are walked through."""
    if data.find(_PNG_END) == len(data) - _PNG_CHUNK:
        return 0 if _ADDRESS in data else len(data)
    at = len(_PNG)
    for _ in range(_MAX_CHUNKS):
        if at + _PNG_CHUNK > len(data):
            return 0
        length = int.from_bytes(data[at : at + 4], "big")
        kind = data[at + 4 : at + 8]
        at += _PNG_CHUNK + length
        if not kind.isalpha() or at > len(data):
            return 0
        if kind == _PNG_END[4:8]:
            return 0 if data[at - _PNG_CHUNK : at] != _PNG_END or data.find(_ADDRESS, 0, at) >= 0 else at
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
