"""Scheme v1: archives signed as Java signs them, and everything that can be wrong."""

import hashlib

import pytest
from asn1crypto import cms, core, x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from phone_audit.apk.signature.certificates import may_sign
from phone_audit.apk.signature.faults import FaultError, SdkRange
from phone_audit.apk.signature.jar_scheme import verify_jar
from phone_audit.apk.zip.archive import Archive
from phone_audit.errors import ApkError
from tests.apk.apk_signer import CODE, MANIFEST, PARTS, Jar, b64, file_of, key, manifest_of, pkcs7_of
from tests.apk.zips import Part, make_zip

RSA, OTHER, CURVE = key("rsa"), key("rsa", "other"), key("ec")
ANY = SdkRange(21)
RIGHT = manifest_of(PARTS)


def check(parts: list[Part], sdk: SdkRange = ANY, schemes: frozenset[int] = frozenset()) -> tuple[bytes, ...]:
    return verify_jar(Archive(memoryview(make_zip(parts))), sdk, schemes)


def words(parts: list[Part], sdk: SdkRange = ANY, schemes: frozenset[int] = frozenset()) -> list[str]:
    with pytest.raises(FaultError) as caught:
        check(parts, sdk, schemes)
    return [fault.word for fault in caught.value.faults]


def without(parts: list[Part], name: str) -> list[Part]:
    assert any(part.name == name for part in parts)
    return [part for part in parts if part.name != name]


def instead(parts: list[Part], name: str, content: bytes) -> list[Part]:
    return [*without(parts, name), Part(name, content)]


@pytest.mark.parametrize("attributes", [False, True])
def test_signed(attributes: bool) -> None:
    for signer in (RSA, CURVE):
        assert check(Jar(signer, attributes=attributes).parts(PARTS)) == (signer.certificate,)


def test_entries_in_meta_inf_and_folders_need_no_signature() -> None:
    assert check([*Jar(RSA).parts(PARTS), Part("META-INF/new"), Part("folder/")])


def test_changed_contents() -> None:
    parts = Jar(RSA).parts(PARTS)
    assert words(instead(parts, "classes.dex", b"other")) == ["v1-entry-digest"]
    assert words([*parts, Part("new")]) == ["v1-unsigned-entry"]
    assert words(without(parts, "classes.dex")) == ["v1-missing-entry"]
    assert words([*parts, CODE]) == ["v1-duplicate-entry"]


def test_missing_parts() -> None:
    parts = Jar(RSA).parts(PARTS)
    assert words(without(parts, "META-INF/MANIFEST.MF")) == ["v1-no-manifest"]
    assert words(without(parts, "META-INF/CERT.SF")) == ["v1-no-signatures"]
    assert words(without(parts, "META-INF/CERT.RSA")) == ["v1-no-signatures"]
    assert words(Jar(RSA).parts([Part("META-INF/x")])) == ["v1-nothing-signed"]


def test_a_changed_manifest() -> None:
    parts = Jar(RSA).parts(PARTS)
    for name, content in (("classes.dex", b"code" * 50), ("AndroidManifest.xml", b"manifest")):
        changed = RIGHT.replace(b64("sha256", content).encode(), b64("sha256", b"x").encode())
        assert words(instead(parts, "META-INF/MANIFEST.MF", changed)) == ["v1-section-digest"], name
    added = RIGHT + b"Name: new\r\nSHA-256-Digest: x\r\n\r\n"
    assert words([*instead(parts, "META-INF/MANIFEST.MF", added), Part("new")]) == ["v1-unsigned-entry"]


def test_sections_of_the_manifest() -> None:
    assert words(Jar(RSA, manifest=RIGHT + b"Other: x\r\n\r\n").parts(PARTS)) == ["v1-unnamed-section"]
    assert words(Jar(RSA, manifest=RIGHT + b"Name: classes.dex\r\n\r\n").parts(PARTS)) == ["v1-duplicate-section"]
    both = RIGHT + b"Name: gone\r\n\r\nOther: x\r\n\r\n"
    assert words(Jar(RSA, manifest=both).parts(PARTS)) == ["v1-missing-entry", "v1-unnamed-section"]


def test_the_size_of_the_texts_is_limited() -> None:
    """Ten times the same 2 MB shrink to little in the archive."""
    file = b"Signature-Version: 1.0\r\n\r\nX: " + b"x" * (2 * 2**20) + b"\r\n\r\n"
    with pytest.raises(ApkError) as caught:
        check(signers(*[file] * 10))
    assert caught.value.code == "size-limit"


def test_no_more_faults_are_gathered_than_anybody_reads() -> None:
    manifest = RIGHT + b"Name: gone\r\n\r\n" * 1500
    assert words(Jar(RSA, manifest=manifest, file=file_of(RIGHT)).parts(PARTS)) == ["v1-missing-entry"] * 21
    many = b"".join(b"Name: %d\r\n\r\n" % number for number in range(1500))
    file = file_of(RIGHT, whole=False) + many
    assert words(Jar(RSA, file=file).parts(PARTS)) == ["v1-no-section-digest"] * 21


def test_a_signature_file_about_far_more_than_there_is() -> None:
    def about(strangers: int) -> list[Part]:
        names = b"".join(b"Name: %d\r\n\r\n" % number for number in range(strangers))
        return Jar(RSA, file=file_of(RIGHT) + names).parts(PARTS)

    assert check(about(10_000)) == (RSA.certificate,)
    assert words(about(10_010)) == ["v1-damaged-file"]


def test_the_signature_file() -> None:
    assert check(Jar(RSA, file=file_of(RIGHT, whole=False)).parts(PARTS))
    assert words(Jar(RSA, file=b"Created-By: x\r\n\r\n").parts(PARTS)) == ["v1-no-version"]
    assert words(Jar(RSA, file=b"").parts(PARTS)) == ["v1-no-version"]
    no_name = file_of(RIGHT) + b"Other: x\r\n\r\n"
    assert words(Jar(RSA, file=no_name).parts(PARTS)) == ["v1-damaged-file"]
    twice = file_of(RIGHT) + b"Name: classes.dex\r\nSHA-256-Digest: x\r\n\r\n"
    assert words(Jar(RSA, file=twice).parts(PARTS)) == ["v1-damaged-file"]
    stranger = file_of(RIGHT, whole=False) + b"Name: stranger\r\nSHA-256-Digest: x\r\n\r\n"
    assert words(Jar(RSA, file=stranger).parts(PARTS)) == ["v1-no-section-digest"]
    head = f"SHA-256-Digest-Manifest-Main-Attributes: {b64('sha256', b'other')}\r\n"
    assert words(Jar(RSA, file=file_of(RIGHT, extra=head)).parts(PARTS)) == ["v1-main-section-digest"]
    right = f"SHA-256-Digest-Manifest-Main-Attributes: {b64('sha256', RIGHT[: RIGHT.index(b'Name')])}\r\n"
    assert check(Jar(RSA, file=file_of(RIGHT, extra=right)).parts(PARTS))


def test_signtool_digests_without_the_last_empty_line() -> None:
    """It ends lines with a line feed alone, and calls the digest of the manifest by another name."""
    manifest = RIGHT.replace(b"\r\n", b"\n")
    sections = manifest.split(b"\n\n")[1:-1]
    file = f"Signature-Version: 1.0\nCreated-By: signtool 1\nSHA-256-Digest: {b64('sha256', b'x')}\n\n"
    for section in sections:
        name = section.split(b"\n")[0].decode()
        digest = b64("sha256", section + b"\n")
        file += f"{name}\nSHA-256-Digest: {digest}\n\n"
    assert check(Jar(RSA, manifest=manifest, file=file.encode()).parts(PARTS))


def test_the_block() -> None:
    assert words(Jar(RSA, signs=b"something else").parts(PARTS)) == ["v1-signature-mismatch"]
    assert words(Jar(RSA, signs=b"something else", attributes=True).parts(PARTS)) == ["v1-signature-mismatch"]
    parts = Jar(RSA).parts(PARTS)
    assert words(instead(parts, "META-INF/CERT.RSA", b"x")) == ["v1-damaged-block"]
    block = pkcs7_of(RSA, file_of(RIGHT))
    stranger = RSA.certificate.replace(b"one", b"two")
    assert words(instead(parts, "META-INF/CERT.RSA", block.replace(RSA.certificate, stranger))) == ["v1-no-certificate"]


def test_versions_and_algorithms() -> None:
    parts = Jar(RSA).parts(PARTS)
    assert check(parts, SdkRange(18))
    assert words(parts, SdkRange(17)) == ["v1-unsupported-algorithm"]
    assert check(Jar(RSA, attributes=True).parts(PARTS), SdkRange(19))
    assert words(Jar(RSA, attributes=True).parts(PARTS), SdkRange(18)) == ["v1-signed-attributes"]


def test_a_digest_that_an_old_version_does_not_know() -> None:
    strong = manifest_of(PARTS, "sha512", "SHA-512-Digest")
    assert check(Jar(RSA, manifest=strong).parts(PARTS), SdkRange(18))
    unknown = manifest_of(PARTS, "md5", "MD5-Digest")
    assert words(Jar(RSA, manifest=unknown).parts(PARTS), SdkRange(18)) == ["v1-unsigned-entry", "v1-unsigned-entry"]


@pytest.mark.parametrize(
    ("named", "schemes", "sdk", "stripped"),
    [
        ("2", (), ANY, True),
        ("2", (2,), ANY, False),
        ("2, 3", (2,), ANY, True),
        ("2,3", (2, 3), ANY, False),
        ("3", (), SdkRange(21, 27), False),
        ("2", (), SdkRange(21, 23), False),
        ("7, x, , ²", (), ANY, False),
        ("9" * 5000, (), ANY, False),
    ],
)
def test_a_newer_scheme_that_was_taken_away(
    named: str, schemes: tuple[int, ...], sdk: SdkRange, stripped: bool
) -> None:
    file = file_of(RIGHT, extra=f"X-Android-APK-Signed: {named}\r\n")
    parts = Jar(RSA, file=file).parts(PARTS)
    if stripped:
        assert words(parts, sdk, frozenset(schemes)) == ["v1-scheme-stripped"]
    else:
        assert check(parts, sdk, frozenset(schemes))


def signers(*files: bytes) -> list[Part]:
    """The archive with one signer for each `.SF` file, in turn by two keys."""
    parts = [*PARTS, Part("META-INF/MANIFEST.MF", RIGHT)]
    for number, file in enumerate(files):
        block = pkcs7_of((RSA, OTHER)[number % 2], file)
        parts += [Part(f"META-INF/{number}.SF", file), Part(f"META-INF/{number}.RSA", block)]
    return parts


def test_several_signers() -> None:
    whole = file_of(RIGHT)
    assert check(signers(whole, whole)) == (RSA.certificate, OTHER.certificate)
    assert len(check(signers(*[whole] * 10))) == 2
    assert words(signers(*[whole] * 11)) == ["v1-too-many-signers"]


def test_a_signer_of_nothing_does_not_count() -> None:
    nothing = b"Signature-Version: 1.0\r\n\r\n"
    assert check(signers(file_of(RIGHT), nothing)) == (RSA.certificate,)
    assert words(signers(nothing)) == ["v1-unsigned-entry", "v1-unsigned-entry"]
    half = file_of(manifest_of([CODE]), whole=False)
    assert words(signers(file_of(RIGHT), half)) == ["v1-signers-differ"]
    assert words(signers(half)) == ["v1-unsigned-entry"]


def test_an_entry_that_cannot_be_unpacked() -> None:
    damaged = Part(MANIFEST.name, b"x" * 9, deflate=False, method=8)
    parts = [damaged if part.name == MANIFEST.name else part for part in Jar(RSA).parts(PARTS)]
    with pytest.raises(ApkError) as caught:
        check(parts)
    assert caught.value.code == "damaged-entry"


def joined(first: bytes, second: bytes) -> bytes:
    """One block with the signer records of two."""
    one, two = cms.ContentInfo.load(first), cms.ContentInfo.load(second)
    records = [*one["content"]["signer_infos"], *two["content"]["signer_infos"]]
    certificates = [*one["content"]["certificates"], *two["content"]["certificates"]]
    one["content"]["signer_infos"] = cms.SignerInfos(records)
    one["content"]["certificates"] = cms.CertificateSet(certificates)
    return bytes(one.dump(force=True))


def test_a_second_signer_record_counts_since_android_7() -> None:
    """Records are sorted: the shorter name comes first."""
    short = key("rsa", "a")
    parts = Jar(RSA).parts(PARTS)
    right, wrong = pkcs7_of(RSA, file_of(RIGHT)), pkcs7_of(short, b"something else")
    second = instead(parts, "META-INF/CERT.RSA", joined(wrong, right))
    assert check(second, SdkRange(24)) == (RSA.certificate,)
    assert words(second, SdkRange(23)) == ["v1-signature-mismatch"]
    neither = instead(parts, "META-INF/CERT.RSA", joined(wrong, pkcs7_of(OTHER, b"y")))
    assert words(neither, SdkRange(24)) == ["v1-signature-mismatch"]


def test_a_key_of_another_kind_than_the_signature() -> None:
    info = cms.ContentInfo.load(pkcs7_of(CURVE, file_of(RIGHT)))
    info["content"]["signer_infos"][0]["signature_algorithm"] = {"algorithm": "rsassa_pkcs1v15"}
    parts = instead(Jar(RSA).parts(PARTS), "META-INF/CERT.RSA", bytes(info.dump(force=True)))
    assert words(parts) == ["v1-bad-key"]


def test_a_block_without_signer_records() -> None:
    info = cms.ContentInfo.load(pkcs7_of(RSA, file_of(RIGHT)))
    info["content"]["signer_infos"] = cms.SignerInfos([])
    parts = instead(Jar(RSA).parts(PARTS), "META-INF/CERT.RSA", bytes(info.dump(force=True)))
    assert words(parts) == ["v1-no-signers"]


def test_a_certificate_that_may_not_sign() -> None:
    for usage, allowed in (("key_cert_sign", False), ("digital_signature", True), ("non_repudiation", True)):
        named = [{"extn_id": "key_usage", "critical": True, "extn_value": x509.KeyUsage({usage})}]
        assert may_sign(with_extensions(named)) is allowed
    odd: list[dict[str, object]] = [
        {"extn_id": "1.2.3.4", "critical": True, "extn_value": core.ParsableOctetString(b"\x05\x00")}
    ]
    assert may_sign(with_extensions(odd)) is False
    odd[0]["critical"] = False
    assert may_sign(with_extensions(odd)) is True
    assert may_sign(RSA.certificate)


def with_extensions(extensions: list[dict[str, object]]) -> bytes:
    certificate = x509.Certificate.load(RSA.certificate)
    certificate["tbs_certificate"]["extensions"] = x509.Extensions(extensions)
    return bytes(certificate.dump(force=True))


def with_attributes(kept: dict[str, list[object]]) -> list[Part]:
    """The archive, its signer record with these signed attributes instead, and signed again."""
    info = cms.ContentInfo.load(pkcs7_of(RSA, file_of(RIGHT), attributes=True))
    record = info["content"]["signer_infos"][0]
    attributes = [{"type": kind, "values": values} for kind, values in kept.items() if values]
    record["signed_attrs"] = cms.CMSAttributes(attributes)
    assert isinstance(RSA.private, rsa.RSAPrivateKey)
    signed = b"\x31" + record["signed_attrs"].dump()[1:]
    record["signature"] = RSA.private.sign(signed, padding.PKCS1v15(), hashes.SHA256())
    return instead(Jar(RSA).parts(PARTS), "META-INF/CERT.RSA", bytes(info.dump(force=True)))


def test_signed_attributes() -> None:
    digest = hashlib.sha256(file_of(RIGHT)).digest()
    old = SdkRange(19, 23)

    def made(content_type: list[object], digests: list[object]) -> list[Part]:
        return with_attributes({"content_type": content_type, "message_digest": digests})

    assert check(made(["data"], [digest])) == (RSA.certificate,)
    assert words(made(["data"], [b"other"])) == ["v1-signature-mismatch"]
    assert words(made(["data"], [])) == ["v1-damaged-block"]
    assert words(made(["data"], [digest, digest])) == ["v1-damaged-block"]
    for wrong, word in ((["signed_data"], "v1-signature-mismatch"), ([], "v1-damaged-block")):
        assert words(made([*wrong], [digest])) == [word]
        assert words(made([*wrong], [digest]), SdkRange(19, 24)) == [word]
        assert check(made([*wrong], [digest]), old) == (RSA.certificate,)
