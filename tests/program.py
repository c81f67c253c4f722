"""The program as a person runs it: words, standard input and output, exit code; in this process, which is quicker."""

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from phone_audit.cli.main import main

REPOSITORY = Path(__file__).parents[1]


def _stream(content: str = "") -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(content.encode()), "utf-8", newline="")


@contextlib.contextmanager
def _called(words: list[str], given: io.TextIOWrapper, columns: int, folder: Path) -> Iterator[None]:
    with (
        mock.patch.object(sys, "argv", words),
        mock.patch.object(sys, "stdin", given),
        mock.patch.dict(os.environ, {"COLUMNS": str(columns)}),
        contextlib.chdir(folder),
    ):
        yield


def program(
    *words: str | Path, given: str = "", columns: int = 200, folder: Path = REPOSITORY
) -> subprocess.CompletedProcess[str]:
    """Run it in a folder, with so many columns."""
    said, told, code = _stream(), _stream(), None
    called = ["phone-audit", *map(str, words)]
    with (
        _called(called, _stream(given), columns, folder),
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(told),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code
    shown = []
    for stream in (said, told):
        stream.flush()
        assert isinstance(stream.buffer, io.BytesIO)
        shown.append(stream.buffer.getvalue().decode())
    return subprocess.CompletedProcess(called, int(code or 0), *shown)
