"""Views of compiled layouts whose input type, or hint, says what a person types into them.

Sources: AOSP `frameworks/base/libs/androidfw/include/androidfw/ResourceTypes.h`, "ResXMLTree_attrExt"; the Android API
reference, `android.R.attr` and `android.text.InputType`; Material Components, `TextInputLayout`. A visible password
counts as nothing: makers say so of any field in which the keyboard shall not propose words.
"""

import re
import struct
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from phone_audit.apk.xml.elements import STRING, Value
from phone_audit.apk.xml.hints import A_NAME, LONGEST, NOT_OF_A_PERSON, SEVERAL, kind_of_hint
from phone_audit.apk.xml.named_views import EITHER
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
_FIELD: Final = "field"
"""Its class alone says that something is typed in; code may still set what."""
HIDDEN_TEXT: Final = "hidden-text"
"""What is typed in is not shown; whether it is a password, its hint or the name of the view says."""
_HIDDEN: Final = frozenset({(_TEXT, 0x80), (_TEXT, 0xE0), (_NUMBER, 0x10)})
"""Class and variation of what is not shown while it is typed."""
_LARGEST: Final = 1 << 20
"""Bytes of a layout that is looked at."""
_MOST: Final = 1 << 14
"""Views of a package that are remembered."""
_MOST_HINTS: Final = 8
"""Hints of one view that are told apart."""
_MOST_TEXTS: Final = 4_096
"""Texts of hints in layouts, and references to others, that are looked at; more say nothing."""
_FIELDS: Final = ("EditText", "AutoCompleteTextView")
"""How the classes end into which something is typed."""
_HAS_FIELD: Final = re.compile(
    b"|".join(name.encode(code) for name in ("EditText", "AutoComplete") for code in ("ascii", "utf-16-le"))
)
_AROUND: Final = "TextInputLayout"
"""How the class ends that stands around a field of text, shows its own hint in it, and gives it to code."""
_NOTHING_SAID: Final = ""

Hint = str | int
"""What a hint says is typed in (nothing that is known: an empty text), or the number of the resource that holds it."""


class Hints(NamedTuple):
    """The hints of views, by their number.

    Attributes:
        of: what they say; None where one layout has none.
        beside_hidden: views in whose layouts something else is hidden while it is typed, as where a person signs in.
    """

    of: Mapping[int, frozenset[Hint | None]]
    beside_hidden: frozenset[int]


NO_HINTS: Final = Hints({}, frozenset())


class _View(NamedTuple):
    """One view of a layout: its number, what its input type says, and its hint."""

    number: int
    kind: str | None
    hint: Hint | None


class _Around(NamedTuple):
    """What stands around a field of text: code may ask it for that field, and it shows its hint there.

    `inside` gathers what the fields say that stand in it: their input type and hint.
    """

    number: int | None
    kind: str | None
    hint: Hint | None
    inside: list[tuple[str | None, Hint | None]]

    def views(self) -> Iterator[_View]:
        """Yield it once for each field in it, and as it is where there is none."""
        for kind, hint in self.inside or [(self.kind, self.hint)]:
            if self.number is not None:
                yield _View(self.number, kind, hint if self.hint is None else self.hint)


class TypedViews:
    """Gathers what the layouts of a package say of each view; what they do not agree about is told as nothing."""

    def __init__(self) -> None:
        self._kinds: dict[int, set[str | None]] = defaultdict(set)
        self._hints: dict[int, set[Hint | None]] = defaultdict(set)
        self._beside_hidden: dict[int, bool] = {}
        self._said: dict[str, str] = {}
        self._is_cut = False

    def add(self, data: Buffer) -> None:
        """Take in a compiled XML file, as far as it can be read."""
        try:
            self._add(bytes(data[:_LARGEST]))
        except (struct.error, IndexError):
            return

    @property
    def found(self) -> dict[int, str]:
        """What is typed into a view, by its number; `typed` where its layout does not say what."""
        known = {
            view: kinds - {_TYPED, _FIELD} or kinds - {_FIELD} or {_FIELD}
            for view, kinds in self._kinds.items()
            if None not in kinds
        }
        return {view: str(next(iter(kinds))) for view, kinds in known.items() if len(kinds) == 1}

    @property
    def hints(self) -> Hints:
        """The hints of the views that have any."""
        return Hints(
            {view: frozenset(hints) for view, hints in self._hints.items() if hints != {None}},
            frozenset(view for view, is_beside in self._beside_hidden.items() if is_beside),
        )

    @property
    def is_cut(self) -> bool:
        """Whether there were more views or hints than are looked at."""
        return self._is_cut or len(_references(self._hints.values())) > _MOST_TEXTS

    def _add(self, data: bytes) -> None:
        (pool,) = struct.unpack_from("<I", data, 12)
        kind, header, size = struct.unpack_from("<HHI", data, 8 + pool)
        if kind != _RESOURCE_MAP or not 8 <= header <= size:
            return
        names = memoryview(data)[8 + pool + header : 8 + pool + size]
        attributes = struct.unpack(f"<{len(names) // 4}I", names[: len(names) & ~3])
        if _ID not in attributes:
            return
        if _TYPING.isdisjoint(attributes) and not _HAS_FIELD.search(data):
            found = [_View(number, None, None) for number in dict.fromkeys(_ids(data, attributes.index(_ID)))]
        else:
            found = list(_Layout(memoryview(data), 8 + pool + size, attributes, self._say).views())
        hides = any(view.kind == HIDDEN_TEXT for view in found)
        for view in found:
            if view.number in self._kinds or len(self._kinds) < _MOST:
                self._kinds[view.number].add(view.kind)
                hints = self._hints[view.number]
                hints.add(view.hint if view.hint in hints or len(hints) < _MOST_HINTS else None)
                self._beside_hidden[view.number] = hides and self._beside_hidden.get(view.number, True)
            else:
                self._is_cut = True

    def _say(self, text: str) -> str:
        """Return what a hint says is typed in."""
        if text not in self._said:
            if len(self._said) >= _MOST_TEXTS:
                self._is_cut = True
                return _NOTHING_SAID
            self._said[text] = kind_of_hint(text) or _NOTHING_SAID
        return self._said[text]


def _ids(data: bytes, name: int) -> Iterator[int]:
    """Yield the references that attributes of a name hold: name, no text, size 8, type 1, value."""
    before = re.escape(name.to_bytes(4, "little") + b"\xff\xff\xff\xff\x08\0\0\x01")
    for one in re.finditer(before + b"(....)", data, re.DOTALL):
        yield int.from_bytes(one[1], "little")


class _Layout:
    """Reads one layout.

    Args:
        data: all of it.
        start: where its elements begin, behind its texts and the numbers of its attributes' names.
        attributes: those numbers.
        say: tells what a hint says is typed in.
    """

    def __init__(self, data: memoryview, start: int, attributes: tuple[int, ...], say: Callable[[str], str]) -> None:
        self._data = data
        self._start = start
        self._attributes = attributes
        (header,) = struct.unpack_from("<H", data, 10)
        self._pool = Chunk(STRING_POOL, header, 8, start)
        self._texts: dict[int, str | None] = {}
        self._say = say

    def views(self) -> Iterator[_View]:
        """Yield the views that bear a number, up to damage."""
        depth = 0
        around: dict[int, _Around] = {}
        for chunk in chunks(self._data, self._start, len(self._data)):
            if chunk.type == _END:
                if depth in around:
                    yield from around.pop(depth).views()
                depth -= 1
            elif chunk.type == _START:
                values, outer, tag = self._values(chunk), around.get(depth), self._tag(chunk) or ""
                hint = self._hint(values)
                if hint is None and outer is not None:
                    hint = outer.hint
                kind = _typed(values) or (_TYPED if hint is not None else _FIELD if tag.endswith(_FIELDS) else None)
                number = values[_ID].data if _ID in values else None
                depth += 1
                if tag.endswith(_AROUND):
                    around[depth] = _Around(number, kind, hint, [])
                    continue
                if outer is not None and kind is not None:
                    outer.inside.append((kind, hint))
                if number is not None:
                    yield _View(number, kind, hint)
        for left in around.values():
            yield from left.views()

    def _values(self, chunk: Chunk) -> dict[int, Value]:
        """Return the values of an element's attributes, by the numbers of their names."""
        first, step, count = struct.unpack_from("<HHH", self._data, chunk.start + 24)
        step = max(step, 20)
        begin = chunk.start + 16 + first
        values: dict[int, Value] = {}
        for at in range(begin, begin + step * min(count, max(0, chunk.end - begin) // step), step):
            name, kind, value = struct.unpack_from("<4xI4x2xxBI", self._data, at)
            if name < len(self._attributes):
                values[self._attributes[name]] = Value(kind, value)
        return values

    def _hint(self, values: Mapping[int, Value]) -> Hint | None:
        hint = values.get(_HINT)
        if hint is None:
            return None
        if hint.reference is not None:
            return hint.reference
        return self._say(self._text(hint.data if hint.type == STRING else -1) or "")

    def _tag(self, chunk: Chunk) -> str | None:
        (number,) = struct.unpack_from("<I", self._data, chunk.start + 20)
        return self._text(number)

    def _text(self, number: int) -> str | None:
        """Return the beginning of a text; None where it cannot be read."""
        if number not in self._texts:
            try:
                self._texts[number] = None if number < 0 else pool_string(self._data, self._pool, number, LONGEST)
            except (struct.error, IndexError):
                self._texts[number] = None
        return self._texts[number]


def _typed(values: Mapping[int, Value]) -> str | None:
    """Return what is typed into a view with these attributes."""
    given = values[_INPUT_TYPE].data if _INPUT_TYPE in values else 0
    is_hidden = _PASSWORD in values and values[_PASSWORD].data != 0
    if is_hidden or (given & _CLASS, given & _VARIATION) in _HIDDEN:
        return HIDDEN_TEXT
    return None if _TYPING.isdisjoint(values) else _TYPED


def kinds_by_hint(hints: Hints, text_of: Callable[[int], str | None]) -> dict[int, str]:
    """Return what the hints of views say is typed into them, where all hints of a view say the same.

    Args:
        hints: of the views, by their number.
        text_of: gives the text of a resource by its number.
    """
    numbers = sorted(_references(hints.of.values()))
    said = {number: kind_of_hint(text_of(number) or "") or _NOTHING_SAID for number in numbers[:_MOST_TEXTS]}
    found: dict[int, str] = {}
    for view, given in hints.of.items():
        kinds = {said.get(one, _NOTHING_SAID) if isinstance(one, int) else one for one in given}
        kind = next(iter(kinds)) if len(kinds) == 1 else None
        if kind == A_NAME:
            kind = "user-name" if view in hints.beside_hidden else None
        if kind:
            found[view] = kind
    return found


def _references(hints: Iterable[Collection[Hint | None]]) -> set[int]:
    """Return the resources that hints refer to."""
    return {one for given in hints for one in given if isinstance(one, int)}


def typed_into(layouts: Mapping[int, str], names: Mapping[int, str], hints: Mapping[int, str]) -> dict[int, str]:
    """Return what is typed into views, by their number: what their layouts, names and hints say of them.

    That may be that it is nobody's (`NOT_OF_A_PERSON`), so that nothing else names it.

    A hint, which the person reads, goes before a name, but for a password one about a server. A password is told by a
    name alone; another name has to be that of a view that something is typed into, and says nothing of one in which
    that is hidden. Where only its class says that something is typed, code may hide it: then a name that says both a
    password and something else says a password.
    """
    views = {*layouts, *names, *hints}
    found = {view: _kind(layouts.get(view), names.get(view), hints.get(view)) for view in views}
    return {view: kind for view, kind in found.items() if kind is not None}


def _kind(layout: str | None, name: str | None, hint: str | None) -> str | None:
    """Return what is typed into one view."""
    is_shown = layout == _TYPED
    is_password = name is not None and name.startswith("pass") and (layout is not None or name != "pass")
    if is_shown and name is not None and name.startswith(EITHER):
        is_password, name = False, name.removeprefix(EITHER)
    if hint == "password" or (hint == SEVERAL and layout == HIDDEN_TEXT):
        return "password"
    if is_shown and hint not in {None, SEVERAL, NOT_OF_A_PERSON}:
        return hint
    if is_password:
        return "password"
    if layout == _FIELD:
        return name
    if not is_shown:
        return layout
    return NOT_OF_A_PERSON if hint == NOT_OF_A_PERSON else name
