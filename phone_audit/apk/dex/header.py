"""The header of a DEX file, or the headers of a container that holds several."""

import struct
from dataclasses import dataclass
from typing import Final, NamedTuple

MAGIC: Final = b"dex\n"
CONTAINER_VERSION: Final = 41
"""From this version on a file may hold several DEX files that share their data (ART, libdexfile/dex/dex_file.h)."""
MAX_PARTS: Final = 1000
"""DEX files in one container that are looked at; ART warns from 100 on."""

_KNOWN_VERSIONS: Final = frozenset({35, 36, 37, 38, 39, 40, 41})
_SIZE: Final = 0x70
_CONTAINER_SIZE: Final = 0x78
_LITTLE_ENDIAN: Final = 0x12345678
_FIELDS: Final = struct.Struct("<20I")  # file_size at 0x20 to data_off at 0x6c
_OTHER_FORMATS: Final = {
    b"cdex": ("compact-dex", "It is a compact DEX file, a form that only the phone itself makes; it is not read."),
    b"dey\n": ("odex", "It is an optimised DEX file (odex) of Android before 5; it is not read."),
    b"vdex": ("vdex", "It is a VDEX file, made by the phone itself; it is not read."),
    b"\x7fELF": ("oat", "It is native code (OAT), made by the phone itself; it is not read."),
}


class Problem(NamedTuple):
    """Something that could not be read: a stable word, and a sentence."""

    code: str
    reason: str


class Section(NamedTuple):
    """A table as the header announces it: number of items, and offset from the start of the file in bytes."""

    size: int
    offset: int


@dataclass(frozen=True, slots=True)
class Header:
    """What one header_item says; nothing in it has been checked against the bytes.

    Attributes:
        at: where the header stands, bytes from the start of the file; 0 outside containers.
        version: 35 to 41 in files that Android loads.
        file_size: bytes of the file, or (version 41) up to the next header.
        container_size: bytes of the whole container; equal to `file_size` before version 41.
    """

    at: int
    version: int
    file_size: int
    container_size: int
    strings: Section
    types: Section
    protos: Section
    fields: Section
    methods: Section
    classes: Section


def read_headers(data: memoryview) -> tuple[tuple[Header, ...], tuple[Problem, ...]]:
    """Read the header, or all headers of a container (version 41).

    Args:
        data: the whole file; hostile.

    Returns:
        The headers that could be read, first one first, and what could not be read.
    """
    header, problems = _read_header(data, 0)
    if header is None:
        return (), problems
    found = [header]
    reasons = list(problems)
    end = min(len(data), header.container_size)
    while header.version >= CONTAINER_VERSION and header.file_size >= _SIZE and header.at + header.file_size < end:
        if len(found) == MAX_PARTS:
            reasons.append(
                Problem("too-many-parts", f"Only the first {MAX_PARTS} DEX files of the container were read.")
            )
            break
        header, problems = _read_header(data, header.at + header.file_size)
        reasons.extend(problems)
        if header is None:
            break
        found.append(header)
    return tuple(found), tuple(reasons)


def _read_header(data: memoryview, at: int) -> tuple[Header | None, tuple[Problem, ...]]:
    magic = bytes(data[at : at + 8])
    if problem := _wrong_magic(magic):
        return None, (problem,)
    if len(data) - at < _SIZE:
        return None, (Problem("truncated", f"Of the DEX header of {_SIZE} bytes only {len(data) - at} are there."),)
    size, _, endian, _, _, _, *pairs = _FIELDS.unpack_from(data, at + 0x20)
    if endian != _LITTLE_ENDIAN:
        return None, (Problem("byte-order", f"Its byte order mark is {endian:#010x}; no Android loads such a file."),)
    version = int(magic[4:7])
    container = size
    if version >= CONTAINER_VERSION and len(data) - at >= _CONTAINER_SIZE:
        (container,) = struct.unpack_from("<I", data, at + 0x70)
    sections = [Section(*pair) for pair in zip(pairs[0:12:2], pairs[1:12:2], strict=True)]
    header = Header(at, version, size, container, *sections)
    return header, tuple(_doubts(header, len(data)))


def _wrong_magic(magic: bytes) -> Problem | None:
    if magic[:4] == MAGIC and magic[4:7].isdigit():
        return None
    if known := _OTHER_FORMATS.get(magic[:4]):
        return Problem(*known)
    if not magic:
        return Problem("empty", "It is empty.")
    return Problem("not-dex", "It does not begin like a DEX file; it may be encrypted.")


def _doubts(header: Header, length: int) -> list[Problem]:
    doubts = []
    if header.version not in _KNOWN_VERSIONS:
        doubts.append(
            Problem("version", f"DEX version {header.version:03} is not known; it was read like version 041.")
        )
    if header.at + header.file_size > length:
        said = header.at + header.file_size
        doubts.append(Problem("truncated", f"It announces {said} bytes and has {length}; what is there was read."))
    return doubts
