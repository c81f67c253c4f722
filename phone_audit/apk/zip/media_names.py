"""What may stay on the phone: images, fonts, audio and video, told by name and by first bytes.

Magic numbers: PNG (ISO 15948), JPEG (ITU-T T.81), RIFF and WebP, OpenType, MP4 (ISO/IEC 14496-12), MPEG audio
(ISO/IEC 11172-3), Ogg (RFC 3533), FLAC (RFC 9639), AMR (RFC 4867), Khronos KTX, PVR, DDS and ASTC containers.
"""

from pathlib import PurePosixPath
from typing import Final

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


def named_like_media(name: str) -> bool:
    """Tell whether a file is called like an image, a font, a sound or a video."""
    return PurePosixPath(name).suffix.lower() in _NAMES


def may_stay(name: str, head: bytes | None) -> bool:
    """Tell whether a file may stay on the phone, by its name, and by its first bytes where they are known."""
    if not named_like_media(name):
        return False
    return head is None or head.startswith((*MEDIA_MAGICS, *_MAGICS)) or head[4:8] == MPEG4
