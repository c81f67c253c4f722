"""A record as JSON of bounded size: what a file was made to fill is cut here, and the record says what."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from phone_audit.analyse.records import empty_record, in_order
from phone_audit.model.apk import ApkInfo
from phone_audit.model.base import Frozen
from phone_audit.model.finding import Skipped, Step

RECORD: Step = "record"
"""The step in which a record is put together and written."""
LONGEST_RECORD = 2 * 2**20
"""Bytes of JSON that one record may have; the largest of real packages has about a tenth of that."""
_CUT_SHORT = 64 * 2**10
_MOST_ITEMS = 20_000
_LONGEST_TEXT = 4096
_ORDER = (
    "skipped", "signature", "signers", "network_policy", "obfuscation", "trackers", "behaviours", "permissions",
    "endpoints", "files", "components",
)  # fmt: skip
"""Fields that a file can fill, those first that say most about it."""
_SHARE = 4
"""No field takes more than one part in so many."""
_PER_VALUE = 24
"""Bytes that a value costs besides its text: its name, quotes and commas."""
_ROUNDS = 4


class Together:
    """Bounds records that are held in memory at the same time: beyond `most` bytes of JSON, each is cut short."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._bytes = 0

    def fitting(self, info: ApkInfo, size: int) -> ApkInfo:
        """Return a record as it is, or cut short where those before it take all the room.

        Args:
            info: the record.
            size: bytes of its JSON.
        """
        if size <= _CUT_SHORT or self._bytes + size <= self._most:
            self._bytes += size
            return info
        return cut(info, _CUT_SHORT)


def record_json(info: ApkInfo, *, cut_first: bool = False, longest: int = LONGEST_RECORD) -> str:
    """Return a record as one line of JSON of at most `longest` bytes.

    A record that is longer is cut. One that cannot be written at all is answered with what names the file alone.

    Args:
        info: the record.
        cut_first: an earlier attempt to write it has ended the process, so that it is cut before it is written.
        longest: bytes.
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
    share = room // _SHARE
    changed: dict[str, object] = {}
    notes = []
    for name in _ORDER:
        value = getattr(info, name)
        knife = _Knife(min(share, room))
        kept = knife.value(value)
        room -= min(share, room) - max(0, knife.room)
        changed[name] = kept
        if knife.dropped or knife.shortened:
            notes.append(_note(info.path, name, knife))
    for name in ("package", "app_name", "version_name", "shared_user_id"):
        changed[name] = _Knife(share).value(getattr(info, name))
    kept_notes: Any = changed["skipped"]
    changed["skipped"] = in_order((*kept_notes, *notes))
    return info.model_copy(update=changed)


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


def _note(path: str, name: str, knife: "_Knife") -> Skipped:
    parts = []
    if knife.dropped:
        parts.append(f"{knife.dropped} of its items were left out")
    if knife.shortened:
        parts.append(f"{knife.shortened} of its texts were shortened")
    reason = f"The record of this file would be too large. Of the field {name}, {' and '.join(parts)}."
    return Skipped(subject=path, step=RECORD, code="record-limit", reason=reason)


@dataclass
class _Knife:
    """Cuts one field. `room` is what is left for it, in bytes."""

    room: int
    dropped: int = field(default=0, init=False)
    shortened: int = field(default=0, init=False)

    def value(self, value: Any) -> Any:
        """Return the value, or as much of it as there is room for."""
        self.room -= _PER_VALUE
        cutter = _CUTTERS.get(type(value))
        if cutter is not None:
            return cutter(self, value)
        return self._model(value) if isinstance(value, Frozen) else value

    def text(self, text: str) -> str:
        if len(text) > _LONGEST_TEXT:
            self.shortened += 1
            text = text[:_LONGEST_TEXT]
        plain = text.encode("utf-8", "backslashreplace")
        self.room -= len(plain)
        return plain.decode()

    def items(self, items: tuple[Any, ...]) -> tuple[Any, ...]:
        kept: list[Any] = []
        for item in items[:_MOST_ITEMS]:
            if self.room <= 0:
                break
            kept.append(self.value(item))
        self.dropped += len(items) - len(kept)
        return tuple(kept)

    def _model(self, model: Frozen) -> Frozen:
        return model.model_copy(update={name: self.value(value) for name, value in model})


_CUTTERS: dict[type, Callable[[_Knife, Any], Any]] = {str: _Knife.text, tuple: _Knife.items}
