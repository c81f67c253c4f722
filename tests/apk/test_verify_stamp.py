"""Source stamps: over every scheme, with attributes, and everything that can be wrong."""

import hashlib
import struct
from collections.abc import Sequence

import pytest

from phone_audit.apk.signature.faults import SdkRange
from phone_audit.apk.signature.verify import TargetPlatform, verify
from phone_audit.apk.zip.archive import Archive
from tests.apk.apk_signer import (
    EC,
    PARTS,
    V2,
    V3,
    Jar,
    Key,
    Node,
    Signer,
    block,
    digest,
    key,
    lineage,
    lp,
    numbered,
    scheme,
    signature,
    v3_signer,
)
from tests.apk.zips import Part, make_zip

ONE, STORE, OLD_STORE = key(name="one"), key(name="store"), key(name="old store")
STAMP_V1, STAMP_V2, TIME = 0x2B09189E, 0x6DFF800D, 0xE43C5946
ENTRY = Part("stamp-cert-sha256", hashlib.sha256(STORE.certificate).digest())
NOW = (TIME, struct.pack("<q", 1_700_000_000))


def over(value: bytes, kind: int = 1) -> bytes:
    """A digest, as a stamp signs it."""
    return struct.pack("<3I", 8 + len(value), kind, len(value)) + value


def made(data: bytes, by: Key = STORE, algorithm: int = EC) -> bytes:
    return numbered([(algorithm, signature(by, algorithm, data))])


def stamp(
    digests: Sequence[tuple[int, bytes]], attributes: Sequence[tuple[int, bytes]] | None = None, by: Key = STORE
) -> tuple[int, bytes]:
    signed = lp(STORE.certificate) + lp(numbered([(number, made(value, by)) for number, value in digests]))
    if attributes is not None:
        data = lp(lp(*(struct.pack("<I", number) + value for number, value in attributes)))
        signed += lp(data, made(data, by))
    return STAMP_V2, lp(signed)


def words(
    *stamps: tuple[int, bytes],
    parts: Sequence[Part] = (*PARTS, ENTRY),
    schemes: tuple[int, ...] = (2,),
    first: int = 24,
) -> list[str]:
    unsigned = make_zip(parts)
    signers = {2: (V2, Signer(ONE)), 3: (V3, v3_signer(ONE))}
    pairs = [(signers[number][0], scheme(unsigned, signers[number][1])) for number in schemes]
    data = make_zip(parts, before_directory=block([*pairs, *stamps]))
    verification = verify(Archive(memoryview(data)), None, TargetPlatform(SdkRange(first)))
    assert verification.verified
    return [fault.word for fault in verification.faults]


CONTENT = over(digest(make_zip((*PARTS, ENTRY)), EC))
OTHER = over(digest(make_zip(PARTS), EC))


def test_a_stamp() -> None:
    assert words(stamp([(2, CONTENT)])) == []
    assert words(stamp([(2, CONTENT), (3, CONTENT)]), schemes=(2, 3)) == []
    assert words(stamp([(2, CONTENT), (1, OTHER)])) == []
    assert words(stamp([(2, CONTENT)], [NOW])) == []
    assert words(stamp([(2, CONTENT)], [NOW, (0x1234, b"unknown")])) == []


def test_a_stamp_over_the_manifest() -> None:
    parts = Jar(ONE).parts((*PARTS, ENTRY))
    unsigned = make_zip(parts)
    manifest = next(part.content for part in parts if part.name == "META-INF/MANIFEST.MF")
    content = over(digest(unsigned, EC))
    listed = over(hashlib.sha256(manifest).digest(), 4)
    assert words(stamp([(1, listed), (2, content)]), parts=parts, first=21) == []
    assert words(stamp([(1, content), (2, content)]), parts=parts, first=21) == ["stamp-signature-mismatch"]
    assert words(stamp([(2, content)]), parts=parts, first=21) == ["stamp-no-signature"]


def test_a_stamp_of_the_first_version() -> None:
    assert words((STAMP_V1, lp(lp(STORE.certificate, made(CONTENT))))) == []
    assert words((STAMP_V1, lp(lp(STORE.certificate, made(OTHER))))) == ["stamp-signature-mismatch"]


def test_what_can_be_wrong() -> None:
    assert words(stamp([(2, OTHER)])) == ["stamp-signature-mismatch"]
    assert words(stamp([(2, CONTENT)], by=ONE)) == ["stamp-signature-mismatch"]
    assert words(stamp([(3, CONTENT)])) == ["stamp-no-signature"]
    assert words((STAMP_V2, lp(lp(STORE.certificate, numbered([(2, made(CONTENT, algorithm=0x0999))]))))) == [
        "stamp-no-signature"
    ]
    assert words((STAMP_V2, b"x")) == ["stamp-damaged"]
    assert words((STAMP_V2, lp(lp(b"x")))) == ["stamp-damaged"]
    assert words((STAMP_V2, lp(lp(ONE.certificate)))) == ["stamp-certificate-mismatch"]


def test_it_counts_from_android_11_on() -> None:
    """RSA-PSS is understood since version 23, so a package for 21 may have a stamp that is made with it."""
    store = key("rsa")
    entry = Part("stamp-cert-sha256", hashlib.sha256(store.certificate).digest())
    parts = Jar(ONE).parts((*PARTS, entry))
    manifest = next(part.content for part in parts if part.name == "META-INF/MANIFEST.MF")
    digests = {1: over(hashlib.sha256(manifest).digest(), 4), 2: over(digest(make_zip(parts), EC))}
    signed = [(number, numbered([(0x0101, signature(store, 0x0101, value))])) for number, value in digests.items()]
    assert words((STAMP_V2, lp(lp(store.certificate, numbered(signed)))), parts=parts, first=21) == []


def test_its_announcement() -> None:
    assert words() == ["stamp-missing"]
    assert words(stamp([(2, OTHER)]), parts=PARTS) == ["stamp-not-announced"]
    assert words(stamp([]), parts=(*PARTS, Part("stamp-cert-sha256", b"x" * 5000))) == ["stamp-damaged"]


@pytest.mark.parametrize("value", [struct.pack("<q", 0), struct.pack("<q", -5), b"\1\0\0\0"])
def test_its_time(value: bytes) -> None:
    assert words(stamp([(2, CONTENT)], [(TIME, value)])) == ["stamp-time"]


def test_its_history_of_keys() -> None:
    right = lineage(Node(OLD_STORE), Node(STORE, OLD_STORE))
    assert words(stamp([(2, CONTENT)], [right])) == []
    forged = lineage(Node(OLD_STORE), Node(STORE, ONE))
    assert words(stamp([(2, CONTENT)], [forged])) == ["stamp-lineage-signature"]
    other = lineage(Node(STORE), Node(OLD_STORE, STORE))
    assert words(stamp([(2, CONTENT)], [other])) == ["stamp-lineage-mismatch"]
