"""URLs that are written in Base64, hexadecimal, backwards, percent signs, or XORed with one byte.

Each rule searches for what `http` looks like in that form, so that nothing else is decoded, and what comes out counts
only if it begins with a whole URL.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from itertools import islice
from typing import Final, NamedTuple
from urllib.parse import unquote

import numpy as np

from phone_audit.analyse.host_text import Host
from phone_audit.analyse.places.extents import ExtentOf
from phone_audit.analyse.places.urls import first_url
from phone_audit.analyse.suffixes import registered_domain

MAX_HITS: Final = 2_000
"""Places looked at for one form in one file."""
LONGEST: Final = 1_000
"""Bytes of an encoded URL that are read."""
SHORTEST_BASE64: Final = 16

_BASE64_MARKS: Final = (
    (re.compile(rb"HR0c"), b"a", 0),
    (re.compile(rb"HRw"), b"od", 3),
    (re.compile(rb"HA6Ly"), b"0d", 3),
    (re.compile(rb"HBzOi"), b"0d", 3),
)
"""`http` at each of the three places in a group of four characters: a mark that begins with a letter rare in text, what
stands before it, and where in its group that begins. The last two tell `http:` and `https:` apart, since what is left
of `http` alone would be too short."""
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/_-]+")
_WRAPPED: Final = re.compile(rb"=*(?:\r?\n|(?:\\r)?\\n)(?:[A-Za-z0-9+/_-]{16}|-----)")
"""Base64 that goes on in the next line is a certificate or a file; a URL is not broken into lines."""
_HEX_MARK: Final = re.compile(rb"68747470(?:73)?3[aA]2[fF]2[fF]")
_HEX: Final = re.compile(rb"(?:[0-9a-fA-F]{2})+")
_REVERSED_MARK: Final = re.compile(rb"//:s?ptth")
_PERCENT_MARK: Final = re.compile(rb"%3[aA]%2[fF]%2[fF]")
_PERCENT_SCHEME: Final = re.compile(rb"(?:https?|wss?|ftp)\Z", re.IGNORECASE)
_PERCENT: Final = re.compile(rb"[A-Za-z0-9%._~!*'()+,;:@/-]+")
_NO_URL: Final = re.compile(rb"[^\x21-\x7e]|[\"'<>`]")
_PRINTABLE: Final = re.compile(rb"[\x21-\x7e]*")
_XORED: Final = re.compile(rb"\x1c\0\x04(?:\x4a|\x03\x49)\x15\0")
"""`http://` and `https://`, each byte XORed with the one before: the same whatever byte all were XORed with."""
_CHUNK: Final = 1 << 18


class Decoded(NamedTuple):
    """A URL that was decoded. `offset` is where the encoded text begins, in bytes."""

    found: Host
    offset: int
    encoding: str


def encoded_in(
    data: memoryview, extent_of: ExtentOf, *, thorough: bool = True, xored: bool = True
) -> Iterator[Decoded]:
    """Find encoded URLs.

    Args:
        data: hostile bytes.
        extent_of: how far strings reach in this kind of file.
        thorough: False leaves out the forms that binary files do not hold.
        xored: False leaves out what is XORed.
    """
    yield from _base64(data, extent_of, _BASE64_MARKS if thorough else _BASE64_MARKS[:1])
    if thorough:
        yield from _hex(data)
        yield from _reversed(data)
        yield from _percent(data)
    if xored:
        yield from xored_in(data)


def _base64(
    data: memoryview, extent_of: ExtentOf, marks: tuple[tuple[re.Pattern[bytes], bytes, int], ...]
) -> Iterator[Decoded]:
    for mark, before, place in marks:
        for hit in islice(mark.finditer(data), MAX_HITS):
            first = hit.start() - len(before)
            begin = first - place
            if begin < 0 or data[first : hit.start()] != before:
                continue
            run = _BASE64.match(data, begin, begin + LONGEST)
            if run is None or run.end() < hit.end():
                continue
            end = min(run.end(), max(extent_of(data, begin, hit.end()).end, hit.end()))
            if end - begin < SHORTEST_BASE64 or _WRAPPED.match(data, run.end()):
                continue
            text = _from_base64(bytes(data[begin:end]))
            if found := _whole(text, text.find(b"http", 0, 8)):
                yield Decoded(found, begin, "base64")


def _from_base64(run: bytes) -> bytes:
    whole = run.translate(bytes.maketrans(b"-_", b"+/"))
    whole = whole[: len(whole) - (len(whole) % 4 == 1)]
    try:
        return base64.b64decode(whole + b"=" * (-len(whole) % 4))
    except binascii.Error:
        return b""


def _hex(data: memoryview) -> Iterator[Decoded]:
    for hit in islice(_HEX_MARK.finditer(data), MAX_HITS):
        run = _HEX.match(data, hit.start(), hit.start() + LONGEST)
        if run and (found := _whole(bytes.fromhex(run.group().decode("ascii")), 0)):
            yield Decoded(found, hit.start(), "hex")


def _reversed(data: memoryview) -> Iterator[Decoded]:
    for hit in islice(_REVERSED_MARK.finditer(data), MAX_HITS):
        end = hit.end()
        low = max(0, hit.start() - LONGEST // 2)
        begin = low + max((other.end() for other in _NO_URL.finditer(bytes(data[low:end]))), default=0)
        run = _PRINTABLE.match(data, end)
        if begin < end and data[begin] == (run.end() if run else end) - begin - 1:
            begin += 1  # the length that stands before each string of a DEX file, printable by chance
        if found := _whole(bytes(data[begin:end])[::-1], 0):
            yield Decoded(found, begin, "reversed")


def _percent(data: memoryview) -> Iterator[Decoded]:
    for hit in islice(_PERCENT_MARK.finditer(data), MAX_HITS):
        scheme = _PERCENT_SCHEME.search(bytes(data[max(0, hit.start() - 5) : hit.start()]))
        if scheme is None:
            continue
        begin = hit.start() - len(scheme.group())
        run = _PERCENT.match(data, begin, begin + LONGEST)
        if run and (found := _whole(unquote(run.group().decode("ascii")).encode("utf-8", "replace"), 0)):
            yield Decoded(found, begin, "url")


def xored_in(data: memoryview) -> Iterator[Decoded]:
    """Find URLs of which every byte is XORed with the same one, whichever that is."""
    whole = np.frombuffer(data, np.uint8)
    left = MAX_HITS
    for low in range(0, whole.size, _CHUNK):
        window = whole[low : low + _CHUNK + 16]
        change = window[1:] ^ window[:-1]
        for hit in _XORED.finditer(change.data):
            begin = low + hit.start()
            key = int(whole[begin]) ^ ord("h")
            if key and left and hit.start() < _CHUNK:
                left -= 1
                raw = bytes(data[begin : begin + LONGEST // 2]).partition(b"\0")[0]
                if found := _whole(bytes(byte ^ key for byte in raw), 0):
                    yield Decoded(found, begin, f"xor-0x{key:02x}")


def _whole(text: bytes, at: int) -> Host | None:
    """Give the URL that begins at `at`, up to the first byte that no URL holds, if its host can be reached."""
    run = _PRINTABLE.match(text, at) if at >= 0 else None
    found = first_url(run.group().decode("ascii")) if run else None
    return found if found and (found.kind != "domain" or registered_domain(found.host)) else None
