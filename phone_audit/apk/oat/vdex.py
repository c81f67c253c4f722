"""The DEX files inside a VDEX file.

Source: AOSP `art/runtime/vdex_file.h` of Android 8.0 (version 006), 8.1 (010), 9 (019), 10 and 11 (021), 12 and later
(027). A VDEX of Android 10 and later mostly holds none: the code is in the APK then.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from phone_audit.apk.dex.file import MAGIC, Problem
from phone_audit.apk.oat.binary import CodeFileError, word
from phone_audit.apk.oat.quickening import QuickeningByCode, QuickeningByMethod, QuickeningByOrder, QuickeningInfo

VDEX: Final = b"vdex"
COMPACT: Final = b"cdex"
MOST_DEX_FILES: Final = 100
"""DEX files of one VDEX that are read; ART warns from 100 on."""

_HEADER: Final = 0x70
_FILE_SIZE_AT: Final = 0x20
_DATA_AT: Final = 0x68
_NO_DEX_SECTION: Final = b"000\0"
_DEX_SECTION: Final = 1
_CHECKSUMS: Final = 0
_MOST_SECTIONS: Final = 64


@dataclass(frozen=True, eq=False)
class StoredDex:
    """One DEX file as a VDEX holds it; `quickening` is None where no instruction was replaced.

    Of a compact DEX `main` lacks the data section, which several may share; `data_at`, where that begins, decides how
    it is aligned.
    """

    main: memoryview
    data: memoryview
    data_at: int
    quickening: QuickeningInfo | None

    @property
    def compact(self) -> bool:
        return bytes(self.main[:4]) == COMPACT


@dataclass(frozen=True)
class Vdex:
    """What a VDEX file holds. `whole` is false where its layout is not known, so that there may be more."""

    dexes: tuple[StoredDex, ...]
    problems: tuple[Problem, ...]
    whole: bool


@dataclass(frozen=True)
class _Layout:
    """Where the DEX files stand, how many, and where the quickening information stands (offsets in bytes)."""

    dex_at: int
    dex_end: int
    count: int
    before: int
    info_at: int
    info_size: int


def read_vdex(view: memoryview) -> Vdex:
    """Read the list of DEX files of a whole file that begins with `VDEX`. Nothing is copied; never raises."""
    version = bytes(view[4:7]).decode("ascii", "replace")
    reader = _READERS.get(version)
    if reader is None:
        problem = Problem("vdex-version", f"VDEX version {version!r} is not known; it was searched for DEX files.")
        return Vdex((), (problem,), whole=False)
    problems: list[Problem] = []
    dexes: list[StoredDex] = []
    try:
        layout = reader(view)
        for number, at in enumerate(_places(view, layout)):
            dexes.append(_stored_dex(view, at, _quickening(view, layout, version, number, at, problems, dexes)))
    except CodeFileError as error:
        problems.append(Problem(error.code, error.message))
        return Vdex(tuple(dexes), tuple(problems), whole=False)
    return Vdex(tuple(dexes), tuple(problems), whole=True)


def _layout_006(view: memoryview) -> _Layout:
    """Read the header of 006 and 010: counts and sizes, checksums, DEX files, dependencies, quickening."""
    count, dex, dependencies, info = (word(view, at) for at in (8, 12, 16, 20))
    dex_at = 24 + 4 * count
    return _Layout(dex_at, dex_at + dex, count, 0, dex_at + dex + dependencies, info)


def _layout_019(view: memoryview, size: int = 20) -> _Layout:
    """Read the header of 019, or of 021, whose header is longer: the section of DEX files may be missing."""
    count, dependencies = word(view, 12), word(view, 16)
    at = size + 4 * count
    if bytes(view[8:12]) == _NO_DEX_SECTION:
        return _Layout(at, at, 0, 0, at, 0)
    dex, shared, info = word(view, at), word(view, at + 4), word(view, at + 8)
    dex_at = at + 12
    return _Layout(dex_at, dex_at + dex, count, 4, dex_at + dex + shared + dependencies, info)


def _layout_027(view: memoryview) -> _Layout:
    """Read the list of sections, each a kind, an offset and a size."""
    sections = {}
    for number in range(min(word(view, 8), _MOST_SECTIONS)):
        kind, at, size = (word(view, 12 + 12 * number + 4 * field) for field in range(3))
        sections[kind] = at, size
    at, size = sections.get(_DEX_SECTION, (0, 0))
    count = sections.get(_CHECKSUMS, (0, 0))[1] // 4 if size else 0
    return _Layout(at, at + size, count, 0, 0, 0)


_READERS: Final[dict[str, Callable[[memoryview], _Layout]]] = {
    "006": _layout_006,
    "010": _layout_006,
    "019": _layout_019,
    "021": partial(_layout_019, size=28),
    "027": _layout_027,
}


def _places(view: memoryview, layout: _Layout) -> Iterator[int]:
    """Yield where each DEX file begins: one behind the other, aligned to four bytes."""
    at = layout.dex_at
    for number in range(layout.count):
        if at >= layout.dex_end:
            return
        if number == MOST_DEX_FILES:
            raise CodeFileError(f"Only the first {MOST_DEX_FILES} DEX files were read.", "too-many-parts")
        at += layout.before
        if bytes(view[at : at + 4]) not in (MAGIC, COMPACT):
            raise CodeFileError(f"DEX file {number + 1} of {layout.count} is not where it should be.")
        yield at
        at += max(word(view, at + _FILE_SIZE_AT), _HEADER)
        at += -at % 4


def _quickening(
    view: memoryview,
    layout: _Layout,
    version: str,
    number: int,
    at: int,
    problems: list[Problem],
    before: list[StoredDex],
) -> QuickeningInfo | None:
    info = view[layout.info_at : layout.info_at + layout.info_size]
    if not layout.info_size:
        return None
    if len(info) < layout.info_size:
        problems.append(Problem("bad-quickening", "What was written down of replaced instructions is cut off."))
        return None
    try:
        if version == "006":
            return before[0].quickening if before else QuickeningByOrder(info)
        if version == "010":
            return QuickeningByCode(info, number, layout.count)
        return QuickeningByMethod(info, word(view, at - 4))
    except CodeFileError as error:
        problems.append(Problem(error.code, error.message))
        return None


def _stored_dex(view: memoryview, at: int, quickening: QuickeningInfo | None) -> StoredDex:
    main = view[at : at + word(view, at + _FILE_SIZE_AT)]
    if bytes(main[:4]) != COMPACT:
        return StoredDex(main, view[:0], 0, quickening)
    size, offset = word(view, at + _DATA_AT), word(view, at + _DATA_AT + 4)
    return StoredDex(main, view[at + offset : at + offset + size], at + offset, quickening)
