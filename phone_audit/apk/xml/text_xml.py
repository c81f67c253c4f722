"""XML as plain text, as the manifests of libraries (AAR) have it → elements as of compiled XML.

Read by expat, in which no document type is allowed: without one there are no entities but the five of XML itself, so
that nothing can grow and no other file can be named.
"""

from xml.parsers import expat

from phone_audit.apk.xml.elements import ANDROID, REFERENCE, STRING, Attribute, Parsed, TreeBuilder, Value
from phone_audit.errors import ApkError

_BETWEEN = "\n"
"""Stands between namespace and name; neither can hold it."""
_RESOURCE_IDS = {
    "label": 0x01010001, "name": 0x01010003, "permission": 0x01010006, "readPermission": 0x01010007,
    "writePermission": 0x01010008, "sharedUserId": 0x0101000B, "hasCode": 0x0101000C, "enabled": 0x0101000E,
    "debuggable": 0x0101000F, "exported": 0x01010010, "value": 0x01010024, "resource": 0x01010025,
    "minSdkVersion": 0x0101020C, "versionCode": 0x0101021B, "versionName": 0x0101021C, "targetSdkVersion": 0x01010270,
    "usesCleartextTraffic": 0x010104EC, "networkSecurityConfig": 0x01010527, "targetSandboxVersion": 0x0101054C,
    "isFeatureSplit": 0x0101055B, "versionCodeMajor": 0x01010576,
}  # fmt: skip
"""Attributes of a manifest that are asked for. Source: AOSP `core/res/res/values/public-final.xml`."""


class _RefusedError(Exception):
    """The document holds what is not read."""


def parse_text_xml(data: bytes, what: str) -> Parsed:
    """Parse an XML file, as far as it can be read.

    Args:
        data: the file; hostile.
        what: its name in a message, such as "manifest".

    Returns:
        The root element. Elements left open are closed where reading ended.

    Raises:
        ApkError: code `damaged-xml`: there is not even a root.
    """
    tree = _Handler()
    parser = expat.ParserCreate(namespace_separator=_BETWEEN)
    parser.ordered_attributes = True
    parser.buffer_text = True
    parser.StartElementHandler = tree.start_element
    parser.EndElementHandler = tree.end_element
    parser.CharacterDataHandler = tree.text
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    try:
        parser.Parse(data, True)
        whole = True
    except (expat.ExpatError, _RefusedError, LookupError, ValueError):
        whole = False
    root = tree.root()
    if root is None:
        raise ApkError(f"The {what} is damaged.", code="damaged-xml")
    return Parsed(root, whole, text=True)


def is_text(data: bytes) -> bool:
    """Tell whether XML is plain text and not compiled."""
    return data[:100].removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"


def _refuse(*_: object) -> None:
    raise _RefusedError


class _Handler(TreeBuilder):
    """Takes what expat reads."""

    def start_element(self, name: str, attributes: list[str]) -> None:
        if not self.has_room:
            raise _RefusedError
        pairs = zip(attributes[::2], attributes[1::2], strict=True)
        known = sorted((_attribute(key, value) for key, value in pairs), key=lambda one: one.resource_id)
        self.start(name.rpartition(_BETWEEN)[2], tuple(known))

    def end_element(self, _: str) -> None:
        self.end()


def _attribute(key: str, text: str) -> Attribute:
    namespace, _, name = key.rpartition(_BETWEEN)
    resource_id = _RESOURCE_IDS.get(name, 0) if namespace == ANDROID else 0
    value = Value(REFERENCE, 0) if text.startswith(("@", "?")) else Value(STRING, 0, text)
    return Attribute(resource_id, name, value, namespace or None)
