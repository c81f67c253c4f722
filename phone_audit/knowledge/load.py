"""The facts of the package and of the user's folders as one frozen Knowledge.

Each kind is parsed when it is first asked for, so that a command pays only for what it uses.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from phone_audit.errors import KnowledgeError
from phone_audit.knowledge.feeds.index import Indicators, feed_source, feed_trackers
from phone_audit.knowledge.feeds.store import feed_files
from phone_audit.knowledge.files import BUNDLED as BUNDLED
from phone_audit.knowledge.files import DataFile, Kind, digest_of, parse, read_folder
from phone_audit.knowledge.hosts import HostIndex, host_facts_of
from phone_audit.knowledge.rules import RuleIndex
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
from phone_audit.knowledge.schemes import SchemeIndex
from phone_audit.model.finding import KnowledgeInfo

Entry = TypeVar("Entry")


def load_knowledge(extra: Sequence[Path] = ()) -> "Knowledge":
    """Read the bundled facts and the user's folders. Feeds of indicators are only found, and read when they are used.

    Where both hold an entry or a feed of the same id, the user's stands; among several folders, the last one.

    Args:
        extra: folders that hold the sub-folders `incidents`, `trackers`, `hosts`, `keys`, `rules`, or some of them.

    Raises:
        KnowledgeError: a folder or file cannot be read. A file that breaks its schema raises when its kind is used.
    """
    files = [file for number, folder in enumerate((BUNDLED, *extra)) for file in read_folder(folder, number)]
    feeds = {path.name: path for folder in (BUNDLED, *extra) for path in feed_files(folder)}
    return Knowledge(tuple(files), tuple(extra), Indicators(tuple(feeds.values())))


def whole(knowledge: "Knowledge") -> "Knowledge":
    """Parse every file now, so that a broken one is told before a phone is asked or an APK read.

    Raises:
        KnowledgeError: a file breaks its schema; names file, entry and field.
    """
    _ = knowledge.info, knowledge.indicators.database
    return knowledge


@dataclass(frozen=True, eq=False)
class Knowledge:
    """All facts. Frozen: what is computed on first use is kept and never changes. `folders` are the user's own."""

    files: tuple[DataFile, ...]
    folders: tuple[Path, ...] = ()
    indicators: Indicators = field(default_factory=Indicators)

    @cached_property
    def incidents(self) -> tuple[IncidentEntry, ...]:
        """Published incidents, by id."""
        parsed = ((file, (parse(IncidentEntry, file),)) for file in self._of("incidents"))
        return _merged(parsed, lambda entry: entry.id)

    @property
    def replaced(self) -> tuple[tuple[str, str], ...]:
        """The bundled incidents in whose place one of the user's stands: the id, and the file of that one."""
        files = self._of("incidents")
        mine = {parse(IncidentEntry, file).id: file.shown for file in files if file.folder}
        bundled = {parse(IncidentEntry, file).id for file in files if mine and not file.folder}
        return tuple(sorted((name, shown) for name, shown in mine.items() if name in bundled))

    @cached_property
    def trackers(self) -> tuple[TrackerFact, ...]:
        """Third-party code that sends, by id; also what imported feeds list of it."""
        known = _merged(((file, parsed.entries) for file, parsed in self._tracker_files), lambda entry: entry.id)
        return tuple(sorted((*known, *feed_trackers(self.indicators.files, known)), key=lambda entry: entry.id))

    @cached_property
    def hosts(self) -> tuple[HostFact, ...]:
        """Owners of hosts, by host."""
        return _merged(((file, parsed.entries) for file, parsed in self._host_files), lambda entry: entry.host)

    @cached_property
    def keys(self) -> tuple[KeyFact, ...]:
        """Public and leaked signing certificates, by id."""
        return _merged(((file, parsed.entries) for file, parsed in self._key_files), lambda entry: entry.id)

    @cached_property
    def rules(self) -> tuple[RuledOutRule, ...]:
        """Rules that take endpoints out, by id."""
        return _merged(((file, parsed.entries) for file, parsed in self._rule_files), lambda entry: entry.id)

    @cached_property
    def behaviours(self) -> tuple[BehaviourRule, ...]:
        """What code can be seen to do, by id."""
        parsed = ((file, (parse(BehaviourRule, file),)) for file in self._of("behaviours"))
        return _merged(parsed, lambda rule: rule.id)

    @cached_property
    def libraries(self) -> tuple[LibraryFact, ...]:
        """Code that many packages share, by id."""
        return _merged(((file, parsed.entries) for file, parsed in self._library_files), lambda entry: entry.id)

    @cached_property
    def packers(self) -> tuple[PackerFact, ...]:
        """What hides code, by id."""
        return _merged(((file, parsed.entries) for file, parsed in self._packer_files), lambda entry: entry.id)

    @cached_property
    def firmware_rules(self) -> tuple[FirmwareRule, ...]:
        """What a build says of itself that is a bad sign or a contradiction, by id."""
        parsed = ((file, (parse(FirmwareRule, file),)) for file in self._of("firmware"))
        return _merged(parsed, lambda rule: rule.id)

    @cached_property
    def baselines(self) -> tuple[BaselineFact, ...]:
        """Packages that are known to be Android's or a maker's own, by id."""
        return _merged(((file, parsed.entries) for file, parsed in self._baseline_files), lambda entry: entry.id)

    @cached_property
    def authorities(self) -> tuple[AuthorityFact, ...]:
        """Certificate authorities that Android itself trusts, by id."""
        return _merged(((file, parsed.entries) for file, parsed in self._authority_files), lambda entry: entry.id)

    @cached_property
    def schemes(self) -> tuple[SchemeEntry, ...]:
        """How vendors number their builds, by id."""
        return _merged(((file, parsed.entries) for file, parsed in self._scheme_files), lambda entry: entry.id)

    @cached_property
    def scheme_index(self) -> SchemeIndex:
        """Reads and compares build numbers."""
        return SchemeIndex(self.schemes)

    @cached_property
    def support(self) -> tuple[SupportFact, ...]:
        """Until when makers promised updates, by id."""
        return _merged(((file, parsed.entries) for file, parsed in self._support_files), lambda entry: entry.id)

    @cached_property
    def label_files(self) -> tuple[LabelFile, ...]:
        """What the Settings screen calls properties, file by file."""
        return tuple(parse(LabelFile, file) for file in self._of("labels"))

    @cached_property
    def sources(self) -> tuple[FactSource, ...]:
        """Where the facts other than incidents come from, by id."""
        heads = (
            *(parsed.sources for _, parsed in self._tracker_files),
            *(parsed.sources for _, parsed in self._host_files),
            *(parsed.sources for _, parsed in self._key_files),
            *(parsed.sources for _, parsed in self._rule_files),
            *(parsed.sources for _, parsed in self._library_files),
            *(parsed.sources for _, parsed in self._packer_files),
            *(parsed.sources for _, parsed in self._scheme_files),
            *(parsed.sources for _, parsed in self._support_files),
            *(parsed.sources for parsed in self.label_files),
            *(parsed.sources for _, parsed in self._baseline_files),
            *(parsed.sources for _, parsed in self._authority_files),
        )
        feeds = [feed_source(feed) for feed in self.indicators.feeds if "code" in feed.counts]
        found = {source.id: source for head in (*heads, feeds) for source in head}
        return tuple(found[name] for name in sorted(found))

    @cached_property
    def info(self) -> KnowledgeInfo:
        """Version, digest, newest entry and counts. The version is the newest date that an entry or source carries."""
        newest = max((entry.disclosed for entry in self.incidents if _is_date(entry.disclosed)), default="")
        said = (*(source.date for source in self.sources), *(feed.date for feed in self.indicators.feeds))
        dates = [date for date in said if _is_date(date)]
        return KnowledgeInfo(
            version=max([newest, *dates]).replace("-", "."),
            digest=self.digest,
            newest_entry=newest,
            counts={
                "authorities": len(self.authorities),
                "baselines": len(self.baselines),
                "behaviours": len(self.behaviours),
                "firmware": len(self.firmware_rules),
                "hosts": len(self.hosts),
                "incidents": len(self.incidents),
                "indicators": sum(sum(feed.counts.values()) for feed in self.indicators.feeds),
                "keys": len(self.keys),
                "libraries": len(self.libraries),
                "packers": len(self.packers),
                "rules": len(self.rules),
                "schemes": len(self.schemes),
                "support": len(self.support),
                "trackers": len(self.trackers),
            },
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the names and bytes of all files, and over the hashes of the feeds."""
        return digest_of(self.files, self.indicators.digests)

    def incident(self, incident_id: str) -> IncidentEntry:
        """Return the incident of that id.

        Raises:
            KnowledgeError: there is none.
        """
        try:
            return self._incidents_by_id[incident_id]
        except KeyError:
            raise KnowledgeError(
                f"There is no incident {incident_id!r}.",
                "The file of an incident, in the folder incidents, is named after its id.",
            ) from None

    def owner_of(self, host: str) -> HostFact | None:
        """Return the owner of a host, by its longest known suffix of whole labels; None where nobody is known.

        Hosts that belong to one tracker only count as its owner's.
        """
        return self._owners.longest(host)

    def trackers_of_host(self, host: str) -> tuple[TrackerFact, ...]:
        """Return the trackers that send to this host, by id."""
        found = {tracker.id: tracker for tracker in self._tracker_hosts.every(host)}
        return tuple(found[name] for name in sorted(found))

    def key_of(self, sha256: str) -> KeyFact | None:
        """Return the public or leaked key whose certificate has this SHA-256 (lower-case hexadecimal), or None."""
        return self._keys_by_sha256.get(sha256)

    def rule_for(self, host: str, url: str) -> RuledOutRule | None:
        """Return the rule that takes this endpoint out of every count, or None.

        Args:
            host: the host of the endpoint.
            url: one URL of it, or an empty text. A host is out as a whole only if the rule holds with an empty text.
        """
        return self._rule_index.find(host, url)

    def _of(self, kind: Kind) -> tuple[DataFile, ...]:
        return tuple(file for file in self.files if file.kind == kind)

    @cached_property
    def _tracker_files(self) -> tuple[tuple[DataFile, TrackerFile], ...]:
        return tuple((file, parse(TrackerFile, file)) for file in self._of("trackers"))

    @cached_property
    def _host_files(self) -> tuple[tuple[DataFile, HostFile], ...]:
        return tuple((file, parse(HostFile, file)) for file in self._of("hosts"))

    @cached_property
    def _key_files(self) -> tuple[tuple[DataFile, KeyFile], ...]:
        return tuple((file, parse(KeyFile, file)) for file in self._of("keys"))

    @cached_property
    def _rule_files(self) -> tuple[tuple[DataFile, RuleFile], ...]:
        return tuple((file, parse(RuleFile, file)) for file in self._of("rules"))

    @cached_property
    def _library_files(self) -> tuple[tuple[DataFile, LibraryFile], ...]:
        return tuple((file, parse(LibraryFile, file)) for file in self._of("libraries"))

    @cached_property
    def _packer_files(self) -> tuple[tuple[DataFile, PackerFile], ...]:
        return tuple((file, parse(PackerFile, file)) for file in self._of("packers"))

    @cached_property
    def _scheme_files(self) -> tuple[tuple[DataFile, SchemeFile], ...]:
        return tuple((file, parse(SchemeFile, file)) for file in self._of("schemes"))

    @cached_property
    def _baseline_files(self) -> tuple[tuple[DataFile, BaselineFile], ...]:
        return tuple((file, parse(BaselineFile, file)) for file in self._of("baselines"))

    @cached_property
    def _authority_files(self) -> tuple[tuple[DataFile, AuthorityFile], ...]:
        return tuple((file, parse(AuthorityFile, file)) for file in self._of("authorities"))

    @cached_property
    def _support_files(self) -> tuple[tuple[DataFile, SupportFile], ...]:
        return tuple((file, parse(SupportFile, file)) for file in self._of("support"))

    @cached_property
    def _incidents_by_id(self) -> dict[str, IncidentEntry]:
        return {entry.id: entry for entry in self.incidents}

    @cached_property
    def _keys_by_sha256(self) -> dict[str, KeyFact]:
        return {key.sha256: key for key in self.keys if key.sha256}

    @cached_property
    def public_certificates(self) -> frozenset[str]:
        """SHA-256 and SHA-1 of certificates that more than one party can sign with, or that a maker is known by."""
        return frozenset(digest for key in self.keys for digest in (key.sha256, key.sha1) if digest)

    @cached_property
    def _tracker_hosts(self) -> HostIndex[TrackerFact]:
        return HostIndex((host, tracker) for tracker in self.trackers for host in tracker.hosts)

    @cached_property
    def _owners(self) -> HostIndex[HostFact]:
        known = (*host_facts_of(self.trackers), *self.hosts)
        return HostIndex((fact.host, fact) for fact in known)

    @cached_property
    def _rule_index(self) -> RuleIndex:
        return RuleIndex(self.rules)


def _merged(parsed: Iterable[tuple[DataFile, Sequence[Entry]]], name_of: Callable[[Entry], str]) -> tuple[Entry, ...]:
    """Join the entries of several files, sorted by name. A later folder replaces, the same folder may not repeat."""
    found: dict[str, Entry] = {}
    folder_of: dict[str, DataFile] = {}
    for file, entries in parsed:
        for entry in entries:
            name = name_of(entry)
            before = folder_of.get(name)
            if before and before.folder == file.folder:
                raise KnowledgeError(
                    f"{file.shown}: {name}: id: stands in {before.shown} already.", "Remove one of the two entries."
                )
            found[name], folder_of[name] = entry, file
    return tuple(found[name] for name in sorted(found))


def _is_date(text: str) -> bool:
    return re.fullmatch(r"\d{4}(-\d\d){0,2}", text) is not None
