"""A record as JSON of bounded size: what a file was made to fill is cut here, and the record says what."""

from dataclasses import dataclass, field
from typing import Any

from phone_audit.apk.records import empty_record, skipped_in_order
from phone_audit.model.apk import ApkInfo
from phone_audit.model.base import Frozen
from phone_audit.model.finding import Skipped, Step

RECORD: Step = "record"
"""The step in which a record is put together and written."""
LONGEST_RECORD = 3 * 2**20
"""Bytes of JSON that one record may have; the largest of real packages has 0.2 MB."""
_CUT_SHORT = 256 * 2**10
"""Bytes that no record is cut below for the sake of others: no real package has so many."""
_MOST_ITEMS = 20_000
_LONGEST_TEXT, _SHORT_TEXT = 4096, 256
_SHARES = {
    "endpoints": 5 / 8, "permissions": 1 / 16, "behaviours": 1 / 16, "trackers": 1 / 32, "components": 1 / 32,
    "skipped": 1 / 16, "signature": 1 / 40, "signers": 1 / 40, "network_policy": 1 / 40, "obfuscation": 1 / 40,
    "files": 1 / 40,
}  # fmt: skip
"""What each field that a file can fill may take, so that none displaces another. There is room for a name and a few
words of each of the 5,000 hosts that are gathered at most."""
_DETAILS = (20_000, 3, 1, 0)
"""Items that a list inside an item keeps: details go before items, so that many hosts do not hide one of them."""
_PER_VALUE = 16
"""Bytes that a value costs besides its text: its name, quotes and commas."""
_ROUNDS = 4


class RecordBudget:
    """Bounds records that are in memory at the same time: beyond `most` bytes of JSON, large ones are cut short."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._bytes = 0

    def fitting(self, info: ApkInfo, size: int) -> ApkInfo:
        """Return a record, of `size` bytes of JSON, as it is, or cut short where those before it take all the room.

        A record that is no larger than a real one stays as it is, whatever others hold: nobody can have it cut.
        """
        fits = size <= _CUT_SHORT or self._bytes + size <= self._most
        self._bytes += size if fits else _CUT_SHORT
        return info if fits else cut(info, _CUT_SHORT)


def record_json(info: ApkInfo, *, cut_first: bool = False, longest: int = LONGEST_RECORD) -> str:
    """Return a record as one line of JSON of at most `longest` bytes; one that is longer is cut.

    One that cannot be written at all is answered with what names the file alone. `cut_first` tells that an earlier
    attempt to write it has ended the process.
    """
    text = None if cut_first else _written(info, longest)
    room = longest
    for _ in range(_ROUNDS):
        if text is not None:
            return text
        text = _written(cut(info, room), longest)
        room //= 2
    return text or _identity(info).model_dump_json()


def cut(info: ApkInfo, room: int) -> ApkInfo:
    """Return the record with lists and texts cut so that its JSON has about `room` bytes; it says what was cut."""
    changed: dict[str, object] = {}
    notes = []
    for name, share in _SHARES.items():
        cutter, kept = _cut_field(getattr(info, name), int(share * room))
        changed[name] = kept
        if cutter.dropped or cutter.shortened or cutter.details:
            notes.append(_note(info.path, name, cutter))
    for name in ("package", "app_name", "version_name", "shared_user_id"):
        changed[name] = _FieldCutter(room, _SHORT_TEXT).value(getattr(info, name))
    kept_notes: Any = changed["skipped"]
    changed["skipped"] = skipped_in_order((*kept_notes, *notes))
    return info.model_copy(update=changed)


def _cut_field(value: Any, room: int) -> tuple["_FieldCutter", Any]:
    """Cut one field no more than has to be: first details of its items, then items."""
    for details in _DETAILS:
        cutter = _FieldCutter(room, _LONGEST_TEXT if details > 1 else _SHORT_TEXT, details)
        kept = cutter.value(value)
        if not cutter.dropped:
            break
    return cutter, kept


def _written(info: ApkInfo, longest: int) -> str | None:
    """Return the JSON; None where it is too long, or where writing it fails in whatever way."""
    try:
        text = info.model_dump_json()
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # noqa: BLE001  (pydantic's own code is Rust, whose panics are no ordinary exceptions)
        return None
    return text if len(text) <= longest and len(text.encode("utf-8", "replace")) <= longest else None


def _identity(info: ApkInfo) -> ApkInfo:
    reason = "The record of this file could not be written, so only the file itself is named."
    skipped = Skipped(subject=info.path, step=RECORD, code="record-limit", reason=reason)
    return empty_record(info.path, (skipped,), sha256=info.sha256, size=info.size, files=info.files[:1])


def _note(path: str, name: str, cutter: "_FieldCutter") -> Skipped:
    counted = ((cutter.dropped, "items were left out"), (cutter.details, "details of items were left out"),
               (cutter.shortened, "texts were shortened"))  # fmt: skip
    parts = [f"{count} {what}" for count, what in counted if count]
    reason = f"The record of this file would be too large. Of the field {name}, {', '.join(parts)}."
    return Skipped(subject=path, step=RECORD, code="record-limit", reason=reason)


@dataclass
class _FieldCutter:
    """Cuts one field.

    Attributes:
        room: what is left for it, in bytes.
        longest: characters of a text.
        inner: items of a list inside an item.
    """

    room: int
    longest: int
    inner: int = _MOST_ITEMS
    dropped: int = field(default=0, init=False)
    details: int = field(default=0, init=False)
    shortened: int = field(default=0, init=False)
    depth: int = field(default=0, init=False)

    def value(self, value: Any) -> Any:
        """Return the value, or as much of it as there is room for."""
        self.room -= _PER_VALUE
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, tuple):
            return self._items(value)
        if isinstance(value, Frozen):
            return value.model_copy(update={name: self.value(inner) for name, inner in value})
        return value

    def _text(self, text: str) -> str:
        if len(text) > self.longest:
            self.shortened += 1
            text = text[: self.longest]
        plain = text.encode("utf-8", "backslashreplace")
        self.room -= len(plain)
        return plain.decode()

    def _items(self, items: tuple[Any, ...]) -> tuple[Any, ...]:
        if self.depth:
            self.details += max(0, len(items) - self.inner)
            return tuple(self.value(item) for item in items[: self.inner])
        kept: list[Any] = []
        self.depth = 1
        for item in items[:_MOST_ITEMS]:
            if self.room <= 0:
                break
            kept.append(self.value(item))
        self.depth = 0
        self.dropped += len(items) - len(kept)
        return tuple(kept)
