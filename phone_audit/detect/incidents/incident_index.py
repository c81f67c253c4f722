"""The incidents' facts by what they are looked up with, so that a look-up does not walk through all incidents."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Generic, TypeVar

from phone_audit.knowledge.compare import names_build
from phone_audit.knowledge.hosts import plain_host, suffixes
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.rules import split_url
from phone_audit.knowledge.schema.incident import (
    PACKAGE_VERSION,
    PROSE,
    BuildFact,
    CertificateFact,
    EndpointFact,
    Fact,
    HashFact,
    IncidentEntry,
    ModelFact,
    PackageFact,
    PathFact,
    PropertyFact,
)

FactType = TypeVar("FactType", bound=Fact)


class Table(Generic[FactType]):
    """Facts under a key, each with its incident."""

    def __init__(self) -> None:
        self._rows: defaultdict[str, list[tuple[IncidentEntry, FactType]]] = defaultdict(list)

    def add(self, key: str, incident: IncidentEntry, fact: FactType) -> None:
        self._rows[key].append((incident, fact))

    def of(self, key: str) -> Sequence[tuple[IncidentEntry, FactType]]:
        return self._rows.get(key, ())

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)


class BuildTable:
    """Build and model facts. Those that name one value are found by it; the few patterns of a field are tried."""

    def __init__(self) -> None:
        self._exact: dict[str, Table[BuildFact | ModelFact]] = {}
        self._patterns: Table[BuildFact | ModelFact] = Table()

    def add(self, incident: IncidentEntry, fact: BuildFact | ModelFact) -> None:
        if fact.match == "exact":
            self._exact.setdefault(fact.field, Table()).add(fact.value, incident, fact)
        else:
            self._patterns.add(fact.field, incident, fact)

    @property
    def fields(self) -> frozenset[str]:
        """The properties that some fact compares."""
        return frozenset((*self._exact, *self._patterns))

    def of(self, field: str, value: str) -> Iterator[tuple[IncidentEntry, BuildFact | ModelFact]]:
        """Yield the facts that name this value of this property; their conditions are not looked at."""
        if field in self._exact:
            yield from self._exact[field].of(value)
        for incident, fact in self._patterns.of(field):
            if names_build(fact, value):
                yield incident, fact


class Index:
    """All comparable facts. What is recalled and not sourced is left out, except of builds, where it is a candidate.

    Endpoints lie under their host; a `domain` also covers the hosts below it.
    """

    def __init__(self, incidents: Sequence[IncidentEntry]) -> None:
        self.builds = BuildTable()
        self.versions: Table[BuildFact] = Table()
        self.packages: Table[PackageFact] = Table()
        self.hashes: Table[HashFact] = Table()
        self.certificates: Table[CertificateFact] = Table()
        self.paths: Table[PathFact] = Table()
        self.properties: Table[PropertyFact] = Table()
        self._hosts: Table[EndpointFact] = Table()
        for incident in incidents:
            self._add_builds(incident)
            self._add_names(incident)
            self._add_endpoints(incident)
        self._ends = frozenset(_end(host) for host in self._hosts)

    def endpoints(self, host: str) -> Iterator[tuple[IncidentEntry, EndpointFact]]:
        """Yield the endpoint facts that this host meets, whole labels only; their conditions are not looked at."""
        whole = plain_host(host)
        if _end(whole) not in self._ends:
            return
        for suffix in suffixes(whole):
            for incident, fact in self._hosts.of(suffix):
                if suffix == whole or fact.kind == "domain":
                    yield incident, fact

    def _add_builds(self, incident: IncidentEntry) -> None:
        for model in incident.models:
            if model.field != PROSE:
                self.builds.add(incident, model)
        for build in incident.builds:
            if build.field == PACKAGE_VERSION:
                self.versions.add(build.package or "", incident, build)
            elif build.field != PROSE:
                self.builds.add(incident, build)

    def _add_names(self, incident: IncidentEntry) -> None:
        for package in incident.packages:
            if package.kind is None and package.confidence == "sourced":
                self.packages.add(package.value, incident, package)
        for digest in incident.hashes:
            if digest.confidence == "sourced":
                self.hashes.add(digest.value, incident, digest)
        for certificate in incident.certificates:
            if certificate.confidence == "sourced":
                self.certificates.add(certificate.value, incident, certificate)
        for path in incident.paths:
            if path.kind is None and path.standalone and path.confidence == "sourced":
                self.paths.add(path.value, incident, path)
        for item in incident.properties:
            if item.confidence == "sourced":
                self.properties.add(item.value, incident, item)

    def _add_endpoints(self, incident: IncidentEntry) -> None:
        for fact in incident.endpoints:
            if fact.kind != "url-path" and fact.weight != "none" and fact.confidence == "sourced":
                self._hosts.add(host_of(fact), incident, fact)


@lru_cache(maxsize=4)
def index_of(knowledge: Knowledge) -> Index:
    return Index(knowledge.incidents)


def host_of(fact: EndpointFact) -> str:
    """Return the host that an endpoint fact names, in lower case.

    Example:
        >>> host_of(EndpointFact(value="http://a.example:80/x", confidence="recalled", kind="url", weight="none"))
        'a.example'
    """
    return split_url(fact.value)[0]


def _end(host: str) -> str:
    """The last two labels, read cheaply: most hosts are told apart from all that are listed by these alone."""
    return ".".join(host.rsplit(".", 2)[-2:])
