"""DEX files that lie inside another file, found by how they begin.

Up to Android 7, and wherever no VDEX was written, an OAT file (an ELF library with the program in `.rodata`) holds the
DEX files themselves (AOSP `art/runtime/oat_file.cc`). Their places are told in a table whose form changes with nearly
every version, so they are looked for by the head of a DEX file instead, which does not change.
"""

import re
import struct
from collections.abc import Iterator
from typing import Final

from phone_audit.apk.oat.vdex import MOST_DEX_FILES

ELF: Final = b"\x7fELF"

_MAGIC: Final = re.compile(rb"dex\n0\d\d\0")
_HEAD: Final = 0x70
_SIZES: Final = struct.Struct("<3I")  # file_size, header_size, endian_tag at 0x20
_LITTLE_ENDIAN: Final = 0x12345678
_HEADER_SIZES: Final = frozenset({0x70, 0x78})


def embedded_dex(view: memoryview) -> Iterator[memoryview]:
    """Yield the DEX files inside a file, by place; one inside another is left out, since it is an entry of that one.

    Args:
        view: the whole file; hostile. Nothing is copied.
    """
    at = found = 0
    while found < MOST_DEX_FILES and (hit := _MAGIC.search(view, at)):
        size = _size_at(view, hit.start())
        if size:
            found += 1
            yield view[hit.start() : hit.start() + size]
        at = hit.start() + max(size, 1)


def _size_at(view: memoryview, at: int) -> int:
    """Return the size of the DEX file that begins there; 0 where none does."""
    if at + _HEAD > len(view):
        return 0
    size, head, endian = _SIZES.unpack_from(view, at + 0x20)
    sound = endian == _LITTLE_ENDIAN and head in _HEADER_SIZES and _HEAD <= size <= len(view) - at
    return size if sound else 0
