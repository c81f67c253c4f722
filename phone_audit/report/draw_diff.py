"""What changed between two results: the most harmful first, and what could not be compared."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from phone_audit.model.diff import Change, Diff, DiffSide
from phone_audit.model.wording import counted, listed
from phone_audit.report.canvas import Canvas
from phone_audit.report.draw_parts import phone_words
from phone_audit.report.safe import shortened

MOST_SHOWN: Final = 40
_MOST_BESIDE_A_SCAN: Final = 8
_MOST_SUBJECTS: Final = 3
_MOST_ALIKE: Final = 4
_MOST_KINDS: Final = 8
_LONGEST: Final = 300
_HEADLINES: Final[Mapping[str, str]] = {
    "same-phone": "The same phone, before and after",
    "same-build": "Two phones with the same firmware",
    "other-build": "Two phones with different firmware",
    "app": "Two versions of apps",
}
_NOTHING: Final = "no change was seen"
_NOUNS: Final[Mapping[str, str]] = {"power": "special access", "state": "setting"}
"""What a kind of change is called in a sentence, where that is not its own name."""


def draw_diff(canvas: Canvas, diff: Diff) -> None:
    headline = _HEADLINES.get(diff.kind, "Two results")
    canvas.paragraph(f"{headline}: {_counts(diff.changes)}", style="bold")
    canvas.gap()
    canvas.item(_side(diff.old), "old:", 0)
    canvas.item(_side(diff.new), "new:", 0)
    for remark in diff.remarks:
        canvas.item(shortened(remark, _LONGEST))
    if diff.changes:
        canvas.heading("Changes, most harmful first")
        _draw_items(canvas, diff.changes, MOST_SHOWN)
    canvas.heading("Not compared")
    if not diff.not_compared:
        canvas.item("Everything that one result read, the other read too.")
    _draw_unread(canvas, diff)


def draw_baseline(canvas: Canvas, diff: Diff) -> None:
    """Draw the comparison with a phone that is known to be good, beside the report of a scan."""
    canvas.heading("Compared with your known good phone")
    canvas.paragraph(f"{_side(diff.old)}.", 2)
    canvas.paragraph(baseline_sentence(diff), 2, "bold" if diff.changes else "")
    for remark in diff.remarks:
        canvas.item(shortened(remark, _LONGEST))
    _draw_items(canvas, diff.changes, _MOST_BESIDE_A_SCAN)
    _draw_unread(canvas, diff)


def baseline_sentence(diff: Diff) -> str:
    """Say in how much a phone differs from one that is known to be good."""
    if not diff.changes:
        return "No difference was seen in what both results read."
    return f"This phone differs from it in {_counts(diff.changes)}."


def _counts(changes: Sequence[Change]) -> str:
    if not changes:
        return _NOTHING
    grave = Counter(change.severity for change in changes)
    parts = [f"{grave[word]} {word}" for word in ("critical", "high", "medium") if grave[word]]
    return counted(len(changes), "change") + (f" ({', '.join(parts)})" if parts else "")


def _side(side: DiffSide) -> str:
    where = [shortened(side.file, _LONGEST)] if side.file else []
    phone = phone_words(side.device) if side.device else []
    build = side.build
    firmware = [f"build {shortened(build.display_id or build.id or 'unknown', 60)}"] if build else []
    left = [] if side.complete else ["not all was read"]
    label = [f"label {shortened(side.label, 60)}"] if side.label else []
    return ", ".join((*where, *label, *phone, *firmware, shortened(side.outcome, 30), *left))


def _draw_items(canvas: Canvas, changes: Sequence[Change], most: int) -> None:
    """Draw changes; of many of one kind and severity only the first ones, with the count of the others."""
    alike = Counter((change.severity, change.what, change.change) for change in changes)
    drawn: Counter[tuple[str, str, str]] = Counter()
    lines = 0
    for change in changes:
        kind = (change.severity, change.what, change.change)
        drawn[kind] += 1
        if drawn[kind] > _MOST_ALIKE + 1 or (drawn[kind] == _MOST_ALIKE + 1 and alike[kind] > drawn[kind]):
            continue
        if lines == most:
            break
        lines += 1
        style = "bold" if change.severity in ("critical", "high") else ""
        more = alike[kind] - _MOST_ALIKE if drawn[kind] == _MOST_ALIKE and alike[kind] > _MOST_ALIKE + 1 else 0
        like = f" And {more} more like that." if more else ""
        canvas.item(f"{shortened(change.text, _LONGEST)}{like}", f"{shortened(change.severity, 10)}:", 2, style)
    if len(changes) > lines:
        kinds = Counter(f"{_NOUNS.get(change.what, change.what)} {change.change}" for change in changes)
        counts = [f"{count} {shortened(kind, 40)}" for kind, count in kinds.most_common(_MOST_KINDS)]
        canvas.item(f"all {len(changes)} are in the JSON result (-f json): {listed(counts, _MOST_KINDS)}")


def _draw_unread(canvas: Canvas, diff: Diff) -> None:
    for item in diff.not_compared:
        names = [shortened(name, 80) for name in item.subjects]
        named = f" ({listed(names, _MOST_SUBJECTS)})" if names else ""
        canvas.item(f"{shortened(item.text, _LONGEST)}{named}")
