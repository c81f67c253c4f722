"""Files of a certificate store → certificates: SHA-256, and the name of the authority.

A file of the system's store is PEM, followed by text in AOSP's own; one that a person added is DER. Only base64 and the
outer structure of X.509 (RFC 5280, 4.1: Certificate, TBSCertificate, subject) are read here; nothing is verified.
"""

import base64
import hashlib
import io
import re
from collections.abc import Iterator
from itertools import chain

from phone_audit.files.bounded_zip import ZipBounds, ZipError, ZipReader
from phone_audit.files.bounds import BoundsError

PEM = re.compile(rb"-----BEGIN (?:TRUSTED )?CERTIFICATE-----([A-Za-z0-9+/=\s]{40,65536}?)-----END")
SEQUENCE, SET, OID, VERSION = 0x30, 0x31, 0x06, 0xA0
NAMES = (b"\x55\x04\x03", b"\x55\x04\x0b", b"\x55\x04\x0a")
"""commonName, organizationalUnitName, organizationName: what an authority is called, the best first."""
UTF16 = 0x1E
BEFORE_SUBJECT = 5
"""serialNumber, signature, issuer, validity, subject: the fifth field after the version."""
LONGEST = 200

MOST_ENTRIES = 32
MOST_READ = 10_000
"""Entries that an archive may name at all."""
MOST_BYTES = 64 * 1024
"""Of one entry. A certificate has about 2 KB."""


def certificates(content: bytes) -> Iterator[tuple[str, str | None]]:
    """Yield SHA-256 and name of each certificate in a file, PEM or DER."""
    for block in PEM.findall(content):
        try:
            der = base64.b64decode(b"".join(block.split()), validate=True)
        except ValueError:
            continue
        yield hashlib.sha256(der).hexdigest(), subject_name(der)
    if content[:1] == bytes([SEQUENCE]):
        end = _element(content, 0)
        if end is not None and end[2] <= len(content):
            yield hashlib.sha256(content[: end[2]]).hexdigest(), subject_name(content[: end[2]])


def ota_certificates(content: bytes) -> Iterator[tuple[str, str | None]] | None:
    """Return SHA-256 and name of each certificate in the archive, in order; None where it is no such archive.

    Entries beyond the limits are left out.
    """
    try:
        with ZipReader(io.BytesIO(content), ZipBounds(MOST_READ)) as archive:
            entries = [entry for entry in archive.entries[:MOST_ENTRIES] if entry.file_size <= MOST_BYTES]
            texts = [next(archive.pieces(entry, MOST_BYTES), b"") for entry in entries]
    except (ZipError, BoundsError, OSError):
        return None
    return chain.from_iterable(map(certificates, texts))


def subject_name(der: bytes) -> str | None:
    """Return the name of the subject of a certificate: its common name, else its unit or organisation."""
    outer = _element(der, 0)
    inner = _element(der, outer[1]) if outer else None
    if inner is None:
        return None
    fields = [field for field in _children(der, inner) if field[0] != VERSION]
    if len(fields) < BEFORE_SUBJECT or fields[4][0] != SEQUENCE:
        return None
    names: dict[bytes, str] = {}
    for part in _children(der, fields[4]):
        for pair in _children(der, part):
            words = list(_children(der, pair))
            if len(words) > 1 and words[0][0] == OID:
                kind = der[words[0][1] : words[0][2]]
                names.setdefault(kind, _text(words[1][0], der[words[1][1] : words[1][2]]))
    return next((names[kind] for kind in NAMES if names.get(kind)), None)


def _text(tag: int, raw: bytes) -> str:
    text = raw.decode("utf-16-be" if tag == UTF16 else "utf-8", "backslashreplace")
    return text[:LONGEST].strip()


def _children(der: bytes, parent: tuple[int, int, int]) -> Iterator[tuple[int, int, int]]:
    at = parent[1]
    while at < parent[2]:
        child = _element(der, at)
        if child is None or child[2] > parent[2]:
            return
        yield child
        at = child[2]


def _element(der: bytes, at: int) -> tuple[int, int, int] | None:
    """Return tag, start and end of the contents of the element at an offset; None where there is no whole one."""
    if at + 2 > len(der):
        return None
    tag, length = der[at], der[at + 1]
    start = at + 2
    if length & 0x80:
        count = length & 0x7F
        if not 1 <= count <= 4 or start + count > len(der):
            return None
        length = int.from_bytes(der[start : start + count], "big")
        start += count
    return (tag, start, start + length) if start + length <= len(der) else None
