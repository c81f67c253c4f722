"""Verdicts: the schemes together, in the order in which Android looks at them."""

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phone_audit.apk.signature import jar_scheme as verify_jar
from phone_audit.apk.signature.faults import NEWEST_SDK, Fault, FaultError, SdkRange, refuse
from phone_audit.apk.signature.verify import TargetPlatform, Verification, target_platform, verify
from phone_audit.apk.xml.manifest import ManifestFacts, NetworkAttributes
from phone_audit.apk.zip.archive import Archive
from phone_audit.errors import ApkError
from phone_audit.model.apk import FileRole
from tests.apk.apk_signer import (
    FOREVER,
    PARTS,
    ROTATION_SDK,
    STRIPPING,
    V2,
    Jar,
    Node,
    Signer,
    block,
    key,
    lineage,
    scheme,
    signed,
    v3_signer,
)
from tests.apk.signed import FOLDER, told_by_apksigner
from tests.apk.zips import Part, make_zip

ONE, TWO, RSA = key(name="one"), key(name="two"), key("rsa")
NEWEST = SdkRange(24)
OLD = SdkRange(21)
STRIPPED = (STRIPPING, struct.pack("<I", 3))
ROTATION = (ROTATION_SDK, struct.pack("<I", 34))


def check(data: bytes, sdk: SdkRange = NEWEST, target: int | None = None, sandbox: int | None = None) -> Verification:
    return verify(Archive(memoryview(data)), None, TargetPlatform(sdk, target, sandbox))


def words(verification: Verification) -> list[str]:
    assert verification.verified is (not verification.faults)
    return [fault.word for fault in verification.faults]


def jar(signer: Jar, parts: tuple[Part, ...] = PARTS) -> bytes:
    return make_zip(signer.parts(parts))


@pytest.mark.parametrize("name", sorted(told_by_apksigner()))
def test_what_apksigner_verifies(name: str) -> None:
    path = FOLDER / name
    verification = verify(Archive(memoryview(path.read_bytes())), path, TargetPlatform(SdkRange(18)))
    assert verification.faults == ()
    assert verification.verified
    expected = told_by_apksigner()[name][0] | ({"v4"} if name == "rotated.apk" else set())
    assert set(verification.certificates) == expected


def test_v2_alone_needs_android_7() -> None:
    apk = signed(v2=[Signer(ONE)])
    assert check(apk).certificates == {"v2": (ONE.certificate,)}
    assert words(check(apk)) == []
    assert words(check(apk, OLD)) == ["v1-no-manifest"]
    for last in (24, 30):
        assert check(apk, SdkRange(24, last)).certificates == {"v2": (ONE.certificate,)}
    assert words(check(apk, SdkRange(21, 23))) == ["v1-no-manifest"]


def test_v3_alone_needs_android_9() -> None:
    apk = signed(v3=[v3_signer(ONE)])
    assert words(check(apk, SdkRange(28))) == []
    assert words(check(apk, SdkRange(27))) == []
    assert words(check(apk, SdkRange(24, 27))) == ["v1-no-manifest"]


def test_an_older_version_needs_the_older_scheme() -> None:
    parts = tuple(Jar(ONE).parts(PARTS))
    assert words(check(signed(v2=[Signer(ONE)], parts=parts), OLD)) == []
    assert check(signed(v2=[Signer(ONE)], parts=parts), OLD).certificates == {
        "v1": (ONE.certificate,),
        "v2": (ONE.certificate,),
    }
    changed = (Part("classes.dex", b"other"), *parts[1:])
    assert words(check(signed(v2=[Signer(ONE)], parts=changed), OLD)) == ["v1-entry-digest"]
    assert words(check(signed(v2=[Signer(ONE)], parts=changed))) == []


def test_other_signers_in_an_older_scheme() -> None:
    parts = tuple(Jar(TWO).parts(PARTS))
    assert words(check(signed(v2=[Signer(ONE)], parts=parts), OLD)) == ["signers-differ"]
    assert words(check(signed(v2=[Signer(TWO)], v3=[v3_signer(ONE)]))) == ["signers-differ"]
    assert words(check(signed(v2=[Signer(ONE), Signer(TWO)], v3=[v3_signer(ONE)]))) == ["signers-differ"]
    assert words(check(signed(v2=[Signer(TWO)], v3=[v3_signer(ONE)]), SdkRange(28))) == []


def test_a_changed_key_keeps_the_oldest_one_in_older_schemes() -> None:
    history = lineage(Node(ONE), Node(TWO, ONE))
    rotated = v3_signer(TWO, attributes=(history,))
    assert words(check(signed(v2=[Signer(ONE)], v3=[rotated]))) == []
    assert words(check(signed(v2=[Signer(TWO)], v3=[rotated]))) == ["signers-differ"]


def test_v31_goes_with_v3() -> None:
    history = lineage(Node(ONE), Node(TWO, ONE))
    newer = v3_signer(TWO, 34, attributes=(history,))
    older = v3_signer(ONE, 28, 33, attributes=(ROTATION,))
    apk = signed(v3=[older], v31=[newer])
    assert words(check(apk)) == []
    assert check(apk).certificates == {"v3.1": (TWO.certificate,), "v3": (ONE.certificate,)}
    assert words(check(apk, SdkRange(33))) == []
    assert check(apk, SdkRange(34)).certificates == {"v3.1": (TWO.certificate,)}
    assert set(check(apk, SdkRange(28, 33)).certificates) == {"v3.1", "v3"}
    assert words(check(signed(v31=[newer]))) == ["v3.1-without-v3"]
    assert words(check(signed(v31=[newer]), SdkRange(33))) == ["v3.1-without-v3"]
    assert words(check(signed(v3=[v3_signer(ONE, attributes=(ROTATION,))]))) == ["v3-scheme-stripped"]
    assert words(check(signed(v3=[v3_signer(ONE, 28, 32)], v31=[newer]))) == ["v3-sdk-range"]
    assert words(check(signed(v3=[older], v31=[v3_signer(TWO, 35, attributes=(history,))]))) == ["v3-rotation-mismatch"]
    assert words(check(signed(v3=[older], v31=[newer]), SdkRange(24, 32))) == []


def test_a_scheme_that_was_taken_away() -> None:
    assert words(check(signed(v2=[Signer(ONE, attributes=(STRIPPED,))]))) == ["v2-scheme-stripped"]
    assert words(check(signed(v2=[Signer(ONE, attributes=(STRIPPED,))], v3=[v3_signer(ONE)]))) == []
    assert words(check(signed(v2=[Signer(ONE, attributes=(STRIPPED,))]), SdkRange(24, 28))) == ["v2-scheme-stripped"]
    assert words(check(signed(v2=[Signer(ONE, attributes=(STRIPPED,))]), SdkRange(24, 27))) == []


def test_a_target_that_needs_a_newer_scheme() -> None:
    apk = jar(Jar(RSA))
    assert words(check(apk, target=29)) == []
    assert words(check(apk, target=30)) == ["v1-not-enough"]
    assert words(check(apk, SdkRange(21, 29), target=30)) == []
    assert words(check(apk, sandbox=2)) == ["v1-not-enough"]
    assert words(check(apk, SdkRange(21, 25), sandbox=2)) == []
    assert words(check(signed(v2=[Signer(ONE)]), target=30, sandbox=2)) == []


def test_a_block_that_android_does_not_see() -> None:
    value = scheme(make_zip(PARTS), Signer(ONE))
    gap = make_zip(PARTS, before_directory=block([(V2, value)]), gap=b"gap")
    assert words(check(gap)) == ["v1-no-manifest"]
    other = make_zip(PARTS, before_directory=block([(V2 + 1, value)]))
    assert words(check(other)) == ["v1-no-manifest"]


def test_garbage_after_the_value_does_not_hide_it() -> None:
    """Android stops at the value that it looks for."""
    body = struct.pack("<QI", len(value := scheme(make_zip(PARTS), Signer(ONE))) + 4, V2) + value + b"garbage"
    size = struct.pack("<Q", len(body) + 24)
    assert words(check(make_zip(PARTS, before_directory=size + body + size + b"APK Sig Block 42"))) == []


@pytest.mark.parametrize("change", [{"after": b"x"}, {"prefix": b"x"}])
def test_archives_that_android_refuses(change: dict[str, bytes]) -> None:
    data = make_zip(Jar(RSA).parts(PARTS), **change)  # type: ignore[arg-type]
    assert words(check(data)) == ["archive-refused"]


def test_a_directory_whose_size_is_wrong() -> None:
    data = make_zip(Jar(RSA).parts(PARTS))
    at = data.rindex(b"PK\5\6") + 12
    (size,) = struct.unpack_from("<I", data, at)
    for wrong in (size - 1, size + 1):
        assert words(check(data[:at] + struct.pack("<I", wrong) + data[at + 4 :])) == ["archive-refused"]


def test_code_in_front_of_the_archive() -> None:
    """All offsets are right, so that the archive can be read; no digest of v1 is about these bytes."""
    plain = jar(Jar(RSA))
    end = plain.rindex(b"PK\5\6")
    code = b"dex\n035\0"
    (directory,) = struct.unpack_from("<I", plain, end + 16)
    moved = bytearray(code + plain)
    struct.pack_into("<I", moved, len(code) + end + 16, directory + len(code))
    at = directory + len(code)
    while moved[at : at + 4] == b"PK\1\2":
        (offset,) = struct.unpack_from("<I", moved, at + 42)
        struct.pack_into("<I", moved, at + 42, offset + len(code))
        at += 46 + sum(struct.unpack_from("<3H", moved, at + 28))
    assert Archive(memoryview(bytes(moved))).index.notes == ()
    assert words(check(plain)) == []
    assert words(check(bytes(moved))) == ["archive-bytes-in-front"]


def test_unsigned() -> None:
    assert words(check(make_zip(PARTS))) == ["v1-no-manifest"]


def test_more_than_the_limit_is_not_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    covered = len(PARTS[0].content) + len(PARTS[1].content)
    monkeypatch.setattr(verify_jar, "TOTAL_LIMIT", covered)
    assert words(check(jar(Jar(RSA)))) == []
    monkeypatch.setattr(verify_jar, "TOTAL_LIMIT", covered - 1)
    with pytest.raises(ApkError) as caught:
        check(jar(Jar(RSA)))
    assert caught.value.code == "size-limit"


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(ApkError):
        verify(Archive(memoryview(signed(v2=[Signer(ONE)]))), tmp_path / "gone.apk", TargetPlatform(NEWEST))


def facts(
    min_sdk: int | None, target_sdk: int | None = None, *, role: FileRole = "base", platform: int = 0
) -> ManifestFacts:
    return ManifestFacts(
        package="a",
        role=role,
        label=None,
        version_name=None,
        version_code=None,
        min_sdk=min_sdk,
        target_sdk=target_sdk,
        platform_target=platform,
        sandbox=2,
        shared_user_id=None,
        has_code=True,
        debuggable=False,
        permissions=(),
        components=(),
        network=NetworkAttributes(None, None),
    )


def test_the_versions_that_are_asked_for() -> None:
    assert target_platform(None) == TargetPlatform(SdkRange(NEWEST_SDK))
    assert target_platform(facts(21, 30)) == TargetPlatform(SdkRange(21), 30, 2)
    assert target_platform(facts(None)) == TargetPlatform(SdkRange(1), None, 2)
    assert target_platform(facts(None, role="config")) == TargetPlatform(SdkRange(NEWEST_SDK), None, 2)
    assert target_platform(facts(None, platform=10_000)) == TargetPlatform(SdkRange(NEWEST_SDK), 10_000, 2)
    assert target_platform(facts(2**40)).sdk == SdkRange(NEWEST_SDK)


def test_of_many_faults_of_one_kind_some_are_shown() -> None:
    with pytest.raises(FaultError) as caught:
        refuse([Fault("a", str(number)) for number in range(23)] + [Fault("b", "x")])
    shown = caught.value.faults
    assert [fault.word for fault in shown] == ["a"] * 20 + ["b", "a"]
    assert str(shown[-1]) == "a: and 3 more of this kind."
    refuse([])


SAMPLES = [
    signed(v2=[Signer(ONE)], v3=[v3_signer(TWO, attributes=(lineage(Node(ONE), Node(TWO, ONE)),))]),
    signed(v3=[v3_signer(ONE, 28, 33, attributes=(ROTATION,))], v31=[v3_signer(TWO, 34, FOREVER)]),
    signed(v2=[Signer(RSA, algorithms=(0x0103,))], parts=tuple(Jar(RSA, attributes=True).parts(PARTS))),
]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SAMPLES), st.sampled_from([NEWEST, OLD, SdkRange(33)]), st.data())
def test_a_changed_byte_is_refused_and_raises_nothing(sample: bytes, sdk: SdkRange, data: st.DataObject) -> None:
    """Where a byte is not signed, the archive is the same to Android: it is unpacked alike."""
    at = data.draw(st.integers(0, len(sample) - 1))
    changed = bytearray(sample)
    changed[at] = data.draw(st.integers(0, 255).filter(lambda value: value != sample[at]))
    try:
        verification = check(bytes(changed), sdk)
    except ApkError as error:
        assert error.code in ("damaged-archive", "truncated", "not-an-archive", "too-many-entries")  # noqa: PT017
        return
    if verification.verified and "v2" not in verification.certificates and "v3" not in verification.certificates:
        assert "v1" in verification.certificates or "v3.1" in verification.certificates
