"""What `phone-audit firmware` was given: identifiers, files and standard input → one identifier for each phone."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from phone_audit.cli.options import printable
from phone_audit.errors import UsageError
from phone_audit.files.bounded_lines import first_long_line, read_bounded
from phone_audit.files.bounds import PROPERTIES_LINE, PROPERTIES_SIZE, BoundsError
from phone_audit.files.open_regular import open_regular
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.text import decoded, without_marks
from phone_audit.pipeline.firmware import identifiers_in

_FILE_ENDINGS = frozenset((".prop", ".txt", ".csv", ".log"))
"""No build identifier ends like this."""
MOST_IDENTIFIERS = 100_000
"""Each takes some 3 KB until all are written."""
_HINT = "Give a build.prop file, the output of getprop, or a list in parts; an image is read by: phone-audit scan FILE"


def read_identifiers(ids: Sequence[str], knowledge: Knowledge) -> list[str]:
    """Return the identifiers that are named: `-` stands for what standard input holds, the name of a file for its text.

    Raises a UsageError where there is none, there are too many, or a file cannot be read.
    """
    texts: list[str] = []
    for given in ids:
        if given == "-":
            if sys.stdin is None:
                raise UsageError("Standard input is closed.", "Give the identifiers as arguments, or open it.")
            texts.extend(identifiers_in(_text(sys.stdin.buffer, "Standard input"), knowledge))
        elif _is_file(given):
            texts.extend(identifiers_in(_text_of(Path(given)), knowledge))
        else:
            texts.append(without_marks(printable(given) or ""))
    if len(texts) > MOST_IDENTIFIERS:
        raise UsageError(
            f"There are {len(texts)} identifiers, more than the {MOST_IDENTIFIERS} that are checked at once.",
            "Give them in several parts.",
        )
    if not texts:
        raise UsageError("There is no build identifier to check.", "Give one as an argument, or one a line with -.")
    return texts


def _is_file(given: str) -> bool:
    """Tell whether a file is meant; a UsageError where it is a folder, or not there."""
    path = Path(given)
    try:
        if path.is_dir() and path.name != given:
            raise UsageError(f"{printable(given)} is a folder.", "Give a build.prop file or the output of getprop.")
        found = path.is_file()
    except (OSError, ValueError):
        return False
    if not found and path.suffix.lower() in _FILE_ENDINGS and not path.exists():
        raise UsageError(f"There is no file {printable(given)}.", "Check the name.")
    return found


def _text_of(path: Path) -> str:
    try:
        with open_regular(path) as file:
            return _text(file, printable(str(path)) or "")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.", "Check the name and your rights.") from error


def _text(file: BinaryIO, name: str) -> str:
    """Read a text to its end; what is too large is refused, so that no phone at its end is left out."""
    try:
        text = decoded(read_bounded(file, PROPERTIES_SIZE)).rstrip("\0")  # a copied block ends in zeros
    except BoundsError as error:
        raise UsageError(f"{name} is too large for properties or a list: {error}.", _HINT) from error
    if "\0" in text:
        raise UsageError(f"{name} holds zeros, which no properties and no list have.", _HINT)
    if first_long_line(text.encode(), PROPERTIES_LINE) is not None:
        raise UsageError(
            f"{name} holds a line of more than {PROPERTIES_LINE // 2**10} KB, which no property and no list has.",
            "Give a build.prop file, the output of getprop, or a list with one identifier a line.",
        )
    return text
