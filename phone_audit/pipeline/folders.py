"""Which files of folders are read, and which of their records have to wait for one another."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from phone_audit.apk.discover import InputFile
from phone_audit.apk.worker.apk_input import ApkInput
from phone_audit.apk.worker.pool import WorkerPool
from phone_audit.pipeline.options import Progress

Identity = tuple[int, int] | str
"""Device and inode of a file, so that links to it are one; the path of one that cannot be looked at."""


@dataclass(frozen=True)
class LookedAt:
    """What a first look at all files shows.

    Attributes:
        files: those to read.
        split: by folder, the packages that have a split in it, whose records become one.
    """

    files: tuple[InputFile, ...]
    split: Mapping[str, frozenset[str]]


class _Look(NamedTuple):
    is_apk: bool
    split_of: str | None


_NOT_LOOKED_AT: Final = _Look(is_apk=True, split_of=None)


def folder_of(shown_as: str) -> str:
    """Return the folder of a file, from its name in the record."""
    return str(PurePosixPath(shown_as).parent)


def look_at_files(
    files: Sequence[InputFile], pool: WorkerPool, on_progress: Progress, stopped: Callable[[], bool]
) -> LookedAt:
    """Look at those files of which the name does not tell enough, each once however many links lead to it.

    Args:
        files: what the search came upon.
        pool: who looks, since no byte of an APK is read in this process.
        on_progress: told how many files were looked at.
        stopped: asked again and again; once true, files that were not looked at are taken for APKs.
    """
    together = Counter(folder_of(file.shown_as) for file in files)
    asked = {_identity(file.path): file for file in files if not file.sure or together[folder_of(file.shown_as)] > 1}
    looks = _looks(asked, pool, on_progress, stopped)
    kept: list[InputFile] = []
    split: dict[str, set[str]] = {}
    for file in files:
        look = looks.get(_identity(file.path), _NOT_LOOKED_AT)
        if file.sure or look.is_apk:
            kept.append(file)
        if look.split_of is not None:
            split.setdefault(folder_of(file.shown_as), set()).add(look.split_of)
    return LookedAt(tuple(kept), {folder: frozenset(packages) for folder, packages in split.items()})


def _looks(
    asked: Mapping[Identity, InputFile], pool: WorkerPool, on_progress: Progress, stopped: Callable[[], bool]
) -> dict[Identity, _Look]:
    looks: dict[Identity, _Look] = {}
    if not asked or stopped():
        return looks
    inputs = (ApkInput(file.path, file.shown_as, look=True) for file in asked.values())
    for identity, (info, _) in zip(asked, pool.analyse(inputs), strict=True):
        unknown = info.has_code is None and bool(info.skipped)
        looks[identity] = _Look(bool(info.has_code) or unknown, info.package)
        on_progress("looking at files", len(looks), len(asked))
        if stopped():
            break
    return looks


def _identity(path: Path) -> Identity:
    try:
        status = path.stat()
    except (OSError, ValueError):
        return str(path)
    return status.st_dev, status.st_ino
