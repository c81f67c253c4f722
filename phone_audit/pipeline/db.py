"""What is known, as a person looks it up: entries of every kind by id, by text, and the feeds they come from."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from phone_audit.apk.text.host_text import registered_domain
from phone_audit.detect.incidents.selftest import failed_tests
from phone_audit.errors import KnowledgeError, UsageError
from phone_audit.files.short_repr import short_repr
from phone_audit.knowledge.check.counts import counts_of
from phone_audit.knowledge.check.folder import CheckedFolder, check_folder
from phone_audit.knowledge.coverage import at_most
from phone_audit.knowledge.feeds.indicator import KINDS as INDICATOR_KINDS
from phone_audit.knowledge.feeds.indicator import FeedHead, ListedIndicator
from phone_audit.knowledge.feeds.indicator import Kind as IndicatorKind
from phone_audit.knowledge.files import BUNDLED, DataFile, Problem, read_data, read_folder
from phone_audit.knowledge.kinds import INCIDENTS, KINDS, LABELS, SCHEMES, TRACKERS, Kind
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.naming import host_fault
from phone_audit.knowledge.rules import split_url
from phone_audit.knowledge.schema import incident as schema
from phone_audit.knowledge.schema.incident import Fact as IncidentFact
from phone_audit.knowledge.updates.generations import read_pointer
from phone_audit.knowledge.updates.locks import FOLDER as FETCHED
from phone_audit.model.base import Frozen

ENTRY_KINDS = ("incidents", "feeds", *(kind.folder for kind in KINDS if kind is not INCIDENTS))
_TITLES = ("name", "title", "vendor", "owner", "reason")
"""Fields that say what an entry is, the best one first."""
_LISTED_TITLES = ("labels", "classes")
"""Fields of which the first two values stand for a title where an entry has none of those."""
_SELF_TESTS = ("matches", "ignores", "example", "near_miss", "pairs")
_WEIGHTS = {"strong": "a sign by itself", "second": "only a second fact", "none": "proves nothing"}
_BEFORE, _AROUND = 10, 120
"""Letters of a text that a search shows: before what it met, and in all."""
Fact = tuple[str, str]
"""What is said, and the value."""


@dataclass(frozen=True)
class KnownEntry:
    """One entry: its kind, id and title, and what it says, in order. `found` is what a search met."""

    kind: str
    id: str
    title: str
    facts: tuple[Fact, ...]
    found: str = ""


def entries(knowledge: Knowledge, kind: str) -> Iterator[KnownEntry]:
    """Yield the entries of a kind, by id. Raises UsageError where there is no such kind."""
    if kind not in ENTRY_KINDS:
        raise UsageError(f"There is no kind {kind!r}.", f"Kinds: {', '.join(ENTRY_KINDS)}.")
    if kind == "incidents":
        yield from (_incident(entry) for entry in knowledge.incidents)
    elif kind == "feeds":
        yield from (_feed(feed) for feed in knowledge.indicators.feeds)
    else:
        named = next(it for it in KINDS if it.folder == kind)
        yield from (_fact(named, entry) for entry in knowledge.listed(named))


def _fact(kind: Kind[Any], entry: Frozen) -> KnownEntry:
    fields = entry.model_dump(mode="json")
    titled = next(field for field in (*_TITLES, *_LISTED_TITLES) if fields.get(field))
    title = ", ".join(fields[titled][:2]) if titled in _LISTED_TITLES else fields[titled]
    skipped = ("id", titled, *_SELF_TESTS)
    said = ((key, value) for key, value in fields.items() if key not in skipped and value not in (None, [], "", {}))
    facts = ((_words(key), _plain(part)) for key, value in said for part in _parts(value))
    return KnownEntry(kind.folder, kind.id_of(entry), str(title), tuple(facts))


def _words(key: str) -> str:
    return key.replace("_", " ")


def _parts(value: object) -> Sequence[object]:
    """Part a list of things that say several things each; what is one value or a list of texts stays together."""
    return value if isinstance(value, list) and value and isinstance(value[0], dict) else [value]


def show(knowledge: Knowledge, wanted: str) -> list[KnownEntry]:
    """Return the entries of that id, and the incidents and feeds that list it as a value.

    A host, a hash, a package name. Raises a KnowledgeError where nothing is known of it.
    """
    found = [entry for kind in ENTRY_KINDS for entry in entries(knowledge, kind) if entry.id == wanted]
    found += [_incident(entry) for entry in knowledge.incidents if _names(entry, wanted) and entry.id != wanted]
    found += [_listed(listed) for listed in _lookups(knowledge, wanted)]
    found += _of_host(knowledge, wanted, {entry.id for entry in found})
    if not found:
        raise KnowledgeError(f"Nothing is known of {wanted!r}.", "phone-audit db search finds parts of names.")
    return found


def _of_host(knowledge: Knowledge, wanted: str, shown: Collection[str]) -> Iterator[KnownEntry]:
    """Yield what is known of a host through a domain above it: whose it is, what for, and the trackers that use it."""
    host = wanted.lower()
    if host_fault(host, as_owner=True) is not None:
        return
    owner = knowledge.owner_of(host)
    if owner is not None and owner.host not in shown:
        above = [("domain", owner.host)] if owner.host != host else []
        facts = [("category", owner.category), *above, ("source", owner.source)]
        yield KnownEntry("hosts", host, owner.owner, tuple(facts))
    yield from (_fact(TRACKERS, one) for one in knowledge.trackers_of_host(host) if one.id not in shown)


def _names(entry: schema.IncidentEntry, wanted: str) -> bool:
    return any(fact.value.casefold() == wanted.casefold() for _, fact in entry.facts())


def _lookups(knowledge: Knowledge, wanted: str) -> list[ListedIndicator]:
    """Look a value up as whatever it may be."""
    found: dict[tuple[object, str], ListedIndicator] = {}
    for kind in INDICATOR_KINDS:
        for text in (wanted, wanted.lower().replace(":", "")):
            found.update(((hit.indicator, hit.feed.feed), hit) for hit in knowledge.indicators.of(kind, text))
    for hit in (*knowledge.indicators.of_host(wanted.lower()), *knowledge.indicators.of_url(wanted)):
        found[hit.indicator, hit.feed.feed] = hit
    return list(found.values())


def search(knowledge: Knowledge, text: str) -> Iterator[KnownEntry]:
    """Yield the entries that hold a text, upper and lower case alike, and the values of feeds that do."""
    wanted = text.casefold()
    for kind in ENTRY_KINDS:
        for entry in entries(knowledge, kind):
            said = (("id", entry.id), ("title", entry.title), *entry.facts)
            met = next((f"{key}: {_around(value, wanted)}" for key, value in said if wanted in value.casefold()), "")
            if met:
                yield KnownEntry(entry.kind, entry.id, entry.title, entry.facts, met)
    for listed in knowledge.indicators.database:
        indicator = listed.indicator
        if wanted in indicator.value.casefold() or wanted in indicator.about.name.casefold():
            yield _listed(listed)


def _around(text: str, wanted: str) -> str:
    """Return the part of a text in which a search met something."""
    start = max(0, text.casefold().index(wanted) - _BEFORE)
    cut = text[start : start + _AROUND]
    return f"{'…' if start else ''}{cut}{'…' if start + _AROUND < len(text) else ''}"


def _incident(entry: schema.IncidentEntry) -> KnownEntry:
    facts = [
        ("summary", entry.summary),
        ("category", entry.category),
        ("severity", entry.severity),
        ("status", entry.status),
        ("raises", entry.raises),
        ("a match gives at most", at_most(entry)),
        ("nothing to compare", entry.tests.unmatchable or ""),
        ("published", entry.disclosed),
        *((_words(name.partition("[")[0]), f"{fact.value} ({_certainty(fact)})") for name, fact in entry.facts()),
        *(("what to do", step.text) for step in entry.what_to_do),
        *(
            ("source", f"{source.publisher}, {source.title}, {source.date} ({source.kind}) {source.url}")
            for source in entry.sources
        ),
    ]
    return KnownEntry("incidents", entry.id, entry.title, tuple((key, value) for key, value in facts if value))


def _certainty(fact: IncidentFact) -> str:
    """Say how sure a fact is, and what it proves."""
    match fact:
        case schema.BuildFact() if fact.field != schema.PROSE:
            said = [fact.status, "inferred" if fact.inferred else "", fact.package or fact.field]
        case schema.ModelFact() if fact.field != schema.PROSE:
            said = [fact.field]
        case schema.PackageFact() if fact.kind is None:
            said = ["enough alone" if fact.standalone else "needs a second fact"]
        case schema.PathFact() | schema.PropertyFact():
            said = ["enough alone" if fact.standalone else "not enough alone"]
        case schema.EndpointFact():
            said = [_WEIGHTS[fact.weight]]
        case schema.HashFact() | schema.CertificateFact():
            said = [fact.algo]
        case _:
            said = []
    return ", ".join(part for part in (fact.confidence, *said) if part)


def _feed(feed: FeedHead) -> KnownEntry:
    facts = [
        ("publisher", feed.publisher),
        ("date", feed.date),
        ("licence", feed.licence),
        ("url", feed.url),
        ("revision", feed.revision),
        ("format", feed.format),
        ("imported", feed.imported),
        ("sha256 of the input", feed.input_sha256),
        ("indicators", _counts(feed.counts)),
        ("left out", _counts(feed.left_out)),
    ]
    return KnownEntry("feeds", feed.feed, feed.title, tuple((key, value) for key, value in facts if value))


def _listed(listed: ListedIndicator) -> KnownEntry:
    about, feed = listed.indicator.about, listed.feed
    facts = [
        ("listed as", f"{about.name} ({about.class_})"),
        ("worth", f"{about.weight}{f': {about.note}' if about.note else ''}"),
        ("feed", f"{feed.feed}: {feed.title}, {feed.publisher}, {feed.date}"),
        ("licence", feed.licence),
    ]
    return KnownEntry(listed.indicator.kind, listed.indicator.value, f"{about.name} ({about.class_})", tuple(facts))


def _counts(counts: dict[IndicatorKind, int] | dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))


def _plain(value: object) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(_plain, value))
    if not isinstance(value, dict):
        return str(value)
    said = ((key, item) for key, item in value.items() if item not in (None, "", [], {}))
    return "; ".join(f"{_words(key)} {_plain(item)}" for key, item in said)


def feed_lines(knowledge: Knowledge, own: Path) -> Iterator[str]:
    """Yield a line for each feed: where its file lies, how much it holds, whose it is, its date and licence."""
    for path, feed in zip(knowledge.indicators.files, knowledge.indicators.feeds, strict=True):
        folder = next((folder for folder in knowledge.folders if path.is_relative_to(folder)), None)
        fetched = folder is not None and folder.is_relative_to(own / FETCHED)
        where = "bundled" if folder is None else "your own" if folder == own else "fetched" if fetched else str(folder)
        count = sum(feed.counts.values())
        yield f"{feed.feed} ({where}): {count} of {feed.publisher}, {feed.date}; {feed.licence}"


def version_lines(own: Path) -> Iterator[str]:
    """Yield a line for each source that `db update` fetched: which version stands, and which one is kept besides."""
    for name, kept in sorted(read_pointer(own).sources.items()):
        stands, before = kept.current, kept.previous
        told = f"{name}: {stands.date}, taken {stands.taken}, {stands.entries} entries, {stands.url}"
        if before:
            told += f"; kept for a rollback: {before.date}"
        yield told + ("; a newer one was taken back" if kept.taken_back else "")


@dataclass(frozen=True)
class CheckResult:
    """The problems of a folder, sorted, the lines of counts, and how many identifiers the matcher was given."""

    problems: tuple[Problem, ...]
    counts: tuple[str, ...]
    matches: int
    near_misses: int


def check_all(folder: Path, today: date | None = None) -> CheckResult:
    """Check a knowledge folder and try the identifiers of its incidents through the matcher.

    An incident whose file has problems is not tried: what comes out would be about the fault. Raises a KnowledgeError
    where the folder cannot be read at all.
    """
    found = check_folder(folder, today)
    faulty = {problem.file for problem in found.problems}
    whole = [(file, entry) for file, entry in found.of(INCIDENTS) if file not in faulty]
    forms = _forms(folder, faulty)
    tried = [problem for file, entry in whole for problem in _tried(folder, file, entry, forms)]
    problems = sorted([*found.problems, *tried, *_hosts(found)])
    matches = sum(len(entry.tests.matches) for _, entry in whole)
    near_misses = sum(len(entry.tests.ignores) for _, entry in whole)
    return CheckResult(tuple(problems), tuple(counts_of(found)), matches, near_misses)


def _forms(folder: Path, faulty: Collection[str]) -> tuple[DataFile, ...]:
    """Return what tells how build numbers are written and what Settings calls them: of the package and the folder."""
    own = [file for file in read_folder(folder, 1) if folder != BUNDLED and file.name not in faulty]
    return tuple(file for file in (*read_folder(BUNDLED, 0), *own) if file.kind in (SCHEMES.folder, LABELS.folder))


def _tried(folder: Path, file: str, entry: schema.IncidentEntry, forms: Sequence[DataFile]) -> Iterator[Problem]:
    """Try the tests of one incident with only `forms` known besides: no other entry can change what they give."""
    path = folder / file
    alone = Knowledge((DataFile("incidents", 0, path, read_data(path)), *forms))
    for failed in failed_tests(alone):
        yield Problem(file, entry.id, failed.place, str(failed))


def _hosts(found: CheckedFolder) -> Iterator[Problem]:
    """Yield hosts of incidents and trackers that the whole public suffix list knows as a suffix, or not at all."""
    named = [
        (file, entry.id, f"endpoints[{number}].value", split_url(fact.value)[0])
        for file, entry in found.of(INCIDENTS)
        for number, fact in enumerate(entry.endpoints)
        if fact.kind in ("domain", "url", "host:port")
    ]
    named += [(file, it.id, f"hosts[{n}]", host) for file, it in found.of(TRACKERS) for n, host in enumerate(it.hosts)]
    for file, name, place, host in named:
        is_address = host.replace(".", "").isdigit() or ":" in host
        if not is_address and host_fault(host) is None and registered_domain(host) is None:
            text = f"{short_repr(host)} is a public suffix, or ends in no known top-level domain; write a host below it"
            yield Problem(file, name, place, text)
