"""A result as a table: one line a finding, and one for whatever was not read, so that silence is no good sign."""

from collections.abc import Iterable, Iterator, Sequence

from phone_audit.model.apk import Apk, Apks
from phone_audit.model.base import Frozen
from phone_audit.model.finding import Evidence, Finding, Skipped
from phone_audit.model.results import CheckedBuild, Firmware, Scan
from phone_audit.model.watch import Watch
from phone_audit.report.indicators import table_pieces

COLUMNS = (
    "result", "outcome", "id", "severity", "confidence", "category", "subject_kind", "subject", "title", "message",
    "incident", "evidence", "publisher", "url", "key", "stated_in",
)  # fmt: skip
_MOST_EVIDENCE = 10
Line = Sequence[str]


def render_csv(document: Frozen, stated_in: str = "") -> str:
    """Return the result as CSV. `result` is the path of an APK, the input of a build, the pseudonym of a phone.

    Args:
        document: the result.
        stated_in: the file that states it, where a saved result is drawn.
    """
    return "".join(csv_pieces(document, stated_in))


def csv_pieces(document: Frozen, stated_in: str = "") -> Iterator[str]:
    """Yield the same line by line, so that the records of a folder need not be in memory together."""
    return table_pieces(COLUMNS, ((*line, stated_in) for line in _lines(document)))


def _lines(document: Frozen) -> Iterator[Line]:
    match document:
        case Scan():
            name = document.device.pseudonym or document.device.model or ""
            yield from _result(name, document.verdict.outcome, document.findings, document.coverage.skipped)
        case Watch():
            name = document.device.pseudonym or document.device.model or ""
            yield from _result(name, document.verdict.outcome, document.findings, document.skipped)
        case Apks():
            for apk in document.apks:
                yield from _result(apk.path, apk.outcome, apk.findings, apk.skipped)
            yield from (_skipped("", "", item) for item in document.skipped)
        case Apk():
            yield from _result(document.path, document.outcome, document.findings, document.skipped)
        case Firmware():
            yield from (line for build in document.builds for line in _build(build))
        case _:
            return


def _result(name: str, outcome: str, findings: Iterable[Finding], skipped: Iterable[Skipped]) -> Iterator[Line]:
    lines = [_finding(name, outcome, finding) for finding in findings]
    lines += [_skipped(name, outcome, item) for item in skipped]
    yield from lines or [_line(name, outcome)]


def _build(build: CheckedBuild) -> Iterator[Line]:
    lines = [_finding(build.input, build.verdict.outcome, finding) for finding in build.findings]
    yield from lines or [_line(build.input, build.verdict.outcome, message=build.verdict.headline)]


def _finding(name: str, outcome: str, finding: Finding) -> Line:
    source = finding.sources[0] if finding.sources else None
    pieces = [_evidence(piece) for piece in finding.evidence[:_MOST_EVIDENCE]]
    if len(finding.evidence) > _MOST_EVIDENCE:
        pieces.append(f"and {len(finding.evidence) - _MOST_EVIDENCE} more")
    return (
        name, outcome, finding.id, finding.severity, finding.confidence, finding.category, finding.subject.kind,
        finding.subject.name, finding.title, finding.message, finding.incident or "", " | ".join(pieces),
        source.publisher if source else "", source.url if source else "", finding.key,
    )  # fmt: skip


def _skipped(name: str, outcome: str, item: Skipped) -> Line:
    return _line(name, outcome, identifier="not-read", subject=item.subject, title=item.code, message=item.reason)


def _line(
    name: str, outcome: str, *, identifier: str = "", subject: str = "", title: str = "", message: str = ""
) -> Line:
    return (name, outcome, identifier, "", "", "", "", subject, title, message, "", "", "", "", "")


def _evidence(piece: Evidence) -> str:
    return f"{piece.kind}: {piece.value} [{piece.where}]"
