"""Signature scheme v4: a file of its own beside the APK, which signs a tree of hashes of the whole file.

Android looks at it only when an APK is installed while it is still arriving, so it says nothing about other ways.
Format: https://source.android.com/docs/security/features/apksigning/v4, AOSP apksig `V4SchemeVerifier.java`.
"""

import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from phone_audit.apk.signature.algorithms import ALGORITHMS, CHUNKED_SHA256, CHUNKED_SHA512, VERITY_SHA256
from phone_audit.apk.signature.certificates import public_key_of
from phone_audit.apk.signature.content_digests import Read, hash_tree
from phone_audit.apk.signature.faults import fault
from phone_audit.apk.signature.public_keys import Outcome, check_signature
from phone_audit.apk.signature.signing_block import BlockReader, BlockSigner
from phone_audit.apk.zip.directory import Buffer
from phone_audit.errors import ApkError

VERSION = 2
_SHA256, _LOG2_PAGE = 1, 12
_BEST_FIRST = (CHUNKED_SHA512, VERITY_SHA256, CHUNKED_SHA256)
_PIECE = 2**20


class _Signing(NamedTuple):
    digest: bytes
    certificate: bytes
    additional: bytes
    key: bytes
    algorithm: int
    signature: bytes


class _Hashing(NamedTuple):
    encoded: bytes
    salt: bytes
    root: bytes


def verify_v4(signature: bytes, read: Read, size: int, signers: Sequence[BlockSigner]) -> tuple[bytes, ...]:
    """Check a v4 signature.

    Args:
        signature: the file beside the APK.
        read: gives the bytes of the APK.
        size: how many there are.
        signers: whose signatures it goes with: of v3 and then of v3.1, or of v2; one of each.

    Returns:
        The certificates of its signers.

    Raises:
        FaultError: it does not verify; words begin with `v4-`.
    """
    try:
        return _verify(BlockReader(memoryview(signature)), read, size, signers)
    except ApkError as error:
        raise fault("v4-damaged", error.message) from error


def _verify(reader: BlockReader, read: Read, size: int, signers: Sequence[BlockSigner]) -> tuple[bytes, ...]:
    if reader.number() != VERSION:
        raise fault("v4-damaged", "It is of an unknown version.")
    hashing = _hashing(reader.block())
    signings = _signings(BlockReader(reader.block()))
    for signing in signings:
        _check_signing(signing, hashing, size)
    root, tree = hash_tree(_pieces(read, size), hashing.salt)
    if root != hashing.root or (reader.left >= 4 and (held := reader.block()) and held != tree):
        raise fault("v4-content-digest", "The file was changed after it was signed.")
    if len(signings) != len(signers):
        raise fault("v4-signers-differ", "It has not as many signers as the signature in the file.")
    for signing, signer in zip(signings, signers, strict=True):
        if signing.certificate != signer.certificates[0] or signing.digest != _best_digest(signer):
            raise fault("v4-signers-differ", "It goes with another signature than the one in the file.")
    return tuple(signing.certificate for signing in signings)


def _hashing(block: Buffer) -> _Hashing:
    if len(block) < 5 or struct.unpack_from("<IB", block) != (_SHA256, _LOG2_PAGE):
        raise fault("v4-unsupported-algorithm", "Its tree of hashes is of an unknown kind.")
    reader = BlockReader(block[5:])
    return _Hashing(bytes(block), bytes(reader.block()), bytes(reader.block()))


def _signings(reader: BlockReader) -> list[_Signing]:
    signings = [_signing(reader)]
    while reader.left:
        reader.number()
        signings.append(_signing(BlockReader(reader.block())))
    return signings


def _signing(reader: BlockReader) -> _Signing:
    digest, certificate, additional, key = (bytes(reader.block()) for _ in range(4))
    return _Signing(digest, certificate, additional, key, reader.number(), bytes(reader.block()))


def _check_signing(signing: _Signing, hashing: _Hashing, size: int) -> None:
    algorithm = ALGORITHMS.get(signing.algorithm)
    if algorithm is None:
        raise fault("v4-unsupported-algorithm", "Its signature is of an unknown algorithm.")
    parts = (signing.digest, signing.certificate, signing.additional)
    body = struct.pack("<Q", size) + hashing.encoded + b"".join(struct.pack("<I", len(part)) + part for part in parts)
    signed = struct.pack("<I", len(body) + 4) + body
    if check_signature(signing.key, algorithm.method, signing.signature, signed) is not Outcome.GOOD:
        raise fault("v4-signature-mismatch", "The signature was made over something else, or by another key.")
    if public_key_of(signing.certificate) != signing.key:
        raise fault("v4-key-mismatch", "The key that signed is not the one in the certificate.")


def _best_digest(signer: BlockSigner) -> bytes | None:
    digests = {ALGORITHMS[number].digest: value for number, value in signer.digests if number in ALGORITHMS}
    return next((digests[kind] for kind in _BEST_FIRST if kind in digests), None)


def _pieces(read: Read, size: int) -> Iterator[bytes | Buffer]:
    return (read(at, min(_PIECE, size - at)) for at in range(0, size, _PIECE))
