"""What scheme v1 signs: the sections of MANIFEST.MF and `.SF` files with their digests, and the content of entries.

Rules follow AOSP apksig `ManifestParser.java` and `V1SchemeVerifier.java`, which follow Android and not the JAR
specification: a name ends at the first ": ", and blanks at its end belong to it. Entries are read as by
`LocalFileRecord.java`, which is stricter than Android's reader of assets (`archive.py`): the local header has to say
what the directory says, and an entry has to hold as many bytes as announced. Checksums are not compared with the
content, there neither. A stream that lacks its end counts there if its content is whole.

"""

import binascii
import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

from phone_audit.apk.signature.faults import SdkRange
from phone_audit.apk.zip.archive import Archive
from phone_audit.apk.zip.directory import DEFLATED, LOCAL, STORED, Buffer, Entry, damaged
from phone_audit.apk.zip.inflate import inflated
from phone_audit.errors import ApkError

_SECTION = re.compile(rb"(?:[^\r\n]++(?:\r\n|\n|\r|\Z))++(?:\r\n|\n|\r)?+")
_FOLD = re.compile(rb"(?:\r\n|\n|\r) ")
_LINE = re.compile(r"[^\r\n]++")
_DIGEST_NAME = re.compile(rb"\n([A-Za-z0-9-]{2,8})-Digest: ", re.IGNORECASE)
_STRONGEST_FIRST = (("SHA-512", "sha512"), ("SHA-384", "sha384"), ("SHA-256", "sha256"), ("SHA1", "sha1"))
_HASHES = {
    "MD5": ("md5", 0),
    "SHA": ("sha1", 0),
    "SHA1": ("sha1", 0),
    "SHA-1": ("sha1", 0),
    "SHA-256": ("sha256", 0),
    "SHA-384": ("sha384", 9),
    "SHA-512": ("sha512", 9),
}
"""Name in a file → name in hashlib, and the version of Android from which on it counts."""
_STRONGEST_SINCE = 18
_LONGEST = 2**20
_DESCRIPTOR = 8
_RECORD = struct.Struct("<8xH6x3IH12xI")
"""Flags, CRC-32, compressed and inflated size, length of the name, offset of the local header."""
_LOCAL = struct.Struct("<4s2xH6x3I2H")
"""Magic, flags, CRC-32, compressed and inflated size, length of name and of extra field."""


class Section(NamedTuple):
    """One section: its bytes in the file, and its attributes by their name in lower case."""

    start: int
    end: int
    name: str | None
    attributes: dict[str, str]


def sections(data: bytes) -> Iterator[Section]:
    """Read the sections in order; the first one is about the file as a whole.

    One of more than a megabyte has no attributes: nobody makes such, and reading them would take long.
    """
    for found in _SECTION.finditer(data):
        yield _section(found)


def _section(found: "re.Match[bytes]") -> Section:
    start, end = found.span()
    if end - start > _LONGEST:
        return Section(start, end, None, {})
    whole = found[0]
    if b"\n " in whole or b"\r " in whole:
        whole = _FOLD.sub(b"", whole)
    lines = [line.partition(": ") for line in _LINE.findall(whole.decode("utf-8", "backslashreplace"))]
    attributes: dict[str, str] = {}
    for name, _, value in lines:
        attributes.setdefault(name.lower(), value)
    named = lines[0][2] if lines and lines[0][0].lower() == "name" else None
    return Section(start, end, named, attributes)


def hashes_named(data: bytes, sdk: SdkRange) -> tuple[str, ...]:
    r"""Return the hashes worth taking of all entries, as hashlib calls them: the strongest, for old versions SHA-1 too.

    Example:
        >>> hashes_named(b"Name: a\nSHA-256-Digest: AA==\n\nName: b\nMD5-Digest: AA==\n", SdkRange(1))
        ('sha256',)
    """
    found = {name.decode().upper() for name in _DIGEST_NAME.findall(data)}
    strongest = [hashed for name, hashed in _STRONGEST_FIRST if name in found][:1]
    old = ["sha1"] if sdk.first < _STRONGEST_SINCE and found & {"SHA", "SHA1", "SHA-1"} else []
    return tuple(dict.fromkeys([*strongest, *old]))


def digests_of_section(section: Section, suffix: str, sdk: SdkRange) -> list[tuple[str, bytes]]:
    """Return the digests that some version of Android in the range would compare: names for hashlib, and values.

    A value that cannot be decoded is empty. There are none where the oldest version finds no digest that it knows.
    `suffix` is `-Digest`, `-Digest-Manifest` and so on.
    """
    picked: list[tuple[str, bytes]] = []
    if sdk.first < _STRONGEST_SINCE:
        first = _first_named(section, suffix, sdk.first)
        if first is None:
            return []
        picked.append(first)
    if sdk.last >= _STRONGEST_SINCE:
        for name, hashed in _STRONGEST_FIRST:
            value = section.attributes.get((name + suffix).lower())
            if value is not None:
                picked.append((hashed, _decoded(value)))
                break
    return list(dict.fromkeys(picked))


def _first_named(section: Section, suffix: str, sdk: int) -> tuple[str, bytes] | None:
    """Before 4.3 Android took the first digest that a list names, and SHA-1 where there is no list."""
    for name in section.attributes.get("digest-algorithms", "SHA SHA1").split():
        value = section.attributes.get((name + suffix).lower())
        hashed, since = _HASHES.get(name.upper(), ("", sdk + 1))
        if value is not None and since <= sdk:
            return hashed, _decoded(value)
    return None


def _decoded(value: str) -> bytes:
    try:
        return binascii.a2b_base64(value)
    except ValueError:
        return b""


def signed_pieces(archive: Archive, entry: Entry) -> Iterator[bytes | Buffer]:
    """Yield the content of an entry piece by piece, up to the `ApkError` (`damaged-entry`) of a damaged one."""
    start, stop = signed_extent(archive, entry)
    raw = archive.data[start:stop]
    if entry.method == STORED:
        yield raw
        return
    size = 0
    for piece in inflated(entry, raw, to_the_end=False):
        size += len(piece)
        yield piece
    if size != entry.size:
        raise ApkError(f"The entry {entry.name} is not of the announced size.", code="damaged-entry")


def is_read_as_signed(entry: Entry, size: int) -> bool:
    """Whether what `Archive.read` gave, of so many bytes, is the signed content too, if the extent is right."""
    return size == entry.size and entry.method in (STORED, DEFLATED)


def signed_extent(archive: Archive, entry: Entry) -> tuple[int, int]:
    """Return the offsets at which the bytes of an entry, perhaps deflated, begin and end; its two headers are compared.

    Sizes of 64 bits, which Android 6 does not know, are refused: an ApkError (`damaged-entry`, or `not-brought`).
    """
    archive.partial.require(entry)
    data, end = archive.data, archive.index.directory_offset
    at, record = entry.header_offset, entry.record
    flags, crc, compressed, size, length, offset = _RECORD.unpack_from(data, record)
    if compressed != entry.compressed or size != entry.size or offset != at:
        raise ApkError(f"The entry {entry.name} has sizes of 64 bits.", code="damaged-entry")
    name_at = at + _LOCAL.size
    if name_at + length > end:
        raise damaged(entry)
    magic, local_flags, local_crc, local_compressed, local_size, local_length, extra = _LOCAL.unpack_from(data, at)
    if magic != LOCAL:
        raise damaged(entry)
    sizes_agree = flags & _DESCRIPTOR or (local_crc == crc and local_compressed == compressed and local_size == size)
    listed_name = data[record + _RECORD.size : record + _RECORD.size + length]
    names_agree = length == local_length and data[name_at : name_at + length] == listed_name
    if (flags ^ local_flags) & _DESCRIPTOR or not sizes_agree or not names_agree:
        raise ApkError(f"The two headers of the entry {entry.name} do not agree.", code="damaged-entry")
    start = name_at + length + extra
    stop = start + (size if entry.method == STORED else compressed)
    if stop > end:
        raise damaged(entry)
    return start, stop
