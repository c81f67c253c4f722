"""What a person does next with a result that went to files: what to heed first, what to open, what to switch off."""

from collections.abc import Iterable, Iterator
from typing import Final

from phone_audit.model.apk import Apks
from phone_audit.model.results import Scan
from phone_audit.report.answer import answer_of
from phone_audit.report.draw_answer import HELP_FIRST
from phone_audit.report.draw_folder_answer import folder_advises

_DEBUGGING: Final = "When done, switch USB debugging off."


def next_steps(document: Scan | Apks, pages: Iterable[str]) -> str:
    """Return one line, empty where there is nothing to say; `pages` are the files that a browser shows."""
    return " ".join(_steps(document, pages))


def _steps(document: Scan | Apks, pages: Iterable[str]) -> Iterator[str]:
    answer = None if isinstance(document, Apks) else answer_of(document)
    if answer.advises if answer else isinstance(document, Apks) and folder_advises(document):
        yield f"{HELP_FIRST}."
    for page in pages:
        yield f"Open {page} in a browser."
    if answer and answer.debugged:
        yield _DEBUGGING
