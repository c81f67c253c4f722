"""Published records that lie on disk until a format is written."""

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import NamedTuple, Self, overload

from phone_audit.files.spool import Place, Spool
from phone_audit.model.apk import Apk
from phone_audit.model.base import put_aside


class _Kept(NamedTuple):
    path: str
    number: int
    place: Place


class SpooledApks(Sequence[Apk]):
    """Records in the order of their paths, read from disk one at a time, as often as somebody goes through them.

    Used as a context; at its end the records are gone.
    """

    def __init__(self) -> None:
        self._spool = Spool()
        self._kept: list[_Kept] = []
        self._sorted = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._spool.close()

    def add(self, record: Apk) -> None:
        """Put a record aside."""
        self._kept.append(_Kept(record.path, len(self._kept), self._spool.put(record.model_dump_json())))
        self._sorted = False

    def __len__(self) -> int:
        return len(self._kept)

    @overload
    def __getitem__(self, place: int) -> Apk: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[Apk, ...]: ...

    def __getitem__(self, place: int | slice) -> Apk | tuple[Apk, ...]:
        if isinstance(place, slice):
            return tuple(self._record(kept) for kept in self._in_order()[place])
        return self._record(self._in_order()[place])

    def __iter__(self) -> Iterator[Apk]:
        return (self._record(kept) for kept in self._in_order())

    def _in_order(self) -> list[_Kept]:
        if not self._sorted:
            self._kept.sort()
            self._sorted = True
        return self._kept

    def _record(self, kept: _Kept) -> Apk:
        return put_aside(Apk, self._spool.get(kept.place))
