"""X.509 certificates and the PKCS #7 blocks of signed archives."""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from asn1crypto import cms, core, x509  # noqa: TID251

from phone_audit.errors import ApkError

_DAMAGE = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)
"""What asn1crypto raises on damaged input; it decodes lazily, so any access can."""
_LONGEST_NUMBER = 1024
"""Bytes in a row that say that a number goes on: asn1crypto reads tags and object identifiers of any length, in time by
its square. Random bytes have some 30, a text in any language a few hundred."""
_GOES_ON = re.compile(rb"[\x80-\xff]{64,}+")
_MOST_SIGNERS, _MOST_CERTIFICATES = 32, 256
"""Of one PKCS #7 block: each signer is looked for among all certificates. Real ones have one of each, and a chain."""
_CONTENT_TYPE, _MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
_SHORT_NAMES = {
    "2.5.4.3": "CN",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "STREET",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "0.9.2342.19200300.100.1.1": "UID",
    "0.9.2342.19200300.100.1.25": "DC",
    "1.2.840.113549.1.9.1": "emailAddress",
    "2.5.4.5": "serialNumber",
}


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a signer's certificate says.

    Hashes are over the bytes as they stand in the file. `subject` is RFC 4514 text, last part of the name first.
    `subject` and the times (RFC 3339 in UTC) are empty where they cannot be decoded.
    """

    sha256: str
    sha1: str
    subject: str
    not_before: str
    not_after: str


def read_certificate(encoded: bytes) -> Certificate:
    """Read a certificate; damage leaves fields empty, the hashes are always there."""
    return _read_again(encoded) if len(encoded) <= _USUAL else _read(encoded)


def _read(encoded: bytes) -> Certificate:
    sha1 = hashlib.sha1(encoded, usedforsecurity=False).hexdigest()
    sha256 = hashlib.sha256(encoded).hexdigest()
    try:
        body = x509.Certificate.load(_of_bounded_numbers(encoded))["tbs_certificate"]
    except _DAMAGE:
        return Certificate(sha256, sha1, "", "", "")
    return Certificate(sha256, sha1, _subject(body), _time(body, "not_before"), _time(body, "not_after"))


_USUAL = 4096
_read_again = lru_cache(maxsize=64)(_read)
"""Packages of one phone have few signers; certificates of a usual size are remembered."""


@dataclass(frozen=True, slots=True)
class SignedAttributes:
    """What a signer record signs instead of the file: `signed` is the encoding to check the signature over."""

    signed: bytes
    content_type: str | None
    digest: bytes | None


@dataclass(frozen=True, slots=True)
class SignerRecord:
    """One signer record of a PKCS #7 block. `certificate` is the one it names, or None where the block lacks it."""

    digest_oid: str
    signature_oid: str
    certificate: bytes | None
    signature: bytes
    attributes: SignedAttributes | None


@dataclass(frozen=True, slots=True)
class SignedBlock:
    """A PKCS #7 block: the type of what is signed, and who signed."""

    content_type: str
    signers: tuple[SignerRecord, ...]


def read_signed_block(block: bytes) -> SignedBlock:
    """Read a PKCS #7 block (RFC 2315, RFC 5652); an `ApkError` where it is damaged.

    A block may hold any number of other certificates; only issuer and serial number tell which one signed.
    """
    try:
        content = cms.ContentInfo.load(_of_bounded_numbers(block))
        if content["content_type"].native != "signed_data":
            raise _damaged("it is no signed data")
        signed = content["content"]
        if len(signed["signer_infos"]) > _MOST_SIGNERS or len(signed["certificates"]) > _MOST_CERTIFICATES:
            raise _damaged(f"it has more than {_MOST_SIGNERS} signers or {_MOST_CERTIFICATES} certificates")
        certificates = [choice.chosen for choice in signed["certificates"] if choice.name == "certificate"]
        records = tuple(_record(info, certificates) for info in signed["signer_infos"])
        return SignedBlock(str(signed["encap_content_info"]["content_type"].dotted), records)
    except _DAMAGE as error:
        raise _damaged("it cannot be decoded") from error


def jar_signers(block: bytes) -> tuple[bytes, ...]:
    """Return the certificates that the signer records of a PKCS #7 block name, encoded as they stand there.

    Raises an ApkError where the block is damaged, or a signer record names a certificate that it does not hold.
    """
    named = [record.certificate for record in read_signed_block(block).signers]
    if None in named:
        raise _damaged("the certificate of its signer is missing")
    return tuple(dict.fromkeys(certificate for certificate in named if certificate is not None))


def public_key_of(encoded: bytes) -> bytes:
    """Return the public key of a certificate as it stands there (SubjectPublicKeyInfo); an `ApkError` on damage."""
    try:
        return bytes(
            x509.Certificate.load(_of_bounded_numbers(encoded))["tbs_certificate"]["subject_public_key_info"].dump()
        )
    except _DAMAGE as error:
        raise ApkError("A certificate is damaged.", code="damaged-signature") from error


def may_sign(encoded: bytes) -> bool:
    """Tell whether Android takes signatures by this certificate; an `ApkError` where it is damaged.

    Its key usage and its critical extensions decide.
    """
    try:
        certificate = x509.Certificate.load(_of_bounded_numbers(encoded))
        usage = certificate.key_usage_value
        allowed = usage is None or not usage.native.isdisjoint({"digital_signature", "non_repudiation"})
        return allowed and not any(name[:1].isdigit() for name in certificate.critical_extensions)
    except _DAMAGE as error:
        raise ApkError("A certificate is damaged.", code="damaged-signature") from error


def _of_bounded_numbers(encoded: bytes) -> bytes:
    """Return the bytes themselves; a `ValueError` where a number in them goes on without end."""
    if any(run.end() - run.start() > _LONGEST_NUMBER for run in _GOES_ON.finditer(encoded)):
        raise ValueError
    return encoded


def _record(info: cms.SignerInfo, certificates: list[x509.Certificate]) -> SignerRecord:
    attributes = info["signed_attrs"]
    return SignerRecord(
        digest_oid=str(info["digest_algorithm"]["algorithm"].dotted),
        signature_oid=str(info["signature_algorithm"]["algorithm"].dotted),
        certificate=_named_by(info, certificates),
        signature=bytes(info["signature"].native),
        attributes=None if isinstance(attributes, core.Void) else _attributes(attributes),
    )


def _attributes(attributes: cms.CMSAttributes) -> SignedAttributes:
    """The signature is over the encoding of a plain SET; Android changes the first byte and leaves the order."""
    values: dict[str, core.Asn1Value] = {}
    for attribute in attributes:
        kind = str(attribute["type"].dotted)
        if kind in values or len(attribute["values"]) != 1:
            raise _damaged("a signed attribute stands there twice")
        values[kind] = attribute["values"][0]
    content_type, digest = values.get(_CONTENT_TYPE), values.get(_MESSAGE_DIGEST)
    return SignedAttributes(
        signed=b"\x31" + attributes.dump()[1:],
        content_type=None if content_type is None else str(content_type.dotted),
        digest=None if digest is None else bytes(digest.native),
    )


def _named_by(info: cms.SignerInfo, certificates: list[x509.Certificate]) -> bytes | None:
    sid = info["sid"].chosen
    if not isinstance(sid, cms.IssuerAndSerialNumber):
        raise _damaged("its signer is not named by issuer and serial number")
    for certificate in certificates:
        if certificate.serial_number == sid["serial_number"].native and _same_name(certificate.issuer, sid["issuer"]):
            return bytes(certificate.dump())
    return None


def _same_name(one: x509.Name, other: x509.Name) -> bool:
    return bool(one.dump() == other.dump() or one == other)


def _damaged(what: str) -> ApkError:
    return ApkError(f"A signature block of META-INF is damaged: {what}.", code="damaged-signature")


def _time(body: x509.TbsCertificate, field: str) -> str:
    try:
        moment = body["validity"][field].native
    except _DAMAGE:
        return ""
    if not isinstance(moment, datetime):
        return ""
    return moment.astimezone(UTC).replace(tzinfo=None, microsecond=0).isoformat() + "Z"


def _subject(body: x509.TbsCertificate) -> str:
    try:
        parts = ["+".join(map(_pair, part)) for part in body["subject"].chosen]
    except _DAMAGE:
        return ""
    return ",".join(reversed(parts))


def _pair(pair: x509.NameTypeAndValue) -> str:
    oid, text = str(pair["type"].dotted), pair["value"].native
    value = _escape(text) if isinstance(text, str) else "#" + bytes(pair["value"].dump()).hex()
    return f"{_SHORT_NAMES.get(oid, oid)}={value}"


def _escape(text: str) -> str:
    r"""Escape as RFC 4514 section 2.4 does, control characters too (as `\0A`)."""
    escaped = "".join(f"\\{c}" if c in '"+,;<>\\' else _hex(c) if not c.isprintable() else c for c in text)
    if escaped.startswith((" ", "#")):
        escaped = "\\" + escaped
    if text.endswith(" ") and len(text) > 1:
        escaped = escaped[:-1] + "\\ "
    return escaped


def _hex(character: str) -> str:
    return "".join(f"\\{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))
