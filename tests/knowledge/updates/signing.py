"""Signs as minisign does; what minisign itself made lies in `signed/`."""

import base64
import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

NUMBER = b"8 bytes."
_KEY = Ed25519PrivateKey.from_private_bytes(b"phone-audit tests, no secret: 32")
OTHER = Ed25519PrivateKey.from_private_bytes(b"another key of the tests: 32 byt")


def public_key(key: Ed25519PrivateKey = _KEY, number: bytes = NUMBER) -> str:
    return base64.b64encode(b"Ed" + number + key.public_key().public_bytes_raw()).decode()


def sign(
    data: bytes, comment: str = "timestamp:1767225600", *, legacy: bool = False, key: Ed25519PrivateKey = _KEY
) -> bytes:
    """Return a signature file. 1767225600 is the first second of 2026."""
    signature = key.sign(data if legacy else hashlib.blake2b(data).digest())
    whole = key.sign(signature + comment.encode())
    lines = [
        b"untrusted comment: made by a test",
        base64.b64encode((b"Ed" if legacy else b"ED") + NUMBER + signature),
        b"trusted comment: " + comment.encode(),
        base64.b64encode(whole),
    ]
    return b"\n".join(lines) + b"\n"
