"""The algorithms of APK signatures: from which version of Android on each is understood, and checking one.

The only file of the analyser that imports `cryptography`. Sources:
https://source.android.com/docs/security/features/apksigning/v2 (ids), AOSP apksig `SignatureAlgorithm.java` and
`OidConstants.java` (versions).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa

from phone_audit.apk.signature.faults import SdkRange

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
CHUNKED_SHA256, CHUNKED_SHA512, VERITY_SHA256, PLAIN_SHA256 = 1, 2, 3, 4
"""Ids of content digests, as they stand in a source stamp."""
_STRENGTH = (CHUNKED_SHA256, VERITY_SHA256, CHUNKED_SHA512)


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

    The key is a SubjectPublicKeyInfo in DER (RFC 5280), a signature of DSA and ECDSA two numbers in DER. `BAD_KEY`
    tells that the key cannot be used, or not with this method.
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


@dataclass(frozen=True, slots=True)
class Algorithm:
    """One algorithm of the schemes v2 to v4.

    `since` is the version of Android that takes it for an APK, `signature_since` the one that can check the signature
    at all, which is what counts for a source stamp.
    """

    id: int
    method: Method
    digest: int
    since: int
    signature_since: int

    @property
    def strength(self) -> int:
        """The place of its digest among all, the strongest last."""
        return _STRENGTH.index(self.digest)


ALGORITHMS: dict[int, Algorithm] = {
    algorithm.id: algorithm
    for algorithm in (
        Algorithm(0x0101, Method("rsa", "sha256", pss=True), CHUNKED_SHA256, 24, 23),
        Algorithm(0x0102, Method("rsa", "sha512", pss=True), CHUNKED_SHA512, 24, 23),
        Algorithm(0x0103, Method("rsa", "sha256"), CHUNKED_SHA256, 24, 1),
        Algorithm(0x0104, Method("rsa", "sha512"), CHUNKED_SHA512, 24, 1),
        Algorithm(0x0201, Method("ec", "sha256"), CHUNKED_SHA256, 24, 11),
        Algorithm(0x0202, Method("ec", "sha512"), CHUNKED_SHA512, 24, 11),
        Algorithm(0x0301, Method("dsa", "sha256"), CHUNKED_SHA256, 24, 1),
        Algorithm(0x0421, Method("rsa", "sha256"), VERITY_SHA256, 28, 1),
        Algorithm(0x0423, Method("ec", "sha256"), VERITY_SHA256, 28, 11),
        Algorithm(0x0425, Method("dsa", "sha256"), VERITY_SHA256, 28, 1),
    )
}


def to_check(
    signatures: Iterable[tuple[int, bytes]], sdk: SdkRange, *, of_stamp: bool = False
) -> list[tuple[Algorithm, bytes]]:
    """Pick the signatures that some version of Android in the range would look at: the strongest that it knows.

    They are sorted by id; there are none where the oldest version of the range understands none of them.
    """
    best: dict[int, tuple[Algorithm, bytes]] = {}
    for number, signature in signatures:
        algorithm = ALGORITHMS.get(number)
        if algorithm is None:
            continue
        since = algorithm.signature_since if of_stamp else algorithm.since
        known = best.get(since)
        if since <= sdk.last and (known is None or algorithm.strength > known[0].strength):
            best[since] = (algorithm, signature)
    if not best or min(best) > sdk.first:
        return []
    return sorted(best.values(), key=lambda pair: pair[0].id)


DIGEST_OIDS = {
    "1.2.840.113549.2.5": "md5",
    "1.3.14.3.2.26": "sha1",
    "2.16.840.1.101.3.4.2.4": "sha224",
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
_PLAIN_OIDS = {"1.2.840.113549.1.1.1": "rsa", "1.2.840.10040.4.1": "dsa", "1.2.840.10045.2.1": "ec"}
_ALWAYS = (SdkRange(0),)
_OLD_AND_18, _OLD_AND_21 = (SdkRange(0, 8), SdkRange(18)), (SdkRange(0, 8), SdkRange(21))
_FROM_9, _FROM_18, _FROM_21, _FROM_22 = (SdkRange(9),), (SdkRange(18),), (SdkRange(21),), (SdkRange(22),)
_LOLLIPOP_ONLY, _LOLLIPOP_AND_M = (SdkRange(21, 21),), (SdkRange(21, 23),)


class _JarAlgorithm(NamedTuple):
    """A key with a hash, and the versions of Android that take it: where only the key is named, and by its own id."""

    key: str
    hash: str
    plain: tuple[SdkRange, ...]
    named: tuple[SdkRange, ...]


_HASHED_OIDS = {
    "1.2.840.113549.1.1.4": _JarAlgorithm("rsa", "md5", _ALWAYS, _OLD_AND_21),
    "1.2.840.113549.1.1.5": _JarAlgorithm("rsa", "sha1", _ALWAYS, _ALWAYS),
    "1.2.840.113549.1.1.14": _JarAlgorithm("rsa", "sha224", _OLD_AND_21, _OLD_AND_21),
    "1.2.840.113549.1.1.11": _JarAlgorithm("rsa", "sha256", _OLD_AND_18, _OLD_AND_18),
    "1.2.840.113549.1.1.12": _JarAlgorithm("rsa", "sha384", _FROM_18, _FROM_21),
    "1.2.840.113549.1.1.13": _JarAlgorithm("rsa", "sha512", _FROM_18, _FROM_21),
    "1.2.840.10040.4.3": _JarAlgorithm("dsa", "sha1", _ALWAYS, _FROM_9),
    "2.16.840.1.101.3.4.3.1": _JarAlgorithm("dsa", "sha224", _FROM_22, _FROM_21),
    "2.16.840.1.101.3.4.3.2": _JarAlgorithm("dsa", "sha256", _FROM_22, _FROM_21),
    "2.16.840.1.101.3.4.3.3": _JarAlgorithm("dsa", "sha384", (), ()),
    "2.16.840.1.101.3.4.3.4": _JarAlgorithm("dsa", "sha512", (), ()),
    "1.2.840.10045.4.1": _JarAlgorithm("ec", "sha1", _FROM_18, _FROM_18),
    "1.2.840.10045.4.3.1": _JarAlgorithm("ec", "sha224", _FROM_21, _FROM_21),
    "1.2.840.10045.4.3.2": _JarAlgorithm("ec", "sha256", _FROM_18, _FROM_21),
    "1.2.840.10045.4.3.3": _JarAlgorithm("ec", "sha384", _FROM_18, _FROM_21),
    "1.2.840.10045.4.3.4": _JarAlgorithm("ec", "sha512", _FROM_18, _FROM_21),
}
_SHORTER = {("rsa", "sha224", "sha256"), ("rsa", "sha256", "sha1"), ("rsa", "sha512", "sha384")}
"""Key, digest and hash of the signature that disagree, and that only Android 5.0 took."""


def jar_method(digest_oid: str, signature_oid: str, sdk: SdkRange) -> tuple[str, Method] | None:
    """Return digest (as in hashlib) and method of the signature block of a v1 signature.

    None: not every version of Android in the range understands the two.
    """
    digest = DIGEST_OIDS.get(digest_oid, "")
    plain, named = _PLAIN_OIDS.get(signature_oid), _HASHED_OIDS.get(signature_oid)
    if not digest:
        return None
    if plain is not None:
        method = Method(plain, digest)
        supported = next((one.plain for one in _HASHED_OIDS.values() if (one.key, one.hash) == (plain, digest)), ())
    elif named is not None:
        method = Method(named.key, named.hash)
        supported = _supported(named, digest)
    else:
        return None
    return (digest, method) if _covers(supported, sdk) else None


def _supported(named: _JarAlgorithm, digest: str) -> tuple[SdkRange, ...]:
    if digest == named.hash or not named.named:
        return named.named
    return _LOLLIPOP_ONLY if (named.key, digest, named.hash) in _SHORTER else _LOLLIPOP_AND_M


def _covers(supported: tuple[SdkRange, ...], sdk: SdkRange) -> bool:
    first = sdk.first
    for part in supported:
        if part.first <= first <= part.last:
            first = part.last + 1
    return first > sdk.last
