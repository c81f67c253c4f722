"""Certificate authorities: their structure, and the script that makes the bundled file."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from fixtures.knowledge.authorities import make
from phone_audit.knowledge.check.facts import check_authority
from phone_audit.knowledge.load import load_knowledge
from phone_audit.knowledge.schema.facts import AuthorityFact

GOOD: dict[str, Any] = {"id": "a", "sha256": "ab" * 32, "name": "Root", "api_levels": [28, 29], "sources": ["s"]}


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({}, []),
        ({"name": " "}, [("name", "missing")]),
        ({"sources": []}, [("sources", "missing")]),
        ({"api_levels": [29, 28]}, [("api_levels", "write each once, the oldest first")]),
        ({"api_levels": [28, 28]}, [("api_levels", "write each once, the oldest first")]),
        ({"api_levels": [9]}, [("api_levels", "9 is no API level")]),
    ],
)
def test_the_check(changes: dict[str, Any], problems: list[tuple[str, str]]) -> None:
    found: list[tuple[str, str]] = []
    check_authority(AuthorityFact.model_validate(GOOD | changes), lambda place, text: found.append((place, text)))
    assert found == problems


def test_an_authority_is_of_some_level() -> None:
    with pytest.raises(ValueError, match="api_levels"):
        AuthorityFact.model_validate(GOOD | {"api_levels": []})


def certificate(name: x509.Name) -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = x509.CertificateBuilder(name, name, key.public_key(), 7)
    builder = builder.not_valid_before(datetime(2020, 1, 1, tzinfo=UTC)).not_valid_after(
        datetime(2040, 1, 1, tzinfo=UTC)
    )
    return builder.sign(key, SHA256())


def test_the_script(tmp_path: Path) -> None:
    named = certificate(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Root A")]))
    unnamed = certificate(x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "House B")]))
    for level in ("33", "34"):
        (tmp_path / level).mkdir()
        text = named.public_bytes(Encoding.PEM) + b"Certificate:\n    Data:\n"
        (tmp_path / level / "0a775a30.0").write_bytes(text)
    (tmp_path / "34" / "11111111.0").write_bytes(unnamed.public_bytes(Encoding.PEM))
    (tmp_path / "34" / "22222222.0").write_bytes(b"nothing")
    document, said = make(tmp_path)
    assert said == ["34/22222222.0: left out: no certificate"]
    by_name = {fact.name: fact for fact in document.entries}
    assert by_name["Root A"].api_levels == (33, 34)
    assert by_name["Root A"].sha256 == hashlib.sha256(named.public_bytes(Encoding.DER)).hexdigest()
    assert by_name["Root A"].sources == ("aosp-ca-certificates", "aosp-ca-certificates-copy")
    assert (by_name["House B"].api_levels, by_name["House B"].sources) == ((34,), ("aosp-ca-certificates-copy",))


def test_the_bundled_list() -> None:
    """WoSign left after Android 8.1, TrustCor came with Android 9 and left later; ISRG Root X1 came with 7.1."""
    known = {fact.name: fact.api_levels for fact in load_knowledge().authorities}
    assert known["ISRG Root X1"] == tuple(range(25, 37))
    assert known["Certification Authority of WoSign"] == (23, 25, 26, 27)
    assert 36 not in known["TrustCor RootCert CA-1"]


def test_what_android_6_and_7_brought_and_later_ones_took_out_is_known() -> None:
    """Every phone with Android 7.1 has these, so they are no sign of an intruder there; on a later one they are old."""
    known = {fact.name: fact.api_levels for fact in load_knowledge().authorities}
    gone = ("Juur-SK", "IGC/A", "Buypass Class 2 CA 1", "RSA Security 2048 V3", "Root CA Generalitat Valenciana")
    assert {name: known[name] for name in gone} == dict.fromkeys(gone, (23, 25))
