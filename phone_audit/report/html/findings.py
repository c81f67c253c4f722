"""Findings as rows of a page: the worst first, with evidence as far as a page has room for it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from phone_audit.model.finding import SEVERITIES, Acceptance, Evidence, Finding, Remedy, Source
from phone_audit.model.stated import is_web_address
from phone_audit.report.apk_files import NO_FILES, ApkFiles, CheckedFile
from phone_audit.report.draw_parts import places_of, severity_rank
from phone_audit.report.safe import shortened

_ANCHOR: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MOST_EVIDENCE: Final = 6
_MOST_SOURCES: Final = 4
_LONGEST: Final = 400
_LONGEST_TITLE: Final = 160
_LONGEST_VALUE: Final = 160
_LONGEST_NAME: Final = 100
_ROOM_WITH_EVIDENCE: Final = 900_000
"""Letters of the findings that are shown with what they rest on."""
_ROOM: Final = 3_300_000
"""Letters of all findings; of those that go beyond it only the number is told."""
_ROW: Final = 130
"""Letters around a finding's own that show it on one line, and `_WHOLE` those that show it with its evidence."""
_WHOLE: Final = 420


@dataclass(frozen=True)
class EvidenceRow:
    kind: str
    value: str
    where: str


@dataclass(frozen=True)
class FindingRow:
    """A finding on a page. `anchor` is the end of its address there, empty where its key cannot be one.

    `accepted` says who answers for it. `whole` tells whether message, evidence, sources and what can be done are shown;
    `more` counts the evidence that is left out.
    """

    anchor: str
    severity: str
    confidence: str
    title: str
    subject: str
    detector: str
    message: str
    whole: bool
    files: tuple[CheckedFile, ...] = ()
    evidence: tuple[EvidenceRow, ...] = ()
    more: int = 0
    sources: tuple[Source, ...] = ()
    remedy: tuple[Remedy, ...] = ()
    accepted: str = ""


@dataclass(frozen=True)
class FindingList:
    """The findings of a page, how many there are in all, and how many of each severity."""

    rows: tuple[FindingRow, ...]
    total: int
    counts: tuple[tuple[str, int], ...]

    @property
    def left(self) -> int:
        """How many are not on the page."""
        return self.total - len(self.rows)

    @property
    def folded(self) -> int:
        """How many are on one line, without evidence."""
        return sum(not row.whole for row in self.rows)


def finding_list(findings: Sequence[Finding], files: ApkFiles = NO_FILES) -> FindingList:
    """Return findings in the order of severity, else in their own, and the `files` that they are about."""
    ordered = sorted(findings, key=severity_rank)
    counts = dict.fromkeys(SEVERITIES, 0)
    for finding in findings:
        counts[finding.severity] = counts.get(finding.severity, 0) + 1
    shown = tuple((severity, count) for severity, count in counts.items() if count)
    return FindingList(tuple(_rows(ordered, files)), len(findings), shown)


def _rows(ordered: Iterable[Finding], files: ApkFiles) -> Iterable[FindingRow]:
    anchors: set[str] = set()
    used = 0
    for finding in ordered:
        anchor = anchor_of(finding.key)
        row = _whole(finding, files) if used < _ROOM_WITH_EVIDENCE else _brief(finding)
        used += _letters(row)
        if used > _ROOM:
            return
        yield row if anchor not in anchors else replace(row, anchor="")  # an address leads to one place
        anchors.add(anchor)


def anchor_of(key: str | None) -> str:
    """Return the end of the address of a finding on its page, `f-KEY`; nothing where the key is none of ours."""
    return f"f-{key}" if key and _ANCHOR.fullmatch(key) else ""


def _brief(finding: Finding) -> FindingRow:
    return FindingRow(
        anchor=anchor_of(finding.key),
        severity=finding.severity,
        confidence=finding.confidence,
        title=shortened(finding.title, _LONGEST_TITLE),
        subject=shortened(finding.subject.name, _LONGEST_NAME),
        detector=finding.id,
        message="",
        whole=False,
    )


def _whole(finding: Finding, files: ApkFiles) -> FindingRow:
    return replace(
        _brief(finding),
        message=shortened(finding.message, _LONGEST),
        whole=True,
        files=tuple(CheckedFile(shortened(one.path, _LONGEST), one.sha256) for one in files.of(finding)),
        evidence=tuple(_evidence(one) for one in finding.evidence[:_MOST_EVIDENCE]),
        more=max(0, len(finding.evidence) - _MOST_EVIDENCE),
        sources=tuple(_source(one) for one in finding.sources[:_MOST_SOURCES]),
        remedy=finding.remedy,
        accepted=_acceptance(finding.accepted_by) if finding.accepted_by else "",
    )


def _evidence(evidence: Evidence) -> EvidenceRow:
    place = places_of(evidence)
    if evidence.observed_at:
        place.append(f"seen at {evidence.observed_at}")
    where = ", ".join(part for part in place if part)
    return EvidenceRow(evidence.kind, shortened(evidence.value, _LONGEST_VALUE), shortened(where, _LONGEST_VALUE))


def _acceptance(accepted: Acceptance) -> str:
    until = f" until {accepted.until}" if accepted.until else ""
    return shortened(f"Accepted by {accepted.by} on {accepted.at[:10]}{until}: {accepted.reason}", _LONGEST)


def _source(source: Source) -> Source:
    """Return a source whose address, if it has one, is of the web."""
    return source if is_web_address(source.url) else source.model_copy(update={"url": ""})


def _letters(row: FindingRow) -> int:
    own = len(row.title) + len(row.subject) + len(row.message)
    if not row.whole:
        return own + _ROW
    evidence = sum(len(one.value) + len(one.where) + _ROW for one in row.evidence)
    sources = sum(len(one.title) + len(one.publisher) + len(one.url) + _ROW for one in row.sources)
    files = sum(len(one.path) + len(one.sha256) + _ROW for one in row.files)
    remedies = sum(len(one.text) + _ROW for one in row.remedy)
    return own + _WHOLE + files + evidence + sources + remedies
