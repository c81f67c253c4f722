"""Small knowledge for tests, so that they do not depend on what the package bundles."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from phone_audit.knowledge.files import DataFile
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.schema.facts import HostFact, LibraryFact, OptOutFact, RuledOutRule, TrackerFact
from phone_audit.knowledge.schema.incident import EndpointFact, IncidentEntry, IncidentTests
from phone_audit.model.apk import EndpointCategory


def tracker(
    name: str,
    *,
    code: Sequence[str] = (),
    hosts: Sequence[str] = (),
    owner: str | None = None,
    opt_out: Sequence[OptOutFact] = (),
    components: Sequence[str] = (),
) -> TrackerFact:
    return TrackerFact(
        id=name.lower(),
        name=name,
        owner=owner,
        categories=("analytics",),
        code=tuple(code),
        hosts=tuple(hosts),
        opt_out=tuple(opt_out),
        components=tuple(components),
        website="",
        source="test",
        matches=(),
        ignores=(),
    )


def library(
    name: str, *, code: Sequence[str], role: Literal["library", "connector"] = "library", owner: str = "Maker"
) -> LibraryFact:
    return LibraryFact(
        id=name.lower(),
        name=name,
        owner=owner,
        role=role,
        code=tuple(code),
        source="test",
        matches=(),
        ignores=(),
    )


def owner(host: str, name: str, category: EndpointCategory = "telemetry") -> HostFact:
    return HostFact(host=host, owner=name, category=category, source="test")


def rule(
    name: str,
    *,
    hosts: Sequence[str] = (),
    url_prefixes: Sequence[str] = (),
    by: Literal["name", "analysis"] = "name",
) -> RuledOutRule:
    return RuledOutRule(
        id=name,
        reason="for the test",
        by=by,
        hosts=tuple(hosts),
        url_prefixes=tuple(url_prefixes),
        source="test",
        matches=(),
        ignores=(),
    )


def incident(*hosts: str) -> IncidentEntry:
    return IncidentEntry(
        id="incident",
        title="",
        summary="",
        category="data-leak",
        severity="high",
        status="ongoing",
        raises="known-bad",
        disclosed="2020-01-01",
        vendors=(),
        models=(),
        builds=(),
        packages=(),
        hashes=(),
        certificates=(),
        paths=(),
        properties=(),
        endpoints=tuple(
            EndpointFact(value=host, confidence="sourced", source=1, kind="domain", weight="strong") for host in hosts
        ),
        data_types=(),
        cves=(),
        vendor_response=(),
        sources=(),
        tests=IncidentTests(),
    )


def knowledge(
    *,
    trackers: Sequence[TrackerFact] = (),
    libraries: Sequence[LibraryFact] = (),
    hosts: Sequence[HostFact] = (),
    rules: Sequence[RuledOutRule] = (),
    incidents: Sequence[IncidentEntry] = (),
) -> Knowledge:
    kinds: list[tuple[str, Sequence[TrackerFact | LibraryFact | HostFact | RuledOutRule]]] = [
        ("trackers", trackers),
        ("libraries", libraries),
        ("hosts", hosts),
        ("rules", rules),
    ]
    files = [DataFile("incidents", 0, Path("incident.json"), one.model_dump_json().encode()) for one in incidents]
    for kind, entries in kinds:
        text = json.dumps({"sources": [], "entries": [entry.model_dump() for entry in entries]})
        files.append(DataFile(kind, 0, Path(f"{kind}.json"), text.encode()))
    return Knowledge(tuple(files))
