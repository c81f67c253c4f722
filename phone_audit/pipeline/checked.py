"""A knowledge folder checked as a whole: its files, the identifiers that its incidents hold, and its hosts."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from phone_audit.apk.endpoints.public_suffixes import registered_domain
from phone_audit.files.short_repr import short_repr
from phone_audit.judge.selftest import failed_tests
from phone_audit.knowledge.check.folder import CheckedFolder, check_folder, counts_of
from phone_audit.knowledge.files import DataFile, Problem, read_data
from phone_audit.knowledge.kinds import INCIDENTS, TRACKERS
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.naming import host_fault
from phone_audit.knowledge.rules import split_url
from phone_audit.knowledge.schema.incident import IncidentEntry


@dataclass(frozen=True)
class Checked:
    """The problems of a folder, sorted, the lines of counts, and how many identifiers the matcher was given."""

    problems: tuple[Problem, ...]
    counts: tuple[str, ...]
    matches: int
    near_misses: int


def check_all(folder: Path) -> Checked:
    """Check a knowledge folder and try the identifiers of its incidents through the matcher.

    An incident whose file has problems is not tried: what comes out would be about the fault.

    Raises:
        KnowledgeError: the folder cannot be read at all.
    """
    found = check_folder(folder)
    faulty = {problem.file for problem in found.problems}
    whole = [(file, entry) for file, entry in found.of(INCIDENTS) if file not in faulty]
    tried = [problem for file, entry in whole for problem in _tried(folder, file, entry)]
    problems = sorted([*found.problems, *tried, *_hosts(found)])
    matches = sum(len(entry.tests.matches) for _, entry in whole)
    return Checked(tuple(problems), tuple(counts_of(found)), matches, sum(len(it.tests.ignores) for _, it in whole))


def _tried(folder: Path, file: str, entry: IncidentEntry) -> Iterator[Problem]:
    """Try the tests of one incident with nothing else known: no other entry can change what they give."""
    path = folder / file
    alone = Knowledge((DataFile("incidents", 0, path, read_data(path)),))
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
