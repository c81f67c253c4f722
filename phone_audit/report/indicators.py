"""What a result found, as indicators to share: of known-bad things, and the hosts of trackers for a block list."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from phone_audit.model.apk import Apk, Endpoint
from phone_audit.model.base import Frozen
from phone_audit.model.finding import Evidence, Finding, Source
from phone_audit.model.stated import is_address, is_hash, is_package, is_path, is_property
from phone_audit.report.document_parts import document_parts

TRACKING = "tracker"
"""Class of hosts that data is sent to by design: in a block list, and no sign of malware."""
_SENDING = ("telemetry", "advertising", "crash-reporting")
_NO_SIGN = ("candidate-build", "named-model", "indicator.commonplace", "indicator.tracker", "indicator.listed")
"""Findings of a name only, or of what is no sign of malware."""
_KINDS: Mapping[str, Callable[[str], bool]] = {
    "hash": is_hash, "certificate": is_hash, "package": is_package, "path": is_path, "property": is_property,
}  # fmt: skip
"""Evidence that is an indicator, and the form that it has; what has another form is none, whoever stated it."""
_NO_SOURCE = Source(title="", publisher="phone-audit", date="", url="")


@dataclass(frozen=True)
class SharedIndicator:
    """One indicator to share, with where it comes from.

    `kind` and `value` as in the feeds; `class_` what it is a sign of; `date` a day. `where` says where it was
    found, and is empty for what is only known. `weak`: no proof, and nothing to block.
    """

    kind: str
    value: str
    name: str
    class_: str
    publisher: str
    title: str
    url: str
    date: str
    licence: str = ""
    where: str = ""
    weak: bool = False


def indicators_in(document: Frozen) -> list[SharedIndicator]:
    """Return the indicators of a result, each once, sorted. What has no code of packages has none."""
    rows: set[SharedIndicator] = set()
    for part in document_parts(document):
        if part.apks is not None:
            rows.update(_of_findings(part.findings, part.apks))
            rows.update(_tracking(part.apks))
    return sorted(rows, key=lambda row: (row.kind, row.value, row.class_, row.name, row.where, row.title))


def made_at(document: Frozen) -> str:
    """Return when the result was made, to the second and without zone."""
    started = getattr(getattr(document, "run", None), "started", None)
    return (started or "1970-01-01T00:00:00Z")[: len("1970-01-01T00:00:00")]


def _of_findings(findings: Iterable[Finding], apks: Iterable[Apk]) -> Iterator[SharedIndicator]:
    endpoints: dict[Evidence, list[Endpoint]] = {}
    for apk in apks:
        for endpoint in apk.endpoints or ():
            for holder in endpoint.held_by:
                for piece in holder.evidence:
                    endpoints.setdefault(piece, []).append(endpoint)
    for finding in findings:
        if (finding.incident or finding.id.startswith("indicator.")) and finding.id not in _NO_SIGN:
            yield from _of_finding(finding, endpoints)


def _of_finding(finding: Finding, endpoints: Mapping[Evidence, list[Endpoint]]) -> Iterator[SharedIndicator]:
    seen: list[tuple[str, str]] = []
    for piece in finding.evidence:
        value = piece.value.partition(" ")[0] if piece.kind == "package" else piece.value
        if piece.kind in _KINDS and _KINDS[piece.kind](value):
            seen.append((piece.kind, value))
        seen += [_host(endpoint) for endpoint in endpoints.get(piece, ()) if endpoint.ruled_out is None]
    source = finding.sources[0] if finding.sources else _NO_SOURCE
    for kind, value in dict.fromkeys(seen):
        yield SharedIndicator(
            kind=kind, value=value, name=finding.title, class_=finding.category, publisher=source.publisher,
            title=source.title, url=source.url, date=source.date, where=finding.subject.name,
            weak=finding.confidence not in ("confirmed", "high"),
        )  # fmt: skip


def _tracking(apks: Iterable[Apk]) -> Iterator[SharedIndicator]:
    for apk in apks:
        trackers = {host: tracker.name for tracker in apk.trackers or () for host in tracker.endpoints}
        for endpoint in apk.endpoints or ():
            name = trackers.get(endpoint.host) or (endpoint.owner if endpoint.category in _SENDING else None)
            if name and endpoint.ruled_out is None:
                kind, value = _host(endpoint)
                yield SharedIndicator(
                    kind=kind, value=value, name=name, class_=TRACKING, publisher="phone-audit", title="", url="",
                    date="", where=apk.package or apk.path,
                )  # fmt: skip


def _host(endpoint: Endpoint) -> tuple[str, str]:
    return ("address" if is_address(endpoint.host) else "host", endpoint.host)
