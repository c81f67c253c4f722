"""CSV: of a result one line a finding, and one for whatever was not read, so that silence is no good sign."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Final

from phone_audit.model.apk import Apks
from phone_audit.model.base import Frozen
from phone_audit.model.diff import Diff
from phone_audit.model.finding import Finding, Skipped
from phone_audit.model.results import Fleet, FleetScan
from phone_audit.report.apk_files import NO_FILE, ApkFiles, CheckedFile, files_of
from phone_audit.report.app_names import AppNames, names_of
from phone_audit.report.canvas import Style
from phone_audit.report.document_parts import DocumentPart, document_parts
from phone_audit.report.indicators import SharedIndicator
from phone_audit.report.safe import visible

COLUMNS = (
    "result", "outcome", "id", "severity", "confidence", "category", "subject_kind", "subject", "title", "message",
    "incident", "evidence", "publisher", "url", "key", "stated_in", "accepted_by",
    "app", "label", "file", "sha256",
)  # fmt: skip
PHONE_COLUMNS = (
    "name", "file", "pseudonym", "serial", "label", "model", "outcome", "gating", "complete", "error", "hint",
    "stated_in", "asset", "asset_notes", "reason", "watched",
)  # fmt: skip
CHANGE_COLUMNS = ("severity", "what", "change", "subject", "old", "new", "text", "stated_in")
_MOST_EVIDENCE = 10
_FORMULA: Final = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
"""How a cell begins that a spreadsheet computes; the last four are the wide forms of East Asian text."""
Line = Sequence[str]


def render_csv(document: Frozen, style: Style) -> Iterator[str]:
    """Yield the result line by line, so that the records of a folder need not be in memory together."""
    if isinstance(document, Diff):
        return table(CHANGE_COLUMNS, ((*line, style.stated_in) for line in _changes(document)))
    if isinstance(document, Fleet):
        return table(PHONE_COLUMNS, ((*_phone(scan), style.stated_in, *_asset(scan)) for scan in document.scans))
    label = getattr(document, "label", None) or ""
    rows = (
        (*line, style.stated_in, accepted, app, label, file.path, file.sha256)
        for line, accepted, app, file in _lines(document)
    )
    return table(COLUMNS, rows)


def to_csv(rows: Iterable[SharedIndicator], made: str) -> str:
    """Return one line an indicator. `made` is not written."""
    cells = (
        (
            row.kind, row.value, row.name, row.class_, "yes" if row.weak else "", row.where, row.publisher,
            row.title, row.date, row.url, row.licence,
        )
        for row in rows
    )  # fmt: skip
    head = ("kind", "value", "name", "class", "weak", "where", "publisher", "title", "date", "url", "licence")
    return "".join(table(head, cells))


def table(head: Line, lines: Iterable[Line]) -> Iterator[str]:
    r"""Yield CSV (RFC 4180, with line feeds): every cell quoted, none a formula, and no control character left.

    Example:
        >>> "".join(table(("a", "b"), [("=1+1", "x,y")]))
        '"a","b"\n"\'=1+1","x,y"\n'
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for line in chain((head,), lines):
        writer.writerow(map(_cell, line))
        yield text.getvalue()
        text.seek(0)
        text.truncate()


def _cell(text: str) -> str:
    seen = visible(text)
    return f"'{seen}" if seen.startswith(_FORMULA) else seen


def _lines(document: Frozen) -> Iterator[tuple[Line, str, str, CheckedFile]]:
    """Yield each line up to the key, who accepted it, the name of the app, and its file."""
    for part in document_parts(document):
        yield from _part(part, names_of(document, part), files_of(document, part.apks or ()))
    if isinstance(document, Apks):
        yield from ((_skipped("", "", item), "", "", NO_FILE) for item in document.skipped)


def _phone(scan: FleetScan) -> Line:
    complete = "yes" if scan.complete else "no"
    return (
        scan.name, scan.file or "", scan.pseudonym or "", scan.serial or "", scan.label or "", scan.model or "",
        scan.outcome or "", scan.gating or "", complete, scan.error or "", scan.hint or "",
    )  # fmt: skip


def _asset(scan: FleetScan) -> Line:
    return scan.asset or "", " | ".join(scan.asset_notes), scan.reason or "", scan.watched or ""


def _changes(diff: Diff) -> Iterator[Line]:
    for item in diff.changes:
        yield item.severity, item.what, item.change, item.subject, item.old or "", item.new or "", item.text
    for row in diff.not_compared:
        for subject in row.subjects or ("",):
            yield "", row.what, "not-compared", subject, "", "", row.text


def _part(part: DocumentPart, names: AppNames, files: ApkFiles) -> Iterator[tuple[Line, str, str, CheckedFile]]:
    whole = names.known(part.apks[0].package or "") if part.apks and not part.is_phone else ""
    for finding in part.findings:
        accepted = finding.accepted_by.by if finding.accepted_by else ""
        file = next(iter(files.of(finding)), NO_FILE)
        yield _finding(part, finding), accepted, whole or names.known(finding.subject.name), file
    for item in part.skipped:
        yield _skipped(part.name, part.outcome, item), "", whole, NO_FILE
    if not part.findings and not part.skipped:
        yield _line(part.name, part.outcome, message=part.headline), "", whole, NO_FILE


def _finding(part: DocumentPart, finding: Finding) -> Line:
    source = finding.sources[0] if finding.sources else None
    pieces = [f"{piece.kind}: {piece.value} [{piece.where}]" for piece in finding.evidence[:_MOST_EVIDENCE]]
    if len(finding.evidence) > _MOST_EVIDENCE:
        pieces.append(f"and {len(finding.evidence) - _MOST_EVIDENCE} more")
    return (
        part.name, part.outcome, finding.id, finding.severity, finding.confidence, finding.category,
        finding.subject.kind, finding.subject.name, finding.title, finding.message, finding.incident or "",
        " | ".join(pieces), source.publisher if source else "", source.url if source else "", finding.key,
    )  # fmt: skip


def _skipped(name: str, outcome: str, item: Skipped) -> Line:
    return _line(name, outcome, identifier="not-read", subject=item.subject, title=item.code, message=item.reason)


def _line(
    name: str, outcome: str, *, identifier: str = "", subject: str = "", title: str = "", message: str = ""
) -> Line:
    return (name, outcome, identifier, "", "", "", "", subject, title, message, "", "", "", "", "")
