"""VDEX, OAT, compact DEX and DEX files beside an APK → the DEX files that they hold.

Up to Android 7, and wherever no VDEX was written, an OAT file (an ELF library with the program in `.rodata`) holds the
DEX files themselves (AOSP `art/runtime/oat_file.cc`). Their places are told in a table whose form changes with nearly
every version, so they are looked for by the head of a DEX file instead, which does not change.
"""

import hashlib
import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from phone_audit.apk.dex.file import MAGIC, Problem
from phone_audit.apk.oat.binary import CodeFileError
from phone_audit.apk.oat.compact import StandardDexWriter
from phone_audit.apk.oat.standard import restored
from phone_audit.apk.oat.vdex import MOST_DEX_FILES, VDEX, StoredDex, read_vdex
from phone_audit.apk.records import INSIDE
from phone_audit.apk.zip.archive import map_file
from phone_audit.errors import ApkError
from phone_audit.model.device import CompiledFile
from phone_audit.model.finding import Skipped

CODE_FILE_LIMIT: Final = 512 * 2**20
"""Bytes that one file beside an APK may have."""

_ROOM: Final = 8
"""How many times its size all DEX files of a VDEX file may have: several compact ones share what each of them gets."""

Dex = tuple[str, bytes | memoryview]
ELF: Final = b"\x7fELF"

_MAGIC: Final = re.compile(rb"dex\n0\d\d\0")
_HEAD: Final = 0x70
_SIZES: Final = struct.Struct("<3I")  # file_size, header_size, endian_tag at 0x20
_LITTLE_ENDIAN: Final = 0x12345678
_HEADER_SIZES: Final = frozenset({0x70, 0x78})


@dataclass(frozen=True)
class BesideCode:
    """The DEX files found, each called `FILE!classes.dex`, `FILE!classes2.dex` …, and what could not be read."""

    dexes: tuple[Dex, ...]
    skipped: tuple[Skipped, ...]


def read_beside(files: Sequence[CompiledFile], apk: str) -> BesideCode:
    """Read VDEX, OAT, compact DEX and DEX files. Never raises for what the bytes hold.

    A file that says nothing new (the same code for another processor) is passed over; the files stand in the order in
    which they count. `apk` is where the APK lies on the phone: evidence names the files from its folder on, such as
    `oat/arm64/Dialer.vdex!classes.dex`.
    """
    folder = f"{apk.rpartition('/')[0]}/"
    dexes: list[Dex] = []
    skipped: list[Skipped] = []
    seen: set[bytes] = set()
    for file in files:
        name = file.path.removeprefix(folder)
        if file.local is None:
            continue
        try:
            with map_file(file.local) as view:
                if len(view) > CODE_FILE_LIMIT:
                    raise CodeFileError(f"It has {len(view)} bytes, more than is ever read of one.", "too-large")
                found, problems = dex_files(view)
        except ApkError as error:
            skipped.append(_skipped(name, Problem(error.code, error.message)))
            continue
        new = [dex for dex in found if hashlib.sha256(dex).digest() not in seen]  # of all bytes: a head can be copied
        seen.update(hashlib.sha256(dex).digest() for dex in new)
        dexes += [(f"{name}{INSIDE}classes{at + 1 if at else ''}.dex", dex) for at, dex in enumerate(new)]
        skipped += [_skipped(name, problem) for problem in problems]
    return BesideCode(tuple(dexes), tuple(skipped))


def dex_files(view: memoryview) -> tuple[list[bytes | memoryview], list[Problem]]:
    """Return the DEX files of one file in standard form, and what could not be read."""
    magic = bytes(view[:4])
    if magic == MAGIC:
        return [view], []
    if magic == ELF:
        return list(embedded_dex(view)), []
    if magic != VDEX:
        raise CodeFileError("It does not begin like a file that holds code.", "not-a-code-file")
    vdex = read_vdex(view)
    problems = list(vdex.problems)
    found = list(_standard(vdex.dexes, problems, _ROOM * len(view)))
    if not vdex.whole and not vdex.dexes:
        found = list(embedded_dex(view))
    return found, problems


def _standard(files: Sequence[StoredDex], problems: list[Problem], room: int) -> Iterator[bytes | memoryview]:
    """Yield the files one after the other, while they are together no longer than `room`."""
    for stored in files:
        if room < 0:
            problems.append(Problem("overlap", "Its DEX files lie on top of each other; not all of them were read."))
            return
        try:
            dex, more = (
                StandardDexWriter(stored).write() if stored.compact else restored(stored.main, stored.quickening)
            )
        except CodeFileError as error:
            problems.append(Problem(error.code, error.message))
            continue
        problems.extend(more)
        room -= len(dex)
        yield dex


def _skipped(name: str, problem: Problem) -> Skipped:
    return Skipped(subject=name, step="dex", code=problem.code, reason=problem.reason)


def embedded_dex(view: memoryview) -> Iterator[memoryview]:
    """Yield the DEX files inside a file, by place; one inside another is left out, as it is an entry of that one."""
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
