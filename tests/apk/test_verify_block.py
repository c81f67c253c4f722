"""Schemes v2, v3 and v3.1 signer by signer: every algorithm, and everything that can be wrong."""

import struct

import pytest

from phone_audit.apk.signature.faults import SdkRange
from phone_audit.apk.signature.verify import TargetPlatform, verify
from phone_audit.apk.zip.archive import Archive
from tests.apk.apk_signer import (
    EC,
    FOREVER,
    LINEAGE,
    PARTS,
    V2,
    Node,
    Signer,
    block,
    digest,
    key,
    lineage,
    lp,
    scheme,
    signature,
    signed,
    v3_signer,
)
from tests.apk.zips import Part, make_zip

ONE, TWO, THREE = key(name="one"), key(name="two"), key(name="three")
KEYS = {1: key("rsa"), 2: ONE, 3: key("dsa")}
"""By the second digit of the algorithm's id; `0x042_` has its own order."""
PLAIN = (0x0101, 0x0102, 0x0103, 0x0104, 0x0201, 0x0202, 0x0301)
VERITY = {0x0421: KEYS[1], 0x0423: ONE, 0x0425: KEYS[3]}


def words(data: bytes, first: int = 24, last: int = FOREVER) -> list[str]:
    verification = verify(Archive(memoryview(data)), None, TargetPlatform(SdkRange(first, last)))
    assert verification.verified is (not verification.faults)
    return [fault.word for fault in verification.faults]


def v2(*signers: Signer) -> list[str]:
    return words(signed(v2=signers))


def v3(*signers: Signer, first: int = 28) -> list[str]:
    return words(signed(v3=signers), first)


@pytest.mark.parametrize("algorithm", PLAIN)
def test_every_algorithm(algorithm: int) -> None:
    signer = KEYS[algorithm >> 8]
    assert v2(Signer(signer, algorithms=(algorithm,))) == []
    other = signature(signer, algorithm, b"something else")
    assert v2(Signer(signer, algorithms=(algorithm,), signatures=((algorithm, other),))) == ["v2-signature-mismatch"]
    wrong = Signer(signer, algorithms=(algorithm,), digests=((algorithm, b"wrong"),))
    assert v2(wrong) == ["v2-content-digest"]


def test_the_content_in_several_pieces() -> None:
    parts = (Part("classes.dex", bytes(range(256)) * 10_000, deflate=False),)
    apk = signed(v2=[Signer(KEYS[1], algorithms=(0x0103, 0x0104))], parts=parts)
    assert words(apk) == []
    changed = bytearray(apk)
    changed[2_000_000] ^= 1
    assert words(bytes(changed)) == ["v2-content-digest"]


def aligned(length: int) -> tuple[Part, ...]:
    """One stored entry of about this length, so that the signing block begins on a page."""
    before = 30 + len("classes.dex")
    return (Part("classes.dex", b"x" * (length + -(length + before) % 4096), deflate=False),)


@pytest.mark.parametrize("algorithm", sorted(VERITY))
@pytest.mark.parametrize("length", [100, 600_000])
def test_a_tree_of_hashes(algorithm: int, length: int) -> None:
    """The larger one has two levels; 128 pages make the first full one."""
    parts = aligned(length)
    signer = Signer(VERITY[algorithm], algorithms=(algorithm,))
    value = scheme(make_zip(parts), signer)
    apk = make_zip(parts, before_directory=block([(V2, value)], pages=True))
    assert words(apk, 28) == []
    assert words(apk, 24) == ["v2-unsupported-algorithm"]
    changed = bytearray(apk)
    changed[60] ^= 1
    assert words(bytes(changed), 28) == ["v2-content-digest"]
    assert words(make_zip(parts, before_directory=block([(V2, value)])), 28) == ["v2-not-on-pages"]


def test_the_strongest_signature_counts_on_each_version() -> None:
    """A weaker one may be wrong, as long as no version looks at it."""
    rsa = KEYS[1]
    both = (0x0103, 0x0104)
    wrong = signature(rsa, 0x0103, b"something else")

    def with_wrong(number: int) -> Signer:
        right = Signer(rsa, algorithms=both).encode(make_zip(PARTS))
        data = right[4 : 4 + int.from_bytes(right[:4], "little")]
        made = tuple((n, wrong if n == number else signature(rsa, n, data)) for n in both)
        return Signer(rsa, algorithms=both, signatures=made)

    assert v2(with_wrong(0x0103)) == []
    assert v2(with_wrong(0x0104)) == ["v2-signature-mismatch"]


def test_an_unknown_algorithm() -> None:
    own = (EC, digest(make_zip(PARTS), EC))
    beside = Signer(ONE, digests=(own, (0x7777, b"d")))
    encoded = beside.encode(make_zip(PARTS))
    data = encoded[4 : 4 + int.from_bytes(encoded[:4], "little")]
    made = ((EC, signature(ONE, EC, data)), (0x7777, b"s"))
    assert v2(Signer(ONE, digests=beside.digests, signatures=made)) == []
    assert v2(Signer(ONE, digests=((0x7777, b"d"),), signatures=((0x7777, b"s"),))) == ["v2-unsupported-algorithm"]


def test_what_can_be_wrong_with_a_signer() -> None:
    assert v2(Signer(ONE, signatures=())) == ["v2-no-signatures"]
    assert v2(Signer(ONE, certificates=())) == ["v2-no-certificate"]
    assert v2(Signer(ONE, certificates=(TWO.certificate,))) == ["v2-key-mismatch"]
    assert v2(Signer(ONE, certificates=(b"\x30\x01",))) == ["v2-damaged-certificate"]
    assert v2(Signer(ONE, certificates=(ONE.certificate, b"x"))) == ["v2-damaged-certificate"]
    assert v2(Signer(ONE, certificates=(ONE.certificate, TWO.certificate))) == []
    assert v2(Signer(ONE, public=TWO.public)) == ["v2-signature-mismatch"]
    assert v2(Signer(ONE, public=KEYS[1].public)) == ["v2-bad-key"]
    assert v2(Signer(ONE, public=b"no key")) == ["v2-bad-key"]
    assert v2(Signer(ONE, digests=((EC, b""), (EC, b"")))) == ["v2-algorithm-mismatch"]


def test_the_number_of_signers() -> None:
    assert v2(*[Signer(ONE)] * 10) == []
    assert v2(*[Signer(ONE)] * 11) == ["v2-too-many-signers"]
    assert words(make_zip(PARTS, before_directory=block([(V2, lp(b""))]))) == ["v2-no-signers"]
    assert words(make_zip(PARTS, before_directory=block([(V2, lp(lp(b"x")))]))) == ["v2-damaged"]
    assert v2(Signer(ONE), Signer(TWO, digests=((EC, b"wrong"),))) == ["v2-content-digest"]


def test_the_versions_that_signers_of_v3_are_for() -> None:
    assert v3(v3_signer(ONE)) == []
    assert v3(v3_signer(ONE, 29)) == ["v3-sdk-range"]
    assert v3(v3_signer(ONE, 29), first=29) == []
    assert v3(v3_signer(ONE, 28, 40)) == ["v3-sdk-range"]
    assert v3(v3_signer(ONE, 30, 29)) == ["v3-sdk-range"]
    assert v3(v3_signer(ONE, signed_sdk=(28, 33))) == ["v3-sdk-range"]
    assert v3(v3_signer(ONE, 28, 30), v3_signer(ONE, 31)) == []
    assert v3(v3_signer(ONE, 31), v3_signer(ONE, 28, 30)) == []
    assert v3(v3_signer(ONE, 28, 30), v3_signer(ONE, 32)) == ["v3-sdk-range"]
    assert v3(v3_signer(ONE, 28, 30), v3_signer(ONE, 30)) == ["v3-sdk-range"]


def test_a_history_of_keys() -> None:
    node = Node(ONE)
    assert v3(v3_signer(TWO, attributes=(lineage(node, Node(TWO, ONE)),))) == []
    assert v3(v3_signer(THREE, attributes=(lineage(node, Node(TWO, ONE), Node(THREE, TWO)),))) == []
    assert v3(v3_signer(THREE, attributes=(lineage(node, Node(TWO, ONE), Node(THREE, ONE)),))) == [
        "v3-lineage-signature"
    ]
    assert v3(v3_signer(TWO, attributes=(lineage(Node(ONE, algorithm=0x0202), Node(TWO, ONE)),))) == [
        "v3-lineage-signature"
    ]
    assert v3(v3_signer(TWO, attributes=(lineage(Node(ONE, algorithm=0x7777), Node(TWO, ONE)),))) == [
        "v3-lineage-signature"
    ]
    assert v3(v3_signer(ONE, attributes=(lineage(node, Node(TWO, ONE)),))) == ["v3-lineage-mismatch"]
    assert v3(v3_signer(ONE, attributes=(lineage(),))) == ["v3-lineage-mismatch"]
    assert v3(v3_signer(ONE, attributes=(lineage(node, Node(ONE, ONE)),))) == ["v3-lineage-signature"]
    assert v3(v3_signer(ONE, attributes=((LINEAGE, struct.pack("<I", 2)),))) == ["v3-damaged"]
    assert v3(v3_signer(ONE, attributes=((LINEAGE, b"x"),))) == ["v3-damaged"]


def test_histories_of_several_signers_agree() -> None:
    two = lineage(Node(ONE), Node(TWO, ONE))
    three = lineage(Node(ONE), Node(TWO, ONE), Node(THREE, TWO))

    def pair(first: Signer, second: Signer) -> list[str]:
        return v3(first, second)

    older = v3_signer(TWO, 28, 30, attributes=(two,))
    first_nodes = Node(ONE), Node(TWO, ONE)
    # ECDSA signs with a random number, so equal histories have to be the same bytes
    encoded = [node.encode() for node in first_nodes]
    same = (LINEAGE, struct.pack("<I", 1) + lp(*encoded))
    longer = (LINEAGE, struct.pack("<I", 1) + lp(*encoded, Node(THREE, TWO).encode()))
    other_flags = (LINEAGE, struct.pack("<I", 1) + lp(Node(ONE, flags=1).encode(), *encoded[1:]))
    assert pair(v3_signer(TWO, 28, 30, attributes=(same,)), v3_signer(THREE, 31, attributes=(longer,))) == []
    assert pair(v3_signer(TWO, 28, 30, attributes=(other_flags,)), v3_signer(THREE, 31, attributes=(longer,))) == [
        "v3-lineages-differ"
    ]
    assert pair(v3_signer(THREE, 28, 30, attributes=(three,)), v3_signer(TWO, 31, attributes=(two,))) == [
        "v3-lineages-differ"
    ]
    assert pair(older, v3_signer(TWO, 31)) == []


def test_an_unknown_attribute_is_ignored() -> None:
    assert v2(Signer(ONE, attributes=((0x1234, b"x"),))) == []
    assert v3(v3_signer(ONE, attributes=((0x1234, b""),))) == []
