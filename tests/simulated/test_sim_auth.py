"""RSA keys and signatures, against the cryptography library and the stock adb client."""

import base64
import secrets
import struct
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils

from tests.kit import AdbServer
from tests.simulated.keys import PublicKey, decode_key, decode_offer, signature_matches
from tests.simulated.wire import android_form, offered, signed


@pytest.fixture
def public(rsa_key: rsa.RSAPrivateKey) -> PublicKey:
    numbers = rsa_key.public_key().public_numbers()
    return PublicKey(numbers.n, numbers.e)


def test_an_offered_key_is_read(rsa_key: rsa.RSAPrivateKey, public: PublicKey) -> None:
    assert decode_offer(offered(rsa_key)) == public


def test_a_key_without_name_and_nul_is_read(rsa_key: rsa.RSAPrivateKey, public: PublicKey) -> None:
    assert decode_offer(base64.b64encode(android_form(rsa_key))) == public


def test_a_key_of_1024_bits_is_none() -> None:
    # 524 bytes with a short modulus: what pads to the right size is still refused
    small = rsa.generate_private_key(65537, 1024)
    assert decode_key(android_form(small)) is None


@pytest.mark.parametrize("at", [0, 4, 264], ids=["word count", "n0inv", "R squared"])
def test_a_key_with_a_wrong_helper_number_is_none(rsa_key: rsa.RSAPrivateKey, at: int) -> None:
    data = bytearray(android_form(rsa_key))
    data[at] ^= 1
    assert decode_key(bytes(data)) is None


def test_an_odd_exponent_is_refused(rsa_key: rsa.RSAPrivateKey) -> None:
    assert decode_key(android_form(rsa_key)[:-4] + struct.pack("<I", 1)) is None


@pytest.mark.parametrize("offer", [b"", b"\0", b"not base64!", b"AAAA", base64.b64encode(b"\0" * 524)])
def test_what_is_no_key_is_none(offer: bytes) -> None:
    assert decode_offer(offer) is None


def test_a_signature_over_the_token_matches(rsa_key: rsa.RSAPrivateKey, public: PublicKey) -> None:
    token = secrets.token_bytes(20)
    assert signature_matches(public, token, signed(rsa_key, token))


def test_a_signature_over_another_token_does_not(rsa_key: rsa.RSAPrivateKey, public: PublicKey) -> None:
    assert not signature_matches(public, b"\1" * 20, signed(rsa_key, b"\2" * 20))


def test_a_signature_by_another_key_does_not(other_key: rsa.RSAPrivateKey, public: PublicKey) -> None:
    assert not signature_matches(public, b"\1" * 20, signed(other_key, b"\1" * 20))


def test_the_token_must_not_be_hashed_again(rsa_key: rsa.RSAPrivateKey, public: PublicKey) -> None:
    # the usual mistake: RSASSA-PKCS1-v1_5 over SHA-1(token) instead of over the token itself
    hashed = rsa_key.sign(b"\1" * 20, padding.PKCS1v15(), hashes.SHA1())
    assert not signature_matches(public, b"\1" * 20, hashed)


def test_another_digest_name_in_the_padding_does_not_match(rsa_key: rsa.RSAPrivateKey, public: PublicKey) -> None:
    other = rsa_key.sign(b"\1" * 32, padding.PKCS1v15(), utils.Prehashed(hashes.SHA256()))
    assert not signature_matches(public, b"\1" * 20, other)


@pytest.mark.parametrize("signature", [b"", b"\0" * 255, b"\xff" * 256, b"\0" * 257])
def test_what_is_no_signature_does_not_match(public: PublicKey, signature: bytes) -> None:
    assert not signature_matches(public, b"\1" * 20, signature)


@pytest.mark.stock_adb
def test_a_key_made_by_the_stock_client_is_read(adb_server: AdbServer, tmp_path: Path) -> None:
    subprocess.run(
        ["adb", "keygen", str(tmp_path / "key")], check=True, env=adb_server.environment, capture_output=True
    )
    key = decode_offer((tmp_path / "key.pub").read_bytes())
    assert key is not None
    assert key.exponent == 65537
