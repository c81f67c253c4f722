"""The APK Signing Block: what signature schemes v2, v3 and v3.1 put between the entries and the central directory.

Format: https://source.android.com/docs/security/features/apksigning/v2 and /v3, AOSP `tools/apksig`.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from phone_audit.analyse.zip_index import Buffer
from phone_audit.errors import ApkError

V2, V3, V31 = 0x7109871A, 0xF05368C0, 0x1B93AD61
STAMP_V1, STAMP_V2 = 0x2B09189E, 0x6DFF800D
_MAGIC = b"APK Sig Block 42"
_FOOTER = 24
_PROOF_OF_ROTATION = 0x3BA06F8C
_MAX_PAIRS = 1024


@dataclass(frozen=True, slots=True)
class BlockSigner:
    """One signer of a scheme. Certificates are DER, the signer's own first; `lineage` goes from the oldest on."""

    signed_data: bytes
    digests: tuple[tuple[int, bytes], ...]
    certificates: tuple[bytes, ...]
    signatures: tuple[tuple[int, bytes], ...]
    public_key: bytes
    attributes: tuple[tuple[int, bytes], ...]
    min_sdk: int | None
    max_sdk: int | None
    lineage: tuple[bytes, ...]


def find_block(data: Buffer, directory_offset: int) -> dict[int, Buffer]:
    """Give the values of the signing block by their id; nothing where the file has no such block.

    Raises:
        ApkError: the block is there, but damaged.
    """
    if directory_offset < _FOOTER + 8 or data[directory_offset - 16 : directory_offset] != _MAGIC:
        return {}
    (size,) = struct.unpack_from("<Q", data, directory_offset - _FOOTER)
    start = directory_offset - size - 8
    if size < _FOOTER or start < 0 or struct.unpack_from("<Q", data, start)[0] != size:
        raise _damaged("its two sizes differ")
    return dict(_pairs(data[start + 8 : directory_offset - _FOOTER]))


def _pairs(body: Buffer) -> Iterator[tuple[int, Buffer]]:
    """The first value of an id counts, as for Android; so later ones are dropped."""
    seen: set[int] = set()
    at = 0
    while at + 12 <= len(body):
        length, key = struct.unpack_from("<QI", body, at)
        if length < 4 or length > len(body) - at - 8 or len(seen) > _MAX_PAIRS:
            raise _damaged("a value in it does not fit")
        if key not in seen:
            seen.add(key)
            yield key, body[at + 12 : at + 8 + length]
        at += 8 + length
    if at != len(body):
        raise _damaged("bytes follow its last value")


def read_signers(value: Buffer, *, with_sdk_range: bool) -> tuple[BlockSigner, ...]:
    """Read the signers of scheme v2, or with `with_sdk_range` of v3 and v3.1.

    Raises:
        ApkError: the value is damaged.
    """
    return tuple(_signer(_Reader(signer), with_sdk_range) for signer in _Reader(_Reader(value).block()).blocks())


def read_stamp(value: Buffer) -> bytes:
    """Give the certificate of a source stamp.

    Raises:
        ApkError: the value is damaged.
    """
    return bytes(_Reader(_Reader(value).block()).block())


def _signer(reader: "_Reader", with_sdk_range: bool) -> BlockSigner:
    signed_data = reader.block()
    outer_range = (reader.number(), reader.number()) if with_sdk_range else (None, None)
    signatures = tuple(_numbered_blocks(reader.block()))
    public_key = bytes(reader.block())
    inner = _Reader(signed_data)
    digests = tuple(_numbered_blocks(inner.block()))
    certificates = tuple(bytes(certificate) for certificate in _Reader(inner.block()).blocks())
    if with_sdk_range and (inner.number(), inner.number()) != outer_range:
        raise _damaged("the two version ranges of a signer differ")
    attributes = tuple(_attributes(inner.block())) if inner.left else ()
    if not certificates:
        raise _damaged("a signer has no certificate")
    lineage = next((_lineage(value) for key, value in attributes if key == _PROOF_OF_ROTATION), ())
    return BlockSigner(
        signed_data=bytes(signed_data),
        digests=digests,
        certificates=certificates,
        signatures=signatures,
        public_key=public_key,
        attributes=attributes,
        min_sdk=outer_range[0],
        max_sdk=outer_range[1],
        lineage=lineage,
    )


def _numbered_blocks(value: Buffer) -> Iterator[tuple[int, bytes]]:
    for item in _Reader(value).blocks():
        reader = _Reader(item)
        yield reader.number(), bytes(reader.block())


def _attributes(value: Buffer) -> Iterator[tuple[int, bytes]]:
    for item in _Reader(value).blocks():
        reader = _Reader(item)
        yield reader.number(), bytes(item[4:])


def _lineage(value: bytes) -> tuple[bytes, ...]:
    reader = _Reader(memoryview(value))
    reader.number()
    return tuple(bytes(_Reader(_Reader(level).block()).block()) for level in reader.blocks())


class _Reader:
    """Reads little-endian numbers and length-prefixed blocks, never beyond its own bytes."""

    def __init__(self, data: Buffer) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def number(self) -> int:
        if self.left < 4:
            raise _damaged("a number in it is cut off")
        self._at += 4
        return int.from_bytes(self._data[self._at - 4 : self._at], "little")

    def block(self) -> Buffer:
        length = self.number()
        if length > self.left:
            raise _damaged("a part of it is cut off")
        self._at += length
        return self._data[self._at - length : self._at]

    def blocks(self) -> Iterator[Buffer]:
        while self.left:
            yield self.block()


def _damaged(what: str) -> ApkError:
    return ApkError(f"The APK Signing Block is damaged: {what}.", step="signature", code="damaged-signature")
