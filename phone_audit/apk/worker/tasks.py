"""Files on their way to the workers: what is asked of them, the queue, and the time budget of each."""

import contextlib
import json
import os
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from phone_audit.apk.records import empty_record, skipped_in_order
from phone_audit.model.apk import ApkInfo
from phone_audit.model.device import CompiledFile
from phone_audit.model.finding import Skipped, Step
from phone_audit.model.parts import Parts

_ESSENTIAL: Step = "read"
_SHARE = 0.5
_SHARES = {"dex": 0.9}
"""The share of what is left that a step may use."""
_KNOWN: Sequence[str] = ("read", "signature", "resources", "manifest", "native", "dex", "record")
_GRACE = 1.0
"""Seconds that the cheap steps get on top of twice what they took, once the budget is used up."""


@dataclass(frozen=True, slots=True)
class ApkInput:
    """One file to be read.

    Attributes:
        path: where it lies. A file of which only parts came has its full size all the same.
        shown_as: what it is called in its record.
        parts: what of it is here; None: all of it.
        sha256: the hash of the whole file where somebody has taken it already, in lower-case hexadecimal. Of parts it
            is what the record says; a file that is here as a whole is hashed again when it is read.
        sha1: of parts, the same for SHA-1, which incidents may name; None: not known.
        md5: the same for MD5.
        look: only a first look is wanted; see `first_look`.
        compiled: files that lie beside it on the phone and may hold its code.
    """

    path: Path
    shown_as: str
    parts: Parts | None = None
    sha256: str | None = None
    compiled: tuple[CompiledFile, ...] = ()
    sha1: str | None = None
    md5: str | None = None
    look: bool = False


def asked_for(request: dict[str, Any]) -> ApkInput:
    """Return the file for which a worker is asked: what `Task.request` wrote, read from JSON."""
    sha256, sha1, md5 = request["hashes"]
    return ApkInput(
        path=Path(request["path"]),
        shown_as=request["shown_as"],
        parts=None if request["parts"] is None else Parts(tuple((start, end) for start, end in request["parts"])),
        sha256=sha256,
        compiled=tuple(CompiledFile(path, Path(local), *rest) for path, local, *rest in request["compiled"]),
        sha1=sha1,
        md5=md5,
        look=request["look"],
    )


class Inbox:
    """Files that come while others are read. Any thread may put, close and release; `WorkerPool.stream` reads it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[ApkInput] = deque()
        self._closed = False
        self._read_end, self._write_end = os.pipe()
        os.set_blocking(self._read_end, False)
        os.set_blocking(self._write_end, False)
        self._read_by_one = False
        self._disposed = False

    def put(self, item: ApkInput) -> None:
        """Hand over a file; a `ValueError` where the inbox is closed."""
        with self._lock:
            if self._closed:
                raise ValueError("the inbox is closed")
            self._waiting.append(item)
            self._ring()

    def close(self) -> None:
        """Say that nothing more will come; saying it again does no harm."""
        with self._lock:
            self._closed = True
            self._ring()

    def release(self) -> None:
        """Close it and drop the files that nobody has begun with; doing it again does no harm."""
        with self._lock:
            self._closed = True
            self._waiting.clear()
            self._ring()
            if not self._read_by_one:
                self._dispose()

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Read it in this block; at its end it is released, so that whoever still hands over learns of it."""
        with self._lock:
            self._read_by_one = True
        try:
            yield
        finally:
            with self._lock:
                self._read_by_one = False
            self.release()

    def fileno(self) -> int:
        """Return what can be read from when something has changed since `quiet`."""
        return self._read_end

    def quiet(self) -> None:
        """Note that what has changed was seen."""
        with self._lock, contextlib.suppress(BlockingIOError):
            while not self._disposed and os.read(self._read_end, 2**12):
                pass

    def pop(self) -> ApkInput | None:
        """Return the file that waits longest, or None."""
        with self._lock:
            return self._waiting.popleft() if self._waiting else None

    @property
    def ended(self) -> bool:
        """Whether nothing waits and nothing will come."""
        with self._lock:
            return self._closed and not self._waiting

    def _ring(self) -> None:
        with contextlib.suppress(BlockingIOError):
            if not self._disposed:
                os.write(self._write_end, b"\0")

    def _dispose(self) -> None:
        if not self._disposed:
            self._disposed = True
            os.close(self._read_end)
            os.close(self._write_end)


class Task:
    """One file, its place in the order, and the seconds that it may take.

    The budget is shared so that one slow step does not cost the others: a step may use half of what is left, the by far
    longest one (`dex`) nearly all of it. `deadline` is when its step must be over, on the monotonic clock;
    `answer_size` is bytes of the record, once it is there.
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
        """Return the line by which a worker is asked for this file, with the steps that it does not try."""
        item = self._item
        request = {
            "path": str(item.path),
            "shown_as": self._shown_as,
            "leave_out": self._left_out,
            "parts": item.parts.ranges if item.parts is not None else None,
            "hashes": (item.sha256, item.sha1, item.md5),
            "compiled": [(o.path, str(o.local), o.size, o.sha256, o.role) for o in item.compiled if o.local],
            "look": item.look,
        }
        return json.dumps(request).encode() + b"\n"

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
        """Note that the worker did not survive the step, and tell whether to ask again; if not, `lost` is the record.

        `code` is `time-budget`, `memory-budget` or `crashed`, of which `detail` tells how.
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
