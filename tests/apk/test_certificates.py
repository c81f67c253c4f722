"""PKCS #7 blocks and X.509 certificates."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from asn1crypto import cms, x509
from hypothesis import given, settings
from hypothesis import strategies as st

from phone_audit.apk.signature import certificates as reader
from phone_audit.apk.signature.certificates import jar_signers, may_sign, public_key_of, read_certificate
from phone_audit.apk.zip.archive import Archive
from phone_audit.errors import ApkError
from tests.apk.signed import FOLDER


def blocks(name: str) -> list[bytes]:
    archive = Archive(memoryview((FOLDER / name).read_bytes()))
    return [bytes(archive.read(e, 2**20)) for e in archive.entries if e.name.endswith((".RSA", ".EC"))]


ONE, TWO = blocks("both.apk")


def signer(block: bytes) -> bytes:
    (certificate,) = jar_signers(block)
    return certificate


def edited(block: bytes, certificates: list[bytes], signer_infos: int = 1) -> bytes:
    """The block with these certificates, and its signer record as often as wanted."""
    info = cms.ContentInfo.load(block)
    signed = info["content"]
    signed["certificates"] = cms.CertificateSet(
        [cms.CertificateChoices("certificate", x509.Certificate.load(encoded)) for encoded in certificates]
    )
    signed["signer_infos"] = cms.SignerInfos([signed["signer_infos"][0]] * signer_infos)
    return bytes(info.dump(force=True))


def test_the_certificate_that_the_signer_record_names() -> None:
    own, other = signer(ONE), signer(TWO)
    assert own != other
    for certificates in ([own, other], [other, own]):
        assert jar_signers(edited(ONE, certificates)) == (own,)


def test_one_certificate_signing_twice_is_one_signer() -> None:
    own = signer(ONE)
    assert jar_signers(edited(ONE, [own], signer_infos=2)) == (own,)


@pytest.mark.parametrize("field", ["serial_number", "issuer"])
def test_neither_the_serial_number_nor_the_issuer_alone_names_a_certificate(field: str) -> None:
    own = signer(ONE)
    impostor = x509.Certificate.load(signer(TWO))
    impostor["tbs_certificate"][field] = x509.Certificate.load(own)["tbs_certificate"][field]
    encoded = bytes(impostor.dump(force=True))
    for certificates in ([encoded, own], [own, encoded]):
        assert jar_signers(edited(ONE, certificates)) == (own,)


@pytest.mark.parametrize(
    ("block", "why"),
    [
        (b"", "it cannot be decoded"),
        (ONE[:500], "it cannot be decoded"),
        (edited(ONE, [signer(TWO)]), "the certificate of its signer is missing"),
        (bytes(cms.ContentInfo({"content_type": "data", "content": b"x"}).dump()), "it is no signed data"),
    ],
)
def test_a_damaged_block(block: bytes, why: str) -> None:
    with pytest.raises(ApkError) as caught:
        jar_signers(block)
    assert caught.value.message == f"A signature block of META-INF is damaged: {why}."


def with_validity(before: datetime, after: datetime) -> bytes:
    certificate = x509.Certificate.load(signer(ONE))
    kinds = {"not_before": before, "not_after": after}
    certificate["tbs_certificate"]["validity"] = x509.Validity(
        {
            field: x509.Time("utc_time" if moment.year < 2050 else "general_time", moment)
            for field, moment in kinds.items()
        }
    )
    return bytes(certificate.dump(force=True))


def test_times_are_utc_and_years_have_four_digits() -> None:
    certificate = read_certificate(
        with_validity(datetime(1999, 1, 2, 3, 4, 5, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC))
    )
    assert (certificate.not_before, certificate.not_after) == ("1999-01-02T03:04:05Z", "9999-12-31T00:00:00Z")


def with_subject(**parts: str) -> bytes:
    certificate = x509.Certificate.load(signer(ONE))
    certificate["tbs_certificate"]["subject"] = x509.Name.build(dict(parts))
    return bytes(certificate.dump(force=True))


def test_a_subject_is_harmless_text() -> None:
    encoded = with_subject(country_name="DE", organization_name='a,b+"c"\\<d>;', common_name="#x\x1b[31m\u202e")
    assert read_certificate(encoded).subject == 'CN=\\#x\\1B[31m\\E2\\80\\AE,O=a\\,b\\+\\"c\\"\\\\\\<d\\>\\;,C=DE'


def test_an_attribute_without_a_short_name_has_its_number() -> None:
    assert read_certificate(with_subject(title="Dr")).subject == "2.5.4.12=Dr"


@settings(max_examples=400)
@given(
    st.sampled_from([ONE, signer(TWO)]),
    st.lists(st.tuples(st.integers(0, 1400), st.sampled_from([0, 1, 0x02, 0x30, 0x31, 0x80, 0x84, 0xFF])), max_size=5),
    st.integers(0, 1400),
)
def test_damage_raises_only_our_own_error(sample: bytes, changes: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(sample)
    for at, byte in changes:
        data[at % len(data)] = byte
    encoded = bytes(data[: max(1, len(data) - cut % 7)])
    certificate = read_certificate(encoded)
    assert len(certificate.sha256) == 64
    certificate.subject.encode("utf-8")
    with suppress(ApkError):
        assert all(jar_signers(encoded))


NO_END = b"\xff" * 20_000


@pytest.mark.promise("work-grows-with-size")
@pytest.mark.parametrize(
    "encoded", [NO_END, b"\x30\x82\x4e\x20" + NO_END, b"\x30\x82\x4e\x24\x06\x82\x4e\x20" + NO_END]
)
def test_a_number_without_end_is_refused_before_it_is_read(encoded: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tag, or a part of an object identifier, of so many bytes: reading it takes time by the square of its length."""
    given: list[bytes] = []
    monkeypatch.setattr(x509.Certificate, "load", given.append)
    monkeypatch.setattr(cms.ContentInfo, "load", given.append)
    assert read_certificate(encoded).subject == ""
    for read in (jar_signers, public_key_of, may_sign):
        with pytest.raises(ApkError, match="damaged"):
            read(encoded)
    assert given == []


@pytest.mark.parametrize(("certificates", "signer_infos"), [(1, 40), (300, 1)])
def test_a_block_of_many_signers_or_certificates_is_refused_before_they_are_compared(
    certificates: int, signer_infos: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each signer was compared with each certificate: a block of two megabytes had a hundred million pairs."""
    impostor = x509.Certificate.load(signer(TWO))
    impostor["tbs_certificate"]["serial_number"] = x509.Certificate.load(signer(ONE)).serial_number
    block = edited(ONE, [bytes(impostor.dump(force=True))] * certificates + [signer(ONE)], signer_infos)
    compared: list[object] = []
    monkeypatch.setattr(reader, "_same_name", lambda one, _: compared.append(one))
    with pytest.raises(ApkError, match="more than"):
        jar_signers(block)
    assert compared == []
