"""Compiled XML as plain values: elements with typed attributes, known by resource id or by name."""

from collections.abc import Iterator
from dataclasses import dataclass

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
    """`resource_id` is 0 where the attribute is known only by its name."""

    resource_id: int
    name: str
    value: Value


@dataclass(frozen=True, slots=True)
class Element:
    """An element. `children` are the elements inside it, `text` the character data, stripped."""

    tag: str
    attributes: tuple[Attribute, ...]
    children: "tuple[Element, ...]"
    text: str = ""

    def by_id(self, resource_id: int) -> Value | None:
        """Give the first attribute with this resource id, as Android looks up its own attributes."""
        return next((a.value for a in self.attributes if a.resource_id == resource_id), None)

    def by_name(self, name: str) -> Value | None:
        """Give the first attribute of this name that is not one of Android's own."""
        return next((a.value for a in self.attributes if a.name == name and not a.resource_id), None)

    def all(self, tag: str) -> Iterator["Element"]:
        """Give the children with this tag."""
        return (child for child in self.children if child.tag == tag)


@dataclass(frozen=True, slots=True)
class Parsed:
    """The root element of a file, whether the file was read to its end, and whether it is plain text."""

    root: Element
    whole: bool
    text: bool = False
