"""The answer on one screen: verdict, which phone, three questions, reasons with what to do, what was not read."""

from dataclasses import dataclass
from typing import Final

from phone_audit.model.finding import KnowledgeInfo
from phone_audit.model.results import Scan
from phone_audit.model.wording import counted
from phone_audit.report.answer import WATCHED, Answer, Step, answer_of, short_headline
from phone_audit.report.canvas import Canvas
from phone_audit.report.knowledge_age import OUTDATED, days_old
from phone_audit.report.safe import between_words, clipped, fitted

MOST_LINES: Final = 40
"""Lines that the answer takes at most on a terminal of 80 columns."""
WARNING: Final = (
    "If somebody may have put an app here to watch you: do not remove it or switch it off yet; that can warn them and "
    "destroys evidence. First ask for help, from another device: stopstalkerware.org; journalists: accessnow.org/help"
)
_SHORT_WARNING: Final = (
    "If somebody may have put an app here to watch you: do not remove it or switch it off yet; first ask for help, "
    "from another device."
)
HELP_FIRST: Final = (
    "Do not remove or switch off anything yet if somebody may be watching you: that can warn them. First ask for "
    "help: stopstalkerware.org, accessnow.org/help"
)
"""Stands last where there are remedies: on a small terminal the top of the answer is out of sight."""
STILL_AFRAID: Final = (
    "If you still fear that somebody watches you: change nothing on the phone, and ask for help from another device: "
    "stopstalkerware.org"
)
"""What helps where nothing is to be done about anything that was found."""
_LONGEST_PATHS: Final = 300
_ONE_LINE: Final = 78
_BEFORE_A_COMMAND: Final = 100
"""Columns of what is said before a command."""
_DEBUGGING: Final = "When done, switch USB debugging off: Settings > System > Developer options"


@dataclass(frozen=True)
class _Room:
    """Columns that texts may take, how many sentences on what was not read, and whether lines have to be spared.

    Who watches has room of its own, as it may also say who manages the phone.
    """

    headline: int = 220
    tile: int = 330
    watched: int = 330
    claim: int = 290
    step: int = 200
    unread: int = 3
    facts: int = 4
    tight: bool = False


_ROOM: Final = {
    2: _Room(tile=160, step=100, tight=True),
    1: _Room(tile=130, step=138, unread=2),
    0: _Room(130, 60, 60, 110, 70, 1, 2),
}
"""Where there is room for one reason or two, and where not even that fits at length."""


def draw_answer(canvas: Canvas, scan: Scan) -> None:
    """Draw what is said first of a phone; the fewer reasons there is room for, the shorter everything else."""
    answer = answer_of(scan)
    room = _ROOM.get(canvas.style.points, _Room())
    canvas.outcome(answer.outcome, short_headline(answer.headline, room.headline))
    if answer.also:
        canvas.outcome(WATCHED, answer.also)
    if answer.advises:  # before any word that a phone or a package chose
        canvas.gap()
        canvas.paragraph(_SHORT_WARNING if room.tight else WARNING, 1)
    canvas.gap()
    for fact in answer.facts[: room.facts]:
        canvas.paragraph(fact, 1)
    if answer.tiles:
        canvas.gap()
        for tile in answer.tiles:
            columns = room.watched if tile.id == "watched" else room.tile
            canvas.item(f"{tile.question} {tile.answer}. {clipped(tile.text, columns)}", "*", 1)
    _draw_points(canvas, answer, room)
    if not room.tight:
        canvas.gap()
    for text in answer.accepted:
        canvas.paragraph(text, 1)
    for text in answer.unread[: room.unread]:
        canvas.paragraph(clipped(text, _ONE_LINE) if room.tight else text, 1)
    draw_where_all_is(canvas, scan.knowledge, scan.run.started)
    if answer.debugged:
        canvas.paragraph(_DEBUGGING, 1)
    canvas.paragraph(HELP_FIRST if answer.advises else STILL_AFRAID, 1, "bold")


def _draw_points(canvas: Canvas, answer: Answer, room: _Room) -> None:
    most = max(canvas.style.points, 1)
    if answer.points:
        canvas.gap()
    for number, point in enumerate(answer.points[:most], 1):
        canvas.item(between_words(point.text, room.claim), f"{number}.", 1)
        for step in point.steps if canvas.style.points else point.steps[-1:]:
            _draw_step(canvas, step, room)
    left = len(answer.points) - most
    if left > 0:
        canvas.paragraph(f"And {counted(left, 'more reason')}: see the full report.", 1)


def _draw_step(canvas: Canvas, step: Step, room: _Room) -> None:
    text = clipped(step.text, min(room.step, _BEFORE_A_COMMAND) if step.command else room.step)
    canvas.item(f"{text} {step.way}" if step.way else text, "->", 4)
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
