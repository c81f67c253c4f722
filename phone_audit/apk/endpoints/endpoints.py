"""Endpoints: the hosts that stand in the text of a package, one value each."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, islice
from typing import Final, NamedTuple

from phone_audit.apk.assets.apart import OF_PLACES
from phone_audit.apk.assets.dex_strings import decoded_mentions
from phone_audit.apk.assets.found import NOTHING_ELSEWHERE, Elsewhere
from phone_audit.apk.dex.file import DexFile
from phone_audit.apk.dex.strings import Strings, Text
from phone_audit.apk.endpoints.bare_hosts import Surroundings, is_endpoint, key_domains
from phone_audit.apk.endpoints.host_text import (
    MAX_HOST,
    Host,
    find_bare_host,
    find_bare_ipv6,
    find_urls,
)
from phone_audit.apk.endpoints.markup_names import is_name_in_markup
from phone_audit.apk.endpoints.public_suffixes import registered_domain
from phone_audit.apk.endpoints.seen_hosts import Gathered
from phone_audit.apk.endpoints.uses import BY_USE, Spot
from phone_audit.knowledge.hosts import HostIndex
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.schema.facts import HostFact, RuledOutRule
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
LOOK_ALIKE: Final = "look-alike"
DOTTED_NUMBER: Final = "dotted-number"
MARKUP_NAME: Final = "markup-name"
BY_ANALYSIS: Final = frozenset({UNKNOWN_SUFFIX, LOOK_ALIKE, DOTTED_NUMBER, MARKUP_NAME, *OF_PLACES, *BY_USE})
"""Rules of the knowledge that are tried here, by what stands around a text: their reasons are among the data. Rules
that name whole texts come on top."""

_URL_MARK: Final = rb":(?:\\?/){2}"
_LONGEST_HEAD: Final = MAX_HOST + len(":65535")
_NAME_BYTES: Final = b"abcdefghijklmnopqrstuvwxyz0123456789-[]"

_CODE: Final = ("dex-string", "decoded")
"""Where code may cut any text, or does."""

RulesByUse = Callable[[Mapping[Spot, str]], Mapping[Spot, str]]
_LOOK_ALIKES: Final[dict[HostKind, str]] = {"domain": LOOK_ALIKE, "ipv4": DOTTED_NUMBER, "ipv6": DOTTED_NUMBER}


class Gatherer:
    """Joins mentions of hosts into one endpoint a host.

    Its size is bounded by `MAX_HOSTS`, `MAX_URLS` and `MAX_EVIDENCE`, however much is added.

    Attributes:
        complete: false once a host or a mention was left out.
    """

    def __init__(self, knowledge: Knowledge) -> None:
        self.complete = True
        self._knowledge = knowledge
        self._by_analysis = {rule.id for rule in knowledge.rules if rule.by == "analysis"}
        self._left = MAX_MENTIONS
        self._hosts: dict[str, Gathered] = {}

    @property
    def domains(self) -> frozenset[str]:
        """Registered domains of what was added so far."""
        names = (host for host, gathered in self._hosts.items() if gathered.kind == "domain")
        return frozenset(domain for name in names if (domain := registered_domain(name)))

    def add(
        self,
        found: Host,
        kind: EvidenceKind,
        where: str,
        offset: int | None,
        rule: str | None = None,
        *,
        encoding: str | None = None,
    ) -> None:
        """Take in one mention of a host.

        Args:
            found: the host.
            kind: what sort of text it stands in.
            where: the file inside the package.
            offset: where the text begins in that file, in bytes.
            rule: the rule of `BY_ANALYSIS` that takes this mention out: by what it looks like, where it is a name
                alone, and by the place it stands in, where it has a URL.
            encoding: how it was written, where it had to be decoded.
        """
        gathered = self._hosts.get(found.host)
        if self._left == 0 or (gathered is None and len(self._hosts) == MAX_HOSTS):
            self.complete = False
            return
        self._left -= 1
        if rule is None and found.url and kind not in _CODE and is_name_in_markup(found.excerpt, found.url):
            rule = MARKUP_NAME
        if gathered is None:
            gathered = self._hosts[found.host] = Gathered(found.kind, self._host_rule(found))
        spot = None
        if kind == "dex-string" and encoding is None and offset is not None and not self._is_wanted(found.host):
            spot = Spot(where, offset)
        if found.url:
            self._add_url(gathered, found, rule, spot)
        else:
            self._add_name(gathered, found, rule, spot)
        if found.port:
            gathered.ports.add(found.port)
        if len(gathered.evidence) < MAX_EVIDENCE:
            evidence = Evidence(kind=kind, where=where, value=found.excerpt, offset=offset, encoding=encoding)
            if evidence not in gathered.evidence:
                gathered.evidence.append(evidence)

    def endpoints(self, uses: RulesByUse) -> tuple[Endpoint, ...]:
        """Return what was gathered, by host.

        Args:
            uses: tells of strings of DEX files which rule takes them out by what the code does with them.
        """
        undecided = [one for one in self._hosts.values() if one.rule is None and not one.free_url]
        rules = uses({spot: text for one in undecided for spot, (text, _) in one.free_spots.items()})
        for one in self._hosts.values():
            one.decide({spot: rule for spot, rule in rules.items() if rule in self._by_analysis})
        return tuple(self._endpoint(host, self._hosts[host]) for host in sorted(self._hosts))

    def _is_wanted(self, host: str) -> bool:
        return _known(host, self._knowledge).is_wanted

    def _add_url(self, gathered: Gathered, found: Host, of_place: str | None, spot: Spot | None) -> None:
        if len(gathered.urls) < MAX_URLS:
            gathered.urls.add(found.url)
        gathered.schemes.add(found.scheme)
        if gathered.rule:
            return
        if rule := self._knowledge.rule_for(found.host, found.url):
            gathered.url_rules.add(rule.id)
        elif of_place in self._by_analysis and not self._is_wanted(found.host):
            gathered.url_rules.add(of_place)
        else:
            gathered.free(found.scheme, spot, found.excerpt)

    def _add_name(self, gathered: Gathered, found: Host, look_alike: str | None, spot: Spot | None) -> None:
        if look_alike in self._by_analysis:
            gathered.look_alikes.add(look_alike)
        elif rule := self._knowledge.rule_for(found.host, found.excerpt):
            gathered.url_rules.add(rule.id)
        else:
            gathered.free("", spot, found.excerpt)

    def _host_rule(self, found: Host) -> str | None:
        """Return the rule that takes the host out whatever its URLs are."""
        if rule := _known(found.host, self._knowledge).rule:
            return rule.id
        unknown = UNKNOWN_SUFFIX in self._by_analysis and found.kind == "domain" and not registered_domain(found.host)
        return UNKNOWN_SUFFIX if unknown else None

    def _endpoint(self, host: str, gathered: Gathered) -> Endpoint:
        owner = _known(host, self._knowledge).owner
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
            ruled_out=gathered.ruled_out,
            held_by=(HeldBy(party="unknown", library=None, evidence=tuple(evidence)),),
        )


def no_uses(spots: Mapping[Spot, str]) -> Mapping[Spot, str]:
    """Know nothing of what the code does with its strings, so that all of them count."""
    return {}


def find_endpoints(
    dexes: Sequence[DexFile],
    classes: Sequence[Sequence[bytes]],
    knowledge: Knowledge,
    elsewhere: Elsewhere = NOTHING_ELSEWHERE,
    uses: RulesByUse = no_uses,
) -> tuple[tuple[Endpoint, ...], tuple[Skipped, ...]]:
    """Find the endpoints in the strings of DEX files, and join those of other files to them.

    Args:
        dexes: the DEX files of one package.
        classes: for each of them the sorted descriptors of the classes it names.
        knowledge: owners of hosts, and rules that take endpoints out.
        elsewhere: what other files of the package mention.
        uses: see `Gatherer.endpoints`.

    Returns:
        Endpoints by host, those that a rule takes out among them; and what was left out.
    """
    gatherer = Gatherer(knowledge)
    for found, name, offset in islice(_url_mentions(dexes), MAX_MENTIONS + 1):
        gatherer.add(found, "dex-string", name, offset)
    cut: list[Skipped] = []
    decoded = (mention for dex in dexes for mention in decoded_mentions(dex, cut))
    for found, kind, where, offset, encoding, rule in chain(decoded, elsewhere.mentions):
        gatherer.add(found, kind, where, offset, rule, encoding=encoding)
    heads = list(islice(_texts(dexes, lambda strings: strings.headed(_NAME_BYTES, b".:", _LONGEST_HEAD)), MAX_MENTIONS))
    texts = {text for _, _, text in heads if "/" not in text} | {one.text for one in elsewhere.candidates}
    around = Surroundings(
        classes=classes,
        url_domains=gatherer.domains,
        key_domains=key_domains(texts),
        known=lambda host: _is_known(host, knowledge),
        texts=texts,
    )
    for name, offset, text in heads:
        if bare := find_bare_host(text) or find_bare_ipv6(text):
            look_alike = None if is_endpoint(bare, around) else _LOOK_ALIKES[bare.kind]
            gatherer.add(bare, "dex-string", name, offset, look_alike)
    for candidate in elsewhere.candidates:
        if bare := find_bare_host(candidate.text):
            look_alike = None if is_endpoint(bare, around) else _LOOK_ALIKES[bare.kind]
            gatherer.add(bare, candidate.kind, candidate.where, candidate.offset, look_alike)
    left_out = _left_out(dexes, gatherer.complete and len(heads) < MAX_MENTIONS)
    return gatherer.endpoints(uses), (*cut, *left_out)


def _texts(dexes: Iterable[DexFile], choose: Callable[[Strings], Iterable[Text]]) -> Iterator[tuple[str, int, str]]:
    """Return file, offset and text of the strings that are chosen, file by file."""
    return ((dex.name, offset, text) for dex in dexes for offset, text in choose(dex.strings))


def _url_mentions(dexes: Iterable[DexFile]) -> Iterator[tuple[Host, str, int]]:
    for name, offset, text in _texts(dexes, lambda strings: strings.holding(_URL_MARK)):
        for found in find_urls(text):
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


def _is_known(host: str, knowledge: Knowledge) -> bool:
    known = _known(host, knowledge)
    return known.owner is not None or known.is_wanted or known.rule is not None


class _Known(NamedTuple):
    """What knowledge says about a host.

    Attributes:
        owner: whose it is.
        is_wanted: whether a tracker or a published incident has it, so that it counts wherever it stands.
        rule: what takes it out whatever its URLs are.
    """

    owner: HostFact | None
    is_wanted: bool
    rule: RuledOutRule | None


@lru_cache(maxsize=8192)
def _known(host: str, knowledge: Knowledge) -> _Known:
    """Look a host up; many packages share the same few."""
    is_wanted = bool(knowledge.trackers_of_host(host) or _incident_hosts(knowledge).longest(host))
    return _Known(knowledge.owner_of(host), is_wanted, knowledge.rule_for(host, ""))


@lru_cache(maxsize=1)
def _incident_hosts(knowledge: Knowledge) -> HostIndex[str]:
    """Return the hosts that published incidents name, whatever they prove."""
    values = [fact.value for entry in knowledge.incidents for fact in entry.endpoints]
    found = [host for value in values for host in (find_bare_host(value.lower()), *find_urls(value)) if host]
    return HostIndex((host.host, host.host) for host in found)
