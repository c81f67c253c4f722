"""What a result found, as indicators to give out: of known-bad things, and the hosts of trackers for a block list."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain

from phone_audit.model.apk import Apk, Apks, Endpoint
from phone_audit.model.base import Frozen
from phone_audit.model.finding import Evidence, Finding, Source
from phone_audit.model.results import Scan
from phone_audit.model.stated import is_address, is_hash, is_package, is_path, is_property
from phone_audit.report.indicators import Shared, to_hosts, to_stix

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


def render_stix(document: Frozen, stated_in: str = "") -> str:
    """Return what a result found of malware and published incidents as a STIX 2.1 bundle.

    Args:
        document: the result.
        stated_in: the file that states it, where a saved result is drawn.
    """
    rows = [row for row in found_in(document) if row.class_ != TRACKING]
    return to_stix(rows, f"{_made(document)}.000Z", stated_in)


def render_hosts(document: Frozen, stated_in: str = "") -> str:
    """Return the hosts of a result to which data goes, or of malware, as a hosts file; see `render_stix`."""
    return to_hosts(found_in(document), _made(document), stated_in)


def found_in(document: Frozen) -> list[Shared]:
    """Return the indicators of a result, each once, sorted."""
    rows: set[Shared] = set()
    match document:
        case Scan():
            rows = {*_of_findings(document.findings, document.apks), *_tracking(document.apks)}
        case Apks():
            for apk in document.apks:  # one at a time: there may be more than memory holds
                rows.update(_of_apk(apk))
        case Apk():
            rows = set(_of_apk(document))
    return sorted(rows, key=lambda row: (row.kind, row.value, row.class_, row.name, row.where, row.title))


def _of_apk(apk: Apk) -> Iterator[Shared]:
    return chain(_of_findings(apk.findings, (apk,)), _tracking((apk,)))


def _made(document: Frozen) -> str:
    """When the result was made, to the second and without zone."""
    started = getattr(getattr(document, "run", None), "started", None)
    return (started or "1970-01-01T00:00:00Z")[: len("1970-01-01T00:00:00")]


def _of_findings(findings: Iterable[Finding], apks: Iterable[Apk]) -> Iterator[Shared]:
    endpoints: dict[Evidence, list[Endpoint]] = {}
    for apk in apks:
        for endpoint in apk.endpoints or ():
            for holder in endpoint.held_by:
                for piece in holder.evidence:
                    endpoints.setdefault(piece, []).append(endpoint)
    for finding in findings:
        if (finding.incident or finding.id.startswith("indicator.")) and finding.id not in _NO_SIGN:
            yield from _of_finding(finding, endpoints)


def _of_finding(finding: Finding, endpoints: Mapping[Evidence, list[Endpoint]]) -> Iterator[Shared]:
    seen: list[tuple[str, str]] = []
    for piece in finding.evidence:
        value = piece.value.partition(" ")[0] if piece.kind == "package" else piece.value
        if piece.kind in _KINDS and _KINDS[piece.kind](value):
            seen.append((piece.kind, value))
        seen += [_host(endpoint) for endpoint in endpoints.get(piece, ()) if endpoint.ruled_out is None]
    source = finding.sources[0] if finding.sources else _NO_SOURCE
    for kind, value in dict.fromkeys(seen):
        yield Shared(
            kind=kind, value=value, name=finding.title, class_=finding.category, publisher=source.publisher,
            title=source.title, url=source.url, date=source.date, where=finding.subject.name,
            weak=finding.confidence not in ("confirmed", "high"),
        )  # fmt: skip


def _tracking(apks: Iterable[Apk]) -> Iterator[Shared]:
    for apk in apks:
        trackers = {host: tracker.name for tracker in apk.trackers or () for host in tracker.endpoints}
        for endpoint in apk.endpoints or ():
            name = trackers.get(endpoint.host) or (endpoint.owner if endpoint.category in _SENDING else None)
            if name and endpoint.ruled_out is None:
                kind, value = _host(endpoint)
                yield Shared(
                    kind=kind, value=value, name=name, class_=TRACKING, publisher="phone-audit", title="", url="",
                    date="", where=apk.package or apk.path,
                )  # fmt: skip


def _host(endpoint: Endpoint) -> tuple[str, str]:
    return ("address" if is_address(endpoint.host) else "host", endpoint.host)
