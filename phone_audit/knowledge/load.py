"""The facts of the package and of the user's folders as one frozen Knowledge.

Each kind is parsed when it is first asked for, so that a command pays only for what it uses.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from phone_audit.errors import KnowledgeError
from phone_audit.files.bounded_json import read_checked
from phone_audit.files.bounds import OWN_LIST
from phone_audit.files.user_folders import cache_folder
from phone_audit.knowledge import kinds
from phone_audit.knowledge.feeds.database import open_cache_file, write_cache_file
from phone_audit.knowledge.feeds.index import Indicators, feed_source, feed_trackers
from phone_audit.knowledge.feeds.store import feed_files
from phone_audit.knowledge.files import BUNDLED as BUNDLED
from phone_audit.knowledge.files import DataFile, digest_of, parse, read_folder
from phone_audit.knowledge.hosts import HostIndex, HostRules, host_facts_of, plain_host
from phone_audit.knowledge.kinds import KINDS, Entry, Kind
from phone_audit.knowledge.rules import RuleIndex
from phone_audit.knowledge.schema.app import InstallerFact, PowerFact
from phone_audit.knowledge.schema.facts import (
    FactFile,
    FactSource,
    HostFact,
    KeyFact,
    LabelFile,
    RuledOutRule,
    TrackerFact,
)
from phone_audit.knowledge.schema.incident import IncidentEntry
from phone_audit.knowledge.schema.scheme import SchemeIndex
from phone_audit.model.base import read_strictly
from phone_audit.model.finding import KnowledgeInfo
from phone_audit.version import __version__

_LENGTH: Final = 32


def cached_info(digest: str, kinds: Iterable[str], count: Callable[[], KnowledgeInfo]) -> KnowledgeInfo:
    """Return what is kept of the knowledge with this digest; else count it, and keep that."""
    key = sha256(" ".join((__version__, digest, *kinds)).encode()).hexdigest()[:_LENGTH]
    path = cache_folder() / "knowledge" / f"{key}.json"
    kept = _read(path)
    if kept is not None and kept.digest == digest:
        return kept
    info = count()
    with suppress(OSError):
        for old in path.parent.glob("*.json"):
            old.unlink(missing_ok=True)
    write_cache_file(path, info.model_dump_json().encode())
    return info


def _read(path: Path) -> KnowledgeInfo | None:
    try:
        with open_cache_file(path) as file:
            return read_strictly(KnowledgeInfo, read_checked(file, OWN_LIST))
    except (OSError, ValueError, ValidationError):
        return None


def load_knowledge(extra: Sequence[Path] = ()) -> "Knowledge":
    """Read the bundled facts and the user's folders. Feeds of indicators are only found, and read when they are used.

    Where both hold an entry or a feed of the same id, the user's stands; among several folders, the last one. Raises a
    KnowledgeError where a folder or file cannot be read. A file that breaks its schema raises when its kind is used.
    """
    files = [file for number, folder in enumerate((BUNDLED, *extra)) for file in read_folder(folder, number)]
    feeds = {path.name: path for folder in (BUNDLED, *extra) for path in feed_files(folder)}
    return Knowledge(tuple(files), tuple(extra), Indicators(tuple(feeds.values())))


def whole(knowledge: "Knowledge") -> "Knowledge":
    """Parse every file now, so that a broken one is told before a phone is asked or an APK read.

    Raises:
        KnowledgeError: a file breaks its schema; names file, entry and field.
    """
    for kind in KINDS:
        knowledge.listed(kind)
    _ = knowledge.indicators.database
    return knowledge


def _entries_of(kind: Kind[Entry]) -> "cached_property[tuple[Entry, ...]]":
    """Return an attribute of `Knowledge` for the entries of a kind, by id; parsed when it is first asked for."""
    return cached_property(lambda knowledge: knowledge.entries(kind))


@dataclass(frozen=True, eq=False)
class Knowledge:
    """All facts. Frozen: what is computed on first use is kept and never changes. `folders` are the user's own."""

    files: tuple[DataFile, ...]
    folders: tuple[Path, ...] = ()
    indicators: Indicators = field(default_factory=Indicators)
    _parsed: dict[str, list[tuple[DataFile, FactFile]]] = field(default_factory=dict, init=False, repr=False)

    incidents = _entries_of(kinds.INCIDENTS)
    hosts = _entries_of(kinds.HOSTS)
    keys = _entries_of(kinds.KEYS)
    rules = _entries_of(kinds.RULES)
    behaviours = _entries_of(kinds.BEHAVIOURS)
    calls = _entries_of(kinds.CALLS)
    libraries = _entries_of(kinds.LIBRARIES)
    packers = _entries_of(kinds.PACKERS)
    firmware_rules = _entries_of(kinds.FIRMWARE)
    schemes = _entries_of(kinds.SCHEMES)
    support = _entries_of(kinds.SUPPORT)
    baselines = _entries_of(kinds.BASELINES)
    authorities = _entries_of(kinds.AUTHORITIES)
    installers = _entries_of(kinds.INSTALLERS)

    @cached_property
    def trackers(self) -> tuple[TrackerFact, ...]:
        """Third-party code that sends, by id; also what imported feeds list of it."""
        known = self.entries(kinds.TRACKERS)
        return tuple(sorted((*known, *feed_trackers(self.indicators.files, known)), key=lambda entry: entry.id))

    def entries(self, kind: Kind[Entry]) -> tuple[Entry, ...]:
        """Return what the knowledge files hold of a kind: by id, or file by file where ids may repeat.

        Raises:
            KnowledgeError: a file breaks its schema, or holds an id twice.
        """
        if not kind.unique:
            return tuple(entry for _, parsed in self._parsed_files(kind) for entry in parsed.entries)
        found: dict[str, tuple[DataFile, Entry]] = {}
        for file, parsed in self._parsed_files(kind):
            for entry in parsed.entries:
                name = kind.id_of(entry)
                before = found.get(name)
                if before and before[0].folder == file.folder:
                    raise KnowledgeError(
                        f"{file.shown}: {name}: id: stands in {before[0].shown} already.",
                        "Remove one of the two entries.",
                    )
                found[name] = file, entry
        return tuple(found[name][1] for name in sorted(found))

    def listed(self, kind: Kind[Any]) -> tuple[Any, ...]:
        """Return all that is known of a kind, the trackers of feeds too."""
        return self.trackers if kind is kinds.TRACKERS else self.entries(kind)

    @cached_property
    def powers(self) -> tuple[PowerFact, ...]:
        """What Android lets some apps do beyond what every app may, in the order in which it is told."""
        return tuple(sorted(self.entries(kinds.POWERS), key=lambda fact: (fact.rank, fact.id)))

    @property
    def replaced(self) -> tuple[tuple[str, str], ...]:
        """The bundled incidents in whose place one of the user's stands: the id, and the file of that one."""
        if not any(file.folder for file in self.files if file.kind == kinds.INCIDENTS.folder):
            return ()
        entries = [(file, entry.id) for file, parsed in self._parsed_files(kinds.INCIDENTS) for entry in parsed.entries]
        bundled = {name for file, name in entries if not file.folder}
        mine = {name: file.shown for file, name in entries if file.folder and name in bundled}
        return tuple(sorted(mine.items()))

    @cached_property
    def scheme_index(self) -> SchemeIndex:
        return SchemeIndex(self.schemes)

    @cached_property
    def label_files(self) -> tuple[LabelFile, ...]:
        """What the Settings screen calls properties, file by file."""
        return tuple(parsed for _, parsed in self._parsed_files(kinds.LABELS) if isinstance(parsed, LabelFile))

    @cached_property
    def sources(self) -> tuple[FactSource, ...]:
        """Where the facts other than incidents come from, by id."""
        heads = [parsed.sources for kind in KINDS if kind.in_lists for _, parsed in self._parsed_files(kind)]
        found = {source.id: source for head in heads for source in head}
        found |= {feed.feed: feed_source(feed) for feed in self.indicators.feeds if "code" in feed.counts}
        return tuple(found[name] for name in sorted(found))

    @cached_property
    def info(self) -> KnowledgeInfo:
        """Version, digest, newest entry and counts; those of last time where the files are the same."""
        return cached_info(self.digest, (kind.folder for kind in KINDS), self._counted)

    def _counted(self) -> KnowledgeInfo:
        """Count all entries. The version is the newest date that an entry or source carries."""
        newest = max((entry.disclosed for entry in self.incidents if _is_date(entry.disclosed)), default="")
        said = (*(source.date for source in self.sources), *(feed.date for feed in self.indicators.feeds))
        dates = [date for date in said if _is_date(date)]
        counts = {kind.folder: len(self.listed(kind)) for kind in KINDS if kind is not kinds.LABELS}
        counts["indicators"] = sum(sum(feed.counts.values()) for feed in self.indicators.feeds)
        return KnowledgeInfo(
            version=max([newest, *dates]).replace("-", "."),
            digest=self.digest,
            newest_entry=newest,
            counts=dict(sorted(counts.items())),
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the names and bytes of all files, and over the hashes of the feeds."""
        return digest_of(self.files, self.indicators.digests)

    @cached_property
    def for_reading(self) -> "Knowledge":
        """Only what decides what is read from an APK: where its digest is the same, so are the records."""
        files = tuple(file for file in self.files if file.kind in kinds.READ_BY)
        named = zip(self.indicators.files, self.indicators.feeds, strict=True)
        return Knowledge(files, self.folders, Indicators([path for path, feed in named if "code" in feed.counts]))

    def incident(self, incident_id: str) -> IncidentEntry:
        """Return the incident of that id. Raises KnowledgeError where there is none."""
        try:
            return self._incidents_by_id[incident_id]
        except KeyError:
            raise KnowledgeError(
                f"There is no incident {incident_id!r}.",
                "The file of an incident, in the folder incidents, is named after its id.",
            ) from None

    def owner_of(self, host: str) -> HostFact | None:
        """Return the owner of a host, by its longest known suffix of whole labels; None where nobody is known.

        Hosts that belong to one tracker only count as its owner's. What a host of a maker is for, its name may tell.
        The name that a delivery network gives a host, with the whole host in front, is of whom that host is.
        """
        known = self._owners.longest(host)
        if known is not None and known.delivers:
            delivered = plain_host(host).removesuffix(f".{plain_host(known.host)}")
            if (customer := self._owners.longest(delivered)) is not None:
                host, known = delivered, customer
        return self._host_rules.told(host, known) if known else None

    def trackers_of_host(self, host: str) -> tuple[TrackerFact, ...]:
        """Return the trackers that send to this host, by id."""
        found = {tracker.id: tracker for tracker in self._tracker_hosts.every(host)}
        return tuple(found[name] for name in sorted(found))

    def key_of(self, sha256: str) -> KeyFact | None:
        """Return the public or leaked key whose certificate has this SHA-256 (lower-case hexadecimal), or None."""
        return self._keys_by_sha256.get(sha256)

    def installer_of(self, package: str) -> InstallerFact | None:
        """Return what is known of a package that installed an app; None where it is no known installer."""
        return self._installers_by_id.get(package)

    def rule_for(self, host: str, url: str) -> RuledOutRule | None:
        """Return the rule that takes this endpoint out of every count, or None.

        A host is out as a whole only if the rule holds with an empty URL.
        """
        return self._rule_index.find(host, url)

    def is_ruled_by_shape(self, host: str, url: str) -> bool:
        """Tell whether a rule takes a URL out by its shape alone, and not by a host or a beginning that it names."""
        return self._rule_index.is_by_shape(host, url)

    def spared_in_cleartext(self, host: str, url: str) -> RuledOutRule | None:
        """Return the rule by which it says little that a URL is called without encryption, or None."""
        return self._spared_index.find(host, url)

    def _parsed_files(self, kind: Kind[Any]) -> list[tuple[DataFile, FactFile]]:
        if kind.folder not in self._parsed:
            self._parsed[kind.folder] = [(file, parse(kind, file)) for file in self.files if file.kind == kind.folder]
        return self._parsed[kind.folder]

    @cached_property
    def _incidents_by_id(self) -> dict[str, IncidentEntry]:
        return {entry.id: entry for entry in self.incidents}

    @cached_property
    def _installers_by_id(self) -> dict[str, InstallerFact]:
        return {fact.id: fact for fact in self.installers}

    @cached_property
    def _keys_by_sha256(self) -> dict[str, KeyFact]:
        return {key.sha256: key for key in self.keys if key.sha256}

    @cached_property
    def spared_packages(self) -> frozenset[str]:
        """Packages that incidents spare while they hold no code: ordinary phones have them with a public key, too."""
        return frozenset(fact.value for entry in self.incidents for fact in entry.spares)

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
    def _host_rules(self) -> HostRules:
        return HostRules(self.entries(kinds.HOST_RULES))

    @cached_property
    def _rule_index(self) -> RuleIndex:
        return RuleIndex(rule for rule in self.rules if rule.by != "use")

    @cached_property
    def _spared_index(self) -> RuleIndex:
        return RuleIndex(rule for rule in self.rules if rule.by == "use")


def _is_date(text: str) -> bool:
    return re.fullmatch(r"\d{4}(-\d\d){0,2}", text) is not None
