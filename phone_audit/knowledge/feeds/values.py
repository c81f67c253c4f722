"""Text of a feed → a value as it is looked up, or the reason why it is none."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Final

from phone_audit.files.short_repr import short_repr
from phone_audit.knowledge.feeds.indicator import About, Indicator, Kind, Rejected
from phone_audit.knowledge.hosts import plain_host
from phone_audit.knowledge.naming import DIGESTS, EMPTY_DIGESTS, address_fault, host_fault, public_suffixes
from phone_audit.knowledge.rules import split_url
from phone_audit.model.stated import parsed_address

_PACKAGE: Final = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*)+", re.ASCII)
_PROPERTY: Final = re.compile(r"[A-Za-z][\w.:-]*(=.*)?", re.ASCII | re.DOTALL)
_FORMS: Final[Mapping[Kind, tuple[re.Pattern[str], str]]] = {
    "package": (_PACKAGE, "no package name"),
    "property": (_PROPERTY, "no name of a property"),
}
_CODE: Final = re.compile(r"[A-Za-z_][\w$]*(\.[\w$]+)+\.?")
_ADDRESS: Final = re.compile(r"\[?(?P<address>[0-9a-fA-F:.]+?)\]?(?::(?P<port>\d{1,5}))?")
_WIDE = (
    "/ /cache /data /data/app /data/data /data/local /data/local/tmp /dev /mnt /odm /proc /product /product/app "
    "/product/priv-app /sbin /sdcard /storage /system /system/app /system/bin /system/etc /system/lib /system/lib64 "
    "/system/priv-app /system/xbin /system_ext /tmp /vendor /vendor/bin"
)
_WIDE_PATHS: Final = frozenset(_WIDE.split())
_ENDS: Final = frozenset(
    ["app", "cc", "cn", "co", "com", "de", "eu", "in", "info", "io", "me", "net", "org", "ru", "top", "tv", "xyz"]
)
"""Ends of host names with which names of packages begin."""
_LONGEST: Final = 2048
_SHOWN: Final = 120
_SHORTEST: Final = {4: 16, 6: 32}
"""Prefix lengths: a network wider than these holds what belongs to many others."""
_SUFFIX: Final = re.compile(r"(.+\.)?arpa|(ac|co|com|edu|gov|mil|net|org)\.[a-z]{2}|((pvt\.)?k12|cc|lib)\.[a-z]{2}\.us")
"""Names under which anybody, or a whole country, has a name, whatever the list of suffixes holds."""


class NoValueError(ValueError):
    """A text is no value of its kind; the message is a sentence without a full stop."""


def read(kind: Kind, text: str) -> tuple[Kind, str]:
    """Return the kind and value that a text of a feed stands for.

    A `host` that is an address becomes an `address`, one with a path a `url`; a `url` without a path becomes a host.
    Raises a NoValueError where it is none.

    Example:
        >>> read("host", "*.Evil.Example.")
        ('host', 'evil.example')
        >>> read("url", "hxxp://203.0.113[.]7:8080/gate")
        Traceback (most recent call last):
        ...
        phone_audit.knowledge.feeds.values.NoValueError: 203.0.113.7 is no public address; nobody on the internet has it
    """
    plain = text.strip()
    if not plain:
        raise NoValueError("the value is empty")
    if len(plain) > _LONGEST or not plain.isprintable():
        raise NoValueError("the value is too long or holds control characters")
    if kind in ("host", "address", "network", "url"):
        return _endpoint(plain)
    if kind in _FORMS and not _FORMS[kind][0].fullmatch(plain):
        raise NoValueError(f"{plain!r} is {_FORMS[kind][1]}")
    return kind, _READERS[kind](plain) if kind in _READERS else plain


def row(kind: Kind, text: str, about: About) -> Indicator | Rejected:
    """Return the indicator that a text of a feed stands for, or the reason why it was left out.

    What holds for everybody is taken only from a feed that says just that (`commonplace`).
    """
    try:
        found, value = read(kind, text)
    except NoValueError as error:
        return Rejected(shown(text), str(error))
    fault = None if about.class_ == "commonplace" else _everybodys(found, value)
    return Rejected(shown(text), fault) if fault else Indicator(found, value, about)


def guessed(text: str) -> Kind:
    """Guess what a bare value is, for lists that do not say.

    Example:
        >>> [guessed(text) for text in ("com.spy.agent", "spy.example.com", "/data/local/x", "a" * 32)]
        ['package', 'host', 'path', 'hash']
    """
    plain = text.strip()
    if plain.startswith("/"):
        return "path"
    if re.fullmatch(r"[0-9a-fA-F]+", plain) and len(plain) in DIGESTS:
        return "hash"
    first, last = plain.partition(".")[0], plain.rpartition(".")[2]
    backwards = first in _ENDS and (last not in _ENDS or (first == "com" and plain.count(".") > 1))
    return "package" if backwards and _PACKAGE.fullmatch(plain) else "host"


def shown(row: object) -> str:
    """Cut what was left out to what a person can read; the text of a large value is never built."""
    text = row[:_SHOWN] if isinstance(row, str) else short_repr(row, _SHOWN)
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _endpoint(text: str) -> tuple[Kind, str]:
    text = text.replace("[.]", ".").replace("(.)", ".").replace("[:]", ":")
    rest = re.sub(r"^[A-Za-z][A-Za-z0-9+.-]*://", "", text)
    bare = _address(rest.removesuffix("/")) or _network(rest)
    if bare:
        return bare
    host, path = split_url(rest)
    host = host.removeprefix("*.").removeprefix(".")
    kind, value = _host(host)
    # the path is case-sensitive and the fragment never sent
    path = path.partition("#")[0]
    return ("url", value + path) if path not in ("", "/") else (kind, value)


def _address(text: str) -> tuple[Kind, str] | None:
    found = _ADDRESS.fullmatch(text)
    address = (parsed_address(found["address"]) if found else None) or parsed_address(text)
    if address is None:
        return None
    fault = address_fault(str(address))
    if fault:
        raise NoValueError(fault)
    return "address", str(address)


def _network(text: str) -> tuple[Kind, str] | None:
    if "/" not in text:
        return None
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    if network.prefixlen == network.max_prefixlen:
        return _address(str(network.network_address))
    return "network", str(network)


def _everybodys(kind: Kind, value: str) -> str | None:
    """Say why a value would fit what belongs to everybody or to nobody, or None."""
    if kind == "network":
        network = ipaddress.ip_network(value)
        if network.prefixlen < _SHORTEST[network.version]:
            return f"{value} is too wide; most of it belongs to others"
        return address_fault(str(network[0])) or address_fault(str(network[-1]))
    if kind in ("hash", "certificate") and value in EMPTY_DIGESTS:
        return "the hash is that of an empty file"
    if kind == "host" and _SUFFIX.fullmatch(value):
        return f"{value!r} is a public suffix, under which anybody has a name"
    if kind == "package" and value.lower() in public_suffixes()["registry"]:
        return f"{value!r} is a public suffix and no package name"
    return None


def _host(text: str) -> tuple[Kind, str]:
    address = _address(text)
    if address:
        return address
    host = plain_host(text)
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            raise NoValueError(f"{text!r} is no host name") from None
    fault = host_fault(host)
    if fault:
        raise NoValueError(fault)
    return "host", host


def _digest(text: str) -> str:
    plain = text.replace(":", "").replace(" ", "").lower()
    if len(plain) not in DIGESTS or not re.fullmatch(r"[0-9a-f]+", plain):
        raise NoValueError(f"{text!r} is no hash; its length or letters are those of none")
    return plain


def _path(text: str) -> str:
    plain = text.rstrip("/") or "/"
    if not plain.startswith("/"):
        raise NoValueError(f"{text!r} is no path from the root of the phone")
    if plain in _WIDE_PATHS:
        raise NoValueError(f"{plain} is on every phone")
    return plain


def _file(text: str) -> str:
    if "/" in text or len(text) < 4:
        raise NoValueError(f"{text!r} is no name of a file, or too short to tell anything")
    return text


def _code(text: str) -> str:
    plain = text.replace("/", ".").removeprefix("L").removesuffix(";") if "/" in text else text
    if not _CODE.fullmatch(plain):
        raise NoValueError(f"{text!r} is no prefix of class names with two labels or more")
    return plain


_READERS: Final[Mapping[Kind, Callable[[str], str]]] = {
    "hash": _digest, "certificate": _digest, "path": _path, "file": _file, "code": _code,
}  # fmt: skip
