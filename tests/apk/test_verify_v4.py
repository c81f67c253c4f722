"""Signatures of scheme v4 beside the file."""

import hashlib
import struct
from pathlib import Path

import pytest

from phone_audit.apk.signature.content_digests import hash_tree
from phone_audit.apk.signature.faults import SdkRange
from phone_audit.apk.signature.verify import TargetPlatform, verify
from phone_audit.apk.zip.archive import Archive
from tests.apk.apk_signer import EC, PARTS, Key, Signer, digest, key, lp, signature, signed, tree, v3_signer
from tests.apk.signed import FOLDER
from tests.apk.zips import make_zip

ONE, TWO = key(name="one"), key(name="two")
APK = signed(v2=[Signer(ONE)])
DIGEST = digest(make_zip(PARTS), EC)


def idsig(
    apk: bytes = APK,
    by: Key = ONE,
    content: bytes = DIGEST,
    *,
    certificate: bytes | None = None,
    public: bytes | None = None,
    algorithm: int = EC,
    salt: bytes = b"",
    held: bytes | None = None,
    kind: tuple[int, int] = (1, 12),
    more: bytes = b"",
) -> bytes:
    """Sign an APK; what is given replaces what would be right."""
    levels = tree(apk, salt)
    hashing = struct.pack("<IB", *kind) + lp(salt, hashlib.sha256(salt + levels[-1]).digest())
    parts = lp(content, by.certificate if certificate is None else certificate, b"")
    body = struct.pack("<Q", len(apk)) + hashing + parts
    made = signature(by, EC, struct.pack("<I", len(body) + 4) + body)
    signing = parts + lp(by.public if public is None else public) + struct.pack("<I", algorithm) + lp(made)
    return struct.pack("<I", 2) + lp(hashing, signing + more, b"".join(reversed(levels)) if held is None else held)


def words(folder: Path, v4: bytes, apk: bytes = APK) -> list[str]:
    path = folder / "a.apk"
    path.write_bytes(apk)
    path.with_name("a.apk.idsig").write_bytes(v4)
    verification = verify(Archive(memoryview(apk)), path, TargetPlatform(SdkRange(24)))
    assert verification.verified
    assert ("v4" in verification.certificates) is (not verification.faults)
    return [fault.word for fault in verification.faults]


def test_made_here(tmp_path: Path) -> None:
    assert words(tmp_path, idsig()) == []
    assert words(tmp_path, idsig(salt=b"salt")) == []
    assert words(tmp_path, idsig(held=b"")) == []


def test_what_can_be_wrong(tmp_path: Path) -> None:
    other = signed(v2=[Signer(TWO)])
    assert words(tmp_path, idsig(), other) == [
        "v4-signature-mismatch" if len(other) != len(APK) else "v4-content-digest"
    ]
    assert words(tmp_path, idsig(by=TWO)) == ["v4-signers-differ"]
    assert words(tmp_path, idsig(content=b"other")) == ["v4-signers-differ"]
    assert words(tmp_path, idsig(certificate=TWO.certificate)) == ["v4-key-mismatch"]
    assert words(tmp_path, idsig(certificate=b"x")) == ["v4-damaged"]
    assert words(tmp_path, idsig(public=TWO.public)) == ["v4-signature-mismatch"]
    assert words(tmp_path, idsig(algorithm=0x7777)) == ["v4-unsupported-algorithm"]
    assert words(tmp_path, idsig(held=b"other")) == ["v4-content-digest"]
    assert words(tmp_path, idsig(kind=(2, 12))) == ["v4-unsupported-algorithm"]
    assert words(tmp_path, idsig(kind=(1, 13))) == ["v4-unsupported-algorithm"]
    assert words(tmp_path, idsig(more=b"x")) == ["v4-damaged"]
    assert words(tmp_path, b"") == ["v4-damaged"]
    assert words(tmp_path, struct.pack("<I", 3) + idsig()[4:]) == ["v4-damaged"]


def test_it_goes_with_v3_where_there_is_one(tmp_path: Path) -> None:
    apk = signed(v2=[Signer(ONE)], v3=[v3_signer(ONE)])
    assert words(tmp_path, idsig(apk), apk) == []
    two = signed(v2=[Signer(ONE), Signer(TWO)])
    assert words(tmp_path, idsig(two), two) == ["v4-signers-differ"]


def test_one_that_apksigner_made(tmp_path: Path) -> None:
    apk, v4 = (FOLDER / "rotated.apk").read_bytes(), (FOLDER / "rotated.apk.idsig").read_bytes()
    path = tmp_path / "a.apk"
    path.write_bytes(apk)
    path.with_name("a.apk.idsig").write_bytes(v4[:-1] + bytes([v4[-1] ^ 1]))
    verification = verify(Archive(memoryview(apk)), path, TargetPlatform(SdkRange(18)))
    assert [fault.word for fault in verification.faults] == ["v4-content-digest"]
    assert verification.verified


@pytest.mark.parametrize("size", [1, 4095, 4096, 4097, 128 * 4096, 128 * 4096 + 1, 700_000])
@pytest.mark.parametrize("salt", [b"", bytes(8)])
def test_the_tree_of_hashes(size: int, salt: bytes) -> None:
    """The pieces end anywhere; the plain reference works on the whole."""
    data = (bytes(range(256)) * (size // 256 + 1))[:size]
    levels = tree(data, salt)
    expected = hashlib.sha256(salt + levels[-1]).digest(), b"".join(reversed(levels))
    for step in (size, 5000, 4096):
        pieces = iter([data[at : at + step] for at in range(0, size, step)])
        assert hash_tree(pieces, salt) == expected
