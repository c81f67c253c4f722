"""What a fuzz target is: a function that gives hostile bytes to a reader and lets only our own errors pass."""

import atexit
import functools
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from phone_audit.knowledge.load import Knowledge, load_knowledge
from tests.fuzz.expansion import LARGEST, expanded

_IN_MEMORY: Final = Path("/dev/shm")


class BrokenPromiseError(AssertionError):
    """A reader gave back what it promises never to give."""


@dataclass(frozen=True)
class Target:
    """One target.

    Attributes:
        run: gives an input to the readers; raises nothing for what the bytes hold.
        reads: the modules that it drives, or packages of them.
        words: what such inputs are made of, for the fuzzer's dictionary.
        largest: bytes that recipes may make of an input.
        whole: whether recipes apply to the whole input; those of parts are carried out by `run`.
    """

    run: Callable[[bytes], None]
    reads: tuple[str, ...]
    words: tuple[bytes, ...] = ()
    largest: int = LARGEST
    whole: bool = True

    def __call__(self, data: bytes) -> None:
        """Run one input."""
        self.run(expanded(data, self.largest) if self.whole else data)


def promise(kept: bool, what: str) -> None:
    """Raise where a promise was broken."""
    if not kept:
        raise BrokenPromiseError(what)


@functools.cache
def knowledge() -> Knowledge:
    """Load the bundled knowledge, once."""
    return load_knowledge()


@functools.cache
def scratch() -> Path:
    """Make a folder for this process, in memory where that is possible; it is gone when the process ends."""
    folder = Path(tempfile.mkdtemp(prefix="phone-audit-fuzz-", dir=_IN_MEMORY if _IN_MEMORY.is_dir() else None))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def written(data: bytes, name: str = "input") -> Path:
    """Write a file into the folder of this process, over the one before."""
    path = scratch() / name
    path.write_bytes(data)
    return path


def empty_folder(name: str) -> Path:
    """Return an empty folder below that of this process."""
    path = scratch() / name
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    return path
