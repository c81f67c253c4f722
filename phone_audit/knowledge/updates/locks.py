"""Who may use the fetched knowledge at this moment: many that read it, or one that changes it."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Final

from phone_audit.errors import KnowledgeError

if sys.platform == "win32":
    import msvcrt
    import random
else:
    import fcntl

FOLDER: Final = "updates"
"""The sub-folder of the user's knowledge folder that holds what was fetched."""
_WHOLE: Final = 2**31 - 1


@contextlib.contextmanager
def reading(own: Path) -> Iterator[None]:
    """Keep what was fetched as it is while it is read. Waits for a change, which takes milliseconds.

    Where nothing was ever fetched, or the file cannot be locked, there is nothing to wait for: what is read never
    changes in place.
    """
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):
            file = os.open(own / FOLDER / "in-use", os.O_RDWR)
            stack.callback(os.close, file)
            _lock_shared(file)
        yield


@contextlib.contextmanager
def changing(own: Path, patience: float = 0.0) -> Iterator[None]:
    """Change what the others read: only while nobody does; waits `patience` seconds for those who read.

    Raises:
        KnowledgeError: somebody reads it.
    """
    with _alone(own, "in-use", "A scan is running, and knowledge is never changed under it.", patience):
        yield


@contextlib.contextmanager
def updating(own: Path) -> Iterator[None]:
    """Be the only one that fetches. Raises KnowledgeError where somebody else does, or the folder cannot be written."""
    with _alone(own, "update", "Another update is running."):
        yield


@contextlib.contextmanager
def _alone(own: Path, name: str, taken: str, patience: float = 0.0) -> Iterator[None]:
    try:
        (own / FOLDER).mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.open(own / FOLDER / name, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise KnowledgeError(f"{own / FOLDER} cannot be written: {error.strerror}.", "Check your rights.") from error
    try:
        until = monotonic() + patience
        while not _is_locked(file):
            if monotonic() >= until:
                raise KnowledgeError(taken, "Wait until it has ended.")
            sleep(0.05)
        yield
    finally:
        os.close(file)


def _is_locked(file: int) -> bool:
    try:
        _lock_alone(file)
    except OSError:
        return False
    return True


if sys.platform == "win32":

    def _lock_shared(file: int) -> None:
        """Windows shares no lock here: every reader locks one byte of its own, whoever is alone locks all."""
        os.lseek(file, random.randrange(_WHOLE), os.SEEK_SET)  # noqa: S311 - no secret
        msvcrt.locking(file, msvcrt.LK_LOCK, 1)

    def _lock_alone(file: int) -> None:
        os.lseek(file, 0, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, _WHOLE)

else:

    def _lock_shared(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_SH)

    def _lock_alone(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
