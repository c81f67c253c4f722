"""The incidents' facts by what they are looked up with, so that a look-up does not walk through all incidents."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TypeVar

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


Table = defaultdict[str, list[tuple[IncidentEntry, FactType]]]
"""Facts under a key, each with its incident. To be read with `get`, which adds no key."""


class BuildTable:
    """Build and model facts. Those that name one value are found by it; the few patterns of a field are tried."""

    def __init__(self) -> None:
        self._exact: dict[str, Table[BuildFact | ModelFact]] = {}
        self._patterns = Table[BuildFact | ModelFact](list)

    def add(self, incident: IncidentEntry, fact: BuildFact | ModelFact) -> None:
        if fact.match == "exact":
            self._exact.setdefault(fact.field, Table[BuildFact | ModelFact](list))[fact.value].append((incident, fact))
        else:
            self._patterns[fact.field].append((incident, fact))

    @property
    def fields(self) -> frozenset[str]:
        """The properties that some fact compares."""
        return frozenset((*self._exact, *self._patterns))

    def of(self, field: str, value: str) -> Iterator[tuple[IncidentEntry, BuildFact | ModelFact]]:
        """Yield the facts that name this value of this property; their conditions are not looked at."""
        if field in self._exact:
            yield from self._exact[field].get(value, ())
        for incident, fact in self._patterns.get(field, ()):
            if names_build(fact, value):
                yield incident, fact


class Index:
    """All comparable facts. What is recalled and not sourced is left out, except of builds, where it is a candidate.

    Endpoints lie under their host; a `domain` also covers the hosts below it.
    """

    def __init__(self, incidents: Sequence[IncidentEntry]) -> None:
        self.builds = BuildTable()
        self.versions = Table[BuildFact](list)
        self.packages = Table[PackageFact](list)
        self.hashes = Table[HashFact](list)
        self.certificates = Table[CertificateFact](list)
        self.paths = Table[PathFact](list)
        self.properties = Table[PropertyFact](list)
        self._hosts = Table[EndpointFact](list)
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
            for incident, fact in self._hosts.get(suffix, ()):
                if suffix == whole or fact.kind == "domain":
                    yield incident, fact

    def _add_builds(self, incident: IncidentEntry) -> None:
        for model in incident.models:
            if model.field != PROSE:
                self.builds.add(incident, model)
        for build in incident.builds:
            if build.field == PACKAGE_VERSION:
                self.versions[build.package or ""].append((incident, build))
            elif build.field != PROSE:
                self.builds.add(incident, build)

    def _add_names(self, incident: IncidentEntry) -> None:
        for package in incident.packages:
            if package.kind is None and package.confidence == "sourced":
                self.packages[package.value].append((incident, package))
        for digest in incident.hashes:
            if digest.confidence == "sourced":
                self.hashes[digest.value].append((incident, digest))
        for certificate in incident.certificates:
            if certificate.confidence == "sourced":
                self.certificates[certificate.value].append((incident, certificate))
        for path in incident.paths:
            if path.kind is None and path.standalone and path.confidence == "sourced":
                self.paths[path.value].append((incident, path))
        for item in incident.properties:
            if item.confidence == "sourced":
                self.properties[item.value].append((incident, item))

    def _add_endpoints(self, incident: IncidentEntry) -> None:
        for fact in incident.endpoints:
            if fact.kind != "url-path" and fact.weight != "none" and fact.confidence == "sourced":
                self._hosts[host_of(fact)].append((incident, fact))


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
