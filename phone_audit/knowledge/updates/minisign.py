"""Signatures as minisign makes them: Ed25519 over the bytes, or over their BLAKE2b, and over the trusted comment.

The format is that of https://jedisct1.github.io/minisign/ ("Signature format", "Public key format").
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from phone_audit.errors import KnowledgeError
from phone_audit.files.open_regular import open_regular

LARGEST: Final = 16 * 2**10
"""Bytes of a signature file; minisign's own comments are far shorter."""
_LEGACY, _PREHASHED = b"Ed", b"ED"
_TRUSTED: Final = b"trusted comment: "


@dataclass(frozen=True)
class PublicKey:
    """A key of whoever signs, and the number by which minisign tells keys apart."""

    number: bytes
    key: Ed25519PublicKey

    @property
    def raw(self) -> bytes:
        """The 32 bytes of the key."""
        return self.key.public_bytes_raw()


@dataclass(frozen=True)
class Signature:
    """A signature whose trusted comment was verified; `over_hash` tells what of the content is signed."""

    over_hash: bool
    signature: bytes
    comment: str

    def number(self, name: str) -> int | None:
        """Return a number that the trusted comment states, such as its `timestamp:` (seconds since 1970)."""
        found = re.search(rf"(?:^|[\t ]){re.escape(name)}:([0-9]{{1,15}})(?=[\t ]|$)", self.comment, re.ASCII)
        return int(found[1]) if found else None

    def source(self) -> str | None:
        """Return the name of what is signed: the `source:` of the trusted comment, else the `file:` of minisign itself.

        minisign puts a tab between the fields, and leaves blanks in the name of a file as they are.
        """
        named = re.search(r"(?:^|[\t ])source:([^\t ]+)", self.comment)
        named = named or re.search(r"(?:^|\t)file:([^\t]+)", self.comment)
        return named[1] if named else None


def decoded(text: str | bytes) -> bytes:
    """Return what Base64 stands for; nothing where it is none."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""


def read_public_key(text: str) -> PublicKey:
    """Read the one line of Base64 of a public key (`RW…`). Raises ValueError where it is none."""
    data = decoded(text)
    if len(data) != 42 or data[:2] != _LEGACY:
        raise ValueError("it is no public key of minisign: the line that begins with RW is wanted")
    return PublicKey(data[2:10], Ed25519PublicKey.from_public_bytes(data[10:]))


def key_number(data: bytes) -> bytes | None:
    """Return the number of the key that a signature file names, unverified; None where it is no such file."""
    lines = data.splitlines()
    head = decoded(lines[1]) if len(lines) >= 4 else b""
    return head[2:10] if len(head) == 74 and head[:2] in (_LEGACY, _PREHASHED) else None


def read_signature(data: bytes, key: PublicKey) -> Signature:
    """Read a signature file, and verify its trusted comment.

    Raises:
        KnowledgeError: it is none, was made with another key, or its comment was changed.
    """
    lines = data.replace(b"\r\n", b"\n").split(b"\n")
    if len(lines) < 4 or not lines[0].startswith(b"untrusted comment: ") or not lines[2].startswith(_TRUSTED):
        raise KnowledgeError("The signature is no file of minisign.", "Check signature_url.")
    head, whole = decoded(lines[1]), decoded(lines[3])
    if len(head) != 74 or len(whole) != 64 or head[:2] not in (_LEGACY, _PREHASHED):
        raise KnowledgeError("The signature is no file of minisign.", "Check signature_url.")
    if head[2:10] != key.number:
        raise KnowledgeError("The signature was made with another key.", "Ask the publisher which key is theirs.")
    comment = lines[2][len(_TRUSTED) :]
    if not _signed(key, whole, head[10:] + comment):
        raise KnowledgeError("The trusted comment of the signature was changed.", "Nothing of it was taken.")
    return Signature(head[:2] == _PREHASHED, head[10:], comment.decode("utf-8", "replace"))


def verify(signature: Signature, key: PublicKey, content: Path) -> None:
    """Verify what was signed.

    Raises:
        KnowledgeError: the content is not what was signed.
        OSError: it cannot be read.
    """
    with open_regular(content) as file:
        signed = hashlib.file_digest(file, hashlib.blake2b).digest() if signature.over_hash else file.read()
    if not _signed(key, signature.signature, signed):
        raise KnowledgeError("The content is not what was signed: its signature is wrong.", "Nothing of it was taken.")


def signs(signature: Signature, key: PublicKey, content: bytes) -> bool:
    signed = hashlib.blake2b(content).digest() if signature.over_hash else content
    return _signed(key, signature.signature, signed)


def _signed(key: PublicKey, signature: bytes, data: bytes) -> bool:
    try:
        key.key.verify(signature, data)
    except InvalidSignature:
        return False
    return True
