"""Checks a knowledge folder: every entry, its sources, its self-tests, and entries against each other."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

from phone_audit.files.short_repr import short_repr
from phone_audit.knowledge import kinds
from phone_audit.knowledge.check import facts
from phone_audit.knowledge.check.incident import check_incident
from phone_audit.knowledge.check.incident_sources import is_later
from phone_audit.knowledge.check.rules import (
    check_behaviour,
    check_firmware_rule,
    check_installer,
    check_overlap,
    check_power,
    check_scheme,
)
from phone_audit.knowledge.feeds.indicator import FeedHead, FeedRow
from phone_audit.knowledge.feeds.store import LineError, feed_files, feed_lines, read_line
from phone_audit.knowledge.feeds.values import NoValueError, read
from phone_audit.knowledge.files import (
    BUNDLED,
    FEED_FOLDER,
    DataFile,
    Problem,
    Report,
    SchemaError,
    read_file,
    read_folder,
)
from phone_audit.knowledge.kinds import KINDS, Entry, Kind
from phone_audit.knowledge.schema.facts import FactSource
from phone_audit.knowledge.schema.firmware import FirmwareRule

SENDING: Final = frozenset({"telemetry", "advertising", "crash-reporting", "push"})
"""Categories of hosts that no rule may take out."""


CHECKS: Final[tuple[tuple[Kind[Any], Callable[[Any, Report], None]], ...]] = (
    (kinds.INCIDENTS, check_incident),
    (kinds.TRACKERS, facts.check_tracker),
    (kinds.HOSTS, facts.check_host),
    (kinds.HOST_RULES, facts.check_host_rule),
    (kinds.KEYS, facts.check_key),
    (kinds.RULES, facts.check_rule),
    (kinds.BEHAVIOURS, check_behaviour),
    (kinds.CALLS, facts.check_call),
    (kinds.LIBRARIES, facts.check_library),
    (kinds.PACKERS, facts.check_packer),
    (kinds.FIRMWARE, check_firmware_rule),
    (kinds.SCHEMES, check_scheme),
    (kinds.SUPPORT, facts.check_support),
    (kinds.LABELS, facts.check_label),
    (kinds.BASELINES, facts.check_baseline),
    (kinds.AUTHORITIES, facts.check_authority),
    (kinds.INSTALLERS, check_installer),
    (kinds.POWERS, check_power),
)
"""What looks at each entry of a kind alone."""


@dataclass
class CheckedFolder:
    """What a folder holds, as far as it keeps to the schema, and what is wrong with it."""

    sources: list[tuple[str, FactSource]] = field(default_factory=list)
    feeds: list[FeedHead] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    _entries: dict[str, list[Any]] = field(default_factory=dict)

    def of(self, kind: Kind[Entry]) -> list[tuple[str, Entry]]:
        """Return the entries of a kind, each with the name of its file."""
        return self._entries.setdefault(kind.folder, [])

    def entries(self, kind: Kind[Entry]) -> list[Entry]:
        return [entry for _, entry in self.of(kind)]

    def reporter(self, file: str, entry: str) -> Report:
        """Return what takes the problems of one entry."""

        def report(place: str, text: str) -> None:
            self.problems.append(Problem(file, entry, place, text))

        return report


def check_folder(folder: Path, today: date | None = None) -> CheckedFolder:
    """Check a knowledge folder; gives what it holds, and its problems in order. `today`: no source is from after that.

    Raises:
        KnowledgeError: it cannot be read at all.
    """
    found = CheckedFolder()
    files = read_folder(folder, 0)
    for kind, check in CHECKS:
        for file in files:
            if file.kind == kind.folder:
                _check_file(kind, check, file, found)
    found.feeds += check_feeds(folder, found.reporter, bundled=folder == BUNDLED)
    _check_names(found)
    _check_sources(found)
    if today is not None:
        _check_dates(found, today)
    _check_standalone(found)
    _check_ruled_out(found)
    found.problems += check_overlap(found.of(kinds.SCHEMES))
    found.problems.sort()
    return found


def _check_file(kind: Kind[Any], check: Callable[[Any, Report], None], file: DataFile, found: CheckedFolder) -> None:
    try:
        parsed = read_file(kind, file)
    except SchemaError as error:
        found.problems += error.problems
        return
    found.sources += [(file.name, source) for source in parsed.sources]
    for entry in parsed.entries:
        name = kind.id_of(entry)
        report = found.reporter(file.name, name)
        found.of(kind).append((file.name, entry))
        if not kind.in_lists and file.path.stem != name:
            report("id", f"the file is called {file.path.name}; both have to be the same")
        if isinstance(entry, FirmwareRule):
            found.sources += [(file.name, source) for source in entry.sources]
        check(entry, report)


def _check_names(found: CheckedFolder) -> None:
    """Report ids, hosts and certificates that stand twice."""
    named = [[(file, kind.id_of(entry)) for file, entry in found.of(kind)] for kind in KINDS if kind.unique]
    named += [
        [(file, key.sha256) for file, key in found.of(kinds.KEYS) if key.sha256],
        [(file, prefix) for file, library in found.of(kinds.LIBRARIES) for prefix in library.code],
        [(file, model.casefold()) for file, fact in found.of(kinds.SUPPORT) for model in fact.models],
        [(file, authority.sha256) for file, authority in found.of(kinds.AUTHORITIES)],
    ]
    for names in named:
        counts = Counter(name for _, name in names)
        for file, name in names:
            if counts[name] > 1:
                found.reporter(file, name)("id", f"stands {counts[name]} times; keep one of them")


def _check_sources(found: CheckedFolder) -> None:
    """Report sources that lack something, and facts that name none of their own file."""
    for file, source in found.sources:
        facts.check_source(source, found.reporter(file, source.id))
    known = {(file, source.id) for file, source in found.sources}
    for file, name, source_id in _named_sources(found):
        if (file, source_id) not in known:
            found.reporter(file, name)(
                "source", f"there is no source {short_repr(source_id)} at the head of this file; add it"
            )


def _check_dates(found: CheckedFolder, today: date) -> None:
    """Report what says that it is from a day to come."""
    dated = [(file, source.id, "sources.date", source.date) for file, source in found.sources]
    for file, entry in found.of(kinds.INCIDENTS):
        dated += [(file, entry.id, f"sources[{n}].date", source.date) for n, source in enumerate(entry.sources)]
        dated.append((file, entry.id, "disclosed", entry.disclosed))
    for file, name, place, text in dated:
        if is_later(text, today):
            found.reporter(file, name)(place, f"{text} is in the future; today is {today.isoformat()}")


def _named_sources(found: CheckedFolder) -> Iterator[tuple[str, str, str]]:
    """Yield file, id and named source of the facts that stand in lists."""
    for kind in KINDS:
        for file, entry in found.of(kind) if kind.in_lists else ():
            named = [entry.source] if hasattr(entry, "source") else entry.sources
            yield from ((file, kind.id_of(entry), source) for source in named)
    signed = ((file, entry) for file, entry in found.of(kinds.INSTALLERS) if entry.signers_source)
    yield from ((file, entry.id, entry.signers_source) for file, entry in signed)


def _check_standalone(found: CheckedFolder) -> None:
    """Report names of packages that one incident calls enough alone and another does not."""
    alone: dict[str, set[bool]] = {}
    for _, entry in found.of(kinds.INCIDENTS):
        for package in entry.packages:
            if package.kind is None:
                alone.setdefault(package.value, set()).add(package.standalone)
    for file, entry in found.of(kinds.INCIDENTS):
        for place, package in enumerate(entry.packages):
            if len(alone.get(package.value, ())) > 1:
                text = f"{package.value} is enough alone in one incident and not in another; write the same in both"
                found.reporter(file, entry.id)(f"packages[{place}].standalone", text)


def _check_ruled_out(found: CheckedFolder) -> None:
    sending = sorted(_sending_hosts(found))
    for file, rule in found.of(kinds.RULES):
        facts.check_rule_against(rule, sending, found.reporter(file, rule.id))


def _sending_hosts(found: CheckedFolder) -> Iterator[tuple[str, str]]:
    for _, tracker in found.of(kinds.TRACKERS):
        yield from ((host, tracker.name) for host in tracker.hosts)
    for _, host in found.of(kinds.HOSTS):
        if host.category in SENDING:
            yield host.host, host.owner
    for _, entry in found.of(kinds.INCIDENTS):
        yield from ((fact.value, entry.id) for fact in entry.endpoints if fact.kind in ("domain", "ip"))


_UNSTATED = "not stated"


def check_feeds(folder: Path, reporter: Callable[[str, str], Report], *, bundled: bool) -> list[FeedHead]:
    """Report faults of the feed files, and give the heads of those that can be read.

    Those that come with the package (`bundled`) have their licence stated and beside them. Raises a KnowledgeError
    where a file cannot be read at all.
    """
    heads = []
    for path in feed_files(folder):
        name = f"{FEED_FOLDER}/{path.name}"
        lines = feed_lines(path)
        try:
            head = read_line(FeedHead, next(lines, b""))
        except LineError as error:
            reporter(name, "line 1")(error.place, error.what)
            continue
        heads.append(head)
        _check_head(head, path, reporter(name, head.feed), bundled=bundled)
        _check_rows(lines, head, name, reporter)
    return heads


def _check_head(head: FeedHead, path: Path, report: Report, *, bundled: bool) -> None:
    if path.stem != head.feed:
        report("feed", f"the file is called {path.name}; both have to be the same")
    if not bundled:
        return
    source = FactSource(
        id=head.feed, title=head.title, publisher=head.publisher, url=head.url, revision=head.revision, date=head.date,
        licence="" if head.licence == _UNSTATED else head.licence,
    )  # fmt: skip
    facts.check_source(source, report)
    if not path.with_name(f"LICENSE.{head.feed}").is_file():
        report("licence", f"there is no LICENSE.{head.feed} beside it; write licence and attribution there")


def _check_rows(
    lines: Iterable[bytes | None], head: FeedHead, name: str, reporter: Callable[[str, str], Report]
) -> None:
    counts: Counter[str] = Counter()
    seen: Counter[tuple[str, str, str]] = Counter()
    for number, line in enumerate(lines, 2):
        if line is not None and not line.strip():
            continue
        report = reporter(name, f"line {number}")
        try:
            row = read_line(FeedRow, line)
        except LineError as error:
            report(error.place, error.what)
            continue
        if not row.name.strip():
            report("name", "missing; say what the values belong to")
        counts[row.kind] += len(row.values)
        for place, value in enumerate(row.values):
            seen[row.kind, value, str((row.name, row.class_, row.weight, row.note))] += 1
            _check_value(row, place, value, report)
    report = reporter(name, head.feed)
    if dict(counts) != {kind: count for kind, count in head.counts.items() if count}:
        report("counts", f"the file holds {dict(sorted(counts.items()))}; write that")
    for (kind, value, _), times in seen.items():
        if times > 1:
            report(kind, f"{value} stands {times} times; keep one of them")


def _check_value(row: FeedRow, place: int, value: str, report: Report) -> None:
    try:
        found = read(row.kind, value)
    except NoValueError as fault:
        report(f"values[{place}]", f"{fault}; correct it or leave it out")
        return
    if found != (row.kind, value):
        report(f"values[{place}]", f"{short_repr(value)} is looked up as {found[0]} {short_repr(found[1])}; write that")
