"""Signing blocks, certificates, manifests of signed archives, and whole signed archives."""

from contextlib import suppress
from typing import Final

from phone_audit.acquire.questions.certificates import certificates as authorities
from phone_audit.acquire.questions.certificates import ota_certificates
from phone_audit.apk.package_file import hash_pieces
from phone_audit.apk.signature.algorithms import Method, check_signature
from phone_audit.apk.signature.certificates import (
    jar_signers,
    may_sign,
    public_key_of,
    read_certificate,
    read_signed_block,
)
from phone_audit.apk.signature.faults import FaultError, SdkRange
from phone_audit.apk.signature.jar_digests import digests_of_section, hashes_named, sections
from phone_audit.apk.signature.optional_signatures import verify_v4
from phone_audit.apk.signature.signers import read_signing
from phone_audit.apk.signature.signing_block import (
    find_block,
    numbered_blocks,
    read_attributes,
    read_lineage,
    read_signers,
    read_stamp,
)
from phone_audit.apk.signature.verify import TargetPlatform, hashes_to_take, verify
from phone_audit.apk.zip.archive import Archive
from phone_audit.errors import ApkError
from tests.fuzz.expansion import parts_of
from tests.fuzz.target import Target, knowledge, promise, written

_ASKED: Final = (TargetPlatform(SdkRange(1)), TargetPlatform(SdkRange(24), 30, 2), TargetPlatform(SdkRange(33), 34))
_METHODS: Final = (Method("rsa", "sha256"), Method("ecdsa", "sha256"), Method("dsa", "sha1"))
_APK, _IDSIG = 0, 1


def signing_block(data: bytes) -> None:
    """Read a signing block, and its values as those of every scheme."""
    view = memoryview(data)
    block = find_block(view, len(view))
    for value in (*block.values.values(), view):
        for reader in (
            lambda one: read_signers(one, with_sdk_range=False),
            lambda one: read_signers(one, with_sdk_range=True),
            read_stamp, read_lineage, numbered_blocks, read_attributes,
        ):  # fmt: skip
            with suppress(ApkError):
                reader(value)


def certificates(data: bytes) -> None:
    """Read certificates and PKCS #7 blocks, as signers and as authorities of a phone, and keys."""
    read_certificate(data)
    for reader in (read_signed_block, jar_signers, public_key_of, may_sign):
        with suppress(ApkError):
            reader(data)
    for _, name in authorities(data):
        promise(len(name or "") <= 200, "the name of an authority is longer than is told")
    list(ota_certificates(data) or ())
    for method in _METHODS:
        check_signature(data, method, data[:256], b"signed")


def jar_manifest(data: bytes) -> None:
    """Read the sections of a manifest of a signed archive."""
    for sdk in (SdkRange(1), SdkRange(24)):
        hashes_named(data, sdk)
        for section in sections(data):
            promise(0 <= section.start < section.end <= len(data), "a section lies outside of its file")
            digests_of_section(section, "-Digest", sdk)
            digests_of_section(section, "-Digest-Manifest", sdk)


def signed_apk(data: bytes) -> None:
    """Check the signatures of an archive, and of one with a v4 signature beside it."""
    content = dict(parts_of(data))
    path = written(content.get(_APK, b""), "signed.apk")
    written(content.get(_IDSIG, b""), "signed.apk.idsig")
    with suppress(ApkError):
        archive = Archive(memoryview(content.get(_APK, b"")), total_limit=2**24)
        for asked in _ASKED:
            hashes_to_take(archive, asked)
            with suppress(ApkError):
                checked = verify(archive, path, asked)
                read_signing(archive, path, knowledge().key_of, checked)
        read_signing(archive, path, knowledge().key_of)
    with suppress(FaultError):
        verify_v4(content.get(_IDSIG, b""), lambda at, size: data[at : at + size], len(data), ())
    hash_pieces([data])


TARGETS: Final = {
    "signing_block": Target(
        signing_block,
        ("phone_audit.apk.signature.signing_block",),
        (b"APK Sig Block 42", b"\x1a\x87\x09\x71", b"\xc0\x68\x53\xf0"),
    ),
    "certificates": Target(
        certificates,
        (
            "phone_audit.apk.signature.certificates",
            "phone_audit.apk.signature.algorithms",
            "phone_audit.acquire.questions.certificates",
        ),
        (b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02", b"\x55\x04\x03", b"-----BEGIN CERTIFICATE-----", b"-----END"),
    ),
    "jar_manifest": Target(
        jar_manifest,
        ("phone_audit.apk.signature.jar_digests",),
        (b"Name: ", b"SHA-256-Digest: ", b"SHA1-Digest-Manifest: ", b"Digest-Algorithms: ", b"\r\n ", b"\r\n\r\n"),
        largest=2**18,
    ),
    "signed_apk": Target(
        signed_apk,
        (
            "phone_audit.apk.signature.verify",
            "phone_audit.apk.signature.block_schemes",
            "phone_audit.apk.signature.content_digests",
            "phone_audit.apk.signature.jar_scheme",
            "phone_audit.apk.signature.block_schemes",
            "phone_audit.apk.signature.optional_signatures",
            "phone_audit.apk.signature.optional_signatures",
            "phone_audit.apk.signature.algorithms",
            "phone_audit.apk.signature.signers",
        ),
        (b"APK Sig Block 42", b"META-INF/", b".SF", b".RSA", b"PK\x01\x02", b"PK\x05\x06"),
        whole=False,
    ),
}
