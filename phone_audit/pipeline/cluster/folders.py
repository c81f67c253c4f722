"""Records of a folder, which wait for one another: a split may be joined to a base that comes later."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import PurePosixPath
from typing import Final

from phone_audit.files.spool import Place, Spool
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.acceptance import Acceptances
from phone_audit.model.apk import Apk, ApkInfo
from phone_audit.model.base import read_own
from phone_audit.pipeline.apk_records import AnalysedApk, judged_record
from phone_audit.pipeline.split_packages import whole_packages

MOST_TOGETHER: Final = 10_000
"""Files of a folder that wait for one another. Where there are more, each is a record of its own at once."""
_ALONE = ("base", "container")


class Folders(AbstractContextManager["Folders"]):
    """The folders of which not every record is here; a context manager. They wait on disk."""

    def __init__(self, files: Iterable[PurePosixPath], knowledge: Knowledge, accepted: Acceptances) -> None:
        self._to_come = Counter(files)
        self._apart = {folder for folder, count in self._to_come.items() if count == 1 or count > MOST_TOGETHER}
        self._knowledge = knowledge
        self._accepted = accepted
        self._spool = Spool()
        self._waiting: dict[PurePosixPath, list[tuple[Place, str | None]]] = {}
        self._split: dict[PurePosixPath, set[str]] = {}

    def __exit__(self, *_: object) -> None:
        self._spool.close()

    def add(self, folder: PurePosixPath, record: Apk | None) -> Iterator[Apk]:
        """Take the record of a file, None where it is no APK, and yield those that are ready by that."""
        self._to_come[folder] -= 1
        if record is not None and folder in self._apart:
            yield self._published(record)
        elif record is not None:
            place = self._spool.put(record.model_dump_json())
            self._waiting.setdefault(folder, []).append((place, record.package))
            if record.package is not None and record.files and record.files[0].role not in _ALONE:
                self._split.setdefault(folder, set()).add(record.package)
        if not self._to_come[folder]:
            yield from self._complete(folder)

    def rest(self) -> Iterator[Apk]:
        """Yield what still waits, for a run that was stopped."""
        for folder in list(self._waiting):
            yield from self._complete(folder)

    def _complete(self, folder: PurePosixPath) -> Iterator[Apk]:
        split, waiting = self._split.pop(folder, set()), self._waiting.pop(folder, [])
        yield from (self._published(self._read(place)) for place, package in waiting if package not in split)
        members = (self._read(place) for place, package in waiting if package in split)
        analysed = (AnalysedApk(info_of(record), record.run.seconds) for record in members)
        yield from (judged_record(apk, self._knowledge, self._accepted) for apk in whole_packages(analysed, split))

    def _read(self, place: Place) -> Apk:
        return read_own(Apk, self._spool.get(place))

    def _published(self, record: Apk) -> Apk:
        """Return a record with what somebody answers for, which no worker knows."""
        if not self._accepted.by_key:
            return record
        return judged_record(AnalysedApk(info_of(record), record.run.seconds), self._knowledge, self._accepted)


def info_of(record: Apk) -> ApkInfo:
    """Return what was read, without what was judged."""
    return ApkInfo(**{name: getattr(record, name) for name in ApkInfo.model_fields})
