"""Schemes and signers: as apksigner gives them, and through every kind of damage."""

import hashlib
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phone_audit.apk.records import join_signatures
from phone_audit.apk.signature.signers import read_signing
from phone_audit.apk.signature.signing_block import V2, V3, find_block
from phone_audit.apk.zip.archive import Archive
from phone_audit.errors import ApkError
from phone_audit.knowledge.schema.facts import KeyFact
from phone_audit.model.apk import Signature, Signer
from tests.apk.signed import FOLDER, told_by_apksigner
from tests.apk.zips import Part, make_zip

TOLD = told_by_apksigner()
ONE, TWO = TOLD["both.apk"][1]
CODE = Part("classes.dex", b"code")


def no_fact(_: str) -> KeyFact | None:
    return None


def read(data: bytes) -> tuple[Signature, tuple[Signer, ...]]:
    return read_signing(Archive(memoryview(data)), None, no_fact)


def fixture(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


def lp(*values: bytes) -> bytes:
    return b"".join(struct.pack("<I", len(value)) + value for value in values)


def signing_block(pairs: list[tuple[int, bytes]], *, size_error: int = 0) -> bytes:
    body = b"".join(struct.pack("<QI", len(value) + 4, key) + value for key, value in pairs)
    size = len(body) + 24
    return struct.pack("<Q", size + size_error) + body + struct.pack("<Q", size) + b"APK Sig Block 42"


def scheme(*certificates: bytes, sdk: bytes = b"") -> bytes:
    """A scheme's value with one signer for each certificate; `sdk` makes it one of v3."""
    signers = []
    for certificate in certificates:
        digest = struct.pack("<I", 0x103) + lp(b"digest")
        data = lp(lp(digest), lp(certificate)) + sdk + lp(b"")
        signers.append(lp(data) + sdk + lp(b"", b"key"))
    return lp(lp(*signers))


def signed(*pairs: tuple[int, bytes], parts: tuple[Part, ...] = (CODE,)) -> bytes:
    return make_zip(parts, before_directory=signing_block(list(pairs)))


@pytest.mark.parametrize("name", sorted(TOLD))
def test_as_apksigner_says(name: str) -> None:
    schemes, certificates = TOLD[name]
    signature, signers = read(fixture(name))
    assert set(signature.schemes) == schemes
    assert signature.errors == ()
    expected = certificates[:1] if name == "rotated31.apk" else certificates
    assert {signer.sha256 for signer in signers} == set(expected)


def test_a_signer_in_full() -> None:
    signature, (signer,) = read(fixture("jar.apk"))
    assert signature == Signature(verified=None, schemes=("v1",))
    assert signer == Signer(
        sha256=ONE,
        sha1=signer.sha1,
        subject='emailAddress=one@example.org,CN=one+OU=Left,O=Fixtures\\, \\"quoted\\" & Söhne,C=DE',
        schemes=("v1",),
        not_before=signer.not_before,
        not_after=signer.not_after,
        known_key=None,
    )
    assert (len(signer.sha1), signer.not_before[10], signer.not_after[-1]) == (40, "T", "Z")
    assert signer.not_before < signer.not_after


def test_two_signers_are_sorted_and_name_their_schemes() -> None:
    _, signers = read(fixture("both.apk"))
    assert [(signer.sha256, signer.schemes) for signer in signers] == [
        (sha256, ("v1", "v2")) for sha256 in sorted([ONE, TWO])
    ]


@pytest.mark.parametrize(("name", "newest"), [("rotated.apk", "v3"), ("rotated31.apk", "v3.1")])
def test_a_rotated_key_gives_the_new_signer_and_the_lineage_from_the_oldest_on(name: str, newest: str) -> None:
    signature, (signer,) = read(fixture(name))
    assert (signer.sha256, signer.schemes) == (TWO, (newest,))
    assert signature.lineage == (ONE, TWO)


def test_a_subject_with_blanks_at_its_ends_is_escaped() -> None:
    assert read(fixture("rotated.apk"))[1][0].subject == "CN=\\ #two \\\\\\ "


def test_a_v4_signature_lies_beside(tmp_path: Path) -> None:
    path = FOLDER / "rotated.apk"
    assert read_signing(Archive(memoryview(path.read_bytes())), path, no_fact)[0].schemes == ("v1", "v2", "v3", "v4")
    (tmp_path / "a.apk.idsig").write_bytes(b"something else")
    alone = tmp_path / "a.apk"
    assert read_signing(Archive(memoryview(path.read_bytes())), alone, no_fact)[0].schemes == ("v1", "v2", "v3")


def test_a_known_key_is_named() -> None:
    fact = KeyFact(id="key", name="Key", kind="leaked", sha256=ONE, sha1=None, source="test")
    archive = Archive(memoryview(fixture("jar.apk")))
    _, (signer,) = read_signing(archive, None, lambda sha256: fact if sha256 == ONE else None)
    assert signer.known_key == "key"


def test_a_package_of_several_files_verifies_where_each_does() -> None:
    good, unknown = (Signature(verified=verified, schemes=("v2",)) for verified in (True, None))
    broken = Signature(verified=False, schemes=("v2",), errors=("a: b",))
    assert join_signatures(None, [("x", good)]) is None
    assert join_signatures(good, []) == good
    assert join_signatures(good, [("x", good)]) == good
    assert join_signatures(good, [("x", unknown)]) == unknown
    assert join_signatures(good, [("x", None)]) == unknown
    joined = Signature(verified=False, schemes=("v2",), errors=("a: b (x)",))
    for others in ([("x", broken), ("y", unknown)], [("y", None), ("x", broken), ("z", good)]):
        assert join_signatures(good, others) == joined
    assert join_signatures(broken, [("x", unknown)]) == broken
    assert join_signatures(broken, [("x", broken)]) == joined.model_copy(update={"errors": ("a: b", "a: b (x)")})


def test_unsigned() -> None:
    assert read(make_zip([CODE])) == (Signature(verified=None, schemes=()), ())


def test_the_hash_is_over_the_bytes_of_a_certificate_that_cannot_be_decoded() -> None:
    _, (signer,) = read(signed((V2, scheme(b"no certificate"))))
    assert signer.sha256 == hashlib.sha256(b"no certificate").hexdigest()
    assert (signer.subject, signer.not_before, signer.not_after) == ("", "", "")


def test_of_several_v3_signers_the_last_counts() -> None:
    _, signers = read(signed((V3, scheme(b"old", b"new", sdk=struct.pack("<II", 28, 99)))))
    assert [signer.sha256 for signer in signers] == [hashlib.sha256(b"new").hexdigest()]


def test_of_two_values_of_one_scheme_the_first_counts() -> None:
    _, signers = read(signed((V2, scheme(b"first")), (V2, scheme(b"second"))))
    assert [signer.sha256 for signer in signers] == [hashlib.sha256(b"first").hexdigest()]


def test_an_older_scheme_with_a_stranger_is_an_error() -> None:
    v3 = scheme(b"new", sdk=struct.pack("<II", 28, 99))
    signature, _ = read(signed((V2, scheme(b"other")), (V3, v3)))
    name = hashlib.sha256(b"other").hexdigest()
    assert signature.errors == (f"signers-differ: v2 names another signer than v3: {name}.",)


def test_a_block_without_its_jar_signature_file_is_no_signature() -> None:
    assert read(make_zip([CODE, Part("META-INF/A.RSA", b"x")]))[0].schemes == ()


def test_a_damaged_jar_signature() -> None:
    signature, signers = read(make_zip([CODE, Part("META-INF/A.RSA", b"\x30\x03abc"), Part("META-INF/A.SF", b"x")]))
    assert signature.schemes == ("v1",)
    assert signature.errors == (
        "v1-damaged-block: META-INF/A.RSA: A signature block of META-INF is damaged: it cannot be decoded.",
    )
    assert signers == ()


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (lp(lp())[:3], "a number in it is cut off"),
        (lp(b"\xff\xff\xff\x7f"), "a part of it is cut off"),
        (scheme(b"x")[:-2], "a part of it is cut off"),
    ],
)
def test_a_damaged_scheme(value: bytes, error: str) -> None:
    signature, signers = read(signed((V2, value)))
    assert signature.schemes == ("v2",)
    assert signature.errors == (f"v2-damaged: The APK Signing Block is damaged: {error}.",)
    assert signers == ()


def test_a_scheme_without_signers() -> None:
    assert read(signed((V2, lp(b""))))[0].errors == ("v2-no-signers: There is no signer.",)


def test_a_signer_without_a_certificate() -> None:
    signature, signers = read(signed((V2, lp(lp(lp(lp(b"", b"", b""), b"", b"key"))))))
    assert signature.errors == ("v2-no-certificate: A signer has no certificate.",)
    assert signers == ()


def test_a_block_whose_sizes_differ() -> None:
    data = make_zip([CODE], before_directory=signing_block([(V2, scheme(b"x"))], size_error=1))
    assert read(data)[0] == Signature(
        verified=None, schemes=(), errors=("block-damaged: The APK Signing Block is damaged: its two sizes differ.",)
    )


def test_bytes_between_directory_and_end_record_are_an_error_of_a_signed_file() -> None:
    data = make_zip([CODE], before_directory=signing_block([(V2, scheme(b"x"))]), gap=b"gap")
    assert read(data)[0].errors == (
        "block-ignored: Bytes lie between the central directory and the end record; Android ignores the block.",
    )


def test_a_source_stamp_without_its_block() -> None:
    stamp = Part("stamp-cert-sha256", b"\x01" * 32)
    assert read(make_zip([CODE, stamp]))[0] == Signature(
        verified=None,
        schemes=(),
        errors=("stamp-missing: Its certificate is announced, but it is not there.",),
        source_stamp="01" * 32,
    )


def test_a_source_stamp() -> None:
    signature, _ = read(signed((0x6DFF800D, lp(lp(b"stamp certificate", b"rest")))))
    assert signature.source_stamp == hashlib.sha256(b"stamp certificate").hexdigest()


def test_no_room_for_a_block() -> None:
    assert find_block(memoryview(b"APK Sig Block 42"), 16).values == {}


SAMPLES = [fixture("rotated31.apk"), fixture("both.apk"), signed((V2, scheme(b"a", b"b")), (0x42726577, b"\0" * 9))]


@settings(max_examples=500)
@given(st.sampled_from(SAMPLES), st.data())
def test_damage_raises_nothing(sample: bytes, data: st.DataObject) -> None:
    """Bytes change where signatures lie: before the central directory."""
    changed = bytearray(sample)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(changed) - 23))
        changed[at] = data.draw(st.sampled_from([0, 1, 0x30, 0x7F, 0x80, 0xFF]))
    try:
        signature, signers = read(bytes(changed))
    except ApkError as error:
        assert error.code in ("damaged-archive", "truncated")  # noqa: PT017
        return
    assert signature.verified is None
    assert all(len(signer.sha256) == 64 for signer in signers)
