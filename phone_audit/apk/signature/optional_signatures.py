"""Signatures without which Android installs an APK all the same: the source stamp, and scheme v4.

The stamp is made by the store or the developer over the digests of the other signatures (AOSP apksig
`SourceStampVerifier.java`). A v4 signature is a file of its own beside the APK, which signs a tree of hashes of the
whole file and counts only while an APK is still arriving
(https://source.android.com/docs/security/features/apksigning/v4, `V4SchemeVerifier.java`).
"""

import hashlib
import struct
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from phone_audit.apk.signature import algorithms
from phone_audit.apk.signature.block_schemes import check_lineage, signed_digests
from phone_audit.apk.signature.certificates import public_key_of
from phone_audit.apk.signature.content_digests import Read, hash_tree
from phone_audit.apk.signature.faults import SdkRange, fault
from phone_audit.apk.signature.signing_block import (
    PROOF_OF_ROTATION,
    BlockReader,
    BlockSigner,
    numbered_blocks,
    read_attributes,
    read_lineage,
)
from phone_audit.apk.zip.directory import Buffer
from phone_audit.errors import ApkError

_TIME = 0xE43C5946
_SINCE = 30

Digests = Mapping[int, Mapping[int, bytes]]
"""For each scheme that verified (1, 2, 3) the digests that it signs, by their id."""
VERSION = 2
_SHA256, _LOG2_PAGE = 1, 12
_BEST_FIRST = (algorithms.CHUNKED_SHA512, algorithms.VERITY_SHA256, algorithms.CHUNKED_SHA256)
_PIECE = 2**20


def verify_stamp(value: Buffer, announced: bytes, digests: Digests, sdk: SdkRange, *, newer: bool) -> None:
    """Check a source stamp as it stands in the signing block; the words of a FaultError begin with `stamp-`.

    `announced` is the hash of its certificate, from the entry `stamp-cert-sha256`; `digests` are what it has to sign;
    `sdk` the versions of Android that the APK is for; `newer`: it is of version 2, which signs each scheme by itself.
    """
    try:
        _Stamp(value, sdk).check(announced, digests, newer)
    except ApkError as error:
        raise fault("stamp-damaged", error.message) from error


class _Stamp:
    def __init__(self, value: Buffer, sdk: SdkRange) -> None:
        self._reader = BlockReader(BlockReader(value).block())
        self._certificate = bytes(self._reader.block())
        self._sdk = SdkRange(max(sdk.first, _SINCE), max(sdk.last, _SINCE))

    def check(self, announced: bytes, digests: Digests, newer: bool) -> None:
        self._key = public_key_of(self._certificate)
        if hashlib.sha256(self._certificate).digest() != announced:
            raise fault("stamp-certificate-mismatch", "Its certificate is another one than the archive announces.")
        if newer:
            self._check_each(digests)
        else:
            self._check_signed(_encoded(digests[max(digests)]), self._reader.block())

    def _check_each(self, digests: Digests) -> None:
        signed = dict(numbered_blocks(self._reader.block()))
        for scheme, values in sorted(digests.items()):
            if scheme not in signed:
                raise fault("stamp-no-signature", f"It does not sign scheme v{scheme}.")
            self._check_signed(_encoded(values), memoryview(signed[scheme]))
        if self._reader.left:
            attributes = self._reader.block()
            self._check_signed(bytes(attributes), self._reader.block())
            self._check_attributes(attributes)

    def _check_signed(self, data: bytes, signatures: Buffer) -> None:
        listed = numbered_blocks(signatures)
        if not any(number in algorithms.ALGORITHMS for number, _ in listed):
            raise fault("stamp-no-signature", "It has no signature of a known algorithm.")
        picked = algorithms.to_check(listed, self._sdk, of_stamp=True)
        if not picked:
            raise fault("stamp-unsupported-algorithm", "Not every version it is for understands one of its signatures.")
        for algorithm, signature in picked:
            if algorithms.check_signature(self._key, algorithm.method, signature, data) is not algorithms.Outcome.GOOD:
                raise fault("stamp-signature-mismatch", "Its signature was made over something else.")

    def _check_attributes(self, attributes: Buffer) -> None:
        for key, value in read_attributes(BlockReader(attributes).block()):
            if key == PROOF_OF_ROTATION:
                check_lineage("stamp", read_lineage(value), self._certificate)
            elif key == _TIME and (len(value) < 8 or struct.unpack_from("<q", value)[0] <= 0):
                raise fault("stamp-time", "Its time makes no sense.")


def _encoded(digests: Mapping[int, bytes]) -> bytes:
    pairs = sorted(digests.items())
    return b"".join(struct.pack("<3I", 8 + len(value), key, len(value)) + value for key, value in pairs)


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
    """Check a v4 signature, the file beside the APK, and return the certificates of its signers.

    `read` gives the `size` bytes of the APK. It goes with the signatures of `signers`: of v3 and then of v3.1, or of
    v2; one of each. Raises a FaultError, whose words begin with `v4-`, where it does not verify.
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
    pieces = (read(at, min(_PIECE, size - at)) for at in range(0, size, _PIECE))
    root, tree = hash_tree(pieces, hashing.salt)
    if root != hashing.root or (reader.left >= 4 and (stored := reader.block()) and stored != tree):
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
    algorithm = algorithms.ALGORITHMS.get(signing.algorithm)
    if algorithm is None:
        raise fault("v4-unsupported-algorithm", "Its signature is of an unknown algorithm.")
    parts = (signing.digest, signing.certificate, signing.additional)
    body = struct.pack("<Q", size) + hashing.encoded + b"".join(struct.pack("<I", len(part)) + part for part in parts)
    signed = struct.pack("<I", len(body) + 4) + body
    if (
        algorithms.check_signature(signing.key, algorithm.method, signing.signature, signed)
        is not algorithms.Outcome.GOOD
    ):
        raise fault("v4-signature-mismatch", "The signature was made over something else, or by another key.")
    if public_key_of(signing.certificate) != signing.key:
        raise fault("v4-key-mismatch", "The key that signed is not the one in the certificate.")


def _best_digest(signer: BlockSigner) -> bytes | None:
    digests = signed_digests([signer])
    return next((digests[kind] for kind in _BEST_FIRST if kind in digests), None)
