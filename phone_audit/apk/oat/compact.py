"""A compact DEX file as the standard DEX file that it was made from.

Sources: AOSP `art/libdexfile/dex/compact_dex_file.h` and `art/dexlayout/compact_dex_writer.cc` (Android 9 to 14), and
dex-format. The tables stay as they are; what they point to is taken out of the data section, which several compact DEX
files of one VDEX share, and written behind them. Debug information is left out.
"""

import hashlib
import struct
import zlib
from collections.abc import Callable, Iterable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from phone_audit.apk.dex.file import CLASS_DEF, Problem
from phone_audit.apk.dex.index import MEMBER_ID, PROTO_ID
from phone_audit.apk.oat.binary import CodeFileError, end_of_array, half, sleb128, uleb128, word
from phone_audit.apk.oat.dex_writer import HEADER, Annotations, Kind, Output
from phone_audit.apk.oat.quickening import OriginalOperands, restore
from phone_audit.apk.oat.standard import ClassData, class_datas, not_restored, table
from phone_audit.apk.oat.vdex import StoredDex

_CODE_ITEM: Final = struct.Struct("<4H2I")
_SIZE_FLAG: Final = 1 << 4
_FIELD_FLAGS: Final = (1 << 0, 1 << 1, 1 << 2, 1 << 3)
"""In the order registers, arguments, outgoing arguments, exception blocks."""
_TRY: Final = 8
_MOST_HANDLERS: Final = 1 << 16
_U4: Final = np.dtype("<u4")
_HANDLE: Final = np.dtype("<u8")
_TABLES: Final = (
    (0x38, _U4), (0x40, _U4), (0x48, PROTO_ID), (0x50, MEMBER_ID), (0x58, MEMBER_ID), (0x60, CLASS_DEF),
)  # fmt: skip
"""Where the header names each table, and what it holds: strings, types, prototypes, fields, methods, classes."""
_MAP_AT: Final = 0x34
_MOST_KINDS: Final = 64
_VERSION: Final = b"dex\n039\0"
"""The latest version that compact DEX was made from; it allows for everything that the earlier ones hold."""
_ROOM: Final = 4
"""How many times the size of the compact file the standard one may have; code grows by three at most."""


class CompactCode:
    """One code item; `units` are its code units."""

    def __init__(self, data: memoryview, at: int, data_at: int) -> None:
        fields, count = half(data, at), half(data, at + 2)
        sizes = [fields >> shift & 0xF for shift in (12, 8, 4, 0)]
        before = at
        self.units = count >> 5
        if count & _SIZE_FLAG:
            self.units += half(data, before - 2) + (half(data, before - 4) << 16)
            before -= 4
        for place, flag in enumerate(_FIELD_FLAGS):
            if count & flag:
                before -= 2
                sizes[place] += half(data, before)
        registers, self._ins, self._outs, self._tries = sizes
        self._registers = registers + self._ins
        self._data = data
        self._begin = at + 4
        self._end = self._begin + 2 * self.units
        if self._end > len(data):
            raise CodeFileError("The code of a method lies outside the file.")
        self._tries_at = self._end + -(data_at + self._end) % 4

    def standard(self, recorded: OriginalOperands | None) -> tuple[bytes, CodeFileError | None]:
        """Return the code_item, without debug information, and what kept its instructions from being put back."""
        end = self._end_of_handlers() if self._tries else 0
        sizes = (self._registers, self._ins, self._outs, self._tries)
        head = _CODE_ITEM.pack(*(size & 0xFFFF for size in sizes), 0, self.units)
        content = bytearray(head + self._data[self._begin : self._end])
        failed = None
        if recorded is not None:
            try:
                restore(memoryview(content)[_CODE_ITEM.size :].cast("H"), recorded)
            except CodeFileError as error:
                failed = error
        if not self._tries:
            return bytes(content), failed
        padding = b"\0" * (-len(content) % 4)
        # A new object: what could not be put back leaves an error whose traceback still holds a view of the old one.
        return bytes(content) + padding + self._data[self._tries_at : end], failed

    def _end_of_handlers(self) -> int:
        """Find where the encoded_catch_handler_list ends. Source: dex-format."""
        at = self._tries_at + _TRY * self._tries
        lists, at = uleb128(self._data, at)
        if lists > _MOST_HANDLERS:
            raise CodeFileError("A method has more exception handlers than can be named.")
        for _ in range(lists):
            size, at = sleb128(self._data, at)
            if abs(size) > _MOST_HANDLERS:
                raise CodeFileError("A method has more exception handlers than can be named.")
            for _ in range(2 * abs(size) + (size <= 0)):
                _, at = uleb128(self._data, at)
        return at


class StandardDexWriter:
    """Writes the standard DEX file of a compact one."""

    def __init__(self, stored: StoredDex) -> None:
        self._stored = stored
        self._data = stored.data
        self._tables = [table(stored.main, at, item).copy() for at, item in _TABLES]
        self._call_sites = self._mapped(Kind.CALL_SITE_ID, _U4)
        self._handles = self._mapped(Kind.METHOD_HANDLE, _HANDLE)
        size = sum(one.nbytes for one in (*self._tables, self._call_sites, self._handles))
        self._output = Output(HEADER + size, _ROOM * (len(stored.main) + len(stored.data)) + HEADER)
        self._problems: list[Problem] = []

    def write(self) -> tuple[bytes, tuple[Problem, ...]]:
        strings, _, prototypes, _, _, classes = self._tables
        strings[:] = self._moved(Kind.STRING, "strings", strings, self._string)
        lists = np.concatenate([prototypes["parameters"], classes["interfaces"]])
        lists = self._moved(Kind.TYPE_LIST, "lists of types", lists, self._type_list)
        prototypes["parameters"], classes["interfaces"] = np.split(lists, [prototypes.size])
        arrays = np.concatenate([classes["static_values"], self._call_sites])
        arrays = self._moved(Kind.ARRAY, "lists of values", arrays, self._array)
        classes["static_values"], self._call_sites = np.split(arrays, [classes.size])
        annotations = Annotations(self._data, self._output)
        classes["annotations"] = annotations.moved(classes["annotations"])
        self._note_lost(annotations.lost, "annotations")
        classes["class_data"] = self._class_data(classes["class_data"])
        return self._file(), tuple(self._problems)

    def _moved(
        self, kind: Kind, what: str, offsets: NDArray[np.uint32], read: Callable[[int], bytes]
    ) -> NDArray[np.uint32]:
        """Write what stands at the offsets, each once; return where it stands now, 0 where it is damaged."""
        places: dict[int, int] = {0: 0}
        lost = 0
        for offset in offsets.tolist():
            if offset in places:
                continue
            try:
                content = read(offset)
            except CodeFileError:
                places[offset] = 0
                lost += 1
                self._output.spend_on_damage(offset, len(self._data))
            else:
                places[offset] = self._output.put(kind, content, 4 if kind is Kind.TYPE_LIST else 1)
        self._note_lost(lost, what)
        return np.array([places[offset] for offset in offsets.tolist()], dtype=np.uint32)

    def _note_lost(self, lost: int, what: str) -> None:
        if lost:
            self._problems.append(Problem("bad-offset", f"{lost} {what} stand outside the file and were not read."))

    def _string(self, at: int) -> bytes:
        """Return a string_data_item, up to the zero byte behind its text."""
        _, begin = uleb128(self._data, at)
        size = 64
        while begin < len(self._data):
            window = bytes(self._data[begin : begin + size])
            found = window.find(0)
            if found >= 0:
                return bytes(self._data[at : begin + found + 1])
            if begin + size >= len(self._data):
                break
            size *= 8
            self._output.spend(size)
        raise CodeFileError("A text lies outside the file.")

    def _array(self, at: int) -> bytes:
        return bytes(self._data[at : end_of_array(self._data, at)])

    def _type_list(self, at: int) -> bytes:
        end = at + 4 + 2 * word(self._data, at)
        if end > len(self._data):
            raise CodeFileError("A list of types lies outside the file.")
        return bytes(self._data[at:end])

    def _class_data(self, offsets: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Write the code, then the class_data_items, which name it."""
        items = list(class_datas(self._stored.main, self._data))
        codes = self._codes(items)
        places = {item.start: self._output.put(Kind.CLASS_DATA, item.moved(codes), 1) for item in items}
        self._note_lost(sum(offset != 0 and offset not in places for offset in offsets.tolist()), "classes")
        return np.array([places.get(offset, 0) for offset in offsets.tolist()], dtype=np.uint32)

    def _codes(self, items: Iterable[ClassData]) -> dict[int, int]:
        places: dict[int, int] = {}
        quickening = self._stored.quickening
        lost, failed, first = 0, 0, ""
        methods = [method for item in items for method in item.methods if method.code]
        for method in sorted(methods, key=lambda one: one.code):  # as they stood before they were moved
            try:
                recorded = quickening.of(method.index, method.code) if quickening is not None else None
            except CodeFileError as error:
                recorded, failed, first = None, failed + 1, first or error.message
            if method.code in places:
                continue
            try:
                code = CompactCode(self._data, method.code, self._stored.data_at)
                content, left = code.standard(recorded)
            except CodeFileError:
                places[method.code] = 0
                lost += 1
                self._output.spend_on_damage(method.code, len(self._data))
                continue
            if left is not None:
                failed, first = failed + 1, first or left.message
            places[method.code] = self._output.put(Kind.CODE, content, 4)
        self._note_lost(lost, "methods")
        if failed:
            self._problems.append(not_restored(failed, first))
        return places

    def _mapped(self, kind: Kind, item: np.dtype[Any]) -> NDArray[Any]:
        """Return a table that only the map names; it is empty where there is none or the map is damaged."""
        try:
            at = word(self._stored.main, _MAP_AT)
            count = min(word(self._data, at), _MOST_KINDS) if at else 0
            for place in range(at + 4, at + 4 + 12 * count, 12):
                if word(self._data, place) & 0xFFFF == kind.value:
                    size, offset = word(self._data, place + 4), word(self._data, place + 8)
                    size = min(size, max(0, len(self._stored.main) - offset) // item.itemsize)
                    return np.frombuffer(self._stored.main, item, size, offset).copy() if size else np.empty(0, item)
        except CodeFileError:
            pass  # it holds nothing that is read here but these two tables
        return np.empty(0, item)

    def _file(self) -> bytes:
        counts = []
        at = HEADER
        tables = (*self._tables, self._call_sites, self._handles)
        kinds = (Kind.STRING_ID, Kind.TYPE_ID, Kind.PROTO_ID, Kind.FIELD_ID, Kind.METHOD_ID, Kind.CLASS_DEF,
                 Kind.CALL_SITE_ID, Kind.METHOD_HANDLE)  # fmt: skip
        for kind, one in zip(kinds, tables, strict=True):
            counts.append((kind, len(one), at))
            at += one.nbytes
        map_at = self._output.put_map(counts)
        data = self._output.content
        size = at + len(data)
        head = struct.pack("<6I", size, HEADER, 0x12345678, 0, 0, map_at)
        head += b"".join(struct.pack("<2I", count, place if count else 0) for _, count, place in counts[:6])
        head += struct.pack("<2I", len(data), at)
        rest = head + b"".join(one.tobytes() for one in tables) + data
        signed = hashlib.sha1(rest, usedforsecurity=False).digest() + rest
        return _VERSION + struct.pack("<I", zlib.adler32(signed)) + signed
