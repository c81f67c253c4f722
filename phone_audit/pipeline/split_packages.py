"""Records of the files of a folder → records of packages: those with splits wait until their folder is read."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from phone_audit.apk.record_size import cut
from phone_audit.apk.records import PackageKey, package_key
from phone_audit.files.spool import Place, Spool
from phone_audit.model.apk import ApkInfo
from phone_audit.model.base import read_own
from phone_audit.pipeline.apk_records import AnalysedApk, joined

_MOST_BYTES_OF_SPLITS: Final = 4 * 2**20
"""Bytes of records, as JSON, of the base of a package and its splits, which are held together to be joined."""
_LEAST_OF_A_SPLIT: Final = 4 * 2**10


class _Waiting(NamedTuple):
    place: Place
    seconds: float
    cached: bool


def whole_packages(apks: Iterable[AnalysedApk], split: Collection[str]) -> Iterator[AnalysedApk]:
    """Pass on the records of a folder as they come; those of packages with splits wait for its end and are joined.

    They wait on disk, and those of one package, version and signer are read back at a time: what else claims to be of
    the package costs it nothing.
    """
    with Spool() as spool:
        folder = _SplitFolder(split, spool)
        for apk in apks:
            yield from folder.add(apk)
        yield from folder.end()


class SplitPackages(AbstractContextManager["SplitPackages"]):
    """Does the same for several folders, whose records may come in any order; a context manager."""

    def __init__(self, split: Mapping[PurePosixPath, Collection[str]], folders: Iterable[PurePosixPath]) -> None:
        self._left = Counter(folder for folder in folders if folder in split)
        self._spool = Spool()
        self._folders = {folder: _SplitFolder(packages, self._spool) for folder, packages in split.items()}

    def __exit__(self, *_: object) -> None:
        self._spool.close()

    def add(self, apk: AnalysedApk) -> Iterator[AnalysedApk]:
        """Take the record of a file; yield what is complete by it."""
        name = folder_of(apk.info.path)
        folder = self._folders.get(name)
        if folder is None:
            yield apk
            return
        yield from folder.add(apk)
        self._left[name] -= 1
        if not self._left[name]:
            yield from folder.end()

    def rest(self) -> Iterator[AnalysedApk]:
        """Yield what waits in folders that were not read to their end."""
        for folder in self._folders.values():
            yield from folder.end()


class _SplitFolder:
    """The packages of a folder that wait for their splits."""

    def __init__(self, split: Collection[str], spool: Spool) -> None:
        self._split = split
        self._spool = spool
        self._waiting: dict[PackageKey, list[_Waiting]] = {}

    def add(self, apk: AnalysedApk) -> Iterator[AnalysedApk]:
        home = package_key(apk.info) if apk.info.package in self._split else None
        if home is None:
            yield apk
        else:
            place = self._spool.put(apk.info.model_dump_json())
            self._waiting.setdefault(home, []).append(_Waiting(place, apk.seconds, apk.cached))

    def end(self) -> Iterator[AnalysedApk]:
        waiting, self._waiting = self._waiting, {}
        for members in waiting.values():
            yield from joined(list(_read_back(members, self._spool)))


_as_path = lru_cache(maxsize=1_000)(PurePosixPath)


def folder_of(shown_as: str) -> PurePosixPath:
    """Return the folder of a file, from its name in the record.

    Example:
        >>> [str(folder_of(name)) for name in ("a.apk", "x/a.apk", "/a.apk", "//a.apk", "x//y/./a.apk", "x/y/")]
        ['.', 'x', '/', '//', 'x/y', 'x']
    """
    folder, _, name = shown_as.rpartition("/")
    is_plain = folder.strip("/") and name not in ("", ".")
    return _as_path(folder) if is_plain else PurePosixPath(shown_as).parent


def _read_back(members: Sequence[_Waiting], spool: Spool) -> Iterator[AnalysedApk]:
    """Read records that are joined, none larger than its even share: of few files that is more than real ones have."""
    share = max(_LEAST_OF_A_SPLIT, _MOST_BYTES_OF_SPLITS // len(members))
    for place, seconds, cached in members:
        text = spool.get(place)
        info = read_own(ApkInfo, text)
        yield AnalysedApk(cut(info, share) if len(text) > share else info, seconds, cached)
