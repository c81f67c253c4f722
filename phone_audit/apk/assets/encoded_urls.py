"""URLs that are written in Base64, hexadecimal, backwards, percent signs, XORed with one byte, or in two halves.

Each rule searches for what `http` looks like in that form, so that nothing else is decoded, and what comes out counts
only if it begins with a whole URL.
"""

import base64
import binascii
import re
import string
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice, pairwise, product, zip_longest
from typing import Final, NamedTuple, TypeVar
from urllib.parse import unquote

from phone_audit.apk.assets.der import is_named_uri
from phone_audit.apk.assets.string_tables import ExtentOf, TableExtent, exact_end, native_extent
from phone_audit.apk.assets.url_context import CERTIFICATE
from phone_audit.apk.assets.url_scanner import MOST, UrlPositions, scanner
from phone_audit.apk.assets.urls import Mention, can_be_reached, first_url, hits, too_many
from phone_audit.apk.dex.file import DexFile
from phone_audit.apk.dex.strings import Text
from phone_audit.apk.text.host_text import Host, registered_domain
from phone_audit.errors import ApkError
from phone_audit.model.finding import Skipped

MAX_HITS: Final = 2_000
"""Places looked at for one form in one file."""
LONGEST: Final = 1_000
"""Bytes of an encoded URL that are read."""
SHORTEST_BASE64: Final = 16

_BASE64_MARKS: Final = (
    (re.compile(rb"aHR0c"), 0, 0),
    (re.compile(rb"odHRw"), 1, 3),
    (re.compile(rb"0dHA6Ly"), 1, 3),
    (re.compile(rb"0dHBzOi"), 1, 3),
)
"""`http` at each of the three places in a group of four characters: a mark, how far into it the letter before the H is,
and where in its group it begins. The last two tell `http:` and `https:` apart, since what is left of `http` alone would
be too short."""
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/_-]+")
_WRAPPED: Final = re.compile(rb"=*(?:\r?\n|(?:\\r)?\\n)(?:[A-Za-z0-9+/_-]{16}|-----)")
"""Base64 that goes on in the next line is a certificate or a file; a URL is not broken into lines."""
_BASE64_LETTERS: Final = string.ascii_letters.encode() + string.digits.encode() + b"+/_-"
_HEX_LETTERS: Final = string.hexdigits.encode()
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
_XORED_BYTES: Final = len("https://")
_Item = TypeVar("_Item")


class DecodedUrl(NamedTuple):
    """A URL that was decoded, where the encoded text begins in bytes, and how it was written.

    `rule` is what takes it out, where it is a part of an encoded certificate.
    """

    found: Host
    offset: int
    encoding: str
    rule: str | None = None


def encoded_in(
    data: memoryview, extent_of: ExtentOf, marks: UrlPositions, *, thorough: bool = True
) -> Iterator[DecodedUrl]:
    """Find encoded URLs in hostile bytes, where a scanner found the `marks`; strings reach as far as `extent_of` says.

    Without `thorough` the forms that binary files do not hold are left out. Raises an ApkError (`too-many-endpoints`)
    after everything, where some form was cut.
    """
    forms = [_base64(data, extent_of, marks.base64, *mark) for mark in _BASE64_MARKS[: None if thorough else 1]]
    if thorough:
        forms.append(_hex(data, extent_of, marks.hexed))
        forms.append(_reversed(data, extent_of, marks.backwards))
        forms.append(_percent(data, extent_of, marks.percent))
    yield from all_of([*forms, xored_in(data, extent_of, marks.xored)])


def all_of(forms: Iterable[Iterator[_Item]]) -> Iterator[_Item]:
    """Yield what each of several searches finds; the `ApkError` of one that is cut comes after everything."""
    cut: ApkError | None = None
    for form in forms:
        try:
            yield from form
        except ApkError as error:
            cut = error
    if cut is not None:
        raise cut


def _base64(
    data: memoryview, extent_of: ExtentOf, places: Sequence[int], mark: re.Pattern[bytes], into: int, place: int
) -> Iterator[DecodedUrl]:
    for hit in hits(mark, data, (at - into for at in places), MAX_HITS):
        begin = hit.start() - place
        run = _BASE64.match(data, begin, begin + LONGEST) if begin >= 0 else None
        if run is None or run.end() < hit.end():
            continue
        end = min(run.end(), max(extent_of(data, begin, hit.end()).end, hit.end()))
        if end - begin < SHORTEST_BASE64 or _WRAPPED.match(data, run.end()):
            continue
        text = _from_base64(bytes(data[begin:end]))
        if found := _whole(text, text.find(b"http", 0, 8)):
            yield DecodedUrl(
                found, begin, "base64", _rule(_from_base64(_run_before(data, begin, _BASE64_LETTERS, 4)) + text, text)
            )


def _from_base64(run: bytes) -> bytes:
    whole = run.translate(bytes.maketrans(b"-_", b"+/"))
    whole = whole[: len(whole) - (len(whole) % 4 == 1)]
    try:
        return base64.b64decode(whole + b"=" * (-len(whole) % 4))
    except binascii.Error:
        return b""


def _hex(data: memoryview, extent_of: ExtentOf, places: Sequence[int]) -> Iterator[DecodedUrl]:
    for hit in hits(_HEX_MARK, data, places, MAX_HITS):
        begin = hit.start()
        run = _HEX.match(data, begin, min(begin + LONGEST, exact_end(extent_of, data, begin, hit.end())))
        text = bytes.fromhex(run.group().decode("ascii")) if run else b""
        if found := _whole(text, 0):
            yield DecodedUrl(
                found,
                begin,
                "hex",
                _rule(bytes.fromhex(_run_before(data, begin, _HEX_LETTERS, 2).decode("ascii")) + text, text),
            )


def _rule(whole: bytes, text: bytes) -> str | None:
    """Tell whether a decoded URL stands in a certificate, by what was encoded right before it.

    It is the first URL in the text, which is the end of the whole that was encoded.
    """
    begin = len(whole) - len(text) + text.find(b"http")
    return CERTIFICATE if is_named_uri(memoryview(whole), begin) else None


def _run_before(data: memoryview, begin: int, letters: bytes, group: int) -> bytes:
    """Return what is encoded right before a text, in whole groups of letters."""
    before = bytes(data[max(0, begin - LONGEST) : begin])
    run = before[len(before.rstrip(letters)) :]
    return run[len(run) % group :]


def _reversed(data: memoryview, extent_of: ExtentOf, places: Sequence[int]) -> Iterator[DecodedUrl]:
    for hit in hits(_REVERSED_MARK, data, places, MAX_HITS):
        end = hit.end()
        low = max(0, hit.start() - LONGEST // 2)
        if isinstance(extent_of, TableExtent):
            low = max(low, extent_of(data, hit.start(), end).begin)
        begin = low + max((other.end() for other in _NO_URL.finditer(bytes(data[low:end]))), default=0)
        run = _PRINTABLE.match(data, end)
        if begin < end and data[begin] == (run.end() if run else end) - begin - 1:
            begin += 1  # the length that stands before each string of a DEX file, printable by chance
        if found := _whole(bytes(data[begin:end])[::-1], 0):
            yield DecodedUrl(found, begin, "reversed")


def _percent(data: memoryview, extent_of: ExtentOf, places: Sequence[int]) -> Iterator[DecodedUrl]:
    for hit in hits(_PERCENT_MARK, data, places, MAX_HITS):
        scheme = _PERCENT_SCHEME.search(bytes(data[max(0, hit.start() - 5) : hit.start()]))
        if scheme is None:
            continue
        begin = hit.start() - len(scheme.group())
        run = _PERCENT.match(data, begin, min(begin + LONGEST, exact_end(extent_of, data, begin, hit.end())))
        if run and (found := _whole(unquote(run.group().decode("ascii")).encode("utf-8", "replace"), 0)):
            yield DecodedUrl(found, begin, "url")


def xored_in(data: memoryview, extent_of: ExtentOf, places: Sequence[int]) -> Iterator[DecodedUrl]:
    """Find URLs of which every byte is XORed with the same one, whichever that is, where a scanner saw one begin.

    Raises an ApkError (`too-many-endpoints`) after the first `MAX_HITS`.
    """
    left = MAX_HITS
    for begin in places:
        key = data[begin] ^ ord("h")
        changes = bytes(one ^ other for one, other in pairwise(data[begin : begin + _XORED_BYTES]))
        if key and _XORED.match(changes):
            if not left:
                raise too_many(MAX_HITS)
            left -= 1
            end = min(begin + LONGEST // 2, exact_end(extent_of, data, begin, begin + _XORED_BYTES))
            raw = bytes(data[begin:end]).partition(b"\0")[0]
            if found := _whole(bytes(byte ^ key for byte in raw), 0):
                yield DecodedUrl(found, begin, f"xor-0x{key:02x}")


def _whole(text: bytes, at: int) -> Host | None:
    """Return the URL that begins at `at`, up to the first byte that no URL holds, if its host can be reached."""
    run = _PRINTABLE.match(text, at) if at >= 0 else None
    found = first_url(run.group().decode("ascii")) if run else None
    return found if found and can_be_reached(found) else None


def decoded_mentions(dex: DexFile, cut: list[Skipped]) -> Iterator[Mention]:
    """Yield the URLs that a DEX file holds in an encoded form; `cut` takes what is told of parts not looked at.

    The text forms are searched where the strings lie, those XORed with one byte in the whole file, since code keeps
    them in byte arrays too.
    """
    try:
        yield from _decoded(dex)
    except ApkError as error:
        cut.append(Skipped(subject=dex.name, step="dex", code=error.code, reason=error.message))


def _decoded(dex: DexFile) -> Iterator[Mention]:
    strings = dex.strings
    if not strings.items.size:
        return
    low, high = int(strings.starts.min()), int(strings.ends.max())
    whole = memoryview(dex.data.data).cast("B")
    marks = scanner().marks(dex.data[low:high], xored=False)
    changed = scanner().xored(dex.data)
    texts = (one._replace(offset=low + one.offset) for one in encoded_in(whole[low:high], native_extent, marks))
    searches = all_of([texts, xored_in(whole, native_extent, changed)])
    mentions = (Mention(one.found, "decoded", dex.name, one.offset, one.encoding, one.rule) for one in searches)
    yield from all_of([mentions, woven_mentions(dex)])
    if marks._replace(plain=(), wide=()).full or len(changed) >= MOST:
        raise too_many(MOST)


MAX_PAIRS: Final = 2_000
"""Pairs of strings looked at in one file."""
_HALVES: Final = (("hts/", "tp:/"), ("ht:/", "tp/"))
"""How both halves of an address begin: with `https://`, and with `http://`."""


def woven_mentions(dex: DexFile) -> Iterator[Mention]:
    """Yield the URLs that two strings of a file give when their letters are taken in turn.

    The place is that of the string with the first letter. Raises an ApkError (`too-many-endpoints`) after `MAX_PAIRS`.
    """
    pairs = chain.from_iterable(product(*_both_halves(dex, *heads)) for heads in _HALVES)
    fitting = ((first, second) for first, second in pairs if len(first.text) - len(second.text) in (0, 1))
    for number, (first, second) in enumerate(fitting):
        if number == MAX_PAIRS:
            raise too_many(MAX_PAIRS)
        url = "".join(map("".join, zip_longest(first.text, second.text, fillvalue="")))
        found = first_url(url)
        if found and found.url == url and registered_domain(found.host):
            yield Mention(found, "decoded", dex.name, first.offset, "woven")


def _both_halves(dex: DexFile, head: str, other: str) -> tuple[list[Text], list[Text]]:
    firsts = list(islice(dex.strings.beginning(head), MAX_PAIRS))
    return firsts, list(islice(dex.strings.beginning(other), MAX_PAIRS)) if firsts else []
