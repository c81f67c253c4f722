"""Checks a knowledge folder: every entry, its sources, its self-tests, and entries against each other."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

from phone_audit.files.short_repr import short_repr
from phone_audit.knowledge.check.facts import (
    check_authority,
    check_baseline,
    check_host,
    check_key,
    check_labels,
    check_library,
    check_packer,
    check_rule,
    check_rule_against,
    check_source,
    check_support,
    check_tracker,
)
from phone_audit.knowledge.check.feeds import check_feeds
from phone_audit.knowledge.check.incident import check_incident, facts_of
from phone_audit.knowledge.check.rules import check_behaviour, check_firmware_rule, check_overlap, check_scheme
from phone_audit.knowledge.feeds.indicator import FeedHead
from phone_audit.knowledge.files import DataFile, Kind, Model, Problem, Report, SchemaError, read_folder, read_whole
from phone_audit.knowledge.load import BUNDLED
from phone_audit.knowledge.schema.behaviour import BehaviourRule
from phone_audit.knowledge.schema.facts import (
    AuthorityFact,
    AuthorityFile,
    BaselineFact,
    BaselineFile,
    FactSource,
    HostFact,
    HostFile,
    KeyFact,
    KeyFile,
    LabelFact,
    LabelFile,
    LibraryFact,
    LibraryFile,
    PackerFact,
    PackerFile,
    RuledOutRule,
    RuleFile,
    SupportFact,
    SupportFile,
    TrackerFact,
    TrackerFile,
)
from phone_audit.knowledge.schema.firmware import FirmwareRule
from phone_audit.knowledge.schema.incident import IncidentEntry
from phone_audit.knowledge.schema.scheme import SchemeEntry, SchemeFile

SENDING = frozenset({"telemetry", "advertising", "crash-reporting", "push"})
"""Categories of hosts that no rule may take out."""


Entry = TypeVar("Entry")
EntryOf = TypeVar("EntryOf", covariant=True)


@dataclass
class Findings:
    """What a folder holds, as far as it keeps to the schema, and what is wrong with it."""

    incidents: list[tuple[str, IncidentEntry]] = field(default_factory=list)
    trackers: list[tuple[str, TrackerFact]] = field(default_factory=list)
    hosts: list[tuple[str, HostFact]] = field(default_factory=list)
    keys: list[tuple[str, KeyFact]] = field(default_factory=list)
    rules: list[tuple[str, RuledOutRule]] = field(default_factory=list)
    behaviours: list[tuple[str, BehaviourRule]] = field(default_factory=list)
    libraries: list[tuple[str, LibraryFact]] = field(default_factory=list)
    packers: list[tuple[str, PackerFact]] = field(default_factory=list)
    firmware: list[tuple[str, FirmwareRule]] = field(default_factory=list)
    sources: list[tuple[str, FactSource]] = field(default_factory=list)
    feeds: list[FeedHead] = field(default_factory=list)
    schemes: list[tuple[str, SchemeEntry]] = field(default_factory=list)
    support: list[tuple[str, SupportFact]] = field(default_factory=list)
    labels: list[tuple[str, LabelFact]] = field(default_factory=list)
    baselines: list[tuple[str, BaselineFact]] = field(default_factory=list)
    authorities: list[tuple[str, AuthorityFact]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def reporter(self, file: str, entry: str) -> Report:
        """Return what takes the problems of one entry."""

        def report(place: str, text: str) -> None:
            self.problems.append(Problem(file, entry, place, text))

        return report


def check_knowledge(folder: Path) -> list[Problem]:
    """Check a knowledge folder.

    Raises:
        KnowledgeError: it cannot be read at all.
    """
    return check_folder(folder).problems


def check_folder(folder: Path) -> Findings:
    """Check a knowledge folder and give what it holds too; the problems are sorted."""
    found = Findings()
    files = read_folder(folder, 0)
    _read_incidents(files, found)
    _read_facts(files, found)
    _read_behaviours(files, found)
    _read_firmware(files, found)
    found.feeds += check_feeds(folder, found.reporter, bundled=folder == BUNDLED)
    _check_names(found)
    _check_sources(found)
    _check_across(found)
    found.problems += (Problem(*fault) for fault in check_overlap(found.schemes))
    found.problems.sort()
    return found


def _parsed(
    model: type[Model], kind: Kind, files: Sequence[DataFile], found: Findings
) -> Iterator[tuple[DataFile, Model]]:
    for file in files:
        if file.kind == kind:
            try:
                yield file, read_whole(model, file)
            except SchemaError as error:
                found.problems += error.problems


def _read_incidents(files: Sequence[DataFile], found: Findings) -> None:
    for file, entry in _parsed(IncidentEntry, "incidents", files, found):
        found.incidents.append((file.name, entry))
        report = found.reporter(file.name, entry.id)
        if file.path.stem != entry.id:
            report("id", f"the file is called {file.path.name}; both have to be the same")
        check_incident(entry, report)


class _Bulk(Protocol[EntryOf]):
    """A file with many entries and the sources that they name."""

    @property
    def sources(self) -> tuple[FactSource, ...]: ...
    @property
    def entries(self) -> tuple[EntryOf, ...]: ...


def _read_facts(files: Sequence[DataFile], found: Findings) -> None:
    def read(model: type[Model], kind: Kind) -> Iterator[tuple[DataFile, Model]]:
        return _parsed(model, kind, files, found)

    _keep(read(TrackerFile, "trackers"), found, found.trackers, check_tracker, lambda entry: entry.id)
    _keep(read(HostFile, "hosts"), found, found.hosts, check_host, lambda entry: entry.host)
    _keep(read(KeyFile, "keys"), found, found.keys, check_key, lambda entry: entry.id)
    _keep(read(RuleFile, "rules"), found, found.rules, check_rule, lambda entry: entry.id)
    _keep(read(LibraryFile, "libraries"), found, found.libraries, check_library, lambda entry: entry.id)
    _keep(read(PackerFile, "packers"), found, found.packers, check_packer, lambda entry: entry.id)
    _keep(read(SchemeFile, "schemes"), found, found.schemes, check_scheme, lambda entry: entry.id)
    _keep(read(SupportFile, "support"), found, found.support, check_support, lambda entry: entry.id)
    _keep(read(LabelFile, "labels"), found, found.labels, check_labels, lambda entry: entry.id)
    _keep(read(BaselineFile, "baselines"), found, found.baselines, check_baseline, lambda entry: entry.id)
    _keep(read(AuthorityFile, "authorities"), found, found.authorities, check_authority, lambda entry: entry.id)


def _keep(
    parsed: Iterable[tuple[DataFile, _Bulk[Entry]]],
    found: Findings,
    kept: list[tuple[str, Entry]],
    check: Callable[[Entry, Report], None],
    name_of: Callable[[Entry], str],
) -> None:
    """Keep the entries and sources of the files of one kind, and check each entry."""
    for file, bulk in parsed:
        found.sources += [(file.name, source) for source in bulk.sources]
        for entry in bulk.entries:
            kept.append((file.name, entry))
            check(entry, found.reporter(file.name, name_of(entry)))


def _read_behaviours(files: Sequence[DataFile], found: Findings) -> None:
    for file, rule in _parsed(BehaviourRule, "behaviours", files, found):
        found.behaviours.append((file.name, rule))
        report = found.reporter(file.name, rule.id)
        if file.path.stem != rule.id:
            report("id", f"the file is called {file.path.name}; both have to be the same")
        check_behaviour(rule, report)


def _read_firmware(files: Sequence[DataFile], found: Findings) -> None:
    for file, rule in _parsed(FirmwareRule, "firmware", files, found):
        found.firmware.append((file.name, rule))
        found.sources += [(file.name, source) for source in rule.sources]
        report = found.reporter(file.name, rule.id)
        if file.path.stem != rule.id:
            report("id", f"the file is called {file.path.name}; both have to be the same")
        check_firmware_rule(rule, report)


def _check_names(found: Findings) -> None:
    """Report ids, hosts and certificates that stand twice."""
    named = {
        "incidents": [(file, entry.id) for file, entry in found.incidents],
        "trackers": [(file, entry.id) for file, entry in found.trackers],
        "hosts": [(file, entry.host) for file, entry in found.hosts],
        "keys": [(file, entry.id) for file, entry in found.keys],
        "certificates": [(file, entry.sha256) for file, entry in found.keys if entry.sha256],
        "rules": [(file, entry.id) for file, entry in found.rules],
        "libraries": [(file, entry.id) for file, entry in found.libraries],
        "prefixes of libraries": [(file, prefix) for file, entry in found.libraries for prefix in entry.code],
        "behaviours": [(file, entry.id) for file, entry in found.behaviours],
        "packers": [(file, entry.id) for file, entry in found.packers],
        "schemes": [(file, entry.id) for file, entry in found.schemes],
        "support": [(file, entry.id) for file, entry in found.support],
        "models of support": [(file, name.casefold()) for file, entry in found.support for name in entry.models],
        "firmware": [(file, entry.id) for file, entry in found.firmware],
        "baselines": [(file, entry.id) for file, entry in found.baselines],
        "authorities": [(file, entry.id) for file, entry in found.authorities],
        "certificates of authorities": [(file, entry.sha256) for file, entry in found.authorities],
    }
    for names in named.values():
        counts = Counter(name for _, name in names)
        for file, name in names:
            if counts[name] > 1:
                found.reporter(file, name)("id", f"stands {counts[name]} times; keep one of them")


def _check_sources(found: Findings) -> None:
    """Report sources that lack something, and facts that name none of their own file."""
    for file, source in found.sources:
        check_source(source, found.reporter(file, source.id))
    known = {(file, source.id) for file, source in found.sources}
    facts = [
        *((file, entry.id, entry.source) for file, entry in found.trackers),
        *((file, entry.host, entry.source) for file, entry in found.hosts),
        *((file, entry.id, entry.source) for file, entry in found.keys),
        *((file, entry.id, entry.source) for file, entry in found.rules),
        *((file, entry.id, entry.source) for file, entry in found.libraries),
        *((file, entry.id, source) for file, entry in found.packers for source in entry.sources),
        *((file, entry.id, source) for file, entry in found.schemes for source in entry.sources),
        *((file, entry.id, source) for file, entry in found.support for source in entry.sources),
        *((file, entry.id, source) for file, entry in found.labels for source in entry.sources),
        *((file, entry.id, entry.source) for file, entry in found.baselines),
        *((file, entry.id, source) for file, entry in found.authorities for source in entry.sources),
    ]
    for file, name, source_id in facts:
        if (file, source_id) not in known:
            found.reporter(file, name)(
                "source", f"there is no source {short_repr(source_id)} at the head of this file; add it"
            )


def _check_across(found: Findings) -> None:
    """Report names that one entry calls enough alone and another does not, and rules against hosts that take data."""
    alone: dict[str, set[bool]] = {}
    for _, entry in found.incidents:
        for package in entry.packages:
            if package.kind is None:
                alone.setdefault(package.value, set()).add(package.standalone)
    for file, entry in found.incidents:
        for place, package in enumerate(entry.packages):
            if len(alone.get(package.value, ())) > 1:
                text = f"{package.value} is enough alone in one incident and not in another; write the same in both"
                found.reporter(file, entry.id)(f"packages[{place}].standalone", text)
    sending = sorted(_sending_hosts(found))
    for file, rule in found.rules:
        check_rule_against(rule, sending, found.reporter(file, rule.id))


def _sending_hosts(found: Findings) -> Iterator[tuple[str, str]]:
    for _, tracker in found.trackers:
        yield from ((host, tracker.name) for host in tracker.hosts)
    for _, host in found.hosts:
        if host.category in SENDING:
            yield host.host, host.owner
    for _, entry in found.incidents:
        yield from ((fact.value, entry.id) for fact in entry.endpoints if fact.kind in ("domain", "ip"))


def counts_of(found: Findings) -> list[str]:
    """Return the lines of counts that are printed for a folder without problems."""
    facts = [fact for _, entry in found.incidents for _, fact in facts_of(entry)]
    sourced = sum(fact.confidence == "sourced" for fact in facts)
    tests = [entry.tests for _, entry in found.incidents]
    publications = sum(len(entry.sources) for _, entry in found.incidents)
    matches, ignores = (sum(len(getattr(test, name)) for test in tests) for name in ("matches", "ignores"))
    prefixes, hosts = (sum(len(getattr(entry, name)) for _, entry in found.trackers) for name in ("code", "hosts"))
    return [
        f"incidents {len(found.incidents)}: {len(facts)} facts ({sourced} sourced, {len(facts) - sourced} recalled), "
        f"{publications} sources, {matches} identifiers that match, {ignores} near misses, "
        f"{sum(test.unmatchable is not None for test in tests)} unmatchable",
        f"trackers {len(found.trackers)}: {prefixes} class prefixes, {hosts} hosts",
        f"owners of hosts {len(found.hosts)}, public keys {len(found.keys)}, rules {len(found.rules)}, "
        f"rules of behaviour {len(found.behaviours)}, rules of firmware {len(found.firmware)}",
        f"libraries {len(found.libraries)}: {sum(len(entry.code) for _, entry in found.libraries)} class prefixes",
        f"packers {len(found.packers)}: {sum(len(entry.files) + len(entry.weak_files) for _, entry in found.packers)} "
        f"files, {sum(len(entry.classes) for _, entry in found.packers)} class prefixes",
        f"schemes of build numbers {len(found.schemes)}: {sum(len(entry.forms) for _, entry in found.schemes)} forms, "
        f"{sum(len(entry.examples) for _, entry in found.schemes)} examples; models with an end of support "
        f"{len(found.support)}",
        f"baselines {len(found.baselines)}: "
        f"{sum(len(entry.packages) + len(entry.files) for _, entry in found.baselines)} packages, "
        f"certificate authorities {len(found.authorities)}",
        f"feeds {len(found.feeds)}: {sum(sum(feed.counts.values()) for feed in found.feeds)} indicators",
    ]
