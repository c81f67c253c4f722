"""XML and resources of Android App Bundles, which are messages of protobuf → elements and values.

Formats: AOSP `frameworks/base/tools/aapt2/Resources.proto` (XmlNode, ResourceTable); protobuf.dev, "Encoding".

"""

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

from phone_audit.apk.xml.elements import (
    BOOLEAN,
    MAX_DEPTH,
    NULL,
    REFERENCE,
    STRING,
    Attribute,
    Element,
    Parsed,
    ResourceValues,
    Value,
)
from phone_audit.errors import ApkError
from phone_audit.files.protobuf import Field, fields

MAX_XML_FIELDS, MAX_TABLE_FIELDS, MAX_NAME_FIELDS = 2**19, 2**21, 2**19
"""Fields read of all manifests of a bundle, of all its tables, and for names in these.

A small one costs as much time as a large one.
"""
MAX_ENTRIES = 2**16
"""Resources of one type; more cannot be told apart by number."""
_ATTRIBUTE, _FLOAT, _DECIMAL, _HEXADECIMAL, _COLOR = 0x02, 0x04, 0x10, 0x11, 0x1C
_NODE_ELEMENT, _NODE_TEXT = 1, 2
_ATTRIBUTE_SPACE, _ATTRIBUTE_NAME, _ATTRIBUTE_TEXT, _ATTRIBUTE_ID, _ATTRIBUTE_ITEM = 1, 2, 3, 5, 6
_ELEMENT_NAME, _ELEMENT_ATTRIBUTE, _ELEMENT_CHILD = 3, 4, 5
_ITEM_REFERENCE, _ITEM_TEXTS, _ITEM_FILE, _ITEM_PRIMITIVE = 1, (2, 3, 4), 5, 7
_PRIMITIVES = {3: _FLOAT, 6: _DECIMAL, 7: _HEXADECIMAL, 8: BOOLEAN, 9: _COLOR, 10: _COLOR, 11: _COLOR, 12: _COLOR}
"""Fields of a primitive value → types as compiled XML has them; what is left out (dimensions, nothing) is no fact."""


def text_of(value: int | memoryview) -> str:
    return bytes(value).decode("utf-8", "replace") if isinstance(value, memoryview) else ""


class Budget:
    """How many fields may still be read. The modules of a bundle share one, or many of them would take for ever.

    Every method raises ValueError: the message is damaged, or the budget is used up.
    """

    def __init__(self, left: int) -> None:
        self._left = left

    def fields(self, message: memoryview) -> Iterator[Field]:
        """Yield the fields in the order of the bytes."""
        for field in fields(message):
            self._left -= 1
            if self._left < 0:
                raise ValueError
            yield field

    def messages(self, message: memoryview, number: int) -> Iterator[memoryview]:
        """Return the messages inside that stand in this field."""
        return (value for name, value in self.fields(message) if name == number and isinstance(value, memoryview))

    def last(self, message: memoryview) -> dict[int, int | memoryview]:
        """Return all fields by number; of several the last one counts, as the format has it."""
        return dict(self.fields(message))

    def inner(self, message: memoryview, number: int) -> memoryview:
        """Return the bytes of a text or message inside; none where there is no such field."""
        found = self.last(message).get(number)
        return found if isinstance(found, memoryview) else memoryview(b"")

    def number(self, message: memoryview, number: int) -> int:
        """Return a whole number; 0 where there is none, as the format has it."""
        found = self.last(message).get(number)
        return found if isinstance(found, int) else 0


def parse_bundle_xml(data: memoryview, what: str, budget: Budget | None = None) -> Parsed:
    """Parse a hostile XML file of a bundle, up to damage; attributes stand as aapt2 sorts them when it makes the APK.

    `what` is its name in a message, such as "manifest"; without a budget of the bundle it has one of its own. Raises an
    ApkError (`damaged-xml`) where there is not even a root.
    """
    reader = _Reader(Budget(MAX_XML_FIELDS) if budget is None else budget)
    root = reader.root(data)
    if root is None:
        raise ApkError(f"The {what} is damaged.", code="damaged-xml")
    return Parsed(root, reader.whole)


class _Reader:
    def __init__(self, budget: Budget) -> None:
        self.whole = True
        self._budget = budget

    def root(self, data: memoryview) -> Element | None:
        for number, value in self._fields(data):
            if number == _NODE_ELEMENT and isinstance(value, memoryview):
                return self._element(value, MAX_DEPTH)
        return None

    def _element(self, message: memoryview, depth: int) -> Element:
        tag = ""
        texts: list[str] = []
        attributes: list[Attribute] = []
        children: list[Element] = []
        for number, value in self._fields(message):
            if number == _ELEMENT_NAME:
                tag = text_of(value)
            elif number == _ELEMENT_ATTRIBUTE and isinstance(value, memoryview):
                attributes += self._attribute(value)
            elif number == _ELEMENT_CHILD and isinstance(value, memoryview):
                for kind, child in self._fields(value):
                    if kind == _NODE_TEXT:
                        texts.append(text_of(child))
                    elif kind == _NODE_ELEMENT and isinstance(child, memoryview):
                        if depth == 0:
                            self.whole = False
                        else:
                            children.append(self._element(child, depth - 1))
        return Element(tag, tuple(sorted(attributes, key=_as_sorted)), tuple(children), "".join(texts).strip())

    def _attribute(self, message: memoryview) -> Iterator[Attribute]:
        try:
            found = self._budget.last(message)
            item = found.get(_ATTRIBUTE_ITEM)
            value = _value(item, self._budget) if isinstance(item, memoryview) else None
        except ValueError:
            self.whole = False
            return
        space, name, text = (text_of(found.get(n, 0)) for n in (_ATTRIBUTE_SPACE, _ATTRIBUTE_NAME, _ATTRIBUTE_TEXT))
        resource_id = found.get(_ATTRIBUTE_ID)
        if value is None or (value.text is None and value.reference is None):
            value = Value(value.type, value.data, text or None) if value else Value(STRING, 0, text)
        yield Attribute(resource_id if isinstance(resource_id, int) else 0, name, value, space or None)

    def _fields(self, message: memoryview) -> Iterator[Field]:
        """Yield the fields up to the damage, or as far as the budget goes."""
        try:
            yield from self._budget.fields(message)
        except ValueError:
            self.whole = False


def _as_sorted(attribute: Attribute) -> tuple[bool, int, str, str]:
    """Order as aapt2 does in `XmlFlattener.cpp`: by resource id, then those without one by namespace and name."""
    if attribute.resource_id:
        return False, attribute.resource_id, "", ""
    return True, 0, attribute.namespace or "", attribute.name


def _value(item: memoryview, budget: Budget) -> Value | None:
    """Return the value that an item stands for; None where its kind tells nothing."""
    for number, value in budget.fields(item):
        if not isinstance(value, memoryview):
            continue
        if number == _ITEM_REFERENCE:
            kind = _ATTRIBUTE if budget.number(value, 1) else REFERENCE
            return Value(kind, budget.number(value, 2) & 0xFFFFFFFF)
        if number in _ITEM_TEXTS or number == _ITEM_FILE:
            return Value(STRING, 0, text_of(budget.inner(value, 1)))
        if number == _ITEM_PRIMITIVE:
            return _primitive(value, budget)
    return None


def _primitive(message: memoryview, budget: Budget) -> Value:
    for number, value in budget.fields(message):
        kind = _PRIMITIVES.get(number)
        if kind is not None and isinstance(value, int):
            return Value(kind, (0xFFFFFFFF if value else 0) if kind == BOOLEAN else value & 0xFFFFFFFF)
    return Value(NULL, 0)


class BundleTable(ResourceValues):
    """The resources of a module, over bytes that stay where they are; only what is asked for is decoded.

    `budget` is that of the bundle, or None for one of its own. An `ApkError` (`damaged-resources`) says that the bytes
    are no table.
    """

    def __init__(self, data: memoryview, budget: Budget | None = None) -> None:
        self._budget = budget = Budget(MAX_TABLE_FIELDS) if budget is None else budget
        self._types: dict[tuple[int, int], list[memoryview]] = {}
        self._by_type: dict[tuple[int, int], dict[int, list[memoryview]]] = {}
        self._known: dict[int, tuple[Value, ...]] = {}
        try:
            for package in budget.messages(data, 2):
                package_id = budget.number(budget.inner(package, 1), 1)
                for kind in budget.messages(package, 3):
                    number = budget.number(budget.inner(kind, 1), 1)
                    self._types.setdefault((package_id, number), []).append(kind)
        except ValueError as error:
            raise ApkError("The resource table is damaged.", code="damaged-resources") from error

    def values(self, resource_id: int) -> tuple[Value, ...]:
        """Return the values of a resource; none where it is damaged."""
        if resource_id not in self._known:
            self._known[resource_id] = self._values(resource_id)
        return self._known[resource_id]

    def _values(self, resource_id: int) -> tuple[Value, ...]:
        entries = self._entries(resource_id >> 24, resource_id >> 16 & 0xFF).get(resource_id & 0xFFFF, ())
        try:
            found = [pair for entry in entries for pair in self._configured(entry)]
        except ValueError:
            return ()
        return tuple(value for _, value in sorted(found, key=lambda one: one[0]))

    def _entries(self, package: int, kind: int) -> dict[int, list[memoryview]]:
        """Return the entries of one type by their number, up to the damage or the limit."""
        known = self._by_type.get((package, kind))
        if known is None:
            known = self._by_type[package, kind] = {}
            with suppress(ValueError):
                for one in self._types.get((package, kind), ()):
                    for entry in islice(self._budget.messages(one, 3), MAX_ENTRIES):
                        number = self._budget.number(self._budget.inner(entry, 1), 1)
                        known.setdefault(number, []).append(entry)
        return known

    def _configured(self, entry: memoryview) -> Iterator[tuple[bool, Value]]:
        """Yield whether a configuration is a special one, and the value for it."""
        budget = self._budget
        for configured in budget.messages(entry, 6):
            value = _value(budget.inner(budget.inner(configured, 2), 4), budget)
            if value is not None:
                yield bool(len(budget.inner(configured, 1))), value
