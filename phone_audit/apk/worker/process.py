"""One worker process as its parent sees it: starting, asking, listening, ending."""

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from pydantic import ValidationError

from phone_audit.apk.worker.tasks import Task
from phone_audit.errors import PhoneAuditError
from phone_audit.files.bounded_json import checked, parse
from phone_audit.files.bounds import ANNOUNCED, ANSWERED_RECORD
from phone_audit.model.apk import ApkInfo
from phone_audit.model.base import read_strictly

WORKER = """
import gc, sys
gc.disable()
sys.path[:] = sys.argv[1].split(sys.argv[2])
from phone_audit.apk.worker.child import main
sys.exit(main(sys.argv[3:]))
"""
"""Isolated (`-I`) from environment and current folder, and yet importing from where the parent does. While it loads,
nothing becomes garbage that a collection would find; the worker switches that on once it has read a file."""
_ROOT = Path(__file__).resolve().parents[2]
_START_TIMEOUT = 60.0
_END_TIMEOUT = 5.0
_READ = 2**18
LONGEST_ANSWER = ANSWERED_RECORD.size
"""Bytes that a worker may say before a line ends."""
_LONGEST_SECONDS = 10.0**7
_KEPT_STDERR = 4096
_LONGEST_DETAIL = 200

Finished = tuple[Task, tuple[ApkInfo, float]]


class WorkerProcess:
    """A process that is started when it is first needed, and again whenever it has ended.

    Its arguments are the memory budget in MB and folders of extra knowledge; its pipes are registered with the
    selector, with this object as data. `program` is the Python code that it runs.
    """

    def __init__(self, arguments: Sequence[str], selector: selectors.BaseSelector, program: str = WORKER) -> None:
        self._program = program
        self._arguments = arguments
        self._selector = selector
        self._process: subprocess.Popen[bytes] | None = None
        self._task: Task | None = None
        self._ready = False
        self._start_deadline = 0.0
        self._heard = bytearray()
        self._stderr = b""
        self._seconds: float | None = None
        self._retires = False

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def idle(self) -> bool:
        return self._task is None

    @property
    def deadline(self) -> float | None:
        """When it must have said something, on the monotonic clock; None while nothing is asked."""
        if self._task is None:
            return None
        return self._task.deadline if self._ready else self._start_deadline

    def give(self, task: Task) -> None:
        """Hand it a file; the clock of the file starts when the process can work."""
        self._task = task
        self.start()
        if self._ready:
            self._ask()
        else:
            self._start_deadline = time.monotonic() + _START_TIMEOUT

    def start(self) -> None:
        """Start the process, unless it runs."""
        if self._process is not None:
            return
        places = os.pathsep.join([str(_ROOT), *(place for place in sys.path if place and Path(place).is_absolute())])
        command = [sys.executable, "-I", "-c", self._program, places, os.pathsep, str(os.getpid()), *self._arguments]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(),
            start_new_session=True,  # a terminal's Ctrl-C is for the parent, which decides what is kept
        )
        self._heard.clear()
        self._stderr = b""
        self._seconds = None
        self._retires = False
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                os.set_blocking(stream.fileno(), False)
                self._selector.register(stream, selectors.EVENT_READ, self)

    def stretch(self, seconds: float) -> None:
        """Leave out of all clocks a time in which the parent did something else."""
        self._start_deadline += seconds
        if self._task is not None:
            self._task.stretch(seconds)

    def drop_task(self) -> None:
        """Forget the file that is being read; the process ends if there is one."""
        if self._task is not None:
            self._task = None
            self.stop()

    def stop(self) -> None:
        process, self._process = self._process, None
        self._ready = False
        if process is None:
            return
        process.kill()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                self._unregister(stream)
                stream.close()
        if process.stdin is not None:
            with suppress(OSError):  # closing flushes, which fails where the process has gone
                process.stdin.close()
        process.wait()

    def _ask(self) -> None:
        if self._task is None or self._process is None or self._process.stdin is None:
            return
        self._task.begin(time.monotonic())
        with suppress(OSError):  # where it has ended, that shows as the end of its output
            self._process.stdin.write(self._task.request())
            self._process.stdin.flush()

    def listen(self, stream: object) -> Finished | None:
        """Read what a pipe of the process has to say; returns the file that is finished by that, with its record.

        Raises a PhoneAuditError where the process does not start.
        """
        process = self._process
        if process is None or process.stdout is None or process.stderr is None:
            return None
        if stream is process.stderr:
            self._hear_complaint(process.stderr)
            return None
        if stream is not process.stdout:
            return None  # a pipe of the process before this one
        data = os.read(process.stdout.fileno(), _READ)
        if not data:
            return self._ended(process)
        self._heard += data
        if len(self._heard) > LONGEST_ANSWER:
            return self._failed("crashed", "its answer is too long")
        if b"\n" not in data:
            return None
        *lines, rest = self._heard.split(b"\n")
        self._heard = rest
        for line in lines:
            finished = self._understand(bytes(line))
            if finished is not None or self._process is not process:
                return finished
        return None

    def check_clock(self, now: float) -> Finished | None:
        """End the process if it has used up its time; raises as `listen`."""
        if self.deadline is None or now < self.deadline:
            return None
        if not self._ready:
            self.stop()
            raise _does_not_start("it said nothing for a minute")
        return self._failed("time-budget")

    def _understand(self, line: bytes) -> Finished | None:
        """Take one line; one that makes no sense ends the process, since its code may not be ours any more."""
        try:
            if self._seconds is not None:
                record = read_strictly(ApkInfo, checked(line, ANSWERED_RECORD))
                return self._finished(record, self._seconds, len(line))
            said = parse(checked(line, ANNOUNCED))
            if "ready" in said and not self._ready:
                self._ready = True
                self._ask()
            elif "step" in said and self._task is not None:
                self._task.begin_step(str(said["step"]), time.monotonic())
            else:
                self._seconds, self._retires = _duration(said["seconds"]), bool(said["retire"])
        except (ValueError, KeyError, TypeError, ValidationError):
            return self._failed("crashed", "its answer is no record")
        return None

    def _finished(self, info: ApkInfo, seconds: float, size: int) -> Finished | None:
        task, self._task, self._seconds = self._task, None, None
        if self._retires:
            self.stop()
        if task is None:
            return None
        task.answer_size = size
        return task, task.done(info, seconds)

    def _ended(self, process: subprocess.Popen[bytes]) -> Finished | None:
        """Its output has ended, so it has, or soon will."""
        try:
            process.wait(_END_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stderr is not None:
            self._hear_complaint(process.stderr)
        last = _last_line(self._stderr)
        if not self._ready:
            self.stop()
            raise _does_not_start(last or _how(process.returncode))
        if process.returncode == -signal.SIGKILL or last.startswith("MemoryError"):
            return self._failed("memory-budget")
        return self._failed("crashed", f"{_how(process.returncode)}{': ' if last else ''}{last}")

    def _failed(self, code: str, detail: str = "") -> Finished | None:
        task, self._task = self._task, None
        self.stop()
        if task is None:
            return None
        if not task.fail(code, time.monotonic(), detail):
            return task, task.lost()
        self.give(task)
        return None

    def _hear_complaint(self, pipe: IO[bytes]) -> None:
        """Keep the end of what it wrote to standard error."""
        try:
            heard = os.read(pipe.fileno(), _READ)
        except BlockingIOError:
            return
        if not heard:
            self._unregister(pipe)
        self._stderr = (self._stderr + heard)[-_KEPT_STDERR:]

    def _unregister(self, pipe: IO[bytes]) -> None:
        if pipe in self._selector.get_map():
            self._selector.unregister(pipe)


def _environment() -> dict[str, str]:
    """Nothing of the parent's environment but what an interpreter needs; one thread, one memory arena."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
    return kept | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1", "LC_ALL": "C.UTF-8"}


def _duration(value: object) -> float:
    """Return seconds that can be published; a `ValueError` where it is no such number."""
    if isinstance(value, int | float) and 0 <= value <= _LONGEST_SECONDS:
        return float(value)
    raise ValueError


def _does_not_start(why: str) -> PhoneAuditError:
    return PhoneAuditError(f"The process that reads APKs does not start: {why}.")


def _how(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"exit status {status}"


def _last_line(stderr: bytes) -> str:
    """The last line that was written, without anything that a terminal would obey."""
    lines = [line for line in stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    text = "".join(c if c.isprintable() else " " for c in lines[-1]) if lines else ""
    return text.strip().rstrip(".")[:_LONGEST_DETAIL]
