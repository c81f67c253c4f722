"""What bytes say once percent signs, JSON's escapes, Base64, Base32 and hexadecimal are undone.

The work grows with the bytes alone: runs of one code are joined before anybody looks into them.
"""

import base64
import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import unquote_to_bytes

SHORTEST_CODE: Final = 16
"""Characters of the shortest run that is decoded."""
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/]{20,}")
_HEX: Final = re.compile(rb"[0-9A-Fa-f]{16,}")
_BASE32: Final = re.compile(rb"[A-Z2-7]{16,}")
_ESCAPE: Final = re.compile(rb"\\u00([0-9A-Fa-f]{2})")
_URL_SAFE: Final = bytes.maketrans(b"-_", b"+/")
_LINE_ENDS: Final = b"\r\n"
_MOST_LAYERS: Final = 3
_BETWEEN: Final = b"\0" * 12
"""Parts what different runs say by more than may stand between the name of a number and the number."""


def views(data: bytes) -> Iterator[bytes]:
    """Yield the bytes in lower case, and what they say decoded; an empty view says nothing."""
    yield data.lower()
    plain = data
    for undone in _unquoted(data):
        plain = undone
        yield plain.lower()
    if b"\\u00" in plain:
        plain = _ESCAPE.sub(lambda match: bytes.fromhex(match[1].decode()), plain)
        yield plain.lower()
    joined = plain.replace(b"\\n", b"").replace(b"\\/", b"/").translate(None, _LINE_ENDS)
    runs = _BASE64.findall(joined.translate(_URL_SAFE))
    for start in range(4 if runs else 0):
        yield _together(_base64(run[start:]) for run in runs)
    runs = _HEX.findall(joined)
    for start in range(2 if runs else 0):
        yield _together(_hex(run[start:]) for run in runs)


def base32_view(data: bytes) -> bytes:
    """Return what bytes say in Base32, as in host names: without padding, in either case."""
    return _together(_base32(run) for run in _BASE32.findall(data.upper()))


def _unquoted(data: bytes) -> Iterator[bytes]:
    for _ in range(_MOST_LAYERS):
        undone = unquote_to_bytes(data) if b"%" in data else data
        if undone == data:
            return
        yield undone
        data = undone


def _together(parts: Iterable[bytes]) -> bytes:
    return _BETWEEN.join(parts).lower()


def _base64(run: bytes) -> bytes:
    whole = run[: len(run) - len(run) % 4] if len(run) % 4 == 1 else run + b"=" * (-len(run) % 4)
    try:
        return base64.b64decode(whole)
    except ValueError:
        return b""


def _hex(run: bytes) -> bytes:
    return bytes.fromhex(run[: len(run) - len(run) % 2].decode())


def _base32(run: bytes) -> bytes:
    rest = len(run) % 8
    whole = run[: len(run) - 1] if rest in (1, 3, 6) else run  # what is left over fills no byte
    try:
        return base64.b32decode(whole + b"=" * (-len(whole) % 8))
    except ValueError:
        return b""
