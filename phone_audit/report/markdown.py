"""Markdown: the report, and a table of the findings below it, for issues, tickets and wikis."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from phone_audit.model.apk import Apk, Apks
from phone_audit.model.base import Frozen
from phone_audit.model.finding import OUTCOMES, Evidence, Finding, Source
from phone_audit.model.results import Scan
from phone_audit.model.stated import is_web_address
from phone_audit.report.app_names import AppNames, names_of
from phone_audit.report.canvas import Style
from phone_audit.report.document_parts import document_parts
from phone_audit.report.draw_document import draw_document
from phone_audit.report.draw_parts import SkippedGroups, draw_skipped, severity_rank
from phone_audit.report.safe import shortened, visible

_MARKS: Final = re.compile(r"[\\`*_\[\]<~&]")
"""What means something inside a line."""
_ACTING: Final = re.compile(
    r"@|:/|www\.|[#!]\d|GH-\d|\$|:[\w+-]+:|(?<![0-9a-z])[0-9a-f]{7,40}(?![0-9a-z])", re.IGNORECASE
)
"""What a forge makes something of although it is marked as text: addresses, people, commits, formulas, emoji."""
_BLOCK: Final = re.compile(r"(\d{0,9})([-+=.)#>])")
"""How a block other than a paragraph begins."""
_BAR: Final = "&#124;"
_TICKS: Final = re.compile("`+")
_STEP: Final = 3
"""Blanks by which a list stands inside another, and columns of a canvas."""
_DEEPEST: Final = 2
_MOST_EVIDENCE: Final = 5
_LONGEST_EVIDENCE: Final = 160
_LONGEST_WORD: Final = 30


def render_markdown(document: Frozen, style: Style) -> Iterator[str]:
    """Yield the report in the order of the text, then each finding with key, evidence and sources.

    Raises:
        TypeError: no report is drawn of such a document.
    """
    canvas = MarkdownCanvas(replace(style, more=""))  # the findings follow, and a file has no options
    yield "# phone-audit\n"
    draw_document(canvas, document)
    yield canvas.taken()
    of_code = isinstance(document, Scan | Apks | Apk)
    if not of_code and not any(part.findings for part in document_parts(document)):
        return
    skipped = SkippedGroups(document.skipped if isinstance(document, Apks) else ())
    yield "\n## Findings\n\n"
    yield from _table(document, skipped)
    if of_code or skipped:
        draw_skipped(canvas, skipped)
        yield canvas.taken()


def escaped(text: str) -> str:
    r"""Return a text so that Markdown shows it as it is: nothing in it is a link, a name of a person, or a mark.

    Words that a forge would act on all the same become code.

    Example:
        >>> escaped("a_b | [x](https://a.example) @me 1*2")
        'a\\_b &#124; `[x](https://a.example)` `@me` 1\\*2'
    """
    line = " ".join(map(_escaped_word, visible(text).split()))
    return f"{begins[1]}\\{line[begins.end(1) :]}" if (begins := _BLOCK.match(line)) else line


def _escaped_word(word: str) -> str:
    return _code(word) if _ACTING.search(word) else _MARKS.sub(r"\\\g<0>", word).replace("|", _BAR)


def _code(text: str) -> str:
    """Return a text as code. A bar ends a cell of a table in code, too, so code ends before it."""
    return _BAR.join(_code_span(piece) if piece else "" for piece in text.split("|"))


def _code_span(text: str) -> str:
    """Return a text as code, in more backticks than stand in it."""
    fence = "`" * (max((len(run) for run in _TICKS.findall(text)), default=0) + 1)
    blank = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{blank}{text}{blank}{fence}"


@dataclass
class MarkdownCanvas:
    """Collects what is drawn; `taken()` returns it. Every string is made harmless on its way in."""

    style: Style
    _lines: list[str] = field(default_factory=list)
    _depth: int = -1
    """How deep the list is that was drawn last; -1 where something else was."""

    def outcome(self, outcome: str, headline: str) -> None:
        """Draw the verdict: an outcome that is none of ours is called unknown."""
        known = outcome in OUTCOMES
        word = outcome.upper() if known else f"UNKNOWN OUTCOME ({escaped(shortened(outcome, _LONGEST_WORD))})"
        self._block(f"**{word}**: {escaped(headline)}" if known else f"{word}: {escaped(headline)}")

    def heading(self, title: str) -> None:
        self._block(f"## {escaped(title)}")

    def paragraph(self, text: str, indent: int = 0, style: str = "") -> None:
        self._block(escaped(text))

    def item(self, text: str, mark: str = "-", indent: int = 2, style: str = "") -> None:
        """Draw an item of a list; one that is numbered keeps its number, and another mark than a sign its word."""
        if re.fullmatch(r"\d{1,9}\.", mark):
            self._item(mark, escaped(text), indent)
        else:
            self._item("-", escaped(f"{mark} {text}" if any(map(str.isalnum, mark)) else text), indent)

    def line(self, text: str, indent: int) -> None:
        """Draw what is copied as it stands as code."""
        self._item("-", _code(visible(text)), indent)

    def gap(self) -> None:
        """Set apart what comes next: a new list begins."""
        self._depth = -1

    def taken(self) -> str:
        """Return what was drawn since it was last asked."""
        lines, self._lines, self._depth = self._lines, [], -1
        return "".join(f"{line}\n" for line in lines)

    def _block(self, text: str) -> None:
        self._lines += ["", text]
        self._depth = -1

    def _item(self, mark: str, text: str, indent: int) -> None:
        """Draw an item at most one step deeper than the last: what is deeper without reason would be code."""
        if self._depth < 0:
            self._lines.append("")
        self._depth = min(indent // _STEP, self._depth + 1, _DEEPEST)
        self._lines.append(f"{' ' * _STEP * self._depth}{mark} {text}")


def _table(document: Frozen, skipped: SkippedGroups) -> Iterator[str]:
    """Yield the findings, the most severe of each part first, and take in what was not read."""
    several = not isinstance(document, Scan | Apk)
    yield _row(["In"] * several + ["Severity", "Finding", "Key", "Evidence", "Sources"])
    yield _row(["---"] * (5 + several))
    for part in document_parts(document):
        skipped.add(part.skipped)
        names = names_of(document, part)
        for finding in sorted(part.findings, key=severity_rank):
            yield _row([*([escaped(part.name)] if several else []), *_cells(finding, names)])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _cells(finding: Finding, names: AppNames) -> Iterator[str]:
    yield escaped(f"{finding.severity}, {finding.confidence}")
    accepted = f"(accepted by {finding.accepted_by.by}: {finding.accepted_by.reason}) " if finding.accepted_by else ""
    yield escaped(f"{accepted}{finding.title}: {names.put_into(finding.message)}")
    yield _code(visible(finding.key))
    more = len(finding.evidence) - _MOST_EVIDENCE
    pieces = [_evidence(piece) for piece in finding.evidence[:_MOST_EVIDENCE]]
    yield "; ".join([*pieces, f"and {more} more"] if more > 0 else pieces)
    yield "; ".join(_source(source) for source in finding.sources)


def _evidence(piece: Evidence) -> str:
    return escaped(shortened(f"{piece.kind}: {piece.value} [{piece.where}]", _LONGEST_EVIDENCE))


def _source(source: Source) -> str:
    """Return a source as a link, where it has an address of the web: no other text becomes one."""
    said = escaped(f"{source.publisher}, {source.date}")
    if not is_web_address(source.url) or visible(source.url) != source.url:
        return said
    return f"[{said}](<{source.url.replace('&', '&amp;')}>)"
