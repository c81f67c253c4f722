"""The code of a method in a compact DEX, as the code_item of a standard one.

Source: AOSP `art/libdexfile/dex/compact_dex_file.h`, `CompactDexFile::CodeItem`: registers, arguments, outgoing
arguments and exception blocks in four bits each, the number of code units in eleven; larger numbers stand in front.
"""

import struct
from typing import Final

from phone_audit.apk.oat.instructions import Recorded, restore
from phone_audit.apk.oat.reading import CodeFileError, half, sleb128, uleb128

_HEADER: Final = struct.Struct("<4H2I")
_SIZE_FLAG: Final = 1 << 4
_FIELD_FLAGS: Final = (1 << 0, 1 << 1, 1 << 2, 1 << 3)
"""In the order registers, arguments, outgoing arguments, exception blocks."""
_TRY: Final = 8
_MOST_HANDLERS: Final = 1 << 16


class CompactCode:
    """One code item.

    Attributes:
        units: how many code units it has.

    Raises:
        CodeFileError: it is not whole.
    """

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

    def standard(self, recorded: Recorded | None) -> tuple[bytes, CodeFileError | None]:
        """Return the code_item, without debug information, and what kept its instructions from being put back.

        Raises:
            CodeFileError: its exception handlers are not whole.
        """
        end = self._end_of_handlers() if self._tries else 0
        sizes = (self._registers, self._ins, self._outs, self._tries)
        head = _HEADER.pack(*(size & 0xFFFF for size in sizes), 0, self.units)
        content = bytearray(head + self._data[self._begin : self._end])
        failed = None
        if recorded is not None:
            try:
                restore(memoryview(content)[_HEADER.size :].cast("H"), recorded)
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
