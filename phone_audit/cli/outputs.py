"""Where results go: `-f` and `-o` paired in order, each to a file or to standard output; and how they are sealed."""

import errno
import hashlib
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Final

from phone_audit.cli.messages import tell, tell_wrapped
from phone_audit.cli.options import printable
from phone_audit.errors import TO_TYPE, OutputError, PhoneAuditError, UsageError
from phone_audit.files.atomic_write import (
    DISK_FAILS,
    DISK_HINT,
    is_special,
    named_file,
    open_special,
    replacing,
    rights_of,
)
from phone_audit.model.apk import Apks
from phone_audit.model.base import Frozen
from phone_audit.model.results import Scan
from phone_audit.model.wording import counted
from phone_audit.report.answer import answer_of
from phone_audit.report.canvas import Style
from phone_audit.report.draw_answer import HELP_FIRST
from phone_audit.report.draw_folder_answer import folder_advises
from phone_audit.report.formats import FORMATS, SUFFIXES, encoded, formats_of, unfit

if TYPE_CHECKING:
    from phone_audit.pipeline.seal import Sealer

_WIDEST = 100
_ANSWER = Style()
_SAYS_SEAL = ("text", "markdown")


@dataclass(frozen=True)
class Output:
    """One format and where it goes; standard output where `path` is null. `sealer` seals the file."""

    format: str
    path: Path | None
    sealer: "Sealer | None" = field(default=None, repr=False, compare=False)


def destinations(
    kinds: Sequence[str], formats: Sequence[str] | None, paths: Sequence[Path] | None, seal: str | None = None
) -> tuple[Output, ...]:
    """Return where the result of a command goes, before anything is read for it.

    `kinds` are what the result can be; the others are as `-f`, `-o` and `--seal` name them. Raises a UsageError for an
    unknown format, a place that cannot be written, or a key that cannot be used.
    """
    outputs = pair_outputs(formats or (), paths or (), kinds)
    check_places(outputs)
    return with_seal(outputs, seal)


def pair_outputs(formats: Sequence[str], paths: Sequence[Path], kinds: Sequence[str]) -> tuple[Output, ...]:
    """Pair formats and files in order.

    A file without a format takes it from its suffix; a format without a file goes to standard output. Raises a
    UsageError for a format that draws none of these kinds of documents, a suffix that names none, or two results for
    standard output.

    Example:
        >>> pair_outputs(["json"], [Path("a.json"), Path("b.txt")], ["scan"])[1]
        Output(format='text', path=PosixPath('b.txt'))
    """
    outputs = tuple(
        Output(format_ or _by_suffix(path, kinds), None if path is None or str(path) == "-" else path)
        for format_, path in zip_longest(formats, paths)
    ) or (Output("text", None),)
    check_formats(outputs, kinds)
    if sum(output.path is None for output in outputs) > 1:
        raise UsageError("Two results would go to standard output.", "Give each -f its own -o FILE.")
    return outputs


def check_formats(outputs: Sequence[Output], kinds: Sequence[str]) -> None:
    """Refuse a format that draws none of these kinds of documents, lacks its library, or is nothing for a terminal.

    The UsageError says which formats fit, or what to install.
    """
    known = formats_of(kinds)
    for output in outputs:
        if output.format not in known:
            raise UsageError(unfit(output.format, kinds))
        library = FORMATS[output.format].needs
        if library and find_spec(library) is None:
            extra = f"pip install 'phone-audit[{output.format}]'"
            raise UsageError(f"{output.format} needs {library}, which is not installed.", f"{TO_TYPE}{extra}")
        if library and output.path is None and sys.stdout is not None and sys.stdout.isatty():
            raise UsageError(f"{output.format} is no text, and standard output is a terminal.", "Name a file with -o.")


def _by_suffix(path: Path | None, kinds: Sequence[str]) -> str:
    suffix = path.suffix.lower() if path else ""
    if suffix not in SUFFIXES:
        known = ", ".join(sorted(suffix for name in formats_of(kinds) for suffix in FORMATS[name].suffixes))
        raise UsageError(f"The name {path} does not tell the format.", f"Use one of {known}, or give -f before -o.")
    return SUFFIXES[suffix]


def streamed(outputs: Sequence[Output]) -> tuple[list[Output], list[Output]]:
    """Return the outputs to which each record goes as it is ready, and those to which the result goes."""
    streams = [output for output in outputs if FORMATS[output.format].streams]
    return streams, [output for output in outputs if output not in streams]


def check_places(outputs: Sequence[Output]) -> None:
    """Refuse places that cannot be written, before anything is read for them: a UsageError."""
    for path in (output.path for output in outputs if output.path is not None):
        if path.is_dir():
            raise UsageError(f"{path} is a folder.", "Name a file.")
        if not path.parent.is_dir():
            raise UsageError(f"{path} cannot be written: there is no folder {path.parent}.", "Make the folder first.")
        if not os.access(path if path.exists() else path.parent, os.W_OK):
            raise UsageError(f"{path} cannot be written: permission denied.", "Name a place that you may write to.")


def with_seal(outputs: Sequence[Output], named: str | None) -> tuple[Output, ...]:
    """Return the outputs with what seals those that are files; asks for the password of a key that has one.

    Raises a UsageError where there is no file to seal, or the key cannot be used.
    """
    if named is None:
        return tuple(outputs)
    files = [output.path for output in outputs if output.path is not None]
    special = next((path for path in files if is_special(path) and not path.is_dir()), None)
    if special is not None:
        raise UsageError(f"{special} cannot be sealed: it is no ordinary file.", "Name a file with -o.")
    if not files:
        raise UsageError("--seal goes with -o: only files are sealed.", "Name a file with -o.")
    sealer = sealer_of(named)
    return tuple(output if output.path is None else replace(output, sealer=sealer) for output in outputs)


def sealer_of(named: str) -> "Sealer":
    """Return what seals with a key; what that takes is loaded only here. A UsageError where the key cannot be used."""
    from phone_audit.pipeline.seal import Sealer
    from phone_audit.pipeline.seal_key import OWN, own_public_key, seal_key

    is_new = named == OWN and not own_public_key().exists()
    key = seal_key(named, _ask_password)
    if is_new:
        tell(f"A key for your seals was made. Who checks them needs its public half: {key.public_line}")
    return Sealer(key)


def _ask_password(path: Path) -> str:
    import getpass

    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError(
            f"{path} is protected by a password, and there is no terminal to ask for it.",
            "Use a key without one: minisign -G -W, or --seal own.",
        )
    return getpass.getpass(f"Password of {path}: ")


def write_outputs(document: Frozen, outputs: Sequence[Output], drawn: Style = _ANSWER) -> None:
    """Write the document in each format to its place, drawn so, apart from the width and colour of a terminal.

    Where one cannot be written, the others are all the same.

    Raises:
        UsageError: a file cannot be written under its name.
        OutputError: the disk is full, or fails.
        OSError: standard output cannot be written.
    """
    failed: PhoneAuditError | OSError | None = None
    terminal = terminal_style()
    for output in outputs:
        chosen = FORMATS[output.format]
        style = replace(drawn, written=_reports(other for other in outputs if other != output))
        try:
            if output.path is None:
                for piece in chosen.render(document, replace(style, width=terminal.width, colour=terminal.colour)):
                    write_out(piece)
            else:
                write_file(output.path, chosen.render(document, style), output.sealer)
        except (PhoneAuditError, OSError) as error:
            failed = failed or error
    if failed:
        raise failed


def tell_result(document: Scan | Apks, outputs: Sequence[Output]) -> None:
    """Say what came out, where it stands and what to do next, where nothing of it went to the terminal."""
    if not outputs or any(output.path is None for output in outputs):
        return
    files = [printable(path) or "" for path in _reports(outputs)]
    report = f" Full report: {', '.join(files)}" if files else ""
    first = f"{outcome_line(document)}. {document.verdict.headline}.{report}"
    pages = (printable(str(output.path)) or "" for output in outputs if output.format == "html")
    partly = [
        f"{printable(str(output.path))} holds only {FORMATS[output.format].only}."
        for output in outputs
        if FORMATS[output.format].only
    ]
    tell_wrapped(first, *partly, " ".join(_next_steps(document, pages)))


def _reports(outputs: Iterable[Output]) -> tuple[str, ...]:
    return tuple(str(output.path) for output in outputs if output.path and not FORMATS[output.format].only)


def outcome_line(document: Scan | Apks) -> str:
    """Say in a few words what came out: the outcome, the phone, and how many reasons there are."""
    model = f" {document.device.model or 'model unknown'}," if isinstance(document, Scan) else ""
    reasons = counted(sum(reason.kind != "unread" for reason in document.verdict.reasons), "reason")
    return f"{document.verdict.outcome.upper()}:{model} {reasons}"


def terminal_style() -> Style:
    if sys.stdout is None or not sys.stdout.isatty():
        return Style()
    colour = "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    return Style(width=min(_WIDEST, os.get_terminal_size(sys.stdout.fileno()).columns or Style().width), colour=colour)


def said_on_terminal(outputs: Iterable[Output]) -> bool:
    """Tell whether what a report begins with, such as how it is sealed, is read on a terminal anyway."""
    shown = any(output.path is None and output.format in _SAYS_SEAL for output in outputs)
    return shown and sys.stdout is not None and sys.stdout.isatty()


def write_out(text: str | bytes) -> None:
    """Write to standard output, as UTF-8 whatever the locale says.

    Raises an OSError where it is closed, full, or nobody reads it any more.
    """
    if sys.stdout is None:
        raise OSError(errno.EBADF, "standard output is closed")
    sys.stdout.buffer.write(encoded(text))
    sys.stdout.buffer.flush()


def write_file(path: Path, pieces: Iterable[str | bytes], sealer: "Sealer | None" = None) -> None:
    """Write a file as a whole, which only this user may read; one that is there keeps its rights.

    What is no ordinary file, such as a pipe, is written to. Raises a UsageError where it cannot be written under this
    name, an OutputError where the disk is full, or fails.
    """
    try:
        digest = hashlib.blake2b()
        place = path if is_special(path) else named_file(path)
        with open_special(place) if is_special(place) else replacing(place, mode=rights_of(place)) as file:
            for piece in pieces:
                data = encoded(piece)
                digest.update(data)
                file.write(data)
        if sealer is not None:
            sealer.seal(path, digest.digest())
    except OSError as error:
        raise cannot_write(path, error) from error


def cannot_write(path: Path, error: OSError) -> PhoneAuditError:
    """Say why a file that a person named cannot be written: the disk's fault is no wrong usage."""
    if error.errno in DISK_FAILS:
        return OutputError(f"{path} cannot be written: {error.strerror}.", DISK_HINT)
    return UsageError(f"{path} cannot be written: {error.strerror}.", "Name a file in a folder that exists.")


_DEBUGGING: Final = "When done, switch USB debugging off."


def _next_steps(document: Scan | Apks, pages: Iterable[str]) -> Iterator[str]:
    """Yield sentences; `pages` are the files that a browser shows."""
    answer = None if isinstance(document, Apks) else answer_of(document)
    if answer.advises if answer else isinstance(document, Apks) and folder_advises(document):
        yield f"{HELP_FIRST}."
    for page in pages:
        yield f"Open {page} in a browser."
    if answer and answer.debugged:
        yield _DEBUGGING
