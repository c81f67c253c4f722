"""Keys and signatures, right and wrong, and which algorithms which version understands."""

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.apk.signature.algorithms import (
    ALGORITHMS,
    DIGEST_OIDS,
    MAX_KEY,
    Method,
    Outcome,
    check_signature,
    jar_method,
    to_check,
)
from phone_audit.apk.signature.faults import SdkRange
from tests.apk.apk_signer import key, signature

CURVE, RSA, DSA = key("ec"), key("rsa"), key("dsa")
DATA = b"signed"
EC_SHA256 = Method("ec", "sha256")


def test_right_and_wrong() -> None:
    good = signature(CURVE, 0x0201, DATA)
    assert check_signature(CURVE.public, EC_SHA256, good, DATA) is Outcome.GOOD
    assert check_signature(CURVE.public, EC_SHA256, good, b"other") is Outcome.WRONG
    assert check_signature(CURVE.public, EC_SHA256, b"no signature", DATA) is Outcome.WRONG
    assert check_signature(CURVE.public, EC_SHA256, b"", DATA) is Outcome.WRONG
    assert check_signature(CURVE.public, EC_SHA256, good + bytes(2**15), DATA) is Outcome.WRONG
    assert check_signature(CURVE.public, Method("ec", "sha512"), good, DATA) is Outcome.WRONG


def test_a_key_of_another_kind() -> None:
    for kind, signer in (("ec", RSA), ("ec", DSA), ("rsa", CURVE), ("dsa", RSA)):
        assert check_signature(signer.public, Method(kind, "sha256"), b"", DATA) is Outcome.BAD_KEY
    assert check_signature(bytes(MAX_KEY + 1), EC_SHA256, b"", DATA) is Outcome.BAD_KEY


def test_the_two_paddings_of_rsa() -> None:
    plain, other = signature(RSA, 0x0103, DATA), signature(RSA, 0x0101, DATA)
    assert check_signature(RSA.public, Method("rsa", "sha256"), plain, DATA) is Outcome.GOOD
    assert check_signature(RSA.public, Method("rsa", "sha256", pss=True), other, DATA) is Outcome.GOOD
    assert check_signature(RSA.public, Method("rsa", "sha256", pss=True), plain, DATA) is Outcome.WRONG
    assert check_signature(RSA.public, Method("rsa", "sha256"), other, DATA) is Outcome.WRONG


@pytest.mark.parametrize("name", ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"])
def test_every_hash(name: str) -> None:
    assert isinstance(RSA.private, rsa.RSAPrivateKey)
    made = RSA.private.sign(DATA, padding.PKCS1v15(), getattr(hashes, name.upper())())
    assert check_signature(RSA.public, Method("rsa", name), made, DATA) is Outcome.GOOD


@given(st.sampled_from([CURVE.public, RSA.public, DSA.public]), st.data())
def test_a_damaged_key_raises_nothing(public: bytes, data: st.DataObject) -> None:
    changed = bytearray(public)
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    for kind in ("ec", "rsa", "dsa"):
        assert check_signature(bytes(changed), Method(kind, "sha256"), b"x", DATA) is not Outcome.GOOD


def test_a_curve_that_nobody_uses() -> None:
    assert isinstance(CURVE.private, ec.EllipticCurvePrivateKey)
    unknown = CURVE.public.replace(bytes.fromhex("2a8648ce3d030107"), bytes.fromhex("2a8648ce3d030104"))
    assert check_signature(unknown, EC_SHA256, b"x", DATA) is Outcome.BAD_KEY


def ids(*numbers: int, first: int = 24, last: int = 2**31 - 1, of_stamp: bool = False) -> list[int]:
    found = to_check([(number, b"") for number in numbers], SdkRange(first, last), of_stamp=of_stamp)
    return [algorithm.id for algorithm, _ in found]


def test_which_signatures_are_looked_at() -> None:
    assert ids(0x0103, 0x0104) == [0x0104]
    assert ids(0x0104, 0x0103) == [0x0104]
    assert ids(0x0103, 0x0421) == [0x0103, 0x0421]
    assert ids(0x0103, 0x0421, last=27) == [0x0103]
    assert ids(0x0421, first=28) == [0x0421]
    assert ids(0x0421, first=27) == []
    assert ids(0x0103, 0x7777) == [0x0103]
    assert ids(0x7777) == []
    assert ids(0x0103, first=23) == []
    assert ids(0x0103, 0x0101, first=30, of_stamp=True) == [0x0101, 0x0103]
    assert ids(0x0101, first=22, of_stamp=True) == []


def test_the_ids_are_those_of_the_specification() -> None:
    assert {f"{number:#06x}" for number in ALGORITHMS} == {
        "0x0101", "0x0102", "0x0103", "0x0104", "0x0201", "0x0202", "0x0301", "0x0421", "0x0423", "0x0425",
    }  # fmt: skip


OIDS = {name: oid for oid, name in DIGEST_OIDS.items()}
RSA_PLAIN, DSA_PLAIN, EC_PLAIN = "1.2.840.113549.1.1.1", "1.2.840.10040.4.1", "1.2.840.10045.2.1"
SHA1_RSA, SHA256_RSA, SHA384_RSA = "1.2.840.113549.1.1.5", "1.2.840.113549.1.1.11", "1.2.840.113549.1.1.12"


@pytest.mark.parametrize(
    ("digest", "oid", "first", "last", "method"),
    [
        ("sha1", RSA_PLAIN, 1, None, Method("rsa", "sha1")),
        ("sha256", RSA_PLAIN, 18, None, Method("rsa", "sha256")),
        ("sha256", RSA_PLAIN, 17, None, None),
        ("sha256", RSA_PLAIN, 8, 8, Method("rsa", "sha256")),
        ("sha256", RSA_PLAIN, 8, 9, None),
        ("sha384", SHA384_RSA, 21, None, Method("rsa", "sha384")),
        ("sha384", SHA384_RSA, 20, None, None),
        ("sha1", SHA256_RSA, 21, 23, Method("rsa", "sha256")),
        ("sha1", SHA256_RSA, 21, 24, None),
        ("sha256", SHA1_RSA, 21, 21, Method("rsa", "sha1")),
        ("sha256", SHA1_RSA, 21, 22, None),
        ("sha1", DSA_PLAIN, 1, None, Method("dsa", "sha1")),
        ("sha256", DSA_PLAIN, 21, None, None),
        ("sha256", DSA_PLAIN, 22, None, Method("dsa", "sha256")),
        ("sha384", "2.16.840.1.101.3.4.3.3", 23, None, None),
        ("md5", EC_PLAIN, 18, None, None),
        ("sha224", EC_PLAIN, 21, None, Method("ec", "sha224")),
        ("sha256", "1.2.3", 21, None, None),
    ],
)
def test_methods_of_v1(digest: str, oid: str, first: int, last: int | None, method: Method | None) -> None:
    sdk = SdkRange(first) if last is None else SdkRange(first, last)
    assert jar_method(OIDS[digest], oid, sdk) == (None if method is None else (digest, method))


def test_an_unknown_digest() -> None:
    assert jar_method("1.2.3", RSA_PLAIN, SdkRange(24)) is None
