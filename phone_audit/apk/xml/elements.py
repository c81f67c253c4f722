"""Compiled XML as plain values: elements with typed attributes, known by resource id or by name."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

ANDROID = "http://schemas.android.com/apk/res/android"
"""The namespace of Android's own attributes."""
ATTRIBUTE_IDS = {
    "label": 0x01010001, "name": 0x01010003, "permission": 0x01010006, "readPermission": 0x01010007,
    "writePermission": 0x01010008, "sharedUserId": 0x0101000B, "hasCode": 0x0101000C, "enabled": 0x0101000E,
    "debuggable": 0x0101000F, "exported": 0x01010010, "value": 0x01010024, "resource": 0x01010025,
    "targetPackage": 0x01010021, "backupAgent": 0x0101027F, "appComponentFactory": 0x0101057A,
    "minSdkVersion": 0x0101020C, "versionCode": 0x0101021B, "versionName": 0x0101021C, "targetSdkVersion": 0x01010270,
    "usesCleartextTraffic": 0x010104EC, "networkSecurityConfig": 0x01010527, "targetSandboxVersion": 0x0101054C,
    "isFeatureSplit": 0x0101055B, "versionCodeMajor": 0x01010576, "zygotePreloadName": 0x0101059D,
    "manageSpaceActivity": 0x01010004, "targetActivity": 0x01010202, "parentActivityName": 0x010103A7,
}  # fmt: skip
"""Attributes of a manifest that are asked for. Source: AOSP `core/res/res/values/public-final.xml`."""
NULL, REFERENCE, STRING, DYNAMIC_REFERENCE, BOOLEAN = 0x00, 0x01, 0x03, 0x07, 0x12
MAX_ELEMENTS, MAX_DEPTH = 200_000, 200
_FIRST_INTEGER, _LAST_INTEGER = 0x10, 0x1F
_REFERENCES = (REFERENCE, DYNAMIC_REFERENCE)
_MAX_REFERENCES = 20


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

    def android(self, name: str) -> Value | None:
        """Return the first of Android's own attributes of this name, as Android looks it up: by its resource id.

        Android walks through them once, in the order of their ids: one that stands behind a greater id is not found.
        Source: AOSP `AttributeResolution.cpp`, RetrieveAttributes.
        """
        resource_id = ATTRIBUTE_IDS[name]
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
        return (child for child in self.children if child.tag == tag)


@dataclass(frozen=True, slots=True)
class Parsed:
    """The root element of a file, whether the file was read to its end, and whether it is plain text."""

    root: Element
    whole: bool
    text: bool = False


@dataclass(slots=True)
class _OpenElement:
    tag: str
    attributes: tuple[Attribute, ...]
    children: list[Element] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


class TreeBuilder:
    """Builds elements as they open and close; whoever reads a file asks for room before it opens one."""

    def __init__(self) -> None:
        self._open = [_OpenElement("", ())]
        self._count = 0

    @property
    def has_room(self) -> bool:
        """Whether one more element may open: there are not too many, nor too deep ones."""
        return self._count < MAX_ELEMENTS and len(self._open) <= MAX_DEPTH

    @property
    def roots(self) -> list[Element]:
        """The outermost elements that are closed; none while one is open."""
        return self._open[0].children if len(self._open) == 1 else []

    def start(self, tag: str, attributes: tuple[Attribute, ...]) -> None:
        self._count += 1
        self._open.append(_OpenElement(tag, attributes))

    def text(self, text: str) -> None:
        self._open[-1].texts.append(text)

    def end(self) -> bool:
        """Close an element; tells whether one was open."""
        if len(self._open) == 1:
            return False
        one = self._open.pop()
        element = Element(one.tag, one.attributes, tuple(one.children), "".join(one.texts).strip())
        self._open[-1].children.append(element)
        return True

    def root(self) -> Element | None:
        """Close what is open and return the first element."""
        while self.end():
            pass
        return next(iter(self.roots), None)


class ResourceValues(ABC):
    """A table of resources, by whose ids values refer to other values."""

    @abstractmethod
    def values(self, resource_id: int) -> tuple[Value, ...]:
        """Return the values of a resource in all configurations, the default one first; damage gives what is left."""

    def count_of(self, resource_id: int) -> int:
        """Return in how many configurations a resource is looked for."""
        return 1

    def resolve(self, value: Value, may_look: Callable[[int], bool] = lambda _: True) -> Value | None:
        """Follow references until there is a value; None where that leads nowhere or in a circle.

        `may_look` is asked before each of them, with the number of configurations, and may end it.
        """
        for _ in range(_MAX_REFERENCES):
            if value.reference is None:
                return value
            found = self.values(value.reference) if may_look(self.count_of(value.reference)) else ()
            if not found:
                return None
            value = found[0]
        return None
