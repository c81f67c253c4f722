"""Where results go: `-f` and `-o` paired in order, each to a file or to standard output."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from phone_audit.errors import UsageError
from phone_audit.model.base import Frozen
from phone_audit.report import FORMATS, SUFFIXES
from phone_audit.report.canvas import Style

_WIDEST = 100


@dataclass(frozen=True)
class Output:
    """One format and where it goes; standard output where `path` is null."""

    format: str
    path: Path | None


def pair_outputs(formats: Sequence[str], paths: Sequence[Path], allowed: Sequence[str]) -> tuple[Output, ...]:
    """Pair formats and files in order.

    A file without a format takes it from its suffix; a format without a file goes to standard output.

    Raises:
        UsageError: an unknown format, a suffix that names none, or two results for standard output.

    Example:
        >>> pair_outputs(["json"], [Path("a.json"), Path("b.txt")], ["text", "json"])[1]
        Output(format='text', path=PosixPath('b.txt'))
    """
    outputs = tuple(
        Output(format_ or _by_suffix(path), None if path is None or str(path) == "-" else path)
        for format_, path in zip_longest(formats, paths)
    ) or (Output("text", None),)
    for output in outputs:
        if output.format not in allowed:
            raise UsageError(f"There is no format {output.format!r} here.", f"Formats: {', '.join(allowed)}.")
    if sum(output.path is None for output in outputs) > 1:
        raise UsageError("Two results would go to standard output.", "Give each -f its own -o FILE.")
    return outputs


def _by_suffix(path: Path | None) -> str:
    suffix = path.suffix.lower() if path else ""
    if suffix not in SUFFIXES:
        known = ", ".join(sorted(SUFFIXES))
        raise UsageError(f"The name {path} does not tell the format.", f"Use one of {known}, or give -f before -o.")
    return SUFFIXES[suffix]


def write_outputs(document: Frozen, outputs: Sequence[Output]) -> None:
    """Write the document in each format to its place.

    Raises:
        UsageError: a file cannot be written.
    """
    for output in outputs:
        render = FORMATS[output.format]
        if output.path is None:
            write_out(render(document, terminal_style()))
        else:
            write_file(output.path, render(document, Style()))


def terminal_style() -> Style:
    """Give the width and colour of standard output: plain and 80 columns where it is no terminal."""
    if not sys.stdout.isatty():
        return Style()
    colour = "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    return Style(width=min(_WIDEST, os.get_terminal_size(sys.stdout.fileno()).columns or Style().width), colour=colour)


def write_out(text: str) -> None:
    """Write to standard output, as UTF-8 whatever the locale says."""
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
    sys.stdout.buffer.flush()


def write_file(path: Path, text: str) -> None:
    """Write a file as a whole: a reader never sees half of it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        draft.write_bytes(text.encode("utf-8", "backslashreplace"))
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise UsageError(
            f"{path} cannot be written: {error.strerror}.", "Name a file in a folder that exists."
        ) from error
