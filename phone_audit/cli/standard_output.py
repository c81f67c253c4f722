"""Standard output whose reader has left: `… | head -1`."""

import contextlib
import os
import sys


def forget_output() -> None:
    """Keep Python from trying once more to write what could not be written."""
    if sys.stdout is None:
        return
    with contextlib.suppress(OSError, ValueError):  # one that is no file has nothing to forget
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
