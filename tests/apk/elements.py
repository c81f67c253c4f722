"""Compiled XML built by hand."""

from phone_audit.apk.xml.elements import BOOLEAN, REFERENCE, STRING, Attribute, Element, Value

LABEL, NAME, PERMISSION, READ_PERMISSION, WRITE_PERMISSION = 0x01010001, 0x01010003, 0x01010006, 0x01010007, 0x01010008
SHARED_USER_ID, HAS_CODE, DEBUGGABLE, EXPORTED = 0x0101000B, 0x0101000C, 0x0101000F, 0x01010010
MIN_SDK, TARGET_SDK, VERSION_CODE, VERSION_NAME, VERSION_CODE_MAJOR = (
    0x0101020C, 0x01010270, 0x0101021B, 0x0101021C, 0x01010576,
)  # fmt: skip
CLEARTEXT, NETWORK_CONFIG, FEATURE_SPLIT = 0x010104EC, 0x01010527, 0x0101055B


def text(value: str) -> Value:
    return Value(STRING, 0, value)


def number(value: int) -> Value:
    return Value(0x10, value % 2**32)


def flag(value: bool) -> Value:
    return Value(BOOLEAN, 0xFFFFFFFF if value else 0)


def reference(resource_id: int) -> Value:
    return Value(REFERENCE, resource_id)


def value(of: str | bool | int | Value) -> Value:
    if isinstance(of, Value):
        return of
    return flag(of) if isinstance(of, bool) else text(of) if isinstance(of, str) else number(of)


def element(
    tag: str, attributes: dict[int | str, str | bool | int | Value] | None = None, *children: Element, inner: str = ""
) -> Element:
    """Attributes are known by resource id, or by name where the key is a text; those with ids stand in their order."""
    known = [
        Attribute(0, key, value(of)) if isinstance(key, str) else Attribute(key, "", value(of))
        for key, of in (attributes or {}).items()
    ]
    return Element(tag, tuple(sorted(known, key=lambda one: one.resource_id)), children, inner)
