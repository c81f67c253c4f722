"""Endpoints: the hosts that stand in the text of a package; which bare names are one.

Class names, file names and keys look like bare host names.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Final

from phone_audit.apk.assets.asset_walker import NO_ASSETS, AssetFacts
from phone_audit.apk.assets.encoded_urls import decoded_mentions
from phone_audit.apk.assets.urls import Mention
from phone_audit.apk.dex.descriptors import descriptor_prefix, under
from phone_audit.apk.dex.file import DexFile
from phone_audit.apk.dex.strings import Strings, Text
from phone_audit.apk.endpoints.address_nodes import Spot, TextUse
from phone_audit.apk.endpoints.address_use import NOT_SETTLED
from phone_audit.apk.endpoints.host_collector import (
    DOTTED_NUMBER,
    LOOK_ALIKE,
    MAX_HOSTS,
    MAX_MENTIONS,
    HostCollector,
    RulesByUse,
    UsesOf,
    known_host,
)
from phone_audit.apk.endpoints.joined_hosts import joined_hosts
from phone_audit.apk.text import host_text
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apk import AddressUse, Endpoint, HostKind
from phone_audit.model.finding import Evidence, Skipped

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
_URL_MARK: Final = rb":(?:\\?/){2}"
_LONGEST_HEAD: Final = host_text.MAX_HOST + len(":65535")
_NAME_BYTES: Final = b"abcdefghijklmnopqrstuvwxyz0123456789-[],;|"
_BETWEEN: Final = re.compile(r"[,;|]")
"""What stands between the addresses of a list, which has as many bytes as a host may have."""

_LOOK_ALIKES: Final[dict[HostKind, str]] = {"domain": LOOK_ALIKE, "ipv4": DOTTED_NUMBER, "ipv6": DOTTED_NUMBER}


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
        if host_text.registered_domain(name) is not None:
            if "." not in rest:
                pairs[first].add(name)
            continue
        labels = name.split(".", _FAMILY_LABELS)
        siblings[first] += len(labels) == 2
        beginnings = (".".join(labels[:count]) for count in range(2, len(labels)))
        found.update(domain for beginning in beginnings if (domain := host_text.registered_domain(beginning)))
    found.update(name for first, names in pairs.items() if siblings[first] >= _SIBLINGS for name in names)
    return frozenset(found)


def is_endpoint(found: host_text.Host, around: Surroundings) -> bool:
    """Tell whether a string that can be a bare host is one, conservatively.

    What knowledge names is one. Otherwise a name must not be a package or a key of this very file, and its last label
    must be in `host_text.TAKEN_ALONE` and its first one not in `PLATFORM`, or it comes with a port, or a URL in the
    same package leads to the same domain. An IPv4 address must have a port or be no possible version number or object
    identifier, or belong to a public name server of which both addresses are there.
    """
    if around.known(found.host):
        return True
    if found.kind == "ipv6":
        return True
    if found.kind == "ipv4":
        return found.port is not None or _is_no_version(found.host) or _is_resolver(found.host, around.texts)
    first, _, rest = found.host.partition(".")
    last = found.host.rpartition(".")[2]
    domain = host_text.registered_domain(found.host)
    if first in REVERSED or domain is None or domain in around.key_domains or _is_package(found.host, around.classes):
        return False
    if found.port is not None or domain in around.url_domains:
        return True
    return last in host_text.TAKEN_ALONE and first not in PLATFORM and (len(first) > 1 or "." in rest)


def _is_resolver(address: str, texts: Collection[str]) -> bool:
    """Tell whether both addresses of one public name server are there, so that neither is a version number."""
    return address in _RESOLVERS and all(other in texts for other in _RESOLVERS[address])


def _is_no_version(address: str) -> bool:
    """Tell apart addresses and dotted numbers: object identifiers begin with 0 to 2, versions hold small numbers."""
    octets = [int(octet) for octet in address.split(".")]
    return octets[0] > 10 and min(octets) > 0 and max(octets) >= 32


def _is_package(name: str, classes: Sequence[Sequence[bytes]]) -> bool:
    """Tell whether a type of these lies in a package, or is a class, of this name."""
    return any(under(names, descriptor_prefix(name)) for names in classes)


def find_endpoints(
    dexes: Sequence[DexFile],
    classes: Sequence[Sequence[bytes]],
    knowledge: Knowledge,
    elsewhere: AssetFacts = NO_ASSETS,
    uses: RulesByUse = lambda _: {},
    uses_of: UsesOf = lambda _: {},
    glance: UsesOf | None = None,
    spots: dict[str, tuple[Spot, ...]] | None = None,
) -> tuple[tuple[Endpoint, ...], tuple[Skipped, ...]]:
    """Return the endpoints in strings of DEX files and in other files, by host, and what was left out.

    Those that a rule takes out are among them.

    Args:
        dexes: the DEX files of one package.
        classes: for each of them the sorted descriptors of the classes it names.
        knowledge: owners of hosts, and rules that take endpoints out.
        elsewhere: what other files of the package mention.
        uses: see `HostCollector.endpoints`; where it is left out, all strings count.
        uses_of: see there too; where it is left out, it is unknown what becomes of them.
        glance: see there too.
        spots: is given the strings of DEX files that name each host, where all of them are known.
    """
    collector = HostCollector(knowledge)
    for found, name, offset in islice(_url_mentions(dexes), MAX_MENTIONS + 1):
        collector.add(found, "dex-string", name, offset)
    cut: list[Skipped] = []
    decoded = (mention for dex in dexes for mention in decoded_mentions(dex, cut))
    for one in chain(decoded, elsewhere.mentions):
        use = _use_in_file(one)
        collector.add(one.found, one.kind, one.where, one.offset, one.rule, encoding=one.encoding, use=use)
    for joined in joined_hosts(dexes, classes, knowledge.libraries):
        collector.add(joined.host, "decoded", joined.where, joined.offset, encoding="joined")
    heads = list(islice(chain(_heads(dexes), _relays(dexes)), MAX_MENTIONS))
    texts = {text for _, _, text in heads if "/" not in text} | {one.text for one in elsewhere.candidates}
    around = Surroundings(
        classes=classes,
        url_domains=collector.domains,
        key_domains=key_domains(texts),
        known=lambda host: known_host(host, knowledge).is_known,
        texts=texts,
    )
    for name, offset, text in heads:
        if bare := host_text.find_bare_host(text) or host_text.find_bare_ipv6(text):
            look_alike = None if is_endpoint(bare, around) else _LOOK_ALIKES[bare.kind]
            collector.add(bare, "dex-string", name, offset, look_alike)
    for candidate in elsewhere.candidates:
        if bare := host_text.find_bare_host(candidate.text):
            look_alike = None if is_endpoint(bare, around) else _LOOK_ALIKES[bare.kind]
            at = (candidate.where, candidate.offset)
            collector.add(bare, candidate.kind, *at, look_alike, encoding=candidate.encoding)
    if spots is not None:
        spots.update(collector.texts())
    left_out = _left_out(dexes, collector.complete and len(heads) < MAX_MENTIONS)
    return collector.endpoints(uses, uses_of, glance), (*cut, *left_out)


def _use_in_file(mention: Mention) -> TextUse:
    """Return what becomes of a mention in another file than code."""
    if not (mention.is_asked or mention.is_link):
        return NOT_SETTLED
    use: AddressUse = "fetched" if mention.is_asked else "opened"
    said = "a script hands it to a call that connects"
    if mention.is_link:
        said = "a link or a text in a page that only shows it"
    return TextUse(use, Evidence(kind=mention.kind, where=mention.where, value=f"{use}: {said}", offset=mention.offset))


def _texts(dexes: Iterable[DexFile], choose: Callable[[Strings], Iterable[Text]]) -> Iterator[tuple[str, int, str]]:
    """Return file, offset and text of the strings that are chosen, file by file."""
    return ((dex.name, offset, text) for dex in dexes for offset, text in choose(dex.strings))


def _heads(dexes: Iterable[DexFile]) -> Iterator[tuple[str, int, str]]:
    """Yield the texts that may be a host alone, and each address of those that are a list of IPv4 addresses with ports.

    A list has no path; behind the first slash of a host anything may stand.
    """
    for name, offset, text in _texts(dexes, lambda strings: strings.headed(_NAME_BYTES, b".:", _LONGEST_HEAD)):
        is_list = len(text) <= _LONGEST_HEAD and _BETWEEN.search(text.removeprefix("//").partition("/")[0])
        parts = _BETWEEN.split(text) if is_list else [text]
        if not is_list or all(_has_port(part) for part in parts):
            yield from ((name, offset, part) for part in parts)


def _has_port(text: str) -> bool:
    found = host_text.find_bare_host(text)
    return found is not None and found.kind == "ipv4" and found.port is not None


def _relays(dexes: Iterable[DexFile]) -> Iterator[tuple[str, int, str]]:
    """Return the relays for calls that stand in texts, each as a text of its own."""
    found = _texts(dexes, lambda strings: chain(strings.holding(b"stun:"), strings.holding(b"turn:")))
    return ((name, offset, relay) for name, offset, text in found for relay in host_text.relays_in(text))


def _url_mentions(dexes: Iterable[DexFile]) -> Iterator[tuple[host_text.Host, str, int]]:
    for name, offset, text in _texts(dexes, lambda strings: strings.holding(_URL_MARK)):
        for found in host_text.find_urls(text):
            yield found, name, offset


def _left_out(dexes: Sequence[DexFile], complete: bool) -> tuple[Skipped, ...]:
    if complete:
        return ()
    reason = f"It holds more than {MAX_HOSTS} hosts or {MAX_MENTIONS} mentions of hosts; the others are not listed."
    return (
        Skipped(
            subject=dexes[0].name if dexes else "the other files", step="dex", code="too-many-endpoints", reason=reason
        ),
    )
