"""One DEX file, or one container of several: its headers, and its tables as arrays."""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from phone_audit.apk.dex.strings import Bytes, Offsets, Strings, read_strings
from phone_audit.model.finding import Skipped

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
MAX_TYPES: Final = 1 << 16
"""Type indices have 16 bits, so a longer type_ids table is forged (ART, DexFileVerifier::CheckHeader)."""

CLASS_DEF: Final = np.dtype(
    [
        ("class", "<u4"), ("access", "<u4"), ("super", "<u4"), ("interfaces", "<u4"),
        ("source_file", "<u4"), ("annotations", "<u4"), ("class_data", "<u4"), ("static_values", "<u4"),
    ]
)  # fmt: skip
"""class_def_item: the first three and `source_file` are indices, the rest offsets from the start of the file."""


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
    """Read the header, or all headers of a container (version 41); and say what could not be read."""
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


@dataclass(frozen=True, eq=False)
class Part:
    """The tables of one DEX file; a container has several parts, which may share their strings.

    Attributes:
        header: what the tables were read by.
        string_items: offset of the string_data_item for each string index; may lie outside the file.
        type_strings: string index of the descriptor for each type index; may be out of range.
        class_defs: records of CLASS_DEF; their type indices may be out of range.
    """

    header: Header
    string_items: Offsets
    type_strings: NDArray[np.uint32]
    class_defs: NDArray[np.void]


@dataclass(frozen=True, eq=False)
class DexFile:
    """A file called `name`, the strings that its parts reach, and what could not be read."""

    name: str
    data: Bytes
    parts: tuple[Part, ...]
    strings: Strings
    skipped: tuple[Skipped, ...]

    @cached_property
    def type_names(self) -> tuple[list[bytes | None], ...]:
        """For each part the descriptor by type index; None where it cannot be looked up."""
        left = len(self.data)
        names = []
        for part in self.parts:
            read = self._type_names(part, left)
            left -= sum(map(len, filter(None, read)))
            names.append(read)
        return tuple(names)

    @cached_property
    def type_descriptors(self) -> list[bytes]:
        """Descriptors of every type that is named, such as `Lcom/example/A;` or `[I`, sorted, each once."""
        return _in_order(chain.from_iterable(self.type_names))

    @cached_property
    def defined_classes(self) -> list[bytes]:
        """Descriptors of every class that is defined, sorted, each once."""
        pairs = zip(self.parts, self.type_names, strict=True)
        return _in_order(names[number] for part, names in pairs for number in types_in(part, "class"))

    def _type_names(self, part: Part, room: int) -> list[bytes | None]:
        """Look up the descriptors of one part; where they are longer than `room` together, the last ones are missing.

        They are longer only where strings lie on top of each other, or parts do.
        """
        types, items = part.type_strings, part.string_items
        sound = np.flatnonzero(types < items.size)
        offsets = items[types[sound]]
        inside = offsets < self.data.size
        found = self.strings.raw(offsets[inside], room)
        if len(found) == types.size:
            return [*found]
        names: list[bytes | None] = [None] * types.size
        for index, text in zip(sound[inside].tolist(), found, strict=False):
            names[index] = text
        return names


def read_dex(name: str, content: bytes | memoryview) -> DexFile:
    """Read the tables of a hostile DEX file or container (versions 035 to 041), such as `classes2.dex`.

    Never raises for what the bytes hold. No array is larger than the bytes it was read from: counts that do not fit are
    cut to what is there, and the answer says so in `skipped`. The content is not copied, so it must not change.
    """
    view = memoryview(content).cast("B") if len(content) else memoryview(b"")
    headers, problems = read_headers(view)
    reasons = list(problems)
    data = np.frombuffer(view, dtype=np.uint8)
    parts = tuple(_read_parts(view, headers, reasons))
    items = _distinct([part.string_items for part in parts])
    inside = items[items < data.size]
    if lost := items.size - inside.size:
        reasons.append(Problem("bad-offset", f"{lost} strings stand outside the file and were not read."))
    strings = read_strings(data, inside)
    if strings.overlap:
        reasons.append(Problem("overlap", "Its strings lie on top of each other; some class names were not read."))
    skipped = sorted({Skipped(subject=name, step="dex", code=p.code, reason=p.reason) for p in reasons}, key=str)
    return DexFile(name, data, parts, strings, tuple(skipped))


def _read_parts(view: memoryview, headers: tuple[Header, ...], reasons: list[Problem]) -> Iterator[Part]:
    """Read the tables of each header, while they are together no larger than those of one header can be."""
    left = 3 * len(view)
    for header in headers:
        strings = _table(view, header.strings, np.dtype("<u4"), "string", reasons)
        types = _table(view, header.types, np.dtype("<u4"), "type", reasons)
        classes = _table(view, header.classes, CLASS_DEF, "class", reasons)
        if types.size > MAX_TYPES:
            reasons.append(Problem("too-many-types", f"Only the first {MAX_TYPES} types of {types.size} were read."))
            types = types[:MAX_TYPES]
        left -= strings.nbytes + types.nbytes + classes.nbytes
        if left < 0:
            reasons.append(Problem("overlap", "Its parts lie on top of each other; not all of them were read."))
            return
        yield Part(header, strings, types, classes)


def _table(view: memoryview, section: Section, item: np.dtype[Any], what: str, reasons: list[Problem]) -> NDArray[Any]:
    """Return the items of a table as a view of the file, no more of them than the file can hold."""
    room = max(0, len(view) - section.offset) // item.itemsize
    count = min(section.size, room)
    if count < section.size:
        reasons.append(Problem("table", f"Its {what} table announces {section.size} items; {count} are in the file."))
    return np.frombuffer(view, item, count, section.offset) if count else np.empty(0, item)


def types_in(part: Part, column: Literal["class", "super"]) -> list[int]:
    """Return the type indices that stand in a column of class_defs and are in the type table, ascending."""
    known = np.zeros(part.type_strings.size, dtype=np.bool_)
    numbers = part.class_defs[column]
    known[numbers[numbers < known.size]] = True
    return np.flatnonzero(known).tolist()


def _in_order(names: Iterable[bytes | None]) -> list[bytes]:
    """Sort the names that are known, each once. What is nearly sorted, as type tables are, is sorted fast."""
    return sorted(filter(None, dict.fromkeys(names)))


def _distinct(offsets: list[Offsets]) -> Offsets:
    if len(offsets) == 1 and np.all(offsets[0][1:] > offsets[0][:-1]):
        return offsets[0]  # as every tool writes them
    return np.unique(np.concatenate([np.empty(0, dtype=np.uint32), *offsets]))
