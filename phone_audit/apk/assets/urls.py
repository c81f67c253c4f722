"""Hosts that files name: URLs in bytes, and values of configuration files that may be bare host names."""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from phone_audit.apk.assets.string_tables import BEFORE, ExtentOf, binary_extent, native_extent
from phone_audit.apk.text.host_text import SCHEMES, TAKEN_ALONE, Host, excerpt, find_first_url, registered_domain
from phone_audit.errors import ApkError
from phone_audit.model.finding import EvidenceKind

MAX_HITS: Final = 20_000
"""URLs looked at in one file; no real one holds more."""

_MARK: Final = re.compile(rb":(?:\\?/){2}")
_MARK_16: Final = re.compile(rb":\0/\0/\0")
_SCHEME: Final = re.compile(
    rf"(?:{SCHEMES[0]}|(?<![A-Za-z0-9])(?:{'|'.join(SCHEMES[1:])}))\Z".encode("ascii"), re.IGNORECASE
)
_LONGEST_SCHEME: Final = 12
_AFTER_16: Final = re.compile(rb"(?:[\x20-\x7e]\0){0,600}")
_BEFORE_16: Final = re.compile(rb"(?:[\x20-\x7e]\0){0,60}\Z")
SUFFIXES: Final = (".json", ".properties", ".xml", ".conf", ".cfg", ".ini", ".plist", ".toml", ".env")
MAX_BYTES: Final = 2**18
"""Configuration is small; a larger file is data, in which dots mean anything."""

_HOST: Final = (
    rb"(?:[a-z0-9-]+\.)+[a-z0-9-]*[a-z][a-z0-9-]*(?::[0-9]{1,5})?|[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?::[0-9]{1,5})?"
)
_VALUE: Final = re.compile(
    rb"[:=]\s*\"(%b)\"|>\s*(%b)\s*<|^[A-Za-z0-9_.-]+[ \t]*[:=][ \t]*(%b)[ \t]*\r?$" % (_HOST, _HOST, _HOST),
    re.MULTILINE,
)
_IN_SCRIPT: Final = re.compile(
    rb"[\"'`]((?P<relative>\\?/\\?/(?:[^\s/\\\"'`@]{0,60}@)?)"
    rb"(?:(?:[a-z0-9-]+\.)+(?:[a-z]{2,}|xn--[a-z0-9-]+)|[0-9]{1,3}(?:\.[0-9]{1,3}){3})(?::[0-9]{1,5})?(?=[/?#\\\"'`])"
    rb"|(?:[a-z0-9-]+\.){2,}[a-z]{2,}(?::[0-9]{1,5})?(?=[/\\\"'`]))",
    re.IGNORECASE,
)
"""An address that takes the scheme of its page, or a name of three parts and more, at the beginning of a text."""


class Mention(NamedTuple):
    """A host that a file names.

    Attributes:
        found: the host, with its URL.
        kind: what sort of text it stands in.
        where: the file inside the package.
        offset: where it begins, in bytes of that file as it lies unpacked.
        encoding: how it was written, where it had to be decoded.
        rule: what takes it out because of the place it stands in.
        is_link: whether it stands in a page that only shows it, see `PageLinks`.
        is_asked: whether a script hands it to a call that connects to it.
    """

    found: Host
    kind: EvidenceKind
    where: str
    offset: int
    encoding: str | None = None
    rule: str | None = None
    is_link: bool = False
    is_asked: bool = False


class Candidate(NamedTuple):
    """A text in a well-structured place that may be a bare host name as a whole."""

    text: str
    kind: EvidenceKind
    where: str
    offset: int
    encoding: str | None = None


class UrlMatch(NamedTuple):
    """A URL in bytes: where it begins, and the text of its string before it."""

    host: Host
    begin: int
    before: str


def urls_in(data: memoryview, extent_of: ExtentOf, colons: Iterable[int]) -> Iterator[UrlMatch]:
    """Yield every URL that has a host in hostile bytes in ASCII, UTF-8 or what is near to it.

    Strings reach as far as `extent_of` says; `colons` is where a scanner saw a colon with slashes after it. Raises an
    ApkError (`too-many-endpoints`) after the first `MAX_HITS`.
    """
    for mark in hits(_MARK, data, colons, MAX_HITS):
        at = mark.start()
        scheme = _SCHEME.search(bytes(data[max(0, at - _LONGEST_SCHEME) : at]))
        if scheme is None:
            continue
        begin = at - len(scheme.group())
        low, high = extent_of(data, begin, mark.end())
        before, text = _decode(data[min(low, begin) : begin]), _decode(data[begin:high])
        found = first_url(text, before)
        if extent_of is binary_extent and found and not can_be_reached(found):
            high = native_extent(data, begin, mark.end()).end
            found = next(filter(can_be_reached, filter(None, [first_url(_decode(data[begin:high]), before)])), found)
        if found:
            yield UrlMatch(found, begin, before)


def can_be_reached(found: Host) -> bool:
    """Tell whether a host is more than a name without a suffix; a byte before it that is no length may have cut it."""
    return found.kind != "domain" or bool(registered_domain(found.host))


def urls_in_16(data: memoryview, extent_of: ExtentOf | None, colons: Iterable[int]) -> Iterator[UrlMatch]:
    """Yield every URL that stands there in UTF-16 with the low byte first; as `urls_in`."""
    for mark in hits(_MARK_16, data, colons, MAX_HITS):
        at = mark.start()
        scheme = _SCHEME.search(bytes(data[max(at % 2, at - 2 * _LONGEST_SCHEME) : at : 2]))
        if scheme is None:
            continue
        begin = at - 2 * len(scheme.group())
        run = _AFTER_16.match(data, begin)
        high = run.end() if run else mark.end()
        lead = _BEFORE_16.search(bytes(data[max(0, begin - 2 * BEFORE) : begin]))
        low = begin - (len(lead.group()) if lead else 0)
        if extent_of is not None:
            extent = extent_of(data, begin, mark.end())
            low, high = max(low, extent.begin), min(high, extent.end)
        before, text = (bytes(part).decode("utf-16-le", "ignore") for part in (data[low:begin], data[begin:high]))
        if found := first_url(text, before):
            yield UrlMatch(found, begin, before)


def first_url(text: str, before: str = "") -> Host | None:
    """Return the URL with which a text begins, with `before` in its excerpt; what follows it is not looked at."""
    plain = text.replace("\\/", "/")
    found = find_first_url(plain)
    if found is None or plain.find(found.url) > plain.find("://"):
        return None
    whole = (before + text).strip("\ufffd")
    return found._replace(excerpt=excerpt(whole, len(before)))


def hits(pattern: re.Pattern[bytes], data: memoryview, places: Iterable[int], most: int) -> Iterator[re.Match[bytes]]:
    """Yield the matches that begin at some places; after `most` an `ApkError` (`too-many-endpoints`)."""
    found = (pattern.match(data, at) for at in places if at >= 0)
    for number, hit in enumerate(filter(None, found)):
        if number == most:
            raise too_many(most)
        yield hit


def too_many(limit: int) -> ApkError:
    """Return what is told of a file of which only so many places of one form were looked at."""
    reason = f"It holds more than {limit} places that look like addresses; the rest was not looked at."
    return ApkError(reason, code="too-many-endpoints")


def _decode(part: memoryview) -> str:
    return bytes(part).decode("utf-8", "replace")


def values(name: str, data: memoryview) -> Iterator[tuple[str, int]]:
    """Yield each value that has the form of a host name or address, and where it begins.

    Taken are what a key names (`"host": "stat.example.cn"`, `host = stat.example.cn`) and the whole text of an element
    of XML; only in files that are configuration by their suffix.
    """
    if len(data) > MAX_BYTES or not name.lower().endswith(SUFFIXES):
        return
    for found in _VALUE.finditer(data):
        group = found.lastindex or 0
        yield found.group(group).decode("ascii"), found.start(group)


def script_hosts(data: memoryview) -> Iterator[tuple[str, int]]:
    """Yield the texts of a script or a page that may begin with a host alone, up to its end, and where each begins.

    Raises an ApkError (`too-many-endpoints`) after the first `MAX_HITS`.
    """
    count = 0
    for found in _IN_SCRIPT.finditer(data):
        relative = found.group("relative")
        text = found.group(1)[len(relative or b"") :].decode("ascii").lower()
        last = text.partition(":")[0].rpartition(".")[2]
        if relative is None and last not in TAKEN_ALONE:
            continue
        if count == MAX_HITS:
            raise too_many(MAX_HITS)
        count += 1
        yield f"//{text}" if relative else text, found.start(1)
