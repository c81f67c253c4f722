"""Compiled XML that is odd or damaged → elements, by androguard; runs only inside the worker process."""

import io
import struct

from androguard.core import axml  # noqa: TID251
from loguru import logger

from phone_audit.apk.xml.elements import STRING, Attribute, Parsed, TreeBuilder, Value
from phone_audit.errors import ApkError

READS_A_BYTE = 4
"""Where nothing is damaged, androguard reads less than once a byte, and twice a byte between elements."""

_POOL, _POOL_SIZE, _STYLES = 8, 12, 32
"""Where a file has its pool of strings, and in it the length of the pool and the place of its styles."""

logger.remove()  # androguard logs every step of every file to standard error


class _CountedReads(io.BufferedReader):
    """A file that may be read so many times, since androguard goes over bytes between elements again and again."""

    def __init__(self, data: bytes, position: int) -> None:
        super().__init__(io.BytesIO(data))
        self.seek(position)
        self.left = READS_A_BYTE * len(data)

    def read(self, size: int | None = -1, /) -> bytes:
        self.left -= 1
        if self.left < 0:
            raise ApkError("The file keeps being read from the same place.", code="damaged-xml")
        return super().read(size)


def parse_xml(data: bytes, what: str) -> Parsed:
    """Parse a compiled XML file, as far as it can be read; elements left open are closed where reading ended.

    `what` is its name in a message. An `ApkError` (`plain-text` or `damaged-xml`) says that there is not even a root.
    """
    if data[:100].lstrip()[:1] == b"<":
        raise ApkError(f"The {what} is plain text, as in a library or a source tree, not compiled.", code="plain-text")
    tree = TreeBuilder()
    try:
        bounded = _within_the_file(data)
        parser = axml.AXMLParser(bounded)
        parser.buff = _CountedReads(bounded, parser.buff.tell())
        whole = _read(parser, tree)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001
        # androguard raises nearly anything on damaged input (struct.error, KeyError, AssertionError, its own errors)
        whole = False
    root = tree.root()
    if root is None:
        raise ApkError(f"The {what} is damaged.", code="damaged-xml")
    return Parsed(root, whole)


def _within_the_file(data: bytes) -> bytes:
    """Return the file with a pool of strings that ends where the file does, since androguard takes stated lengths."""
    if len(data) < _STYLES + 4:
        return data
    most = len(data) - _POOL
    bounded = bytearray(data)
    for at in (_POOL_SIZE, _STYLES):
        (stated,) = struct.unpack_from("<I", data, at)
        struct.pack_into("<I", bounded, at, min(stated, most))
        most = min(stated, most)
    return bytes(bounded)


def _read(parser: axml.AXMLParser, tree: TreeBuilder) -> bool:
    """Take all events; tells whether the document came to its end."""
    while parser.is_valid():
        event = next(parser)
        if event == axml.START_TAG:
            if not tree.has_room:
                return False
            tree.start(parser.name, _attributes(parser))
        elif event == axml.END_TAG:
            tree.end()
        elif event == axml.TEXT:
            tree.text(parser.text)
        elif event == axml.END_DOCUMENT:
            return True
    return False


def _attributes(parser: axml.AXMLParser) -> tuple[Attribute, ...]:
    attributes = []
    for start in range(0, len(parser.m_attributes), axml.ATTRIBUTE_LENGTH):
        space, name, string, kind, number = parser.m_attributes[start : start + axml.ATTRIBUTE_LENGTH]
        resource_id = parser.m_resourceIDs[name] if name < len(parser.m_resourceIDs) else 0
        value, raw = _value(parser, string, kind, number), _string(parser, string)
        written = raw if raw != value.text else None
        attributes.append(Attribute(resource_id, parser.sb[name], value, _string(parser, space), written))
    return tuple(attributes)


def _value(parser: axml.AXMLParser, string: int, kind: int, number: int) -> Value:
    if kind == STRING:
        return Value(kind, number, parser.sb[number])
    return Value(kind, number, _string(parser, string))


def _string(parser: axml.AXMLParser, number: int) -> str | None:
    """Return a string; None where the number stands for none or lies beyond the pool, as for Android."""
    return parser.sb[number] if number < parser.sb.stringCount else None
