"""Records of files that may come again under another name."""

from collections import OrderedDict
from types import TracebackType
from typing import Final, Self

from phone_audit.files.spool import Place, Spool
from phone_audit.model.apk import ApkInfo
from phone_audit.model.base import put_aside

_IN_MEMORY: Final = 2
"""A record of 2 MB of JSON takes ten times as much in memory."""


class RecordStore:
    """Keeps records by number: the few that were used last in memory, all others on disk."""

    def __init__(self) -> None:
        self._spool = Spool()
        self._places: dict[int, Place] = {}
        self._recent: OrderedDict[int, ApkInfo] = OrderedDict()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._spool.close()

    def __contains__(self, number: int) -> bool:
        return number in self._recent or number in self._places

    def put(self, number: int, info: ApkInfo) -> None:
        """Keep a record."""
        self._recent[number] = info
        self._recent.move_to_end(number)
        while len(self._recent) > _IN_MEMORY:
            oldest, moved = self._recent.popitem(last=False)
            if oldest not in self._places:
                self._places[oldest] = self._spool.put(moved.model_dump_json())

    def get(self, number: int) -> ApkInfo:
        """Return a record that is kept.

        Raises:
            KeyError: it is not.
        """
        if number not in self._recent:
            self.put(number, put_aside(ApkInfo, self._spool.get(self._places[number])))
        self._recent.move_to_end(number)
        return self._recent[number]

    def drop(self, number: int) -> None:
        """Forget a record that will not be asked for again."""
        self._recent.pop(number, None)
        self._places.pop(number, None)
