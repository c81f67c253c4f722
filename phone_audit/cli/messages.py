"""Remarks on standard error. A closed or full one never costs the result."""

import contextlib
import sys

from phone_audit.report.safe import visible


def tell(*lines: str) -> None:
    """Write lines to standard error, made harmless."""
    if sys.stderr is None:
        return
    with contextlib.suppress(OSError, ValueError):
        for line in lines:
            sys.stderr.write(f"{visible(line)}\n")
        sys.stderr.flush()


def on_terminal() -> bool:
    """Tell whether standard error is a terminal."""
    return sys.stderr is not None and not sys.stderr.closed and sys.stderr.isatty()
