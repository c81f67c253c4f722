"""Views of compiled layouts whose input type says what a person types into them.

Sources: AOSP `frameworks/base/libs/androidfw/include/androidfw/ResourceTypes.h`, "ResXMLTree_attrExt"; the Android API
reference, `android.R.attr` and `android.text.InputType`. A visible password counts as nothing: makers say so of
any field in which the keyboard shall not propose words.
"""

import re
import struct
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from phone_audit.apk.xml.resources import chunks
from phone_audit.apk.zip.directory import Buffer

_RESOURCE_MAP, _START = 0x0180, 0x0102
_ID, _INPUT_TYPE, _PASSWORD, _PHONE = 0x010100D0, 0x01010220, 0x0101015C, 0x01010167
_HINT: Final = 0x01010150
_TYPING: Final = frozenset({_INPUT_TYPE, _PASSWORD, _PHONE, _HINT})
_CLASS, _VARIATION = 0x0F, 0xFF0
_TEXT, _NUMBER = 1, 2
_TYPED: Final = "typed"
"""Something is typed in; which keyboard is shown for it does not say what."""
HIDDEN_TEXT: Final = "hidden-text"
"""What is typed in is not shown; whether it is a password, the name of the view says."""
_HIDDEN: Final = frozenset({(_TEXT, 0x80), (_TEXT, 0xE0), (_NUMBER, 0x10)})
"""Class and variation of what is not shown while it is typed."""
_LARGEST: Final = 1 << 20
"""Bytes of a layout that is looked at."""
_MOST: Final = 1 << 14
"""Views of a package that are remembered."""


class TypedViews:
    """Gathers what the layouts of a package say of each view; what they do not agree about is told as nothing."""

    def __init__(self) -> None:
        self._kinds: dict[int, set[str | None]] = defaultdict(set)

    def add(self, data: Buffer) -> None:
        """Take in a compiled XML file, as far as it can be read."""
        try:
            self._add(bytes(data[:_LARGEST]))
        except (struct.error, IndexError):
            return

    @property
    def found(self) -> dict[int, str]:
        """What is typed into a view, by its number; `typed` where its layout does not say what."""
        known = {view: kinds - {_TYPED} or {_TYPED} for view, kinds in self._kinds.items() if None not in kinds}
        return {view: str(next(iter(kinds))) for view, kinds in known.items() if len(kinds) == 1}

    def _add(self, data: bytes) -> None:
        (pool,) = struct.unpack_from("<I", data, 12)
        kind, header, size = struct.unpack_from("<HHI", data, 8 + pool)
        if kind != _RESOURCE_MAP or not 8 <= header <= size:
            return
        names = memoryview(data)[8 + pool + header : 8 + pool + size]
        attributes = struct.unpack(f"<{len(names) // 4}I", names[: len(names) & ~3])
        if _ID not in attributes:
            return
        if _TYPING.isdisjoint(attributes):
            found = dict.fromkeys(_ids(data, attributes.index(_ID)))
        else:
            starts = (
                chunk.start for chunk in chunks(memoryview(data), 8 + pool + size, len(data)) if chunk.type == _START
            )
            found = dict(one for one in (_view(data, at, attributes) for at in starts) if one)
        for view, what in found.items():
            if view in self._kinds or len(self._kinds) < _MOST:
                self._kinds[view].add(what)


def _ids(data: bytes, name: int) -> Iterator[int]:
    """Yield the references that attributes of a name hold: name, no text, size 8, type 1, value."""
    before = re.escape(name.to_bytes(4, "little") + b"\xff\xff\xff\xff\x08\0\0\x01")
    for one in re.finditer(before + b"(....)", data, re.DOTALL):
        yield int.from_bytes(one[1], "little")


def _view(data: bytes, start: int, attributes: tuple[int, ...]) -> tuple[int, str | None] | None:
    """Return the number of a view, and what its input type says; None for what bears no number."""
    _, _, first, step, count = struct.unpack_from("<IIHHH", data, start + 16)
    values: dict[int, int] = {}
    for at in range(count):
        _, name, _, _, _, _, value = struct.unpack_from("<IIIHBBI", data, start + 16 + first + at * max(step, 20))
        if name < len(attributes):
            values[attributes[name]] = value
    view = values.get(_ID)
    return None if view is None else (view, _typed(values))


def _typed(values: Mapping[int, int]) -> str | None:
    """Return what is typed into a view with these attributes."""
    given = values.get(_INPUT_TYPE, 0)
    if values.get(_PASSWORD) or (given & _CLASS, given & _VARIATION) in _HIDDEN:
        return HIDDEN_TEXT
    return None if _TYPING.isdisjoint(values) else _TYPED


def typed_into(layouts: Mapping[int, str], names: Mapping[int, str]) -> dict[int, str]:
    """Return what is typed into views, by their number: what their layouts say of them, and what their names do.

    A password is told by a name alone; another name has to be that of a view that something is typed into, and says
    nothing of one in which that is hidden.
    """
    by_name = {view: kind for view, kind in names.items() if kind == "password" or layouts.get(view) == _TYPED}
    by_name |= {view: "password" for view, kind in names.items() if kind == "pass" and view in layouts}
    return {view: kind for view, kind in layouts.items() if kind != _TYPED} | by_name
