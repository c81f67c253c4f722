"""The answer on one screen: verdict, which phone, three questions, reasons with what to do, what was not read."""

from typing import Final

from phone_audit.model.results import Scan
from phone_audit.model.wording import counted
from phone_audit.report.answer import Answer, Point, Step, Tile, answer_of
from phone_audit.report.canvas import Canvas
from phone_audit.report.safe import shortened

MOST_LINES: Final = 40
"""Lines that the answer takes at most on a terminal of 80 columns."""
WARNING: Final = (
    "If somebody may have put an app here to watch you: do not remove it or switch it off yet; that can warn them and "
    "destroys evidence. First ask for help, from another device: stopstalkerware.org; journalists: accessnow.org/help"
)
_DEBUGGING: Final = "When done, switch USB debugging off: Settings > System > Developer options"


_LONGEST_REASON: Final = 160
_SHORTEST_REASON: Final = 110
_SHORT_STEP: Final = 138
"""Letters where there is room for one reason only."""


def draw_answer(canvas: Canvas, scan: Scan) -> None:
    """Draw what is said first of a phone; where it gives one reason only, everything else is short too."""
    answer = answer_of(scan)
    short = canvas.style.points == 1
    canvas.outcome(answer.outcome, answer.headline)
    if answer.also:
        canvas.paragraph(f"And: {answer.also}.", 1, "bold")
    canvas.gap()
    for fact in answer.facts:
        canvas.paragraph(fact, 1)
    if answer.tiles:
        canvas.gap()
        for tile in answer.tiles:
            _draw_tile(canvas, tile, _SHORTEST_REASON if short else _LONGEST_REASON)
    if answer.advises:
        canvas.gap()
        canvas.paragraph(WARNING, 1)
    _draw_points(canvas, answer)
    canvas.gap()
    for text in answer.unread[:1] if short else answer.unread:
        canvas.paragraph(text, 1)
    draw_where_all_is(canvas)
    canvas.paragraph(_DEBUGGING, 1)


def _draw_tile(canvas: Canvas, tile: Tile, longest: int) -> None:
    canvas.item(f"{tile.question} {tile.answer}. {shortened(tile.text, longest)}", "*", 1)


def _draw_points(canvas: Canvas, answer: Answer) -> None:
    most = canvas.style.points
    if answer.points:
        canvas.gap()
    for number, point in enumerate(answer.points[:most], 1):
        _draw_point(canvas, number, point)
    left = len(answer.points) - most
    if left > 0:
        canvas.paragraph(f"And {counted(left, 'more reason')}: see the full report.", 1)


def _draw_point(canvas: Canvas, number: int, point: Point) -> None:
    canvas.item(point.text, f"{number}.", 1)
    for step in point.steps:
        _draw_step(canvas, step)


def _draw_step(canvas: Canvas, step: Step) -> None:
    brief = canvas.style.points == 1 and not step.command
    canvas.item(shortened(step.text, _SHORT_STEP) if brief else step.text, "->", 4)
    if step.command:
        canvas.line(step.command, 7)
    if step.undo:
        canvas.line(f"undo: {step.undo}", 7)


def draw_where_all_is(canvas: Canvas) -> None:
    """Say where all of it stands: in the files that are written, or behind an option."""
    written = canvas.style.written
    if written:
        canvas.item(", ".join(written), "Full report:", 1)
    else:
        canvas.paragraph("Everything as text: --details", 1)
