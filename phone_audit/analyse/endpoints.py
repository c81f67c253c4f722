"""Endpoints: the hosts that stand in the text of a package, one value each."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Final

from phone_audit.analyse.bare_hosts import Surroundings, is_endpoint, key_domains
from phone_audit.analyse.dex.file import DexFile
from phone_audit.analyse.dex.strings import Strings, Text
from phone_audit.analyse.host_text import (
    CLEARTEXT_SCHEMES,
    MAX_HOST,
    Host,
    find_bare_host,
    find_bare_ipv6,
    find_urls,
)
from phone_audit.analyse.suffixes import registered_domain
from phone_audit.knowledge.hosts import HostIndex
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apk import Endpoint, HeldBy, HostKind
from phone_audit.model.finding import Evidence, EvidenceKind, Skipped

MAX_URLS: Final = 50
"""URLs listed of one host: the first ones found, DEX file by DEX file in ascending offset."""
MAX_EVIDENCE: Final = 5
"""Strings shown as evidence of one host, chosen in the same way."""
MAX_HOSTS: Final = 5_000
MAX_MENTIONS: Final = 200_000
"""More than any real package holds; what goes beyond is left out and said to be."""

UNKNOWN_SUFFIX: Final = "unknown-suffix"
"""What takes out a host whose last label nobody can register, such as the class names in XML feature names. It rests on
the public suffix list, not on a rule of the knowledge."""

_URL_MARK: Final = rb":(?:\\?/){2}"
_LONGEST_HEAD: Final = MAX_HOST + len(":65535")
_NAME_BYTES: Final = b"abcdefghijklmnopqrstuvwxyz0123456789-"


@dataclass
class _Gathered:
    """Everything seen of one host.

    Attributes:
        rule: what takes the host out whatever its URLs are.
        url_rules: what took single URLs out.
        free_url: whether some URL was taken out by nothing.
    """

    kind: HostKind
    rule: str | None
    urls: set[str] = field(default_factory=set)
    schemes: set[str] = field(default_factory=set)
    ports: set[int] = field(default_factory=set)
    evidence: list[Evidence] = field(default_factory=list)
    url_rules: set[str] = field(default_factory=set)
    free_url: bool = False
    cleartext: bool = False


class Gatherer:
    """Joins mentions of hosts into one endpoint a host.

    Its size is bounded by `MAX_HOSTS`, `MAX_URLS` and `MAX_EVIDENCE`, however much is added.

    Attributes:
        complete: false once a host or a mention was left out.
    """

    def __init__(self, knowledge: Knowledge) -> None:
        self.complete = True
        self._knowledge = knowledge
        self._left = MAX_MENTIONS
        self._hosts: dict[str, _Gathered] = {}

    @property
    def domains(self) -> frozenset[str]:
        """Registered domains of what was added so far."""
        names = (host for host, gathered in self._hosts.items() if gathered.kind == "domain")
        return frozenset(domain for name in names if (domain := registered_domain(name)))

    def add(self, found: Host, kind: EvidenceKind, where: str, offset: int | None) -> None:
        """Take in one mention of a host.

        Args:
            found: the host.
            kind: what sort of text it stands in.
            where: the file inside the package.
            offset: where the text begins in that file, in bytes.
        """
        gathered = self._hosts.get(found.host)
        if self._left == 0 or (gathered is None and len(self._hosts) == MAX_HOSTS):
            self.complete = False
            return
        self._left -= 1
        if gathered is None:
            gathered = self._hosts[found.host] = _Gathered(found.kind, self._host_rule(found))
        if found.url:
            self._add_url(gathered, found)
        if found.port:
            gathered.ports.add(found.port)
        if len(gathered.evidence) < MAX_EVIDENCE:
            evidence = Evidence(kind=kind, where=where, value=found.excerpt, offset=offset)
            if evidence not in gathered.evidence:
                gathered.evidence.append(evidence)

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Give what was gathered, by host."""
        return tuple(self._endpoint(host, self._hosts[host]) for host in sorted(self._hosts))

    def _add_url(self, gathered: _Gathered, found: Host) -> None:
        if len(gathered.urls) < MAX_URLS:
            gathered.urls.add(found.url)
        gathered.schemes.add(found.scheme)
        if gathered.rule:
            return
        if rule := self._knowledge.rule_for(found.host, found.url):
            gathered.url_rules.add(rule.id)
        else:
            gathered.free_url = True
            gathered.cleartext |= found.scheme in CLEARTEXT_SCHEMES

    def _host_rule(self, found: Host) -> str | None:
        """Give the rule that takes the host out whatever its URLs are."""
        if rule := self._knowledge.rule_for(found.host, ""):
            return rule.id
        return UNKNOWN_SUFFIX if found.kind == "domain" and registered_domain(found.host) is None else None

    def _endpoint(self, host: str, gathered: _Gathered) -> Endpoint:
        owner = self._knowledge.owner_of(host)
        evidence = sorted(gathered.evidence, key=lambda one: (one.where, one.offset or 0, one.value))
        return Endpoint(
            host=host,
            kind=gathered.kind,
            registered_domain=registered_domain(host) if gathered.kind == "domain" else None,
            urls=tuple(sorted(gathered.urls)),
            schemes=tuple(sorted(gathered.schemes)),
            ports=tuple(sorted(gathered.ports)),
            cleartext=gathered.cleartext,
            owner=owner.owner if owner else None,
            category=owner.category if owner else "unknown",
            ruled_out=_ruled_out(gathered),
            held_by=(HeldBy(party="unknown", library=None, evidence=tuple(evidence)),),
        )


def _ruled_out(gathered: _Gathered) -> str | None:
    """Give the rule that takes an endpoint out.

    A name that stands alone is no more than its URLs are: where every URL is documentation, so is the name.
    """
    if gathered.rule or gathered.free_url or not gathered.url_rules:
        return gathered.rule
    return min(gathered.url_rules)


def find_endpoints(
    dexes: Sequence[DexFile], classes: Sequence[Sequence[bytes]], knowledge: Knowledge
) -> tuple[tuple[Endpoint, ...], tuple[Skipped, ...]]:
    """Find the endpoints in the strings of DEX files.

    Args:
        dexes: the DEX files of one package.
        classes: for each of them the sorted descriptors of the classes it names.
        knowledge: owners of hosts, and rules that take endpoints out.

    Returns:
        Endpoints by host, those that a rule takes out among them; and what was left out.
    """
    gatherer = Gatherer(knowledge)
    for found, name, offset in islice(_url_mentions(dexes), MAX_MENTIONS + 1):
        gatherer.add(found, "dex-string", name, offset)
    heads = list(islice(_texts(dexes, lambda strings: strings.headed(_NAME_BYTES, b".:", _LONGEST_HEAD)), MAX_MENTIONS))
    around = Surroundings(
        classes=classes,
        url_domains=gatherer.domains,
        key_domains=key_domains({text for _, _, text in heads if "/" not in text}),
        known=lambda host: _is_known(host, knowledge),
    )
    for name, offset, text in heads:
        bare = find_bare_host(text) or find_bare_ipv6(text)
        if bare and is_endpoint(bare, around):
            gatherer.add(bare, "dex-string", name, offset)
    return gatherer.endpoints(), _left_out(dexes, gatherer.complete and len(heads) < MAX_MENTIONS)


def _texts(dexes: Iterable[DexFile], choose: Callable[[Strings], Iterable[Text]]) -> Iterator[tuple[str, int, str]]:
    """Give file, offset and text of the strings that are chosen, file by file."""
    return ((dex.name, offset, text) for dex in dexes for offset, text in choose(dex.strings))


def _url_mentions(dexes: Iterable[DexFile]) -> Iterator[tuple[Host, str, int]]:
    for name, offset, text in _texts(dexes, lambda strings: strings.holding(_URL_MARK)):
        for found in find_urls(text):
            yield found, name, offset


def _left_out(dexes: Sequence[DexFile], complete: bool) -> tuple[Skipped, ...]:
    if complete:
        return ()
    reason = f"It holds more than {MAX_HOSTS} hosts or {MAX_MENTIONS} mentions of hosts; the others are not listed."
    return (Skipped(subject=dexes[0].name, step="dex", code="too-many-endpoints", reason=reason),)


def _is_known(host: str, knowledge: Knowledge) -> bool:
    return bool(
        knowledge.owner_of(host)
        or knowledge.trackers_of_host(host)
        or _incident_hosts(knowledge).longest(host)
        or knowledge.rule_for(host, "")
    )


@lru_cache(maxsize=1)
def _incident_hosts(knowledge: Knowledge) -> HostIndex[str]:
    """Give the hosts that published incidents name, whatever they prove."""
    values = [fact.value for entry in knowledge.incidents for fact in entry.endpoints]
    found = [host for value in values for host in (find_bare_host(value.lower()), *find_urls(value)) if host]
    return HostIndex((host.host, host.host) for host in found)
