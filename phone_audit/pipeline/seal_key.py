"""Secret keys of minisign, with which results are sealed: read, made, and used.

The format is that of https://jedisct1.github.io/minisign/ ("Secret key format"). A key can be protected by a password,
from which libsodium's scrypt makes what the key is hidden with.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from phone_audit.errors import UsageError
from phone_audit.files.atomic_write import create_file, replace_file
from phone_audit.files.open_regular import open_regular
from phone_audit.files.user_folders import data_folder
from phone_audit.knowledge.updates.minisign import decoded

OWN: Final = "own"
"""Names the key of this user, which is made at first use."""

_ALGORITHM, _SCRYPT, _NONE, _BLAKE2B = b"Ed", b"Sc", b"\0\0", b"B2"
_LENGTH: Final = 158
_LARGEST: Final = 2**14
_MOST_MEMORY: Final = 2**30
"""What minisign takes for a password at most."""
_COMMENT: Final = "untrusted comment: "
_HINT: Final = "Make one with 'minisign -G', or write --seal own, and a key is made for you."


@dataclass(frozen=True)
class SealKey:
    """A key that seals, and the number by which minisign tells keys apart."""

    number: bytes
    private: Ed25519PrivateKey = field(repr=False)

    @property
    def public_line(self) -> str:
        """The public key as one line (`RW…`), to be given to whoever checks a seal."""
        public = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return base64.b64encode(_ALGORITHM + self.number + public).decode("ascii")


def key_id(number: bytes) -> str:
    """Return the number of a key as minisign prints it."""
    return number[::-1].hex().upper()


def own_public_key() -> Path:
    """Return the file with the public half of this user's key; it may not be there."""
    return data_folder() / "seal.pub"


def seal_key(named: str, ask_password: Callable[[Path], str]) -> SealKey:
    """Return the key that a person named: a file, or `own`.

    Raises:
        UsageError: there is no such key, or the password is wrong.
    """
    if named != OWN:
        return read_seal_key(Path(named), ask_password)
    path = data_folder() / "seal.key"
    try:
        return read_seal_key(path, ask_password) if path.exists() else _make(path)
    except OSError as error:
        raise UsageError(f"A key cannot be made in {path.parent}: {error.strerror or error}.", _HINT) from error


def read_seal_key(path: Path, ask_password: Callable[[Path], str]) -> SealKey:
    """Read a secret key as `minisign -G` makes it; `ask_password` asks a person, where the key is protected.

    Raises:
        UsageError: it cannot be read, is none, or the password is wrong.
    """
    data = _decoded(path)
    if data[:2] != _ALGORITHM or data[4:6] != _BLAKE2B or data[2:4] not in (_SCRYPT, _NONE):
        raise _no_key(path)
    hidden = data[54:]
    if data[2:4] == _SCRYPT:
        stream = _stream(path, ask_password(path), data[6:54])
        hidden = bytes(one ^ other for one, other in zip(hidden, stream, strict=True))
    number, secret, digest = hidden[:8], hidden[8:72], hidden[72:]
    right = hashlib.blake2b(_ALGORITHM + number + secret, digest_size=32).digest()
    if data[2:4] == _SCRYPT and not hmac.compare_digest(digest, right):  # minisign gives bare keys no digest
        raise UsageError(f"The password does not open {path}.", "Try again.")
    key = SealKey(number, Ed25519PrivateKey.from_private_bytes(secret[:32]))
    if key.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw) != secret[32:]:
        raise _no_key(path)
    return key


def sign(key: SealKey, digest: bytes, comment: str) -> bytes:
    """Return a signature file over the BLAKE2b (64 bytes) of a content, with a trusted comment of one line."""
    trusted = comment.encode("utf-8", "replace")
    signature = key.private.sign(digest)
    lines = (
        f"{_COMMENT}signature of a result of phone-audit, key {key_id(key.number)}".encode(),
        base64.b64encode(b"ED" + key.number + signature),
        b"trusted comment: " + trusted,
        base64.b64encode(key.private.sign(signature + trusted)),
    )
    return b"\n".join(lines) + b"\n"


def _make(path: Path) -> SealKey:
    """Make a key without a password, and its public half beside it, as `minisign -G -W` does.

    Raises:
        OSError: they cannot be written.
    """
    key = SealKey(secrets.token_bytes(8), Ed25519PrivateKey.generate())
    public = key.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    secret = key.private.private_bytes_raw() + public
    data = _ALGORITHM + _NONE + _BLAKE2B + bytes(48) + key.number + secret + bytes(32)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    create_file(path, f"{_COMMENT}minisign secret key\n{base64.b64encode(data).decode('ascii')}\n".encode())
    line = f"{_COMMENT}minisign public key {key_id(key.number)}\n{key.public_line}\n"
    replace_file(path.with_name("seal.pub"), line.encode(), mode=0o644)
    return key


def _decoded(path: Path) -> bytes:
    try:
        with open_regular(path) as file:
            text = file.read(_LARGEST)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}.", _HINT) from error
    lines = text.splitlines()
    data = decoded(lines[1]) if len(lines) > 1 else b""
    if len(data) != _LENGTH or not text.startswith(_COMMENT.encode()):
        raise _no_key(path)
    return data


def _stream(path: Path, password: str, parameters: bytes) -> bytes:
    """Return what hides a key: scrypt, with the parameters that libsodium's `pickparams` takes from two limits."""
    salt, work, memory = parameters[:32], parameters[32:40], parameters[40:]
    operations, most = max(32768, int.from_bytes(work, "little")), int.from_bytes(memory, "little")
    if most > _MOST_MEMORY or operations > 2**36:
        raise _no_key(path)
    size = 8
    if operations < most // 32:
        cost, lanes = _power_of_two(operations // (size * 4)), 1
    else:
        cost = _power_of_two(most // (size * 128))
        lanes = max(1, min(0x3FFFFFFF, operations // 4 // cost) // size)
    try:
        return hashlib.scrypt(
            password.encode(), salt=salt, n=cost, r=size, p=lanes, maxmem=2**31 - 1, dklen=_LENGTH - 54
        )
    except (ValueError, MemoryError) as error:
        raise UsageError(f"The password of {path} cannot be tried: {error}.", "It takes 1 GB of memory.") from error


def _power_of_two(most: int) -> int:
    """Return the largest power of two, from 2 on, that is at most `most` (libsodium goes on until it is above half)."""
    return max(2, 1 << (most.bit_length() - 1)) if most > 0 else 2


def _no_key(path: Path) -> UsageError:
    return UsageError(f"{path} holds no secret key of minisign that can be used here.", _HINT)
