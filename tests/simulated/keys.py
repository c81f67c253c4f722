"""The phone's side of keys: Android's 524-byte form, the signature over a token, and the dialog about a new key.

Source: AOSP `system/core/libcrypto_utils/android_pubkey.cpp` and `adb/daemon/auth.cpp`.
"""

import base64
import binascii
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

Policy = Literal["off", "accept", "ask", "refuse"]
POLICIES: tuple[Policy, ...] = get_args(Policy)
"""What happens to a computer: no question at all, trusted at once, a dialog that waits, or a dialog that says no."""

TOKEN_SIZE = 20
KEY_SIZE = 524

_MODULUS_BYTES = 256
_WORDS = _MODULUS_BYTES // 4
# DigestInfo of SHA-1 (RFC 8017, section 9.2): the token is signed as if it were a digest
_SHA1_PREFIX = bytes.fromhex("3021300906052b0e03021a05000414")


@dataclass(frozen=True)
class PublicKey:
    """An RSA key of 2048 bits."""

    modulus: int
    exponent: int


def decode_key(data: bytes) -> PublicKey | None:
    """Read a key in Android's form: words, n0inv, modulus, R**2 (little-endian), exponent.

    The two helper numbers are checked too, since phones up to Android 7 calculate with them.

    Returns:
        None where the 524 bytes are not such a key.
    """
    if len(data) != KEY_SIZE:
        return None
    words, n0inv = struct.unpack_from("<II", data)
    modulus = int.from_bytes(data[8 : 8 + _MODULUS_BYTES], "little")
    squared = int.from_bytes(data[8 + _MODULUS_BYTES : 8 + 2 * _MODULUS_BYTES], "little")
    (exponent,) = struct.unpack_from("<I", data, KEY_SIZE - 4)
    if words != _WORDS or exponent not in (3, 65537) or modulus % 2 == 0 or modulus.bit_length() != 8 * _MODULUS_BYTES:
        return None
    if n0inv != -pow(modulus, -1, 2**32) % 2**32 or squared != pow(2, 2 * 8 * _MODULUS_BYTES, modulus):
        return None
    return PublicKey(modulus, exponent)


def decode_offer(payload: bytes) -> PublicKey | None:
    """Read an offered key: base64, an optional blank and name, NUL.

    Returns:
        None where it is not a key.
    """
    text = payload.partition(b"\0")[0].strip().split(b" ")[0]
    try:
        return decode_key(base64.b64decode(text, validate=True))
    except binascii.Error:
        return None


def signature_matches(key: PublicKey, token: bytes, signature: bytes) -> bool:
    """Tell whether `signature` (PKCS #1 version 1.5) is over `token`, by the owner of `key`."""
    if len(signature) != _MODULUS_BYTES or len(token) != TOKEN_SIZE:
        return False
    number = int.from_bytes(signature, "big")
    if number >= key.modulus:
        return False
    ending = b"\x00" + _SHA1_PREFIX + token
    expected = b"\x00\x01" + b"\xff" * (_MODULUS_BYTES - 2 - len(ending)) + ending
    return pow(number, key.exponent, key.modulus).to_bytes(_MODULUS_BYTES, "big") == expected


class Gate:
    """The phone's side of "Allow USB debugging?".

    Args:
        policy: what happens to a key that is not known yet; with `off`, nobody is asked for one.
    """

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._trusted: list[PublicKey] = []
        self._dialog: tuple[PublicKey, Callable[[], None]] | None = None
        self._changed = threading.Condition()

    @property
    def open(self) -> bool:
        """Whether everybody may in without a key."""
        return self.policy == "off"

    def trusts(self, token: bytes, signature: bytes) -> bool:
        """Tell whether the signature is by a key that was accepted before."""
        with self._changed:
            keys = tuple(self._trusted)
        return any(signature_matches(key, token, signature) for key in keys)

    def offer(self, key: PublicKey, admit: Callable[[], None]) -> None:
        """Take an offered key: accepted, refused, or on the screen until `answer` is called.

        A refused computer gets no answer, as from adbd.

        Args:
            key: the key.
            admit: lets the computer in.
        """
        with self._changed:
            self._dialog = (key, admit)
            self._changed.notify_all()
        if self.policy != "ask":
            self.answer(yes=self.policy == "accept")

    def answer(self, *, yes: bool) -> bool:
        """Tap the dialog; an accepted key is remembered. Tells whether there was a dialog."""
        with self._changed:
            if self._dialog is None:
                return False
            (key, admit), self._dialog = self._dialog, None
            if yes:
                self._trusted.append(key)
        if yes:
            admit()
        return True

    def wait_for_dialog(self, seconds: float) -> bool:
        """Wait until a dialog is on the screen, at most `seconds`; tells whether one is."""
        with self._changed:
            return self._changed.wait_for(lambda: self._dialog is not None, seconds)

    def forget(self) -> None:
        """Forget every key ("Revoke USB debugging authorizations")."""
        with self._changed:
            self._trusted.clear()
