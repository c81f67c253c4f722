"""One file on its way through the workers: its time budget, and what had to be left out."""

import json
from collections.abc import Sequence
from typing import cast

from phone_audit.apk.records import empty_record, skipped_in_order
from phone_audit.apk.worker.apk_input import ApkInput
from phone_audit.model.apk import ApkInfo
from phone_audit.model.finding import Skipped, Step

_ESSENTIAL: Step = "read"
_SHARE = 0.5
_SHARES = {"dex": 0.9}
"""The share of what is left that a step may use."""
_KNOWN: Sequence[str] = ("read", "signature", "resources", "manifest", "native", "dex", "record")
_GRACE = 1.0
"""Seconds that the cheap steps get on top of twice what they took, once the budget is used up."""


class Task:
    """One file.

    The budget is shared so that one slow step does not cost the others: a step may use half of what is left, the by
    far longest one (`dex`) nearly all of it.

    Args:
        number: its place in the order.
        item: the file, with its name in the record.
        timeout: seconds for the file.

    Attributes:
        deadline: when its step must be over, on the monotonic clock.
        answer_size: bytes of the record, once it is there.
    """

    def __init__(self, number: int, item: ApkInput, timeout: float) -> None:
        self.number = number
        self.deadline = 0.0
        self.answer_size = 0
        self._item = item
        self._shown_as = item.shown_as.encode("utf-8", "backslashreplace").decode()
        self._timeout = timeout
        self._left_out: list[str] = []
        self._skipped: list[Skipped] = []
        self._step: str = _ESSENTIAL
        self._spent = 0.0
        self._grace = 0.0
        self._began = 0.0
        self._step_began = 0.0
        self._end = 0.0

    def request(self) -> bytes:
        """Return the line that asks a worker for this file."""
        asked: dict[str, object] = {
            "path": str(self._item.path),
            "shown_as": self._shown_as,
            "leave_out": self._left_out,
        }
        if self._item.look:
            asked["look"] = True
        if self._item.parts is not None:
            asked |= {"parts": self._item.parts.ranges, "told": [self._item.sha256, self._item.sha1, self._item.md5]}
        if self._item.beside:
            asked["beside"] = [
                [one.path, str(one.local), one.size, one.sha256, one.role] for one in self._item.beside if one.local
            ]
        return json.dumps(asked).encode() + b"\n"

    def begin(self, now: float) -> None:
        """Start the clock: a worker has been asked."""
        self._began = now
        self._end = now + max(self._timeout - self._spent, self._grace)
        self.begin_step(_ESSENTIAL, now)

    def begin_step(self, step: str, now: float) -> None:
        """Note the step that a worker announced."""
        self._step = step if step in _KNOWN else _ESSENTIAL
        self._step_began = now
        self.deadline = now + (self._end - now) * _SHARES.get(step, _SHARE)

    def stretch(self, seconds: float) -> None:
        """Leave out of the clock a time in which nobody could listen to the worker."""
        self._end += seconds
        self.deadline += seconds

    def fail(self, code: str, now: float, detail: str = "") -> bool:
        """Note that the worker did not survive the step.

        Args:
            code: `time-budget`, `memory-budget` or `crashed`.
            now: the time.
            detail: how it ended, for `crashed`.

        Returns:
            Whether to ask again; if not, `lost` is the record.
        """
        again = self._step != _ESSENTIAL and self._step not in self._left_out
        reason = _reason(self._step, code, self._timeout, detail)
        step = cast("Step", self._step)
        self._skipped.append(Skipped(subject=self._shown_as, step=step, code=code, reason=reason))
        self._left_out.append(self._step)
        self._spent += now - self._began
        self._grace = _GRACE + 2 * (self._step_began - self._began)
        return again

    def lost(self) -> tuple[ApkInfo, float]:
        """Return the record of a file that no worker could read, and the seconds spent."""
        return empty_record(self._shown_as, self._skipped), self._spent

    def done(self, info: ApkInfo, seconds: float) -> tuple[ApkInfo, float]:
        """Return the record with what was left out on the way, and the seconds of all attempts."""
        changed = {"path": self._shown_as, "skipped": skipped_in_order((*info.skipped, *self._skipped))}
        return info.model_copy(update=changed), self._spent + seconds


def renamed(info: ApkInfo, shown_as: str) -> ApkInfo:
    """Return the record of a file with the same bytes under another name."""
    name = shown_as.encode("utf-8", "backslashreplace").decode()

    def moved(text: str) -> str:
        return name + text.removeprefix(info.path) if text.startswith(info.path) else text

    files = tuple(file.model_copy(update={"path": moved(file.path)}) for file in info.files)
    skipped = skipped_in_order(skip.model_copy(update={"subject": moved(skip.subject)}) for skip in info.skipped)
    return info.model_copy(update={"path": name, "files": files, "skipped": skipped})


def _reason(step: str, code: str, timeout: float, detail: str) -> str:
    if code == "time-budget":
        return f"The {step} step did not end within the time budget of {timeout:g} seconds."
    if code == "memory-budget":
        return f"The {step} step needed more memory than it may have."
    return f"The {step} step ended the process that reads files ({detail})."
