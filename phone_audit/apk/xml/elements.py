"""Compiled XML as plain values: elements with typed attributes, known by resource id or by name."""

from collections.abc import Iterator
from dataclasses import dataclass

ANDROID = "http://schemas.android.com/apk/res/android"
"""The namespace of Android's own attributes."""
NULL, REFERENCE, STRING, DYNAMIC_REFERENCE, BOOLEAN = 0x00, 0x01, 0x03, 0x07, 0x12
_FIRST_INTEGER, _LAST_INTEGER = 0x10, 0x1F
_REFERENCES = (REFERENCE, DYNAMIC_REFERENCE)


@dataclass(frozen=True, slots=True)
class Value:
    """A typed value, as AOSP `ResourceTypes.h` has it in `Res_value`. `text` is the string, where there is one."""

    type: int
    data: int
    text: str | None = None

    @property
    def reference(self) -> int | None:
        """The id of the resource that it stands for, or None."""
        return self.data if self.type in _REFERENCES else None

    @property
    def integer(self) -> int | None:
        """The signed 32-bit number, or None where it is none."""
        if not _FIRST_INTEGER <= self.type <= _LAST_INTEGER:
            return None
        return self.data - 2**32 if self.data >= 2**31 else self.data


@dataclass(frozen=True, slots=True)
class Attribute:
    """`resource_id` is 0 where the attribute is known only by its name, `namespace` None where it has none.

    `raw` is what was written, where that is another text than the one of the value.
    """

    resource_id: int
    name: str
    value: Value
    namespace: str | None = None
    raw: str | None = None


@dataclass(frozen=True, slots=True)
class Element:
    """An element. `children` are the elements inside it, `text` the character data, stripped."""

    tag: str
    attributes: tuple[Attribute, ...]
    children: "tuple[Element, ...]"
    text: str = ""

    def by_id(self, resource_id: int) -> Value | None:
        """Return the first attribute with this resource id, as Android looks up its own attributes.

        Android walks through them once, in the order of their ids: one that stands behind a greater id is not found.
        Source: AOSP `AttributeResolution.cpp`, RetrieveAttributes.
        """
        for one in self.attributes:
            if one.resource_id >= resource_id:
                return one.value if one.resource_id == resource_id else None
        return None

    def by_name(self, name: str, namespace: str | None = None) -> Value | None:
        """Return the first attribute of this name and namespace; None stands for none at all.

        Its text is what was written, as in Android's `XmlBlock.Parser.getAttributeValue`.
        """
        for one in self.attributes:
            if one.name == name and one.namespace == namespace:
                return one.value if one.raw is None else Value(one.value.type, one.value.data, one.raw)
        return None

    def all(self, tag: str) -> Iterator["Element"]:
        """Return the children with this tag."""
        return (child for child in self.children if child.tag == tag)


@dataclass(frozen=True, slots=True)
class Parsed:
    """The root element of a file, whether the file was read to its end, and whether it is plain text."""

    root: Element
    whole: bool
    text: bool = False
