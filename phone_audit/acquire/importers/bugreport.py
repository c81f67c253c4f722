"""A bug report: the ZIP archive that Android writes, or its main text.

Layout: AOSP `frameworks/native/cmds/dumpstate/bugreport-format.md`: `main_entry.txt` names the main text.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path

from phone_audit.acquire.importers.answers import bounded_text, from_dumps, text_of
from phone_audit.acquire.importers.imported import NO_APKS, NO_FILES, NO_WATCH, ImportedAcquisition
from phone_audit.acquire.store.container import FileContainer
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


def recognised(container: FileContainer, names: Sequence[str]) -> bool:
    """Tell whether the files of a container are those of a bug report."""
    return MAIN in names or _main_by_name(container, names) is not None


def is_main_text(start: bytes) -> bool:
    """Tell whether a file begins as the main text of a bug report does."""
    return text_of(start).startswith(STARTS)


def read_bugreport(container: FileContainer) -> ImportedAcquisition:
    """Read the dumps of the main text; a SnapshotError where it is missing or damaged."""
    answers, skipped = report_answers(container)
    return replace(imported_report(answers, skipped), used=frozenset({MAIN, _main(container)}))


def imported_report(answers: dict[str, bytes], skipped: tuple[Skipped, ...]) -> ImportedAcquisition:
    return ImportedAcquisition(
        source="bugreport", answers=answers, cannot_hold=(NO_APKS, NO_FILES, NO_WATCH), skipped=skipped
    )


def report_answers(container: FileContainer) -> tuple[dict[str, bytes], tuple[Skipped, ...]]:
    return text_answers(container.read(_main(container), TEXT_LIMIT), container.path)


def _main(container: FileContainer) -> str:
    names = container.names()
    main = None
    if MAIN in names:
        main = container.read(MAIN, NAME_LIMIT).decode("utf-8", "replace").strip()
    if main not in names:
        main = _main_by_name(container, names)
    if main is None:
        raise SnapshotError(f"{container.path} is a bug report without its main text.", "Take the bug report again.")
    return main


def text_answers(text: bytes, path: Path) -> tuple[dict[str, bytes], tuple[Skipped, ...]]:
    """Return what a main text answers; a SnapshotError where no dump is in it."""
    plain, long_lines = bounded_text(text, path.name)
    answers, skipped = from_dumps(plain)
    skipped = (*long_lines, *skipped)
    if not answers:
        raise SnapshotError(f"{path} holds no dump of the phone; it may be cut off.", "Take the bug report again.")
    if "dumpsys package" not in answers:
        reason = "The bug report has no dump of the package service; it may be cut off."
        skipped = (*skipped, Skipped(subject="dumpsys package", step="command", code="cut-off", reason=reason))
    return answers, skipped


def _main_by_name(container: FileContainer, names: Sequence[str]) -> str | None:
    named = dict.fromkeys(name for pattern in PATTERNS for name in names if fnmatchcase(name, pattern))
    found = next((name for name in islice(named, MOST_TEXTS) if _begins_as_report(container, name)), None)
    if found is None and len(named) > MOST_TEXTS:
        raise SnapshotError(
            f"{container.path} holds {len(named)} texts with names of a bug report's main text; none of the first "
            f"{MOST_TEXTS} is one.",
            "Name the text itself.",
        )
    return found


def _begins_as_report(container: FileContainer, name: str) -> bool:
    """Tell whether the text is a report; where it cannot be read it may be one, and reading it says why not."""
    try:
        return START.search(text_of(container.begins(name, LOOKED_AT))) is not None
    except SnapshotError:
        return True
