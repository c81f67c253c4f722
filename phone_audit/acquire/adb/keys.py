"""This computer's ADB key: the one the adb tools use, made once where there is none."""

import base64
import binascii
import contextlib
import getpass
import hashlib
import os
import socket
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils

from phone_audit.errors import AcquireError
from phone_audit.files.atomic_write import create_file, replace_file

BITS = 2048
_BYTES = BITS // 8
_WORD = 2**32


@dataclass(frozen=True)
class AdbKey:
    """An RSA key with which this computer shows a phone who it is.

    Attributes:
        path: where the private key lies.
        public: one line, as it is sent to a phone that does not know the key yet: base64, a blank, user@host.
    """

    path: Path
    public: bytes
    private: rsa.RSAPrivateKey = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the public key, in hexadecimal, whatever user@host stands behind it."""
        return hashlib.sha256(self.public.split()[0]).hexdigest()

    def sign(self, token: bytes) -> bytes:
        """Sign the 20 random bytes that a phone sent, as if they were a SHA-1 digest (AOSP adb/protocol.txt, AUTH)."""
        return self.private.sign(token, padding.PKCS1v15(), utils.Prehashed(hashes.SHA1()))  # noqa: S303


def load_keys(environ: Mapping[str, str] = os.environ) -> tuple[AdbKey, ...]:
    """Load every ADB key of this computer; make one where there is none.

    The first is the user's own, which a phone is asked to accept. The places are those of the adb tools:
    `$ANDROID_USER_HOME`, `$ANDROID_SDK_HOME/.android`, `~/.android`; then the files and folders of `$ADB_VENDOR_KEYS`.
    Raises an AcquireError where the user's key cannot be read, or a new one cannot be stored.
    """
    own = [folder / "adbkey" for folder in _folders(environ)]
    there = [path for path in own if path.exists()]
    if not there:
        _create(own[0])
        there = own[:1]
    first = _read(there[0])
    keys = {first.public.split()[0]: first}
    for path in (*there[1:], *_vendor_keys(environ)):
        with contextlib.suppress(AcquireError):  # one more chance to be known to the phone, no more than that
            key = _read(path)
            keys.setdefault(key.public.split()[0], key)
    return tuple(keys.values())


def existing_keys(environ: Mapping[str, str] = os.environ) -> tuple[AdbKey, ...]:
    """Load the keys that are there, and make none. For a look at a phone that must change nothing."""
    if any((folder / "adbkey").exists() for folder in _folders(environ)):
        return load_keys(environ)
    return ()


def android_public_key(numbers: rsa.RSAPublicNumbers) -> bytes:
    """Encode an RSA key as the 524 bytes of AOSP libcrypto_utils/android_pubkey.cpp.

    Little-endian: modulus size in words, -1/n mod 2^32, modulus, 2^4096 mod n (Montgomery's R²), exponent. Raises a
    ValueError where the modulus has not 2048 bits, the only size that phones take.
    """
    if numbers.n.bit_length() != BITS:
        raise ValueError(f"an ADB key has {BITS} bits, this one {numbers.n.bit_length()}")
    inverse = _WORD - pow(numbers.n, -1, _WORD)
    montgomery = pow(2, 2 * BITS, numbers.n)
    modulus, squared = numbers.n.to_bytes(_BYTES, "little"), montgomery.to_bytes(_BYTES, "little")
    return struct.pack("<II256s256sI", _BYTES // 4, inverse, modulus, squared, numbers.e)


def _folders(environ: Mapping[str, str]) -> list[Path]:
    folders = []
    if user_home := environ.get("ANDROID_USER_HOME"):
        folders.append(Path(user_home))
    if sdk_home := environ.get("ANDROID_SDK_HOME"):
        folders.append(Path(sdk_home) / ".android")
    if home := environ.get("HOME") or environ.get("USERPROFILE"):
        folders.append(Path(home) / ".android")
    if not folders:
        raise AcquireError(
            "This computer's ADB key has nowhere to be kept: HOME is not set.",
            hint="Set HOME, or ANDROID_USER_HOME to a folder for the key.",
        )
    return folders


def _vendor_keys(environ: Mapping[str, str]) -> Iterator[Path]:
    """The files that `$ADB_VENDOR_KEYS` names, and the *.adb_key of its folders (AOSP adb/client/auth.cpp)."""
    for name in environ.get("ADB_VENDOR_KEYS", "").split(os.pathsep):
        if name and Path(name).is_dir():
            yield from sorted(Path(name).glob("*.adb_key"))
        elif name:
            yield Path(name)


def _read(path: Path) -> AdbKey:
    try:
        private = _rsa(serialization.load_pem_private_key(path.read_bytes(), password=None))
        encoded = base64.b64encode(android_public_key(private.public_key().public_numbers()))
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise AcquireError(
            f"The ADB key {path} cannot be read: {error}.",
            hint="Move the file away, and a new key is made; the phone then asks once whether to trust it.",
        ) from error
    return AdbKey(path, _public_line(path, encoded), private)


def _rsa(key: object) -> rsa.RSAPrivateKey:
    if isinstance(key, rsa.RSAPrivateKey):
        return key
    raise TypeError("it is no RSA key")


def _public_line(path: Path, encoded: bytes) -> bytes:
    """The line in the .pub file, where it belongs to this key; phones show its user@host in the dialog."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        line = path.with_name(path.name + ".pub").read_bytes().strip()
        if binascii.a2b_base64(line.split()[0]) == binascii.a2b_base64(encoded) and len(line) < 2**10:
            return line
    return encoded + b" " + _user_at_host().encode("utf-8", "replace")


def _user_at_host() -> str:
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):  # 3.13 raises OSError, earlier versions KeyError or ImportError
        user = "unknown"
    return f"{user}@{socket.gethostname() or 'unknown'}"


def _create(path: Path) -> None:
    """Make a key, whole or not at all; where another program is faster, its key stays."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    encoded = base64.b64encode(android_public_key(private.public_key().public_numbers()))
    try:
        path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        create_file(path, pem)
        line = encoded + b" " + _user_at_host().encode("utf-8", "replace") + b"\n"
        replace_file(path.with_name(path.name + ".pub"), line, mode=0o644)
    except FileExistsError:
        return
    except OSError as error:
        raise AcquireError(
            f"This computer's ADB key cannot be stored in {path.parent}: {error.strerror or error}.",
            hint="Make that folder writable, or set ANDROID_USER_HOME to a folder that is.",
        ) from error
