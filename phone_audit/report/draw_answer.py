"""The answer on one screen: verdict, which phone, three questions, reasons with what to do, what was not read."""

from dataclasses import dataclass
from typing import Final

from phone_audit.model.finding import KnowledgeInfo
from phone_audit.model.results import Scan
from phone_audit.model.wording import counted
from phone_audit.report.answer import Answer, Step, answer_of
from phone_audit.report.canvas import Canvas
from phone_audit.report.knowledge_age import OUTDATED, days_old
from phone_audit.report.safe import fitted

MOST_LINES: Final = 40
"""Lines that the answer takes at most on a terminal of 80 columns."""
WARNING: Final = (
    "If somebody may have put an app here to watch you: do not remove it or switch it off yet; that can warn them and "
    "destroys evidence. First ask for help, from another device: stopstalkerware.org; journalists: accessnow.org/help"
)
_LONGEST_PATHS: Final = 300
_DEBUGGING: Final = "When done, switch USB debugging off: Settings > System > Developer options"


@dataclass(frozen=True)
class _Room:
    """Columns that texts may take, and how many sentences on what was not read."""

    headline: int = 220
    tile: int = 160
    claim: int = 290
    step: int = 200
    unread: int = 3
    facts: int = 4


_ROOM: Final = {1: _Room(tile=110, step=138, unread=1), 0: _Room(130, 60, 110, 70, 1, 2)}
"""Where there is room for one reason only, and where not even that fits at length."""


def draw_answer(canvas: Canvas, scan: Scan) -> None:
    """Draw what is said first of a phone; the fewer reasons there is room for, the shorter everything else."""
    answer = answer_of(scan)
    room = _ROOM.get(canvas.style.points, _Room())
    canvas.outcome(answer.outcome, fitted(answer.headline, room.headline))
    if answer.also:
        canvas.paragraph(f"And: {answer.also}.", 1, "bold")
    if answer.advises:  # before any word that a phone or a package chose
        canvas.gap()
        canvas.paragraph(WARNING, 1)
    canvas.gap()
    for fact in answer.facts[: room.facts]:
        canvas.paragraph(fact, 1)
    if answer.tiles:
        canvas.gap()
        for tile in answer.tiles:
            canvas.item(f"{tile.question} {tile.answer}. {fitted(tile.text, room.tile)}", "*", 1)
    _draw_points(canvas, answer, room)
    canvas.gap()
    for text in answer.accepted:
        canvas.paragraph(text, 1)
    for text in answer.unread[: room.unread]:
        canvas.paragraph(text, 1)
    draw_where_all_is(canvas, scan.knowledge, scan.run.started)
    canvas.paragraph(_DEBUGGING, 1)


def _draw_points(canvas: Canvas, answer: Answer, room: _Room) -> None:
    most = max(canvas.style.points, 1)
    if answer.points:
        canvas.gap()
    for number, point in enumerate(answer.points[:most], 1):
        canvas.item(fitted(point.text, room.claim), f"{number}.", 1)
        for step in point.steps if canvas.style.points else point.steps[-1:]:
            _draw_step(canvas, step, room)
    left = len(answer.points) - most
    if left > 0:
        canvas.paragraph(f"And {counted(left, 'more reason')}: see the full report.", 1)


def _draw_step(canvas: Canvas, step: Step, room: _Room) -> None:
    canvas.item(step.text if step.command else fitted(step.text, room.step), "->", 4)
    if step.command:
        canvas.line(step.command, 7)
    if step.undo:
        canvas.line(f"undo: {step.undo}", 7)


def draw_where_all_is(canvas: Canvas, knowledge: KnowledgeInfo, started: str) -> None:
    """Say where all of it stands, in the files that are written or behind an option, and how old the facts are."""
    written = canvas.style.written
    if written:
        canvas.item(fitted(", ".join(written), _LONGEST_PATHS), "Full report:", 1)
    more, age = "" if written else canvas.style.more, _age(knowledge, started)
    if more or age:
        canvas.paragraph(". ".join(filter(None, (more, age))), 1)


def _age(knowledge: KnowledgeInfo, started: str) -> str:
    """Say how old the facts are, and that an update helps where they are too old; empty where that is not known."""
    days = days_old(knowledge, started)
    if days is None or days < 0:
        return ""
    update = " Update phone-audit, then run it again." if days > OUTDATED else ""
    return f"Known facts: {counted(days, 'day')} old.{update}"
