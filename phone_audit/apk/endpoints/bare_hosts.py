"""Which strings that look like a bare host name are one: class names, file names and keys look alike."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from phone_audit.apk.dex.descriptors import under
from phone_audit.apk.endpoints.host_text import Host
from phone_audit.apk.endpoints.public_suffixes import registered_domain

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

REVERSED: Final = frozenset(("com", "org", "net"))
"""First labels of package names; a host that begins so is rare, a package name is not."""

PLATFORM: Final = frozenset(("java", "javax", "jdk", "sun", "sunw", "kotlinx", "androidx", "dalvik"))
"""First labels of packages of the platform, also of those that the file does not name (`java.io`)."""

_RESOLVERS: Final = {
    address: pair
    for pair in (("8.8.8.8", "8.8.4.4"), ("1.1.1.1", "1.0.0.1"), ("9.9.9.9", "149.112.112.112"))
    for address in pair
}
"""Addresses of public name servers by both of each; many of them look like version numbers."""

_FAMILY_LABELS: Final = 4
_SIBLINGS: Final = 4
"""Keys of two labels that begin alike, from which on one more that could be a domain is a key too."""


@dataclass(frozen=True)
class Surroundings:
    """What else the package holds, by which a bare name is judged.

    Attributes:
        classes: for each DEX file the sorted descriptors of the types it names.
        url_domains: registered domains of the URLs in it.
        key_domains: registered domains that are the beginning of longer dotted strings, see `key_domains`.
        known: whether knowledge says something about a host or address.
        texts: the other texts that may be bare hosts.
    """

    classes: Sequence[Sequence[bytes]]
    url_domains: Collection[str]
    key_domains: Collection[str]
    known: Callable[[str], bool]
    texts: Collection[str] = frozenset()


def key_domains(dotted: Iterable[str]) -> frozenset[str]:
    """Return the registered domains that dotted strings show to be keys: those that longer ones begin with.

    Names of two labels are keys too where `_SIBLINGS` others begin with the same label and are no domains.

    Example:
        >>> key_domains(["x5.tbs.org.64", "www.example.com", "example.com.cn"])
        frozenset({'tbs.org'})
        >>> key_domains(["msg.io", "msg.bug", "msg.use", "msg.err", "msg.wait", "api.io"])
        frozenset({'msg.io'})
    """
    found: set[str] = set()
    pairs: dict[str, set[str]] = defaultdict(set)
    siblings: Counter[str] = Counter()
    for name in dotted:
        first, _, rest = name.partition(".")
        if registered_domain(name) is not None:
            if "." not in rest:
                pairs[first].add(name)
            continue
        labels = name.split(".", _FAMILY_LABELS)
        siblings[first] += len(labels) == 2
        beginnings = (".".join(labels[:count]) for count in range(2, len(labels)))
        found.update(domain for beginning in beginnings if (domain := registered_domain(beginning)))
    found.update(name for first, names in pairs.items() if siblings[first] >= _SIBLINGS for name in names)
    return frozenset(found)


def is_endpoint(found: Host, around: Surroundings) -> bool:
    """Tell whether a string that can be a bare host is one, conservatively.

    What knowledge names is one. Otherwise a name must not be a package or a key of this very file, and its last label
    must be in `TAKEN_ALONE` and its first one not in `PLATFORM`, or it comes with a port, or a URL in the same package
    leads to the same domain. An IPv4 address must have a port or be no possible version number or object identifier, or
    belong to a public name server of which both addresses are there.
    """
    if around.known(found.host):
        return True
    if found.kind == "ipv6":
        return True
    if found.kind == "ipv4":
        return found.port is not None or _is_no_version(found.host) or _is_resolver(found.host, around.texts)
    first, _, rest = found.host.partition(".")
    last = found.host.rpartition(".")[2]
    domain = registered_domain(found.host)
    if first in REVERSED or domain is None or domain in around.key_domains or _is_package(found.host, around.classes):
        return False
    if found.port is not None or domain in around.url_domains:
        return True
    return last in TAKEN_ALONE and first not in PLATFORM and (len(first) > 1 or "." in rest)


def _is_resolver(address: str, texts: Collection[str]) -> bool:
    """Tell whether both addresses of one public name server are there, so that neither is a version number."""
    return address in _RESOLVERS and all(other in texts for other in _RESOLVERS[address])


def _is_no_version(address: str) -> bool:
    """Tell apart addresses and dotted numbers: object identifiers begin with 0 to 2, versions hold small numbers."""
    octets = [int(octet) for octet in address.split(".")]
    return octets[0] > 10 and min(octets) > 0 and max(octets) >= 32


def _is_package(name: str, classes: Sequence[Sequence[bytes]]) -> bool:
    """Tell whether a type of these lies in a package, or is a class, of this name."""
    prefix = b"L" + name.replace(".", "/").encode("ascii")
    return any(under(names, prefix) for names in classes)
