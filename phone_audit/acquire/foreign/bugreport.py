"""A bug report: the ZIP archive that Android writes, or its main text.

Layout: AOSP `frameworks/native/cmds/dumpstate/bugreport-format.md`: `main_entry.txt` names the main text.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path

from phone_audit.acquire.foreign.held import NO_APKS, NO_FILES, NO_WATCH, Held
from phone_audit.acquire.foreign.holding import Holding
from phone_audit.acquire.foreign.said import from_dumps
from phone_audit.acquire.foreign.texts import bounded_text, text_of
from phone_audit.errors import SnapshotError
from phone_audit.model.finding import Skipped

MAIN = "main_entry.txt"
PATTERNS = ("bugreport-*.txt", "dumpstate*.txt", "dumpState_*.log", "*/dumpstate*.txt", "*/bugreport-*.txt")
"""Names of the main text where nothing names it: AOSP's, older ones, Samsung's."""
MOST_TEXTS = 100
"""Texts that are looked into for being the main one."""
NAME_LIMIT = 1024
TEXT_LIMIT = 256 * 2**20
LOOKED_AT = 4096
"""Bytes of a text by which it is known."""
STARTS = (b"========================================================\n== dumpstate: ", b"== dumpstate: ")
START = re.compile(rb"^== dumpstate: ", re.MULTILINE)


def recognised(holding: Holding, names: Sequence[str]) -> bool:
    """Tell whether the files of a holding are those of a bug report."""
    return MAIN in names or _main_by_name(holding, names) is not None


def is_main_text(start: bytes) -> bool:
    """Tell whether a file begins as the main text of a bug report does."""
    return text_of(start).startswith(STARTS)


def read_bugreport(holding: Holding) -> Held:
    """Read the dumps of the main text.

    Raises:
        SnapshotError: the main text is missing or damaged.
    """
    answers, skipped = report_answers(holding)
    return replace(held_report(answers, skipped), used=frozenset({MAIN, _main(holding)}))


def held_report(answers: dict[str, bytes], skipped: tuple[Skipped, ...]) -> Held:
    """Return what a bug report holds."""
    return Held(source="bugreport", answers=answers, cannot_hold=(NO_APKS, NO_FILES, NO_WATCH), skipped=skipped)


def report_answers(holding: Holding) -> tuple[dict[str, bytes], tuple[Skipped, ...]]:
    """Return what the main text answers.

    Raises:
        SnapshotError: it is missing or damaged.
    """
    return text_answers(holding.read(_main(holding), TEXT_LIMIT), holding.path)


def _main(holding: Holding) -> str:
    """Return the name of the main text."""
    names = holding.names()
    main = _named(holding) if MAIN in names else None
    if main not in names:
        main = _main_by_name(holding, names)
    if main is None:
        raise SnapshotError(f"{holding.path} is a bug report without its main text.", "Take the bug report anew.")
    return main


def text_answers(text: bytes, path: Path) -> tuple[dict[str, bytes], tuple[Skipped, ...]]:
    """Return what a main text answers.

    Raises:
        SnapshotError: no dump is in it.
    """
    plain, long_lines = bounded_text(text, path.name)
    answers, skipped = from_dumps(plain)
    skipped = (*long_lines, *skipped)
    if not answers:
        raise SnapshotError(f"{path} holds no dump of the phone; it may be cut off.", "Take the bug report anew.")
    if "dumpsys package" not in answers:
        reason = "The bug report has no dump of the package service; it may be cut off."
        skipped = (*skipped, Skipped(subject="dumpsys package", step="command", code="cut-off", reason=reason))
    return answers, skipped


def _named(holding: Holding) -> str:
    return holding.read(MAIN, NAME_LIMIT).decode("utf-8", "replace").strip()


def _main_by_name(holding: Holding, names: Sequence[str]) -> str | None:
    named = dict.fromkeys(name for pattern in PATTERNS for name in names if fnmatchcase(name, pattern))
    found = next((name for name in islice(named, MOST_TEXTS) if _begins_as_report(holding, name)), None)
    if found is None and len(named) > MOST_TEXTS:
        raise SnapshotError(
            f"{holding.path} holds {len(named)} texts with names of a bug report's main text; none of the first "
            f"{MOST_TEXTS} is one.",
            "Name the text itself.",
        )
    return found


def _begins_as_report(holding: Holding, name: str) -> bool:
    """Tell whether the text is a report; where it cannot be read it may be one, and reading it says why not."""
    try:
        return START.search(text_of(holding.begins(name, LOOKED_AT))) is not None
    except SnapshotError:
        return True
