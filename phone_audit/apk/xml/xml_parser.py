"""XML, compiled or plain text → elements.

Compiled XML is read as aapt writes it (AOSP `frameworks/base/libs/androidfw/include/androidfw/ResourceTypes.h`,
ResXMLTree). Nearly every file is written so, and for those few checks are enough; what is odd in any way is left to
androguard, which forgives more and is loaded only then. Plain text, as in the manifests of libraries (AAR), is read by
expat. No document type is allowed in it: so there are no entities but the five of XML itself, nothing can grow, and no
other file can be named.
"""

import struct
import sys
from xml.parsers import expat

from phone_audit.apk.xml.elements import (
    ANDROID,
    ATTRIBUTE_IDS,
    REFERENCE,
    STRING,
    Attribute,
    Element,
    Parsed,
    TreeBuilder,
    Value,
)
from phone_audit.errors import ApkError

_FILE, _POOL, _RESOURCE_MAP = 0x0003, 0x0001, 0x0180
_START_NAMESPACE, _END_NAMESPACE, _START, _END, _TEXT = range(0x0100, 0x0105)
_CHUNK = struct.Struct("<HHI")
_ELEMENT = struct.Struct("<IIHHHHHH")
_ATTRIBUTE = struct.Struct("<IIIHBBI")
_POOL_HEADER = struct.Struct("<IIIII")
_FILE_HEADER, _NODE_HEADER = 8, 16
_UTF8 = 0x100
_NO_STRING = 0xFFFFFFFF
_BETWEEN = "\n"
"""Stands between namespace and name; neither can hold it."""
MAX_NAMESPACE = 1_000
"""Letters of a namespace in plain text; expat repeats it in each name, and Android's own has 42."""


def parse_compiled(data: bytes, what: str) -> Parsed:
    """Parse a compiled XML file, as far as it can be read.

    `what` is its name in a message. An `ApkError` (`plain-text` or `damaged-xml`) says that there is not even a root.
    """
    root = read_regular(data)
    if root is not None:
        return Parsed(root, whole=True)
    from phone_audit.apk.xml.androguard_xml import parse_xml  # loads androguard, which takes longer than the rest

    return parse_xml(data, what)


def read_regular(data: bytes) -> Element | None:
    """Read a file that is just as aapt writes it; None for every other."""
    try:
        return _Reader(data).root()
    except (struct.error, IndexError, UnicodeDecodeError):
        return None


class _Strings:
    """A string pool, of which a string is decoded when it is asked for."""

    def __init__(self, data: bytes, start: int, header: int, end: int) -> None:
        count, styles, flags, begin, _ = _POOL_HEADER.unpack_from(data, start + _FILE_HEADER)
        if styles or count > len(data) // 4:
            raise IndexError
        self._data = data
        self._offsets = struct.unpack_from(f"<{count}I", data, start + header)
        self._begin = start + begin
        self._end = end
        self._utf8 = bool(flags & _UTF8)
        self._known: dict[int, str] = {}

    def __getitem__(self, number: int) -> str:
        text = self._known.get(number)
        if text is None:
            text = self._known[number] = self._decoded(self._begin + self._offsets[number])
        return text

    def _decoded(self, at: int) -> str:
        data = self._data
        if self._utf8:
            at += 2 if data[at] & 0x80 else 1
            length = data[at]
            if length & 0x80:
                length, at = (length & 0x7F) << 8 | data[at + 1], at + 1
            return self._cut(at + 1, length, 1).decode("utf-8")
        (length,) = struct.unpack_from("<H", data, at)
        if length & 0x8000:
            length, at = (length & 0x7FFF) << 16 | struct.unpack_from("<H", data, at + 2)[0], at + 2
        return self._cut(at + 2, 2 * length, 2).decode("utf-16-le")

    def _cut(self, begin: int, size: int, width: int) -> bytes:
        if begin + size + width > self._end or any(self._data[begin + size : begin + size + width]):
            raise IndexError
        return self._data[begin : begin + size]


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._strings: _Strings | None = None
        self._ids: tuple[int, ...] = ()
        self._tree = TreeBuilder()
        self._in_nodes = False

    def root(self) -> Element | None:
        kind, header, end = _CHUNK.unpack_from(self._data)
        if kind != _FILE or header != _FILE_HEADER or end > len(self._data):
            return None
        at = header
        while at < end:
            kind, header, size = _CHUNK.unpack_from(self._data, at)
            if size < header or header < _FILE_HEADER or at + size > end or not self._chunk(kind, header, at, size):
                return None
            at += size
        roots = self._tree.roots
        return roots[0] if at == end and len(roots) == 1 else None

    def _chunk(self, kind: int, header: int, at: int, size: int) -> bool:
        """Take one chunk; tells whether it is a regular one. Of several pools the last before all nodes counts."""
        if kind in (_POOL, _RESOURCE_MAP) and self._in_nodes:
            return True  # Android looks for neither any more
        if kind == _POOL:
            self._strings = _Strings(self._data, at, header, at + size)
            return True
        if kind == _RESOURCE_MAP:
            self._ids = struct.unpack_from(f"<{(size - header) // 4}I", self._data, at + header)
            return header == _FILE_HEADER and size % 4 == 0
        if header != _NODE_HEADER or self._strings is None:
            return False
        self._in_nodes = True
        if kind == _START:
            return self._start(self._strings, at + header, at + size)
        if kind == _END:
            return self._tree.end()
        if kind == _TEXT:
            (number,) = struct.unpack_from("<I", self._data, at + header)
            self._tree.text(self._strings[number])
        return kind in (_START_NAMESPACE, _END_NAMESPACE, _TEXT)

    def _start(self, strings: _Strings, at: int, end: int) -> bool:
        _, name, start, size, count, *_ = _ELEMENT.unpack_from(self._data, at)
        begin = at + start
        if start < _ELEMENT.size or size < _ATTRIBUTE.size or begin + count * size > end:
            return False
        if not self._tree.has_room:
            return False
        places = range(begin, begin + count * size, size)
        attributes = tuple(self._attribute(strings, *_ATTRIBUTE.unpack_from(self._data, place)) for place in places)
        self._tree.start(strings[name], attributes)
        return True

    def _attribute(
        self, strings: _Strings, space: int, key: int, raw: int, _: int, __: int, kind: int, number: int
    ) -> Attribute:
        written = strings[raw] if raw != _NO_STRING else None
        text = strings[number] if kind == STRING else written
        return Attribute(
            resource_id=self._ids[key] if key < len(self._ids) else 0,
            name=strings[key],
            value=Value(kind, number, text),
            namespace=strings[space] if space != _NO_STRING else None,
            raw=written if written != text else None,
        )


class _RefusedError(Exception):
    """The document holds what is not read."""


def parse_text_xml(data: bytes, what: str) -> Parsed:
    """Parse an XML file, as far as it can be read; elements left open are closed where reading ended.

    `what` is its name in a message. An `ApkError` (`damaged-xml`) says that there is not even a root.
    """
    tree = _Handler()
    parser = expat.ParserCreate(namespace_separator=_BETWEEN)
    parser.ordered_attributes = True
    parser.buffer_text = True
    parser.StartElementHandler = tree.start_element
    parser.EndElementHandler = tree.end_element
    parser.CharacterDataHandler = tree.text
    parser.StartNamespaceDeclHandler = _limit_namespace
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
    return data[:100].removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"


def _refuse(*_: object) -> None:
    raise _RefusedError


def _limit_namespace(_: str | None, uri: str | None) -> None:
    if uri is not None and len(uri) > MAX_NAMESPACE:
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
    resource_id = ATTRIBUTE_IDS.get(name, 0) if namespace == ANDROID else 0
    value = Value(REFERENCE, 0) if text.startswith(("@", "?")) else Value(STRING, 0, text)
    return Attribute(resource_id, name, value, sys.intern(namespace) or None)
