"""The files of a package that are searched for URLs: small ones many at a time, in the order in which they come."""

from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate, islice
from typing import Final

import numpy as np

from phone_audit.apk.assets.found import Candidate, Mention
from phone_audit.apk.assets.kinds import Sort
from phone_audit.apk.assets.marks import MOST, Marks, scanner
from phone_audit.apk.assets.pool import Pool
from phone_audit.apk.assets.search import (
    File,
    candidates_in,
    candidates_in_pool,
    mentions_in,
    mentions_in_pool,
    pool_of,
)
from phone_audit.apk.assets.urls import too_many
from phone_audit.apk.dex.strings import Bytes
from phone_audit.errors import ApkError

MAX_MENTIONS: Final = 100_000
_TOGETHER: Final = 1 << 19
"""Bytes of small files that are scanned at once: most files of a package are far smaller, and hold nothing."""
_ALONE: Final = 1 << 16
"""Bytes from which on a file is scanned by itself, with no copy of it."""
_NO_MARKS: Final = Marks()


class Sweep:
    """Searches files.

    Args:
        note: is told where something was not looked at, and why.

    Attributes:
        mentions: the URLs found.
        candidates: texts that may be bare host names.
    """

    def __init__(self, note: Callable[[str, ApkError], None]) -> None:
        self.mentions: list[Mention] = []
        self.candidates: list[Candidate] = []
        self._note = note
        self._waiting: list[tuple[File, Sequence[Candidate]]] = []
        self._bytes = 0

    @property
    def full(self) -> bool:
        """Whether there is more than is kept."""
        return len(self.mentions) == MAX_MENTIONS or len(self.candidates) == MAX_MENTIONS

    def add(self, file: File, candidates: Sequence[Candidate] = ()) -> None:
        """Search a file, at once or later; `candidates` are texts that its own reader found in it."""
        if file.sort is Sort.TABLE or len(file.data) >= _ALONE:
            self.finish()
            self._alone(file)
            self._take(candidates)
            return
        self._waiting.append((file, candidates))
        self._bytes += len(file.data)
        if self._bytes >= _TOGETHER:
            self.finish()

    def finish(self) -> None:
        """Search the files that wait."""
        waiting, self._waiting, self._bytes = self._waiting, [], 0
        if waiting:
            files = [file for file, _ in waiting]
            marks = self._together([np.frombuffer(file.data, np.uint8) for file in files])
            pools = [pool_of(file, its) if file.pooled else None for file, its in zip(files, marks, strict=True)]
            in_pools = iter(self._together([pool.strings.data for pool in pools if pool is not None]))
            for (file, candidates), its, pool in zip(waiting, marks, pools, strict=True):
                self._search(file, its if pool is None else next(in_pools), pool)
                self._take(candidates)

    def _alone(self, file: File) -> None:
        marks = _NO_MARKS
        if file.sort is not Sort.TABLE:
            marks = scanner().marks(np.frombuffer(file.data, np.uint8), thorough=file.thorough)
        pool = pool_of(file, marks) if file.pooled else None
        self._search(file, marks if pool is None else scanner().marks(pool.strings.data), pool)

    def _together(self, parts: list[Bytes]) -> list[Marks]:
        """Return the marks of each of several files, for which they are scanned as one.

        Where that is more than is told at once, each is scanned alone: no file takes the room of another.
        """
        if not parts:
            return []
        begins = [0, *accumulate(part.size for part in parts)][:-1]
        whole = scanner().marks(np.concatenate(parts))
        if whole.full:
            return [scanner().marks(part) for part in parts]
        found = whole.apart(begins)
        return [found.get(number, _NO_MARKS) for number in range(len(parts))]

    def _search(self, file: File, marks: Marks, pool: Pool | None) -> None:
        try:
            if pool is not None:
                self._keep(mentions_in_pool(file, pool, marks))
                self._take(candidates_in_pool(file, pool))
            elif not file.pooled and (marks is not _NO_MARKS or file.wide_texts):
                self._keep(mentions_in(file, marks))
            if file.sort is Sort.TEXT:
                self._take(candidates_in(file))
            if marks is not _NO_MARKS and marks.full:
                raise too_many(MOST)
        except ApkError as error:
            self._note(file.where, error)

    def _keep(self, mentions: Iterable[Mention]) -> None:
        self.mentions += islice(mentions, MAX_MENTIONS - len(self.mentions))

    def _take(self, candidates: Iterable[Candidate]) -> None:
        if candidates:
            self.candidates += islice(candidates, MAX_MENTIONS - len(self.candidates))
