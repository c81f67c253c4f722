"""Formats in which packages hold further files and classes: tar archives, Java classes, compressed .NET assemblies.

Sources: POSIX `pax`, ustar, GNU tar for long names; The Java Virtual Machine Specification, 4.4; dotnet/android,
`src/Xamarin.Android.Build.Tasks/Utilities/AssemblyCompression.cs`.
"""

import re
import struct
from collections.abc import Iterator
from itertools import count, pairwise
from typing import Final, NamedTuple

from phone_audit.apk.zip.directory import Buffer
from phone_audit.errors import ApkError
from phone_audit.files.lz4_block import unpack_lz4

BLOCK: Final = 512
MAX_MEMBERS: Final = 50_000
_LONG_NAME: Final = b"L"
_PAX: Final = (b"x", b"X")
_NO_FILES: Final = (b"1", b"2", b"3", b"4", b"5", b"6", b"K", b"g")
"""Links, devices, folders, pipes, the long name of a link, and what holds for all members."""
_SOMETHING: Final = re.compile(rb"[^\0]")
_MAGIC_AT: Final = 257
CLASS_MAGIC: Final = b"\xca\xfe\xba\xbe"
_UTF8, _CLASS, _STRING = 1, 7, 8
_SIZES: Final = {
    3: 5, 4: 5, 5: 9, 6: 9, 7: 3, 8: 3, 9: 5, 10: 5, 11: 5, 12: 5, 15: 4, 16: 3, 17: 5, 18: 5, 19: 3, 20: 3,
}  # fmt: skip
"""Bytes of a constant, its tag with it. Source: The Java Virtual Machine Specification, 4.4."""
_TWO_SLOTS: Final = (5, 6)
ASSEMBLY_MAGIC: Final = b"XALZ"
ASSEMBLY_STORE_MAGIC: Final = b"XABA"
_HEADER: Final = struct.Struct("<4sII")
_MARK: Final = re.compile(ASSEMBLY_MAGIC)


class Member(NamedTuple):
    """A regular file in a tar archive; `content` is cut where the archive is."""

    name: str
    content: Buffer


def is_tar(head: bytes) -> bool:
    """Tell whether a first block is that of a tar archive of ustar, pax or GNU kind."""
    return head[_MAGIC_AT : _MAGIC_AT + 5] == b"ustar"


def members(data: Buffer) -> Iterator[Member]:
    """Yield the regular files. A member of an unknown kind is one, as POSIX has it.

    Raises an ApkError (`damaged-entry` or `too-many-entries`) after all that can be read.
    """
    at, long_name = 0, ""
    for number in count():
        head = bytes(data[at : at + BLOCK])
        if not any(head):
            if _SOMETHING.search(data, at):
                raise ApkError(f"Something follows its end at byte {at}, and was not read.", code="damaged-entry")
            return
        size = _size(head[124:136]) if len(head) == BLOCK else None
        if size is None:
            raise ApkError(f"A header in it is damaged; nothing was read from byte {at} on.", code="damaged-entry")
        if number == MAX_MEMBERS:
            raise ApkError(
                f"It holds more than {MAX_MEMBERS} files; the others were not read.", code="too-many-entries"
            )
        kind, content = head[156:157], data[at + BLOCK : at + BLOCK + size]
        if kind == _LONG_NAME:
            long_name = _text(bytes(content))
        elif kind in _PAX:
            long_name = _pax_path(bytes(content)) or long_name
        else:
            if kind not in _NO_FILES:
                yield Member(long_name or _name(head), content)
            long_name = ""
        if len(content) < size:
            raise ApkError("It is cut off.", code="damaged-entry")
        at += BLOCK + -(-size // BLOCK) * BLOCK


def _size(field: bytes) -> int | None:
    if field[:1] == b"\x80":
        return int.from_bytes(field[4:], "big")
    digits = field.strip(b" \0")
    return int(digits, 8) if digits and not digits.strip(b"01234567") else 0 if not digits else None


def _name(head: bytes) -> str:
    prefix = _text(head[345:500]) if head[_MAGIC_AT : _MAGIC_AT + 6] == b"ustar\0" else ""
    return f"{prefix}/{_text(head[:100])}" if prefix else _text(head[:100])


def _pax_path(content: bytes) -> str:
    """Return the path of an extended header: lines `length path=value`."""
    for line in content.split(b"\n"):
        _, _, field = line.partition(b" ")
        if field.startswith(b"path="):
            return _text(field[5:])
    return ""


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "backslashreplace")


class JavaClass(NamedTuple):
    """Descriptors as in a DEX file, such as `Lcom/example/A;`; texts with the offset of their first byte."""

    defined: bytes | None
    named: tuple[bytes, ...]
    texts: tuple[tuple[int, bytes], ...]


def read_class(data: memoryview) -> JavaClass | None:
    """Read the constant pool of one class file; None where it is damaged.

    `texts` are the constants that code loads as strings.
    """
    try:
        return _read_pool(bytes(data))
    except (struct.error, IndexError, KeyError):
        return None


def _read_pool(data: bytes) -> JavaClass:
    (count,) = struct.unpack_from(">H", data, 8)
    at = 10
    places = [0]
    classes: list[int] = []
    strings: list[int] = []
    while len(places) < count:
        places.append(at)
        tag = data[at]
        if tag == _UTF8:
            at += 3 + (data[at + 1] << 8 | data[at + 2])
            continue
        if tag == _CLASS:
            classes.append(at)
        elif tag == _STRING:
            strings.append(at)
        elif tag in _TWO_SLOTS:
            places.append(at)
        at += _SIZES[tag]
    (this,) = struct.unpack_from(">H", data, at + 2)

    def text_of(place: int) -> tuple[int, bytes]:
        """Return the text to which the constant at a place refers.

        Where it begins, and its bytes; 0 where it is none.
        """
        at = places[data[place + 1] << 8 | data[place + 2]]
        if data[at] != _UTF8:
            return 0, b""
        return at + 3, data[at + 3 : at + 3 + (data[at + 1] << 8 | data[at + 2])]

    if places[this] not in classes:
        raise IndexError
    names = (text_of(place) for place in classes)
    return JavaClass(
        defined=_descriptor(text_of(places[this])[1]),
        named=tuple({_descriptor(name) for begin, name in names if begin}),
        texts=tuple(text for place in strings if (text := text_of(place))[0]),
    )


def _descriptor(name: bytes) -> bytes:
    return name if name.startswith(b"[") else b"L%b;" % name


def compressed_assemblies(data: memoryview, limit: int) -> Iterator[tuple[int, bytes | ApkError]]:
    """Yield where each compressed assembly begins that stands in a file, and its bytes or why there are none.

    Assemblies stand alone, in `assemblies.blob`, or in a library that holds it. Each begins with XALZ, an index and its
    size when decoded; an LZ4 block follows. `limit` are the bytes that all of them together may decode to.
    """
    marks = [found.start() for found in _MARK.finditer(data)]
    for at, following in pairwise([*marks, len(data)]):
        if at + _HEADER.size > len(data):
            return
        _, _, size = _HEADER.unpack_from(data, at)
        if size > limit:
            yield at, ApkError("Its compressed assemblies are larger than may be unpacked.", code="size-limit")
            return
        try:
            yield at, unpack_lz4(bytes(data[at + _HEADER.size : following]), size)
        except ValueError:
            yield at, ApkError("A compressed assembly is damaged.", code="damaged-entry")
        else:
            limit -= size
