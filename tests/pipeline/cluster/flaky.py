"""A file system of fsspec of which one call in ten fails; `flaky:///a/b` is the file `/a/b`."""

import itertools
import os
from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

LOG = "FLAKY_LOG"
"""Names the file in which each failure leaves a byte."""
_CALLS = itertools.count(1)


def _fail() -> None:
    if next(_CALLS) % 10 == 0:
        with Path(os.environ[LOG]).open("ab") as log:
            log.write(b".")
        raise ConnectionResetError("the storage hung up")


class FlakyFileSystem(LocalFileSystem):  # type: ignore[misc]
    """Every tenth time that it is asked for anything in a process, it fails."""

    protocol = "flaky"

    def info(self, path: str, **more: Any) -> Any:
        _fail()
        return super().info(path, **more)

    def ls(self, path: str, detail: bool = False, **more: Any) -> Any:
        _fail()
        return LocalFileSystem().ls(path, detail, **more)

    def cat_file(self, path: str, start: int | None = None, end: int | None = None, **more: Any) -> Any:
        _fail()
        return super().cat_file(path, start, end, **more)


fsspec.register_implementation("flaky", FlakyFileSystem, clobber=True)
