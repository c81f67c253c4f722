"""The page of a folder of APKs: the verdict, a row for each APK, whose SDKs and places they hold, what was not read."""

from bisect import insort
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from phone_audit.model.apk import Apk, Apks
from phone_audit.model.finding import OUTCOMES, SEVERITIES, Finding
from phone_audit.model.wording import counted
from phone_audit.report.apk_files import ApkFiles
from phone_audit.report.canvas import Style
from phone_audit.report.draw_answer import WARNING
from phone_audit.report.draw_folder_answer import folder_advises
from phone_audit.report.draw_parts import OUTCOME_RANKS, SkippedGroups, severity_rank
from phone_audit.report.html.findings import FindingList, anchor_of, finding_list
from phone_audit.report.html.fleet_page import Bar
from phone_audit.report.html.reading import judged_with
from phone_audit.report.html.templates import draw
from phone_audit.report.safe import shortened

_LONGEST: Final = 100
_LONGEST_TEXT: Final = 300
_MOST_ROWS: Final = 500
_MOST_FINDINGS: Final = 500
_MOST_BARS: Final = 15
_MOST_NAMES: Final = 5_000
"""Names that are counted; a result that somebody made can hold any number of them."""
_MOST_REASONS: Final = 40


@dataclass(frozen=True, order=True)
class ApkRow:
    """An APK; those that say most stand first. `anchor` leads to its worst finding, where that is on the page."""

    rank: int
    severity: int
    path: str
    outcome: str
    name: str
    package: str
    worst: str
    anchor: str
    trackers: int
    places: int
    cleartext: int


class FolderSummary:
    """What a page tells of a folder, gathered in one pass over records of which there may be very many.

    Attributes:
        rows: the APKs that say most, in their order.
        findings: of those that are known to be bad or suspicious, the first of them; `total` counts all.
        owners, trackers: in how many APKs each is met.
        skipped: what was not read.
    """

    def __init__(self, result: Apks) -> None:
        self.rows: list[ApkRow] = []
        self.findings: list[Finding] = []
        self.files = ApkFiles()
        self.total = 0
        self.owners: Counter[str] = Counter()
        self.trackers: Counter[str] = Counter()
        self.skipped = SkippedGroups(result.skipped)
        for apk in result.apks:
            insort(self.rows, _row(apk))
            del self.rows[_MOST_ROWS:]
            self.skipped.add(apk.skipped)
            _count(self.owners, (one.owner for one in apk.endpoints or () if one.counts and one.owner))
            _count(self.trackers, (tracker.name for tracker in apk.trackers or ()))
            self._take(apk)

    def _take(self, apk: Apk) -> None:
        for finding in apk.findings:
            self.total += 1
            if finding.severity not in ("info", "low") and len(self.findings) < _MOST_FINDINGS:
                self.findings.append(finding)
                self.files.add(apk, (finding,))


def draw_folder_page(result: Apks, style: Style) -> Iterator[str]:
    summary = FolderSummary(result)
    findings = finding_list(summary.findings, summary.files)
    anchors = {row.anchor for row in findings.rows if row.anchor}
    reasons = [reason for reason in result.verdict.reasons if reason.kind != "unread"]
    groups = summary.skipped.in_order()
    yield from draw(
        "folder.html",
        style,
        source=shortened(style.stated_in, _LONGEST_TEXT),
        verdict=result.verdict,
        label=shortened(result.label or "", _LONGEST),
        warning=WARNING if folder_advises(result) else "",
        how_many=f"{counted(len(result.apks), 'APK')} from {counted(result.files_seen, 'file')}",
        outcomes=_bars([(word, result.counts.get(word, 0)) for word in reversed(OUTCOMES)]),
        reasons=[
            (
                shortened(one.claim, _LONGEST_TEXT),
                _known(one.finding, anchors),
                shortened(one.advice[0].text, _LONGEST_TEXT) if one.advice else "",
            )
            for one in reasons[: style.points]
        ],
        reasons_left=max(0, len(reasons) - style.points),
        unread=[shortened(one.text, _LONGEST_TEXT) for one in result.verdict.reasons if one.kind == "unread"],
        rows=summary.rows,
        anchors=anchors,
        left=len(result.apks) - len(summary.rows),
        owners=_bars(summary.owners.most_common(_MOST_BARS)),
        trackers=_bars(summary.trackers.most_common(_MOST_BARS)),
        findings=FindingList(findings.rows, summary.total, findings.counts),
        skipped=groups[:_MOST_REASONS],
        skipped_left=max(0, len(groups) - _MOST_REASONS),
        facts=_custody(result, style),
    )


def _known(key: str | None, anchors: set[str]) -> str:
    anchor = anchor_of(key)
    return anchor if anchor in anchors else ""


def _row(apk: Apk) -> ApkRow:
    worst = min(apk.findings, key=severity_rank, default=None)
    counting = [endpoint for endpoint in apk.endpoints or () if endpoint.counts]
    return ApkRow(
        rank=OUTCOME_RANKS.get(apk.outcome, len(OUTCOME_RANKS)),
        severity=severity_rank(worst) if worst else len(SEVERITIES),
        path=shortened(apk.path, _LONGEST_TEXT),
        outcome=apk.outcome,
        name=shortened(apk.app_name or "", _LONGEST),
        package=shortened(apk.package or "package unknown", _LONGEST),
        worst=shortened(worst.title, _LONGEST) if worst else "",
        anchor=anchor_of(worst.key) if worst else "",
        trackers=len(apk.trackers or ()),
        places=len(counting),
        cleartext=sum(endpoint.counts_in_cleartext for endpoint in counting),
    )


def _count(counts: Counter[str], names: Iterable[str]) -> None:
    for name in sorted(set(names)):
        if name in counts or len(counts) < _MOST_NAMES:
            counts[name] += 1


def _bars(counts: Iterable[tuple[str, int]]) -> tuple[Bar, ...]:
    shown = sorted(((name, count) for name, count in counts if count), key=lambda one: one[0] not in OUTCOMES)
    most = max((count for _, count in shown), default=1)
    return tuple(Bar(shortened(name, _LONGEST), count, round(100 * count / most, 1)) for name, count in shown)


def _custody(result: Apks, style: Style) -> tuple[tuple[str, str], ...]:
    run = result.run
    rows = (
        ("Label", result.label or ""),
        ("Drawn from", style.stated_in),
        ("Seal", style.seal),
        ("Began", run.started),
        ("Ended", run.finished),
        *judged_with(result.knowledge, result.tool, run.started),
    )
    return tuple((name, shortened(value, _LONGEST_TEXT)) for name, value in rows if value)
