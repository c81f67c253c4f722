"""The source stamp: a signature by the store or the developer over the digests of the other signatures.

It is checked for information only: Android does not refuse an APK because of it. Rules follow AOSP apksig
`SourceStampVerifier.java`.
"""

import hashlib
import struct
from collections.abc import Mapping

from phone_audit.apk.signature.algorithms import ALGORITHMS, to_check
from phone_audit.apk.signature.certificates import public_key_of
from phone_audit.apk.signature.faults import SdkRange, fault
from phone_audit.apk.signature.lineage import check_lineage
from phone_audit.apk.signature.public_keys import Outcome, check_signature
from phone_audit.apk.signature.signing_block import PROOF_OF_ROTATION, BlockReader, numbered_blocks, read_lineage
from phone_audit.apk.zip.directory import Buffer
from phone_audit.errors import ApkError

_TIME = 0xE43C5946
_SINCE = 30

Digests = Mapping[int, Mapping[int, bytes]]
"""For each scheme that verified (1, 2, 3) the digests that it signs, by their id."""


def verify_stamp(value: Buffer, announced: bytes, digests: Digests, sdk: SdkRange, *, newer: bool) -> None:
    """Check a source stamp.

    Args:
        value: as it stands in the signing block.
        announced: the hash of its certificate, from the entry `stamp-cert-sha256`.
        digests: what it has to sign.
        sdk: the versions of Android that the APK is for.
        newer: whether it is of version 2, which signs each scheme by itself.

    Raises:
        FaultError: it does not verify; words begin with `stamp-`.
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
        if not any(number in ALGORITHMS for number, _ in listed):
            raise fault("stamp-no-signature", "It has no signature of a known algorithm.")
        picked = to_check(listed, self._sdk, of_stamp=True)
        if not picked:
            raise fault("stamp-unsupported-algorithm", "Not every version it is for understands one of its signatures.")
        for algorithm, signature in picked:
            if check_signature(self._key, algorithm.method, signature, data) is not Outcome.GOOD:
                raise fault("stamp-signature-mismatch", "Its signature was made over something else.")

    def _check_attributes(self, attributes: Buffer) -> None:
        for item in BlockReader(BlockReader(attributes).block()).blocks():
            key, value = BlockReader(item).number(), item[4:]
            if key == PROOF_OF_ROTATION:
                check_lineage("stamp", read_lineage(value), self._certificate)
            elif key == _TIME and (len(value) < 8 or struct.unpack_from("<q", value)[0] <= 0):
                raise fault("stamp-time", "Its time makes no sense.")


def _encoded(digests: Mapping[int, bytes]) -> bytes:
    pairs = sorted(digests.items())
    return b"".join(struct.pack("<3I", 8 + len(value), key, len(value)) + value for key, value in pairs)
