"""Remarks on standard error. A closed or full one never costs the result."""

import contextlib
import os
import sys
import textwrap
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from phone_audit.report.safe import shortened, visible

if TYPE_CHECKING:
    from phone_audit.model.finding import Finding

_MOST_KEYS = 5
_WIDTH = 80
_MOST_FINDINGS = 20


def tell(*lines: str) -> None:
    """Write lines to standard error, made harmless."""
    if sys.stderr is None:
        return
    with contextlib.suppress(OSError, ValueError):
        for line in lines:
            sys.stderr.write(f"{visible(line)}\n")
        sys.stderr.flush()


def tell_wrapped(*lines: str) -> None:
    """Write lines to standard error; on a terminal they are broken between words. Empty ones are left out."""
    said = [visible(line) for line in lines if line]
    if on_terminal():
        width = max(_WIDTH // 4, terminal_width())
        wrapper = textwrap.TextWrapper(width, break_long_words=False, break_on_hyphens=False)
        said = [piece for line in said for piece in wrapper.wrap(line)]
    tell(*said)


def terminal_width() -> int:
    """Return the columns of the terminal that standard error is; 80 where it has none."""
    with contextlib.suppress(OSError, ValueError):
        return os.get_terminal_size(sys.stderr.fileno()).columns or _WIDTH
    return _WIDTH


def tell_wait(sentence: str, seconds: float) -> None:
    """Say what the person has to do at the phone, and how long that is waited for."""
    tell(f"{sentence} There are {seconds:.0f} s for that.")


def tell_unmatched(path: object, keys: Sequence[str]) -> None:
    """Say which entries of a list of accepted findings name no finding that is there."""
    if keys:
        names = ", ".join(keys[:_MOST_KEYS]) + (f" and {len(keys) - _MOST_KEYS} more" if len(keys) > _MOST_KEYS else "")
        tell(f"{path} accepts what was not found: {names}.")


def tell_uncovered(path: object, rows: "Iterable[tuple[Finding, str]]") -> None:
    """Say of findings that an entry names what they show now, and that no entry states."""
    for finding, seen in islice(rows, _MOST_FINDINGS):
        of = f"{shortened(finding.subject.name, 60)}, {finding.severity}"
        what = f"{finding.key} {shortened(finding.title, 60)} ({of})"
        tell(f"{path}: {what} is accepted as it is now, and not otherwise, by an entry with seen: {seen}")


def on_terminal() -> bool:
    return sys.stderr is not None and not sys.stderr.closed and sys.stderr.isatty()


def forget_output() -> None:
    """Keep Python from trying once more to write what could not be written."""
    if sys.stdout is None:
        return
    with contextlib.suppress(OSError, ValueError):  # one that is no file has nothing to forget
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
