"""What is seen of each host of a package, joined into one endpoint a host; and whether it counts."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

from phone_audit.apk.assets.url_context import OF_PLACES
from phone_audit.apk.endpoints.address_nodes import READ_OUT, Spot, TextUse
from phone_audit.apk.endpoints.address_use import NOT_SETTLED, strongest
from phone_audit.apk.endpoints.uses import BY_USE, MESSAGE, PROBE, PROSE, SUFFIX_LIST, UNUSED
from phone_audit.apk.text.host_text import Host, find_bare_host, find_urls, registered_domain
from phone_audit.apk.text.prose import has_sentence_around, is_name_in_markup
from phone_audit.knowledge.hosts import HostIndex
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.schema.facts import HostFact, RuledOutRule
from phone_audit.model.apk import CLEARTEXT_SCHEMES, COUNTING_USES, AddressUse, Endpoint, HeldBy, HostKind
from phone_audit.model.finding import Evidence, EvidenceKind

MAX_URLS: Final = 50
"""URLs listed of one host: the first ones found, DEX file by DEX file in ascending offset."""
MAX_EVIDENCE: Final = 5
"""Strings shown as evidence of one host; of more, `holders.py` chooses."""
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

OF_CODE: Final = ("dex-string", "decoded")
"""Where code may cut any text, or does."""

IDENTIFIER: Final = "identifier"
"""Texts that only their owner could serve, and that code hands on inside of other addresses."""

RulesByUse = Callable[[Mapping[Spot, str]], Mapping[Spot, str]]
UsesOf = Callable[[Collection[Spot]], Mapping[Spot, TextUse]]

_USE_OF_RULE: Final[Mapping[str, AddressUse]] = {
    UNUSED: "unused", MESSAGE: "opened", PROSE: "opened", PROBE: "compared", SUFFIX_LIST: "compared",
}  # fmt: skip
"""What becomes of a text that is ruled out by its use."""

_SPARED: Final = "spared"
_SPARED_UNLESS_FETCHED: Final = "spared-unless-fetched"
"""Stand for the scheme of a URL of which a rule says that little follows from its being called without encryption."""
_SPARED_AS: Final = {"always": _SPARED, "unless-fetched": _SPARED_UNLESS_FETCHED}
_MOST_TEXTS: Final = 200
"""Strings that name one host, however they spell it; where there are more, none is told."""
MAX_SPOTS: Final = 20
"""Strings of one host whose use is looked at; with more of them it counts."""
MAX_SHAPES: Final = 100
"""URLs of one package that only their shape takes out; more than these all count."""
_SHAPE, _NAMED, _NUMBER, _LOOK_ALIKE = range(4)
"""What takes a string out, in the order in which it is found out what code does with them: a shape that anybody can
give a URL, a rule that names it, looking like a version, looking like another name."""


class Look(NamedTuple):
    """How a string of a DEX file looks that is taken out by that: what it says, and the schemes of its URLs."""

    rank: int
    text: str
    schemes: set[str]

    def counts(self, seen: TextUse) -> bool:
        """Tell whether it counts after all, by what code does with it."""
        if self.rank != _SHAPE:
            return seen.use == "fetched" and (seen.runs or self.rank != _NAMED)
        is_message = seen.rule == READ_OUT and has_sentence_around(self.text)
        return seen.use in COUNTING_USES and not is_message


@dataclass
class HostRecord:
    """Everything seen of one host.

    Attributes:
        rule: what takes the host out whatever its URLs are.
        reachable: whether code can connect to it although it is out, as in the owner's own network.
        url_rules: what took single URLs out.
        look_alikes: what took it out where it stood alone, or where the code does nothing with it.
        free_url: whether some URL was taken out by nothing.
        free_name: whether it stood alone and was taken out by nothing.
        free_spots: strings of DEX files that would make it count, unless the code does nothing with them; for each what
            it says, and the URLs' schemes, or an empty text where it stands alone.
        spots: the strings of DEX files that make it count, with the same schemes; what becomes of them is looked at.
        elsewhere: what becomes of mentions in other files that make it count, each with its scheme, in their order.
        texts: the strings of DEX files that name it, however they spell it.
        looks: those of them that are taken out by what they look like.
        connected: whether one of these counts after all.
        gathered: how many pieces of evidence there are, by whether code holds them and whether they name an
            unencrypted scheme.
    """

    kind: HostKind
    rule: str | None
    reachable: bool = False
    urls: set[str] = field(default_factory=set)
    schemes: set[str] = field(default_factory=set)
    ports: set[int] = field(default_factory=set)
    evidence: list[Evidence] = field(default_factory=list)
    url_rules: set[str] = field(default_factory=set)
    look_alikes: set[str] = field(default_factory=set)
    free_url: bool = False
    free_name: bool = False
    free_spots: dict[Spot, tuple[str, set[str]]] = field(default_factory=dict)
    cleartext: bool = False
    spots: dict[Spot, set[str]] = field(default_factory=dict)
    elsewhere: dict[tuple[str, TextUse], None] = field(default_factory=dict)
    texts: dict[Spot, None] = field(default_factory=dict)
    looks: dict[Spot, Look] = field(default_factory=dict)
    connected: bool = False
    gathered: Counter[tuple[bool, bool]] = field(default_factory=Counter)

    def has_room(self, kind: EvidenceKind, *, in_cleartext: bool) -> bool:
        """Tell whether one more piece of evidence is gathered: no other kind of text takes the room of one."""
        in_code = kind in OF_CODE
        return self.gathered[in_code, in_cleartext] < (MAX_SPOTS if in_code and in_cleartext else MAX_EVIDENCE)

    def mention(self, scheme: str, spot: Spot | None, seen: TextUse) -> None:
        """Take in what becomes of a mention that may count: of a string of a DEX file, or as the place of it tells."""
        if spot is not None and (spot in self.spots or len(self.spots) < MAX_SPOTS):
            self.spots.setdefault(spot, set()).add(scheme)
        else:
            self.elsewhere[scheme, seen] = None

    def uses(self, found: Mapping[Spot, TextUse]) -> list[tuple[str, TextUse]]:
        """Return what becomes of each mention, with its scheme."""
        of_code = [(scheme, found.get(spot, NOT_SETTLED)) for spot in self.spots for scheme in self.spots[spot]]
        return [*of_code, *self.elsewhere]

    def free(self, scheme: str, spot: Spot | None, text: str) -> None:
        """Take in a mention that counts; `scheme` is empty for a name alone, `spot` the string, where it is one."""
        if spot is not None and (spot in self.free_spots or len(self.free_spots) < MAX_SPOTS):
            self.free_spots.setdefault(spot, (text, set()))[1].add(scheme)
        elif scheme:
            self.free_url = True
            self.cleartext |= scheme in CLEARTEXT_SCHEMES or scheme == _SPARED_UNLESS_FETCHED
        else:
            self.free_name = True

    def bring_back(self, spot: Spot | None, schemes: Collection[str], seen: TextUse) -> None:
        """Let a string count that is taken out by what it looks like: code connects to it."""
        self.connected = True
        for scheme in schemes:
            self.mention(scheme, spot, seen)
            self.free(scheme, None, "")

    def decide(self, rules: Mapping[Spot, str]) -> None:
        """Let each string count, unless a rule takes it out by what the code does with it."""
        for spot, (_, schemes) in self.free_spots.items():
            for scheme in schemes:
                if spot in rules:
                    self.look_alikes.add(rules[spot])
                    self.spots.pop(spot, None)
                else:
                    self.free(scheme, None, "")
        self.free_spots.clear()

    @property
    def ruled_out(self) -> str | None:
        """The rule that takes the host out.

        A name that stands alone is no more than its URLs are: where every URL is documentation, so is the name.
        """
        if self.connected:
            return None
        if self.rule or self.free_url:
            return self.rule
        if self.url_rules or self.free_name:
            return min(self.url_rules, default=None)
        return min(self.look_alikes, default=None)

    @property
    def is_followed(self) -> bool:
        """Whether it is found out what code does with it."""
        return self.reachable or self.ruled_out is None


class _Looking(NamedTuple):
    record: HostRecord
    spot: Spot
    look: Look


class HostCollector:
    """Joins mentions of hosts into one endpoint a host; `complete` is false once a host or a mention was left out.

    Its size is bounded by `MAX_HOSTS`, `MAX_URLS` and `MAX_EVIDENCE`, however much is added.
    """

    def __init__(self, knowledge: Knowledge) -> None:
        self.complete = True
        self._knowledge = knowledge
        self._by_analysis = {rule.id for rule in knowledge.rules if rule.by == "analysis"}
        self._left = MAX_MENTIONS
        self._hosts: dict[str, HostRecord] = {}

    @property
    def domains(self) -> frozenset[str]:
        """Registered domains of what was added so far."""
        names = (host for host, record in self._hosts.items() if record.kind == "domain")
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
        use: TextUse = NOT_SETTLED,
    ) -> None:
        """Take in one mention of a host."""
        record = self._hosts.get(found.host)
        if self._left == 0 or (record is None and len(self._hosts) == MAX_HOSTS):
            self.complete = False
            return
        self._left -= 1
        if rule is None and found.url and kind not in OF_CODE and is_name_in_markup(found.excerpt, found.url):
            rule = MARKUP_NAME
        if record is None:
            record = self._hosts[found.host] = self._new_record(found)
        in_cleartext = found.scheme in CLEARTEXT_SCHEMES
        if in_cleartext and not self._is_wanted(found.host):
            found = self._spared(found)
        spot = Spot(where, offset) if kind == "dex-string" and encoding is None and offset is not None else None
        if spot is not None and len(record.texts) <= _MOST_TEXTS:
            record.texts[spot] = None
        may_fall = None if self._is_wanted(found.host) else spot
        counts = (
            self._add_url(record, found, rule, may_fall) if found.url else self._add_name(record, found, rule, may_fall)
        )
        scheme = found.scheme if found.url else ""
        if counts:
            record.mention(scheme, spot, use)
        elif (rank := self._rank(record, found, rule)) is not None:
            if spot is not None:
                record.looks.setdefault(spot, Look(rank, found.excerpt, set())).schemes.add(scheme)
            elif use.use == "fetched":
                record.bring_back(None, [scheme], use)
        if found.port:
            record.ports.add(found.port)
        if record.has_room(kind, in_cleartext=in_cleartext):
            evidence = Evidence(kind=kind, where=where, value=found.excerpt, offset=offset, encoding=encoding)
            if evidence not in record.evidence:
                record.evidence.append(evidence)
                record.gathered[kind in OF_CODE, in_cleartext] += 1

    def endpoints(
        self, uses: RulesByUse, uses_of: UsesOf = lambda _: {}, glance: UsesOf | None = None
    ) -> tuple[Endpoint, ...]:
        """Return what was gathered, by host.

        Args:
            uses: tells which rules take strings of DEX files out by their use.
            uses_of: tells what becomes of the strings of DEX files that count.
            glance: the same of those that look like something else, as far as code close by tells; where that is not
                enough, and where it is left out, `uses_of` is asked, but for names that only their owners could serve.
        """
        undecided = [one for one in self._hosts.values() if one.rule is None and not one.free_url]
        rules = uses({spot: text for one in undecided for spot, (text, _) in one.free_spots.items()})
        for one in self._hosts.values():
            one.decide({spot: rule for spot, rule in rules.items() if rule in self._by_analysis})
        shapes, others = self._looks()
        found = {} if len(shapes) > MAX_SHAPES else dict(uses_of([one.spot for one in shapes]))
        for record, spot, look in shapes:
            if len(shapes) > MAX_SHAPES or (spot in found and look.counts(found[spot])):
                record.bring_back(spot, look.schemes, NOT_SETTLED)
        found |= uses_of({spot for one in self._hosts.values() if one.is_followed for spot in one.spots})
        looking = dict((glance or uses_of)([one.spot for one in others]))
        open_ones = (one.spot for one in others if one.look.rank != _NAMED)
        looking.update(uses_of([spot for spot in open_ones if spot in looking and looking[spot].is_cut]))
        for record, spot, look in others:
            if spot in looking and look.counts(looking[spot]):
                record.bring_back(spot, look.schemes, NOT_SETTLED)
        found.update(looking)
        return tuple(self._endpoint(host, self._hosts[host], found) for host in sorted(self._hosts))

    def texts(self) -> dict[str, tuple[Spot, ...]]:
        """Return the strings of DEX files that name each host, of those of which all are known."""
        known = self._hosts.items() if self.complete else ()
        return {host: tuple(one.texts) for host, one in known if len(one.texts) <= _MOST_TEXTS}

    def _looks(self) -> tuple[list[_Looking], list[_Looking]]:
        """Return the strings that are taken out by what they look like: those of a shape, and in order all others."""
        found = [_Looking(one, spot, look) for one in self._hosts.values() for spot, look in one.looks.items()]
        found.sort(key=lambda one: (one.look.rank, one.spot))
        shapes = [one for one in found if one.look.rank == _SHAPE]
        return shapes, found[len(shapes) :]

    def _rank(self, record: HostRecord, found: Host, rule: str | None) -> int | None:
        """Return what takes a mention out that code can connect to all the same; None where it leads nowhere."""
        if record.kind != "domain":
            return _NUMBER if rule == DOTTED_NUMBER and record.rule is None else None
        if registered_domain(found.host) is None:
            return None
        if rule is not None:
            return _LOOK_ALIKE if rule == LOOK_ALIKE else None
        text = found.url or found.excerpt
        if self._knowledge.is_ruled_by_shape(found.host, text):
            return _SHAPE
        named = self._knowledge.rule_for(found.host, text)
        return None if named is None or named.reachable or named.id == IDENTIFIER else _NAMED

    def _spared(self, found: Host) -> Host:
        """Put another word for the scheme where a rule says that little follows from its encrypting nothing.

        Rules speak of pages: of what is asked for by HTTP, where everybody has it, without a name or a password.
        """
        if found.scheme != "http" or found.port not in (None, 80) or "@" in found.url.split("/", 3)[2]:
            return found
        rule = self._knowledge.spared_in_cleartext(found.host, found.url)
        return found._replace(scheme=_SPARED_AS[rule.spares]) if rule and rule.spares else found

    def _is_wanted(self, host: str) -> bool:
        return known_host(host, self._knowledge).is_wanted

    def _add_url(self, record: HostRecord, found: Host, of_place: str | None, spot: Spot | None) -> bool:
        """Take in a URL; tell whether code may connect to it, for its looks and its place."""
        if len(record.urls) < MAX_URLS:
            record.urls.add(found.url)
        record.schemes.add(found.url.partition(":")[0].lower())
        if record.rule:
            return record.reachable
        if rule := self._knowledge.rule_for(found.host, found.url):
            record.url_rules.add(rule.id)
        elif of_place in self._by_analysis and not self._is_wanted(found.host):
            record.url_rules.add(of_place)
        else:
            record.free(found.scheme, spot, found.excerpt)
            return True
        return False

    def _add_name(self, record: HostRecord, found: Host, look_alike: str | None, spot: Spot | None) -> bool:
        if look_alike in self._by_analysis:
            record.look_alikes.add(look_alike)
        elif rule := self._knowledge.rule_for(found.host, found.excerpt):
            record.url_rules.add(rule.id)
            return record.reachable
        else:
            record.free("", spot, found.excerpt)
            return True
        return False

    def _new_record(self, found: Host) -> HostRecord:
        if rule := known_host(found.host, self._knowledge).rule:
            return HostRecord(found.kind, rule.id, rule.reachable)
        unknown = UNKNOWN_SUFFIX in self._by_analysis and found.kind == "domain" and not registered_domain(found.host)
        return HostRecord(found.kind, UNKNOWN_SUFFIX if unknown else None)

    def _endpoint(self, host: str, record: HostRecord, found: Mapping[Spot, TextUse]) -> Endpoint:
        uses = record.uses(found) if record.is_followed else []
        decides = strongest(seen for _, seen in uses)
        in_cleartext = [seen for scheme, seen in uses if scheme in CLEARTEXT_SCHEMES]
        spared = [seen for scheme, seen in uses if scheme == _SPARED_UNLESS_FETCHED]
        in_cleartext += [one if one.use == "fetched" else one._replace(use="opened") for one in spared]
        owner = known_host(host, self._knowledge).owner
        evidence = sorted(record.evidence, key=lambda one: (one.where, one.offset or 0, one.value))
        return Endpoint(
            host=host,
            kind=record.kind,
            registered_domain=registered_domain(host) if record.kind == "domain" else None,
            urls=tuple(sorted(record.urls)),
            schemes=tuple(sorted(record.schemes)),
            ports=tuple(sorted(record.ports)),
            cleartext=record.cleartext,
            owner=owner.owner if owner else None,
            category=owner.category if owner else "unknown",
            ruled_out=record.ruled_out,
            held_by=(HeldBy(party="unknown", library=None, evidence=tuple(evidence)),),
            use=_USE_OF_RULE.get(record.ruled_out or "", decides.use),
            cleartext_use=strongest(in_cleartext).use if in_cleartext else None,
            use_evidence=(decides.evidence,) if decides.evidence else (),
        )


class KnownHost(NamedTuple):
    """What knowledge says about a host: whose it is, and what takes it out whatever its URLs are.

    With `is_wanted` a tracker or a published incident has it, so that it counts wherever it stands.
    """

    owner: HostFact | None
    is_wanted: bool
    rule: RuledOutRule | None

    @property
    def is_known(self) -> bool:
        return self.owner is not None or self.is_wanted or self.rule is not None


@lru_cache(maxsize=8192)
def known_host(host: str, knowledge: Knowledge) -> KnownHost:
    """Look a host up; many packages share the same few."""
    is_wanted = bool(knowledge.trackers_of_host(host) or _incident_hosts(knowledge).longest(host))
    return KnownHost(knowledge.owner_of(host), is_wanted, knowledge.rule_for(host, ""))


@lru_cache(maxsize=1)
def _incident_hosts(knowledge: Knowledge) -> HostIndex[str]:
    """Return the hosts that published incidents name, whatever they prove."""
    values = [fact.value for entry in knowledge.incidents for fact in entry.endpoints]
    found = [host for value in values for host in (find_bare_host(value.lower()), *find_urls(value)) if host]
    return HostIndex((host.host, host.host) for host in found)
