"""`phone-audit firmware`: build identifiers, with no phone."""

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from phone_audit.cli import exits
from phone_audit.cli.options import (
    FailOn,
    FailOnOption,
    Formats,
    Jobs,
    KnowledgeDirs,
    Label,
    NoCache,
    Outputs,
    Quiet,
    Seal,
    Verbose,
    printable,
)
from phone_audit.errors import UsageError
from phone_audit.files.bounded_lines import first_long_line, read_bounded
from phone_audit.files.bounds import PROPERTIES_LINE, PROPERTIES_SIZE, BoundsError
from phone_audit.files.open_regular import open_regular
from phone_audit.model.text import decoded, without_marks

if TYPE_CHECKING:
    from phone_audit.knowledge.load import Knowledge

_FILE_ENDINGS = frozenset((".prop", ".txt", ".csv", ".log"))
"""No build identifier ends like this."""
MOST_IDENTIFIERS = 100_000
"""Each takes some 3 KB until all are written."""


def firmware(
    ids: Annotated[
        list[str],
        typer.Argument(
            metavar="ID...",
            help="Build ID, display id, fingerprint, text of the Settings screen, build.prop or getprop file; "
            "- reads one of these, or a line for each phone.",
        ),
    ],
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="Day on which ages are counted; today by default.")
    ] = None,
    formats: Formats = None,
    outputs: Outputs = None,
    seal: Seal = None,
    fail_on: FailOnOption = FailOn.suspicious,
    knowledge: KnowledgeDirs = None,
    label: Label = None,
    jobs: Jobs = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    no_cache: NoCache = False,
) -> None:
    """Check build identifiers against the published incidents. Needs no phone."""
    from phone_audit.cli.knowledge import knowledge_in_use
    from phone_audit.cli.outputs import destinations, write_outputs
    from phone_audit.pipeline.firmware import check_firmware
    from phone_audit.pipeline.report import judged_outcomes

    places = destinations("firmware", formats, outputs, seal)
    with knowledge_in_use(knowledge) as known:
        result = check_firmware(_identifiers(ids, known), knowledge=known, label=label, as_of=_day(as_of))
    write_outputs(result, places)
    raise typer.Exit(exits.strongest(exits.exit_code(*judged, fail_on.value) for judged in judged_outcomes(result)))


def _day(given: str | None) -> date | None:
    try:
        return date.fromisoformat(given) if given else None
    except ValueError as error:
        raise UsageError(f"{printable(given)} is not a day.", "Write it as 2026-01-31.") from error


def _identifiers(ids: list[str], knowledge: "Knowledge") -> list[str]:
    """Replace `-` with what standard input holds, and the name of a file with its text."""
    from phone_audit.pipeline.firmware import identifiers_in

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
    """Tell whether a file is meant.

    Raises:
        UsageError: it is not there, or a folder.
    """
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
        text = decoded(read_bounded(file, PROPERTIES_SIZE))
    except BoundsError as error:
        raise UsageError(
            f"{name} is too large for properties or a list: {error}.",
            "Give a build.prop file, the output of getprop, or a list in several parts.",
        ) from error
    if first_long_line(text.encode(), PROPERTIES_LINE) is not None:
        raise UsageError(
            f"{name} holds a line of more than {PROPERTIES_LINE // 2**10} KB, which no property and no list has.",
            "Give a build.prop file, the output of getprop, or a list with one identifier a line.",
        )
    return text
