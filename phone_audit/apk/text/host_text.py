"""Hosts in text: URLs, and strings that are a bare host name or address; and which part of a name can be registered.

The public suffix list is the snapshot inside tldextract: nothing is fetched and nothing is written. Only its first half
counts, the suffixes run by registries (ICANN). The second half (`github.io`, `s3.amazonaws.com`) lists names that their
owners lend out; with it a bucket at a cloud would count as an owner of its own, and whoever runs the cloud would have
none.
"""

import ipaddress
import re
import socket
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from tldextract import TLDExtract  # noqa: TID251

from phone_audit.model.apk import HostKind

_extract = TLDExtract(cache_dir=None, suffix_list_urls=(), include_psl_private_domains=False)
SCHEMES: Final = (
    "https?", "wss?", "ftps?", "sftp", "ssh", "telnet", "mqtts?", "amqps?", "xmpp", "rtsps?", "rtmps?", "rtp", "mms",
    "tcp", "udp", "ssl", "tls", "quic", "smtps?", "imaps?", "pop3s?", "ldaps?", "ircs?", "socks[45]?h?", "coaps?",
    "nats", "rediss?", "mysql", "postgres(?:ql)?", "mongodb(?:\\+srv)?", "git", "svn", "rsync", "smb", "nfs", "stuns?",
    "turns?", "grpcs?", "webcals?", "nntp", "news", "gopher",
    "(?:imap|pop3|smtp)\\+(?:ssl|tls)(?:\\+(?:trustallcerts)?)?",
)  # fmt: skip
"""Schemes whose authority is a host on a network; the last is how AOSP Email writes an encrypted one.

In others (content, android-app, market) it is something else.
"""
_LOCAL: Final = ("android", "content", "file", "intent", "market", "package")
"""How schemes of the phone itself begin: behind them stands no host."""

TAKEN_ALONE: Final = frozenset(
    {
        "com", "net", "org", "edu", "gov", "mil", "biz", "mobi", "xyz", "top", "vip", "club", "io", "co",
        "cn", "hk", "tw", "jp", "kr", "sg", "th", "vn", "in", "ru", "ua", "kz", "tr", "il", "ir",
        "de", "uk", "eu", "fr", "nl", "es", "pt", "ch", "se", "fi", "dk", "cz", "hu", "gr",
        "br", "mx", "ar", "au", "nz", "za", "ca", "us",
    }
)  # fmt: skip
"""Last labels under which a bare name is taken with no further sign. The other ones are endings of files (so, py, zip,
ec), units (ms) and words that keys end in (id, name, app, host) as often as they are domains."""

MAX_HOST: Final = 253
MAX_URL: Final = 500
"""Characters of a URL that are kept; what follows is cut."""

EXCERPT: Final = 300
_BEFORE: Final = 60
"""Characters of an excerpt that stand before the host, where the text is longer than an excerpt."""

_BEGIN = re.compile(rf"(https?|(?<![A-Za-z0-9])(?:{'|'.join(SCHEMES[1:])}))://", re.IGNORECASE)
_SCHEME = re.compile(rf"(https?|(?<![A-Za-z0-9])(?:{'|'.join(SCHEMES[1:])}))\Z", re.IGNORECASE)
_ANY_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{1,30})\Z")
_MARK = "://"
_LONGEST_SCHEME = 32
_REST = re.compile(r"[^\s\"'<>`\\|^\x00-\x20\x7f]{1,500}")
_AUTHORITY = re.compile(r"[^/?#]*")
_DOTS = ".\u3002\uff0e\uff61"
"""What IDNA takes for a dot (RFC 3490, 3.1)."""
_NOTHING = re.compile("[\u00ad\u200b-\u200d\u2060\ufe00-\ufe0f\ufeff]")
"""What IDNA takes for nothing (RFC 3454, B.1): nobody sees it, and the host is the same without it."""
_SYMBOLS = "\u2600-\u27bf\U0001f000-\U0001faff"
"""Emoji, which are no letters and stand in names of hosts all the same."""
_HOST_RUN = re.compile(rf"[\w{_DOTS}{_SYMBOLS}-]+")
_ESCAPED = re.compile(r"%(2e|3[0-9]|[46][1-9a-f]|[57][0-9a])", re.IGNORECASE)
"""A letter, a digit or a dot, written as `%65`."""
_ASCII_RUN = re.compile(r"[A-Za-z0-9_.-]+")
_IPV6 = re.compile(r"\[([0-9A-Fa-f:.]{2,45})(?:%[^\]]*)?\]")
_PORT = re.compile(r":([0-9]{1,5})(?![0-9])")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_LABEL = r"(?!-)[a-z0-9_-]{1,63}+(?<!-)"
_LABELS = re.compile(rf"{_LABEL}(?:\.{_LABEL})*+")
_BARE = re.compile(
    r"(?://|(?P<relay>(?:stun|turn)s?:))?(?P<name>[a-z0-9-]+(?:\.[a-z0-9-]+)+)(?::[0-9]{1,5})?"
    r"(?P<path>/[^\x00-\x20\x7f]*)?(?(relay)(?:\?transport=[A-Za-z]+)?)"
)
_RELAY = re.compile(r"(?<![A-Za-z0-9])(?:stun|turn)s?:[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::[0-9]{1,5})?")
PORT_OF_RELAY: Final = {"stun:": 3478, "turn:": 3478, "stuns:": 5349, "turns:": 5349}
"""The schemes of relays for calls, with the port where none is named. Source: RFC 7064 and 7065, section 3.2."""
_BARE_IPV6 = re.compile(r"\[?(?P<name>[0-9a-f]{4}:[0-9a-f:]{3,35})(?:\](?::[0-9]{1,5})?)?")
_TRAILING = ".,;:!?"
_PLACEHOLDERS = frozenset("%{}$*[]")


@lru_cache(maxsize=4096)
def registered_domain(host: str) -> str | None:
    """Return the public suffix of a host in lower case and the one label before it; None where either is missing.

    Example:
        >>> registered_domain("stat.shop.example.co.uk")
        'example.co.uk'
        >>> registered_domain("javax.xml.xmlconstants") is None
        True
    """
    parts = _extract.extract_str(host)
    return f"{parts.domain}.{parts.suffix}" if parts.domain and parts.suffix else None


def is_public_suffix(name: str) -> bool:
    """Tell whether a whole name is one under which registries give out names.

    Example:
        >>> is_public_suffix("co.uk"), is_public_suffix("example.co.uk"), is_public_suffix("nothing")
        (True, False, False)
    """
    parts = _extract.extract_str(name)
    return not parts.domain and bool(parts.suffix)


class Host(NamedTuple):
    """A host as text names it. `url` and `scheme` are empty and `port` is None where the text gives none.

    `excerpt` is the text around it, `EXCERPT` characters at most.
    """

    host: str
    kind: HostKind
    url: str
    scheme: str
    port: int | None
    excerpt: str


def find_urls(text: str) -> Iterator[Host]:
    r"""Yield the host of every URL in a text, also of URLs inside URLs and those written `http:\/\/` or `www\.x\.cn`.

    The text is hostile; time is linear in its length. Where the host is partly filled in at run time
    (`https://%s.example.com/`), the fixed part that can be registered counts; where none is, there is no host.
    A scheme that is not among `SCHEMES` counts where a host that can be reached and a port stand behind it.
    A path alone (`/v1/x`) is joined to no base: which one it belongs to, only the running code knows, and the base
    itself is found anyway.

    Example:
        >>> [(found.host, found.port) for found in find_urls("a,http://Api.Example.com:8080/v1?u=ws://192.0.2.7/")]
        [('api.example.com', 8080), ('192.0.2.7', None)]
    """
    plain = unescaped(text)
    for begin in _begins(plain):
        found = _url_at(plain, begin)
        if found is not None:
            yield found


def find_first_url(text: str) -> Host | None:
    """Return the host of the first URL of a text, as `find_urls`; what stands behind its beginning is no other one.

    Example:
        >>> find_first_url("http://http://a.example/") is None
        True
    """
    plain = unescaped(text)
    begin = next(_begins(plain), None)
    return None if begin is None else _url_at(plain, begin)


def unescaped(text: str) -> str:
    """Take out the signs by which scripts and expressions escape others in a URL."""
    return text.replace("\\/", "/").replace("\\.", ".")


def _url_at(plain: str, begin: re.Match[str]) -> Host | None:
    rest = _REST.match(plain, begin.end() + len(_MARK))
    if rest is None or _BEGIN.match(rest.group()):
        return None
    found = _host_of(rest.group())
    if found is None:
        return None
    host, kind, port = found
    if begin.re is _ANY_SCHEME and not (port and (kind != "domain" or registered_domain(host))):
        return None
    url = _trimmed(plain[begin.start() : rest.end()])
    return Host(host, kind, url, begin.group(1).lower(), port, excerpt(plain, begin.start()))


def _begins(text: str) -> Iterator[re.Match[str]]:
    """Yield the schemes that stand before `://`: that is found fast, and only what stands before it is looked at."""
    at = text.find(_MARK)
    while at >= 0:
        low = max(0, at - _LONGEST_SCHEME)
        begin = _SCHEME.search(text, low, at) or _ANY_SCHEME.search(text, low, at)
        if begin and not begin.group().lower().startswith(_LOCAL):
            yield begin
        at = text.find(_MARK, at + len(_MARK))


def find_bare_host(text: str) -> Host | None:
    """Return the host where the whole text is `host`, `host:port`, `host/path`, or one of these after `//`.

    Behind `stun:` and `turn:` stands one, too (RFC 7064, 7065), for calls between phones. Only what such a string can
    be is said here, not whether it is one: class names and file names pass. Names are taken in lower case only and need
    a public suffix; an address with a path is none, since `10.0.0.0/8` is a network.

    Example:
        >>> find_bare_host("stat.example.cn:8080").port
        8080
        >>> find_bare_host("libmain.so.1") is None
        True
        >>> find_bare_host("turn:relay.example.net:3478?transport=udp").host
        'relay.example.net'
    """
    bare = _BARE.fullmatch(text)
    if bare is None:
        return None
    port = _port(text, bare.end("name")) or PORT_OF_RELAY.get(bare.group("relay") or "")
    name, path = bare.group("name"), bare.group("path")
    if name[-1].isdigit() and _is_ipv4(name):
        return Host(name, "ipv4", "", "", port, text) if not path else None
    host = _name(name) if not name[-1].isdigit() else None
    if host is None or registered_domain(host) is None:
        return None
    return Host(host, "domain", "", "", port, excerpt(text, 0))


def relays_in(text: str) -> Iterator[str]:
    """Yield the addresses of relays for calls (`stun:host`, `turn:host:port`) that stand in a text.

    Example:
        >>> list(relays_in('{"server": "stun:a.example.net:19302"}, return:a.example.net'))
        ['stun:a.example.net:19302']
    """
    yield from (found.group() for found in _RELAY.finditer(text))


def find_bare_ipv6(text: str) -> Host | None:
    """Return the address where the whole text is an IPv6 address of four-digit groups, or `[address]:port`.

    That leaves out what only looks like one, such as times, hash fragments and `::before`.

    Example:
        >>> find_bare_ipv6("[2001:db8::1]:8443").port
        8443
    """
    bare = _BARE_IPV6.fullmatch(text)
    if bare is None or text.startswith("[") != ("]" in text):
        return None
    address = _ipv6(bare.group("name"))
    return Host(address, "ipv6", "", "", _port(text, text.find("]") + 1), text) if address else None


def excerpt(text: str, at: int) -> str:
    """Cut a text to `EXCERPT` characters around the place `at`."""
    begin = max(0, min(at - _BEFORE, len(text) - EXCERPT))
    return text[begin : begin + EXCERPT]


def _trimmed(url: str) -> str:
    """Take off what belongs to the sentence around the URL."""
    while url[-1] in _TRAILING or (url[-1] == ")" and "(" not in url):
        url = url[:-1]
    return url


def _host_of(rest: str) -> tuple[str, HostKind, int | None] | None:
    """Read host and port from what follows `://`."""
    authority = _AUTHORITY.match(rest)
    text = _NOTHING.sub("", authority.group().rpartition("@")[2]) if authority else ""
    if "%" in text and (found := _escaped(text)):
        return found
    if bracketed := _IPV6.match(text):
        address = _ipv6(bracketed.group(1))
        return (address, "ipv6", _port(text, bracketed.end())) if address else None
    run = _HOST_RUN.match(text)
    lead = run.group() if run else ""
    if len(lead) < len(text) and text[len(lead)] in _PLACEHOLDERS:
        return _fixed_part(text, lead)
    host = _name(lead)
    if host is None and not lead.isascii() and (ascii_run := _ASCII_RUN.match(lead)):
        lead = ascii_run.group()
        host = _name(lead)
    return (host, _kind(host), _port(text, len(lead))) if host else None


def _escaped(text: str) -> tuple[str, HostKind, int | None] | None:
    """Read a host in which letters are escaped; None where that gives none: `%4d` is a number too."""
    plain = _ESCAPED.sub(lambda escape: chr(int(escape.group(1), 16)), text)
    run = _HOST_RUN.match(plain) if plain != text else None
    host = _name(run.group()) if run and plain[run.end() : run.end() + 1] in ("", ":") else None
    if run is None or host is None or (_kind(host) == "domain" and not registered_domain(host)):
        return None
    return host, _kind(host), _port(plain, run.end())


def _fixed_part(text: str, lead: str) -> tuple[str, HostKind, int | None] | None:
    """Read a host that is partly a placeholder: `%s.example.com`, `{region}.example.com`, `example.com%s`."""
    whole = _name(lead) if lead[-1:] not in (*_DOTS, "-") else None
    if whole and (_kind(whole) != "domain" or registered_domain(whole)):
        return whole, _kind(whole), None
    behind = max(text.rfind(sign) for sign in _PLACEHOLDERS) + 1
    run = _HOST_RUN.match(text, text.find(".", behind) + 1) if "." in text[behind:] else None
    host = _name(run.group()) if run else None
    if run and host and registered_domain(host):
        return host, "domain", _port(text, run.end())
    return None


def _name(run: str) -> str | None:
    """Return the host name or IPv4 address in lower case, international names in their ASCII form; None if invalid."""
    host = run.strip(_DOTS).lower()
    if not host or len(host) > MAX_HOST:
        return None
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return None
        if registered_domain(host) is None and not _is_ipv4(host):
            return None
    if not _LABELS.fullmatch(host):
        return None
    return _ipv4(host) if _NUMBER.fullmatch(host.rpartition(".")[2]) else host


def _kind(host: str) -> HostKind:
    return "ipv4" if host[-1].isdigit() and host.rpartition(".")[2].isdigit() else "domain"


def _ipv4(host: str) -> str | None:
    """Return an IPv4 address as four numbers; browsers take one to four, also in hexadecimal or octal form.

    The last one fills the bytes that are left (WHATWG URL, "IPv4 parser"; POSIX `inet_addr`).
    """
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return None


def _is_ipv4(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def _ipv6(text: str) -> str | None:
    try:
        return ipaddress.IPv6Address(text).compressed
    except ValueError:
        return None


def _port(text: str, at: int) -> int | None:
    number = _PORT.match(text, at)
    return int(number.group(1)) if number and 0 < int(number.group(1)) < 65536 else None
