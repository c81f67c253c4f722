"""The APK Signing Block: what signature schemes v2, v3 and v3.1 put between the entries and the central directory.

Format: https://source.android.com/docs/security/features/apksigning/v2 and /v3, AOSP `tools/apksig`.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from phone_audit.apk.zip.directory import Buffer, Sliceable
from phone_audit.errors import ApkError

V2, V3, V31 = 0x7109871A, 0xF05368C0, 0x1B93AD61
STAMP_V1, STAMP_V2 = 0x2B09189E, 0x6DFF800D
STAMP_ENTRY = "stamp-cert-sha256"
"""The entry of an archive that announces the certificate of its source stamp."""
_MAGIC = b"APK Sig Block 42"
_FOOTER = 24
PROOF_OF_ROTATION = 0x3BA06F8C
_LINEAGE_VERSION = 1
_MAX_PAIRS = 1024


@dataclass(frozen=True, slots=True)
class SigningBlock:
    """The values of the block by their id, and where it begins. `damage` says why some are missing, or is None."""

    values: dict[int, Buffer]
    start: int
    damage: str | None = None


@dataclass(frozen=True, slots=True)
class LineageNode:
    """One key in the history of keys: its certificate (DER), and what the key before it signed.

    `signed_algorithm` is that of the signature, as signed; `algorithm` is what this key signs the next node with.
    `flags` say what Android still allows to the older key.
    """

    certificate: bytes
    signed_data: bytes
    signed_algorithm: int
    flags: int
    algorithm: int
    signature: bytes


@dataclass(frozen=True, slots=True)
class BlockSigner:
    """One signer of a scheme. Certificates are DER, the signer's own first; `lineage` goes from the oldest on.

    The range of versions stands twice; `signed_sdk` is the copy in what is signed. Both are None in v2.
    """

    signed_data: bytes
    digests: tuple[tuple[int, bytes], ...]
    certificates: tuple[bytes, ...]
    signatures: tuple[tuple[int, bytes], ...]
    public_key: bytes
    attributes: tuple[tuple[int, bytes], ...]
    sdk: tuple[int, int] | None
    signed_sdk: tuple[int, int] | None
    lineage: tuple[LineageNode, ...] | None


def find_block(data: Sliceable, directory_offset: int) -> SigningBlock:
    """Find the signing block before the central directory; no values where there is none, or it is damaged."""
    none = SigningBlock({}, directory_offset)
    if directory_offset < _FOOTER + 8 or data[directory_offset - 16 : directory_offset] != _MAGIC:
        return none
    size = _size_at(data, directory_offset - _FOOTER)
    start = directory_offset - size - 8
    if size < _FOOTER or start < 0 or _size_at(data, start) != size:
        return SigningBlock({}, directory_offset, _damaged("its two sizes differ").message)
    values: dict[int, Buffer] = {}
    body = memoryview(data[start + 8 : directory_offset - _FOOTER])
    try:
        for key, value in _pairs(body):
            values.setdefault(key, value)  # the first value of an id counts, as for Android
    except ApkError as error:
        return SigningBlock(values, start, error.message)
    return SigningBlock(values, start)


def _size_at(data: Sliceable, at: int) -> int:
    return int.from_bytes(data[at : at + 8], "little")


def _pairs(body: Buffer) -> Iterator[tuple[int, Buffer]]:
    at = 0
    for _ in range(_MAX_PAIRS):
        if at + 12 > len(body):
            break
        length, key = struct.unpack_from("<QI", body, at)
        if length < 4 or length > len(body) - at - 8:
            raise _damaged("a value in it does not fit")
        yield key, body[at + 12 : at + 8 + length]
        at += 8 + length
    if at != len(body):
        raise _damaged("bytes follow its last value")


def read_signers(value: Buffer, *, with_sdk_range: bool) -> tuple[BlockSigner, ...]:
    """Read the signers of scheme v2, or with `with_sdk_range` of v3 and v3.1; an `ApkError` where they are damaged."""
    signers = BlockReader(BlockReader(value).block())
    return tuple(_signer(BlockReader(signer), with_sdk_range) for signer in signers.blocks())


def read_stamp(value: Buffer) -> bytes:
    """Return the certificate of a source stamp; an `ApkError` where it is damaged."""
    return bytes(BlockReader(BlockReader(value).block()).block())


def read_lineage(value: bytes | Buffer) -> tuple[LineageNode, ...]:
    """Read a history of keys; an `ApkError` where it is damaged."""
    reader = BlockReader(memoryview(value))
    if reader.number() != _LINEAGE_VERSION:
        raise _damaged("the history of keys is of an unknown version")
    return tuple(_node(BlockReader(node)) for node in reader.blocks())


def _node(reader: "BlockReader") -> LineageNode:
    signed_data = reader.block()
    flags, algorithm = reader.number(), reader.number()
    inner = BlockReader(signed_data)
    return LineageNode(
        certificate=bytes(inner.block()),
        signed_data=bytes(signed_data),
        signed_algorithm=inner.number(),
        flags=flags,
        algorithm=algorithm,
        signature=bytes(reader.block()),
    )


def _signer(reader: "BlockReader", with_sdk_range: bool) -> BlockSigner:
    signed_data = reader.block()
    sdk = (reader.number(), reader.number()) if with_sdk_range else None
    signatures = numbered_blocks(reader.block())
    public_key = bytes(reader.block())
    inner = BlockReader(signed_data)
    digests = numbered_blocks(inner.block())
    certificates = tuple(bytes(certificate) for certificate in BlockReader(inner.block()).blocks())
    signed_sdk = (inner.number(), inner.number()) if with_sdk_range else None
    attributes = read_attributes(inner.block()) if inner.left else ()
    return BlockSigner(
        signed_data=bytes(signed_data),
        digests=digests,
        certificates=certificates,
        signatures=signatures,
        public_key=public_key,
        attributes=attributes,
        sdk=sdk,
        signed_sdk=signed_sdk,
        lineage=next((read_lineage(v) for key, v in attributes if key == PROOF_OF_ROTATION), None),
    )


def numbered_blocks(value: Buffer) -> tuple[tuple[int, bytes], ...]:
    """Read a list of blocks, each after its number: signatures or digests with their algorithm."""
    return tuple((reader.number(), bytes(reader.block())) for reader in map(BlockReader, BlockReader(value).blocks()))


def read_attributes(value: Buffer) -> tuple[tuple[int, bytes], ...]:
    return tuple((BlockReader(item).number(), bytes(item[4:])) for item in BlockReader(value).blocks())


class BlockReader:
    """Reads little-endian numbers and length-prefixed blocks; an `ApkError` where its bytes end too early."""

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
        """Read a length of four bytes and as many bytes as it says."""
        length = self.number()
        if length > self.left:
            raise _damaged("a part of it is cut off")
        self._at += length
        return self._data[self._at - length : self._at]

    def blocks(self) -> Iterator[Buffer]:
        while self.left:
            yield self.block()


def _damaged(what: str) -> ApkError:
    return ApkError(f"The APK Signing Block is damaged: {what}.", code="damaged-signature")
