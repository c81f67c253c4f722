"""Public keys and what they signed: the only file of the analyser that imports `cryptography`."""

from enum import Enum
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa

_HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "md5": hashes.MD5,
    "sha1": hashes.SHA1,
    "sha224": hashes.SHA224,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
MAX_KEY = 16 * 2**10
"""Longest encoded key that is tried, in bytes: RSA of 16,384 bits takes about 2 KB."""
_MAX_SIGNATURE = 16 * 2**10


class Method(NamedTuple):
    """How something was signed: `key` is rsa, dsa or ec, `hash` as in hashlib; `pss` is the other padding of RSA."""

    key: str
    hash: str
    pss: bool = False


class Outcome(Enum):
    """What came of checking a signature."""

    GOOD = "good"
    WRONG = "wrong"
    BAD_KEY = "bad key"


def check_signature(key: bytes, method: Method, signature: bytes, signed: bytes) -> Outcome:
    """Check a signature; whatever the bytes are, the answer is one of the three.

    Args:
        key: a SubjectPublicKeyInfo in DER (RFC 5280).
        method: how it was signed.
        signature: for DSA and ECDSA two numbers in DER.
        signed: what was signed.

    Returns:
        `BAD_KEY` where the key cannot be used, or not with this method.
    """
    if len(key) > MAX_KEY:
        return Outcome.BAD_KEY
    if len(signature) > _MAX_SIGNATURE:
        return Outcome.WRONG
    try:
        public = serialization.load_der_public_key(key)
    except (ValueError, TypeError, OverflowError, UnsupportedAlgorithm):
        return Outcome.BAD_KEY
    try:
        return _check(public, method, signature, signed)
    except InvalidSignature:
        return Outcome.WRONG
    except (ValueError, TypeError, OverflowError, UnsupportedAlgorithm):
        return Outcome.BAD_KEY


def _check(public: object, method: Method, signature: bytes, signed: bytes) -> Outcome:
    digest = _HASHES[method.hash]()
    if method.key == "rsa" and isinstance(public, rsa.RSAPublicKey):
        scheme = padding.PSS(padding.MGF1(digest), digest.digest_size) if method.pss else padding.PKCS1v15()
        public.verify(signature, signed, scheme, digest)
    elif method.key == "dsa" and isinstance(public, dsa.DSAPublicKey):
        public.verify(signature, signed, digest)
    elif method.key == "ec" and isinstance(public, ec.EllipticCurvePublicKey):
        public.verify(signature, signed, ec.ECDSA(digest))
    else:
        return Outcome.BAD_KEY
    return Outcome.GOOD
