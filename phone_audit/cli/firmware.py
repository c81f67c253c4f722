"""`phone-audit firmware`: build identifiers, with no phone."""

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
    Verbose,
    printable,
)
from phone_audit.errors import UsageError

if TYPE_CHECKING:
    from phone_audit.knowledge.load import Knowledge

_LARGEST_FILE = 8 * 2**20


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
    fail_on: FailOnOption = FailOn.suspicious,
    knowledge: KnowledgeDirs = None,
    label: Label = None,
    jobs: Jobs = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    no_cache: NoCache = False,
) -> None:
    """Check build identifiers against the published incidents. Needs no phone."""
    from phone_audit.cli.outputs import check_places, pair_outputs, write_outputs
    from phone_audit.knowledge.load import load_knowledge
    from phone_audit.knowledge.own import in_use
    from phone_audit.pipeline.firmware import check_firmware
    from phone_audit.pipeline.saved_result import judged_outcomes

    places = pair_outputs(formats or [], outputs or [], ("text", "json", "csv"))
    check_places(places)
    with in_use(knowledge or ()) as folders:
        known = load_knowledge(folders)
        result = check_firmware(_identifiers(ids, known), knowledge=known, label=label, as_of=_day(as_of))
    write_outputs(result, places)
    raise typer.Exit(exits.strongest(exits.exit_code(*judged, fail_on.value) for judged in judged_outcomes(result)))


def _day(given: str | None) -> date | None:
    try:
        return date.fromisoformat(given) if given else None
    except ValueError as error:
        raise UsageError(f"{printable(given)} is no day.", "Write it as 2026-01-31.") from error


def _identifiers(ids: list[str], knowledge: "Knowledge") -> list[str]:
    """Replace `-` with what standard input holds, and the name of a file with its text."""
    from phone_audit.pipeline.firmware import identifiers_in

    texts: list[str] = []
    for given in ids:
        if given == "-":
            if sys.stdin is None:
                raise UsageError("Standard input is closed.", "Give the identifiers as arguments, or open it.")
            texts.extend(identifiers_in(sys.stdin.buffer.read(_LARGEST_FILE).decode("utf-8", "replace"), knowledge))
        elif _is_file(given):
            texts.append(_text_of(Path(given)))
        else:
            texts.append(printable(given) or "")
    if not texts:
        raise UsageError("There is no build identifier to check.", "Give one as an argument, or one a line with -.")
    return texts


def _is_file(given: str) -> bool:
    try:
        return Path(given).is_file()
    except (OSError, ValueError):
        return False


def _text_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.", "Check the name and your rights.") from error
    if len(data) > _LARGEST_FILE:
        raise UsageError(
            f"{path} is too large for a property file.", "Give a build.prop file or the output of getprop."
        )
    return data.decode("utf-8", "replace")
