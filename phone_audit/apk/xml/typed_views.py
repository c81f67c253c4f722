"""Views of compiled layouts whose input type, or hint, says what a person types into them.

Sources: AOSP `frameworks/base/libs/androidfw/include/androidfw/ResourceTypes.h`, "ResXMLTree_attrExt"; the Android API
reference, `android.R.attr` and `android.text.InputType`; Material Components, `TextInputLayout`. A visible password
counts as nothing: makers say so of any field in which the keyboard shall not propose words.
"""

import re
import struct
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

from phone_audit.apk.xml.elements import STRING, Value
from phone_audit.apk.xml.hints import A_NAME, NOT_OF_A_PERSON, kind_of_hint
from phone_audit.apk.xml.resources import STRING_POOL, Chunk, chunks, pool_string
from phone_audit.apk.zip.directory import Buffer

_RESOURCE_MAP, _START, _END = 0x0180, 0x0102, 0x0103
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
_AROUND: Final = "TextInputLayout"
"""How the class ends that shows its own hint in the field of text that it stands around."""
_DEEPEST: Final = 100


class Hints(NamedTuple):
    """The hints of views, by their number.

    Attributes:
        of: texts, or the resources that hold them; None where one layout has none.
        beside_hidden: views in whose layouts something else is hidden while it is typed, as where a person signs in.
    """

    of: Mapping[int, frozenset[Value | None]]
    beside_hidden: frozenset[int]


NO_HINTS: Final = Hints({}, frozenset())


class _View(NamedTuple):
    """One view of a layout: its number, what its input type says, and its hint."""

    number: int
    kind: str | None
    hint: Value | None


class TypedViews:
    """Gathers what the layouts of a package say of each view; what they do not agree about is told as nothing."""

    def __init__(self) -> None:
        self._kinds: dict[int, set[str | None]] = defaultdict(set)
        self._hints: dict[int, set[Value | None]] = defaultdict(set)
        self._beside_hidden: dict[int, bool] = {}

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

    @property
    def hints(self) -> Hints:
        """The hints of the views that have any."""
        return Hints(
            {view: frozenset(hints) for view, hints in self._hints.items() if hints != {None}},
            frozenset(view for view, is_beside in self._beside_hidden.items() if is_beside),
        )

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
            found = [_View(number, None, None) for number in dict.fromkeys(_ids(data, attributes.index(_ID)))]
        else:
            found = list(_views(memoryview(data), 8 + pool + size, attributes))
        hides = any(view.kind == HIDDEN_TEXT for view in found)
        for view in found:
            if view.number in self._kinds or len(self._kinds) < _MOST:
                self._kinds[view.number].add(view.kind)
                self._hints[view.number].add(view.hint)
                self._beside_hidden[view.number] = hides and self._beside_hidden.get(view.number, True)


def _ids(data: bytes, name: int) -> Iterator[int]:
    """Yield the references that attributes of a name hold: name, no text, size 8, type 1, value."""
    before = re.escape(name.to_bytes(4, "little") + b"\xff\xff\xff\xff\x08\0\0\x01")
    for one in re.finditer(before + b"(....)", data, re.DOTALL):
        yield int.from_bytes(one[1], "little")


def _views(data: memoryview, start: int, attributes: tuple[int, ...]) -> Iterator[_View]:
    """Yield the views that bear a number, in their order."""
    (header,) = struct.unpack_from("<H", data, 10)
    pool = Chunk(STRING_POOL, header, 8, start)
    around: list[Value | None] = []
    for chunk in chunks(data, start, len(data)):
        if chunk.type == _END:
            del around[-1:]
        elif chunk.type == _START:
            values = _values(data, chunk, attributes)
            hint = _hint(data, pool, values) or (around[-1] if around else None)
            if _ID in values:
                yield _View(values[_ID].data, _typed(values) or (_TYPED if hint else None), hint)
            is_around = hint is not None and _name(data, pool, chunk).endswith(_AROUND)
            if len(around) < _DEEPEST:
                around.append(hint if is_around else None)


def _values(data: memoryview, chunk: Chunk, attributes: tuple[int, ...]) -> dict[int, Value]:
    """Return the values of an element's attributes, by the numbers of their names."""
    first, step, count = struct.unpack_from("<HHH", data, chunk.start + 24)
    values: dict[int, Value] = {}
    for at in range(count):
        name, kind, value = struct.unpack_from("<4xI4x2xxBI", data, chunk.start + 16 + first + at * max(step, 20))
        if name < len(attributes):
            values[attributes[name]] = Value(kind, value)
    return values


def _hint(data: memoryview, pool: Chunk, values: Mapping[int, Value]) -> Value | None:
    """Return the hint of a view: its text, or a reference to it."""
    hint = values.get(_HINT)
    if hint is None or hint.type != STRING:
        return hint
    return Value(STRING, hint.data, pool_string(data, pool, hint.data))


def _name(data: memoryview, pool: Chunk, chunk: Chunk) -> str:
    (number,) = struct.unpack_from("<I", data, chunk.start + 20)
    return pool_string(data, pool, number)


def _typed(values: Mapping[int, Value]) -> str | None:
    """Return what is typed into a view with these attributes."""
    given = values[_INPUT_TYPE].data if _INPUT_TYPE in values else 0
    is_hidden = _PASSWORD in values and values[_PASSWORD].data != 0
    if is_hidden or (given & _CLASS, given & _VARIATION) in _HIDDEN:
        return HIDDEN_TEXT
    return None if _TYPING.isdisjoint(values) else _TYPED


def kinds_by_hint(hints: Hints, resolve: Callable[[Value], Value | None]) -> dict[int, str]:
    """Return what the hints of views say is typed into them, where all hints of a view say the same.

    Args:
        hints: of the views, by their number.
        resolve: gives the value that a reference leads to.
    """
    found: dict[int, str] = {}
    for view, given in hints.of.items():
        values = [resolve(one) if one is not None else None for one in given]
        kinds = {kind_of_hint(one.text) if one is not None and one.text else None for one in values}
        kind = next(iter(kinds)) if len(kinds) == 1 else None
        if kind == A_NAME:
            kind = "user-name" if view in hints.beside_hidden else None
        if kind is not None:
            found[view] = kind
    return found


def typed_into(layouts: Mapping[int, str], names: Mapping[int, str], hints: Mapping[int, str]) -> dict[int, str]:
    """Return what is typed into views, by their number: what their layouts, names and hints say of them.

    A hint, which the person reads, goes before a name, but for a password one about a server. A password is told by a
    name alone; another name has to be that of a view that something is typed into, and says nothing of one in which
    that is hidden.
    """
    passwords = {view for view, kind in names.items() if kind == "password" or (kind == "pass" and view in layouts)}
    named = dict.fromkeys(passwords, "password") | {
        view: kind for view, kind in names.items() if view not in passwords and layouts.get(view) == _TYPED
    }
    read = {
        view: kind
        for view, kind in hints.items()
        if kind == "password" or (layouts.get(view) == _TYPED and not (kind == NOT_OF_A_PERSON and view in passwords))
    }
    hidden = {view: kind for view, kind in layouts.items() if kind != _TYPED}
    return {view: kind for view, kind in (hidden | named | read).items() if kind != NOT_OF_A_PERSON}
