"""XML and resources of Android App Bundles, which are messages of protobuf → elements and values.

Format: AOSP `frameworks/base/tools/aapt2/Resources.proto` (XmlNode, ResourceTable).
"""

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

from phone_audit.analyse.compiled_xml import BOOLEAN, NULL, REFERENCE, STRING, Attribute, Element, Parsed, Value
from phone_audit.analyse.wire import Field, fields, inner, last, number_in, text_of
from phone_audit.errors import ApkError

MAX_ELEMENTS = 200_000
MAX_DEPTH = 200
MAX_ENTRIES = 2**16
"""Resources of one type; more cannot be told apart by number."""
_MAX_REFERENCES = 20
_ATTRIBUTE, _FLOAT, _DECIMAL, _HEXADECIMAL, _COLOR = 0x02, 0x04, 0x10, 0x11, 0x1C
_NODE_ELEMENT, _NODE_TEXT = 1, 2
_ELEMENT_NAME, _ELEMENT_ATTRIBUTE, _ELEMENT_CHILD = 3, 4, 5
_ITEM_REFERENCE, _ITEM_TEXTS, _ITEM_FILE, _ITEM_PRIMITIVE = 1, (2, 3, 4), 5, 7
_PRIMITIVES = {3: _FLOAT, 6: _DECIMAL, 7: _HEXADECIMAL, 8: BOOLEAN, 9: _COLOR, 10: _COLOR, 11: _COLOR, 12: _COLOR}
"""Fields of a primitive value → types as compiled XML has them; what is left out (dimensions, nothing) is no fact."""


def parse_bundle_xml(data: memoryview, what: str) -> Parsed:
    """Parse an XML file of a bundle, as far as it can be read.

    Args:
        data: the file; hostile.
        what: its name in a message, such as "manifest".

    Returns:
        The root element, without what comes after damage.

    Raises:
        ApkError: code `damaged-xml`: there is not even a root.
    """
    reader = _Reader()
    root = reader.root(data)
    if root is None:
        raise ApkError(f"The {what} is damaged.", code="damaged-xml")
    return Parsed(root, reader.whole)


class _Reader:
    def __init__(self) -> None:
        self.whole = True
        self._left = MAX_ELEMENTS

    def root(self, data: memoryview) -> Element | None:
        for number, value in self._fields(data):
            if number == _NODE_ELEMENT and isinstance(value, memoryview):
                return self._element(value, MAX_DEPTH)
        return None

    def _element(self, message: memoryview, depth: int) -> Element:
        tag, text = "", ""
        attributes: list[Attribute] = []
        children: list[Element] = []
        self._left -= 1
        for number, value in self._fields(message):
            if number == _ELEMENT_NAME:
                tag = text_of(value)
            elif number == _ELEMENT_ATTRIBUTE and isinstance(value, memoryview):
                attributes += self._attribute(value)
            elif number == _ELEMENT_CHILD and isinstance(value, memoryview):
                for kind, child in self._fields(value):
                    if kind == _NODE_TEXT:
                        text += text_of(child)
                    elif kind == _NODE_ELEMENT and isinstance(child, memoryview):
                        if depth == 0 or self._left <= 0:
                            self.whole = False
                        else:
                            children.append(self._element(child, depth - 1))
        return Element(tag, tuple(attributes), tuple(children), text.strip())

    def _attribute(self, message: memoryview) -> Iterator[Attribute]:
        try:
            name, raw, resource_id, item = (last(message, number) for number in (2, 3, 5, 6))
            text = text_of(raw) if raw is not None else ""
            value = _value(item) if isinstance(item, memoryview) else None
        except ValueError:
            self.whole = False
            return
        if value is None or (value.text is None and value.reference is None):
            value = Value(value.type, value.data, text or None) if value else Value(STRING, 0, text)
        yield Attribute(resource_id if isinstance(resource_id, int) else 0, text_of(name or 0), value)

    def _fields(self, message: memoryview) -> Iterator[Field]:
        """Give the fields up to the damage."""
        try:
            yield from fields(message)
        except ValueError:
            self.whole = False


def _value(item: memoryview) -> Value | None:
    """Give the value that an item stands for; None where its kind tells nothing."""
    for number, value in fields(item):
        if not isinstance(value, memoryview):
            continue
        if number == _ITEM_REFERENCE:
            return Value(_ATTRIBUTE if number_in(value, 1) else REFERENCE, number_in(value, 2) & 0xFFFFFFFF)
        if number in _ITEM_TEXTS or number == _ITEM_FILE:
            return Value(STRING, 0, text_of(inner(value, 1)))
        if number == _ITEM_PRIMITIVE:
            return _primitive(value)
    return None


def _primitive(message: memoryview) -> Value:
    for number, value in fields(message):
        kind = _PRIMITIVES.get(number)
        if kind is not None and isinstance(value, int):
            return Value(kind, (0xFFFFFFFF if value else 0) if kind == BOOLEAN else value & 0xFFFFFFFF)
    return Value(NULL, 0)


class BundleTable:
    """The resources of a module, over bytes that stay where they are; only what is asked for is decoded.

    Raises:
        ApkError: the bytes are no resource table. Code `damaged-resources`.
    """

    def __init__(self, data: memoryview) -> None:
        self._types: dict[tuple[int, int], list[memoryview]] = {}
        self._by_type: dict[tuple[int, int], dict[int, list[memoryview]]] = {}
        self._known: dict[int, tuple[Value, ...]] = {}
        try:
            for package in _messages(data, 2):
                package_id = number_in(inner(package, 1), 1)
                for kind in _messages(package, 3):
                    self._types.setdefault((package_id, number_in(inner(kind, 1), 1)), []).append(kind)
        except ValueError as error:
            raise ApkError("The resource table is damaged.", code="damaged-resources") from error

    def resolve(self, value: Value) -> Value | None:
        """Follow references until there is a value; None where that leads nowhere or in a circle."""
        for _ in range(_MAX_REFERENCES):
            if value.reference is None:
                return value
            found = self.values(value.reference)
            if not found:
                return None
            value = found[0]
        return None

    def values(self, resource_id: int) -> tuple[Value, ...]:
        """Give the values of a resource in all configurations, the default one first; damage gives none."""
        if resource_id not in self._known:
            self._known[resource_id] = self._values(resource_id)
        return self._known[resource_id]

    def _values(self, resource_id: int) -> tuple[Value, ...]:
        entries = self._entries(resource_id >> 24, resource_id >> 16 & 0xFF).get(resource_id & 0xFFFF, ())
        try:
            found = [pair for entry in entries for pair in _configured(entry)]
        except ValueError:
            return ()
        return tuple(value for _, value in sorted(found, key=lambda one: one[0]))

    def _entries(self, package: int, kind: int) -> dict[int, list[memoryview]]:
        """Give the entries of one type by their number, up to the damage or the limit."""
        known = self._by_type.get((package, kind))
        if known is None:
            known = self._by_type[package, kind] = {}
            with suppress(ValueError):
                for one in self._types.get((package, kind), ()):
                    for entry in islice(_messages(one, 3), MAX_ENTRIES):
                        known.setdefault(number_in(inner(entry, 1), 1), []).append(entry)
        return known


def _configured(entry: memoryview) -> Iterator[tuple[bool, Value]]:
    """Give whether a configuration is a special one, and the value for it."""
    for configured in _messages(entry, 6):
        value = _value(inner(inner(configured, 2), 4))
        if value is not None:
            yield bool(len(inner(configured, 1))), value


def _messages(message: memoryview, number: int) -> Iterator[memoryview]:
    return (value for name, value in fields(message) if name == number and isinstance(value, memoryview))
