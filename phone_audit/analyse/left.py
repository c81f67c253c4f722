"""What may stay on the phone: images, fonts, audio and video, told by name, by first bytes and by how they end.

Magic numbers: PNG (ISO 15948), JPEG (ITU-T T.81), RIFF and WebP, OpenType, MP4 (ISO/IEC 14496-12), MPEG audio
(ISO/IEC 11172-3), Ogg (RFC 3533), FLAC (RFC 9639), AMR (RFC 4867), Khronos KTX, PVR, DDS and ASTC containers.
"""

from pathlib import PurePosixPath
from typing import Final

OPENING: Final = 16
"""Bytes that are enough to tell how a file begins."""
ENDING: Final = 32
"""Bytes that are enough to tell how it ends."""
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
_COMPRESSED: Final = frozenset(
    {
        ".png", ".jpg", ".jpeg", ".jpe", ".webp", ".gif", ".heic", ".heif", ".avif", ".woff", ".woff2",
        ".mp3", ".ogg", ".oga", ".opus", ".m4a", ".aac", ".flac", ".amr",
        ".mp4", ".m4v", ".webm", ".mkv", ".mov", ".3gp", ".3gpp", ".flv",
    }
)  # fmt: skip
_WORTH_A_LOOK: Final = 4 * 2**10
_MAGICS: Final = (
    b"\xff\xf3", b"\xff\xf2", b"\xff\xf1", b"\xff\xf9", b"#!AMR", b"FLV\1", b"BM", b"\0\0\1\0", b"\x13\xab\xa1\x5c",
)  # fmt: skip
"""Beginnings of sounds and pictures that are too short, or too common, to take a whole file for one by them alone."""
_PNG, _PNG_END = b"\x89PNG", b"\0\0\0\0IEND\xaeB`\x82"
_JPEG, _JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"
_GIF, _GIF_END = b"GIF8", b"\x3b"
_RIFF: Final = b"RIFF"
_RIFF_HEAD: Final = 8


def named_like_media(name: str) -> bool:
    """Tell whether a file is called like an image, a font, a sound or a video."""
    return PurePosixPath(name).suffix.lower() in _NAMES


def is_packed_oddly(name: str, size: int, packed: int) -> bool:
    """Tell whether packing made a file far smaller that, going by its name, is compressed by itself already."""
    return packed >= _WORTH_A_LOOK and 4 * packed < 3 * size and PurePosixPath(name).suffix.lower() in _COMPRESSED


def may_stay(name: str, head: bytes | None) -> bool:
    """Tell whether a file may stay on the phone, by its name, and by its first bytes where they are known."""
    if not named_like_media(name):
        return False
    return head is None or head.startswith((*MEDIA_MAGICS, *_MAGICS)) or head[4:8] == MPEG4


def ends_well(head: bytes, tail: bytes, size: int) -> bool:
    """Tell whether a file that begins like media also ends so: what is hung onto a picture lies behind its end.

    Formats that do not tell their end are believed.

    Args:
        head: its first bytes.
        tail: its last bytes.
        size: how many it has.
    """
    if head.startswith(_PNG):
        return tail.endswith(_PNG_END)
    if head.startswith(_JPEG):
        return tail.rstrip(b"\0").endswith(_JPEG_END)
    if head.startswith(_GIF):
        return tail.endswith(_GIF_END)
    if head.startswith(_RIFF):
        return size - _RIFF_HEAD <= int.from_bytes(head[4:8], "little") + 1
    return True
