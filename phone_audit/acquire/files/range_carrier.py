"""Brings the wanted ranges of files from the phone, in a thread of its own."""

import contextlib
import errno
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable

from phone_audit.acquire.adb.stream import MIN_SPEED
from phone_audit.acquire.files.deliveries import Deliveries, Queue, no_room
from phone_audit.acquire.files.ranges import (
    BrokenRangesError,
    ProgramStarter,
    RangeJob,
    RangeReader,
    RangeRequest,
    is_plain,
    pieces,
)
from phone_audit.acquire.transport import PULL_LIMIT, FileOnPhone, NextWanted
from phone_audit.errors import CommandError, DeviceLostError

STALL = 20.0
"""Seconds after which a file that gives nothing stands still; it is tried once more, on a connection that answers."""

CUT_AT_MOST = 3
"""How often the connection may be cut at one file."""

BROKEN_AT_MOST = 5
"""How often the program on the phone may talk nonsense before whole files are copied instead."""

ROUNDS = 8
"""How often one file may be asked for more before it is taken whole."""

_JOBS = 24
"""Files whose ranges are on their way at the same time, so that no round waits for the cable."""

_WHOLE_FROM = 8 * 2**20
"""Bytes that a whole file must lack to be copied anew by the other carrier, which is faster with many bytes."""

WAIT_FOR_ROOM = 60.0
"""Seconds in which the analysis may make room on a full disk, before a file that had none is tried once more."""

_POLL = 0.1


class RangeCarrier:
    """Brings what is wanted of many files at once over one stream; what is better copied whole goes into `whole`."""

    def __init__(
        self,
        transport: ProgramStarter,
        queue: Queue,
        whole: Queue,
        next_wanted: NextWanted,
        deliveries: Deliveries,
        stop: threading.Event,
        *,
        stall: float = STALL,
    ) -> None:
        self._transport = transport
        self._queue = queue
        self._whole = whole
        self._next_wanted = next_wanted
        self._deliveries = deliveries
        self._stop = stop
        self._stall = stall
        self._jobs: dict[FileOnPhone, RangeJob] = {}
        self._asked: dict[RangeRequest, RangeJob] = {}
        self._reader: RangeReader | None = None
        self._later: deque[FileOnPhone] = deque()
        self._had_no_room: set[FileOnPhone] = set()
        self._broken = 0
        self._last = self._began = 0.0

    def work(self) -> None:
        """Bring files until the queue is finished.

        Raises:
            DeviceLostError: the phone is gone.
            AcquireError: this computer cannot store them.
        """
        try:
            while not self._stop.is_set() and (self._jobs or self._later or not self._queue.finished):
                self._take_files()
                if self._jobs:
                    self._step()
        except OSError as error:
            raise no_room(self._deliveries.into, error) from error
        finally:
            self._end_reader()
            for job in self._jobs.values():
                job.drop()
            self._whole.close()

    def _take_files(self) -> None:
        while len(self._jobs) < _JOBS and (file := self._queue.get(0.0 if self._jobs else _POLL)):
            self._take(file)
        if not self._jobs and self._later:
            self._take(self._when_there_is_room(self._later.popleft()))

    def _when_there_is_room(self, file: FileOnPhone) -> FileOnPhone:
        until = time.monotonic() + WAIT_FOR_ROOM
        while shutil.disk_usage(self._deliveries.into).free < file.size and time.monotonic() < until:
            if self._stop.wait(_POLL):
                break
        return file

    def _take(self, file: FileOnPhone | None) -> None:
        if file is None:
            return
        if not is_plain(file.path) or not 0 < file.size <= PULL_LIMIT or self._broken >= BROKEN_AT_MOST:
            self._whole.put(file)
            return
        job = self._jobs[file] = RangeJob(file, self._deliveries.new_part())
        self._go_on(job)

    def _step(self) -> None:
        reader = self._opened()
        if reader is None:
            return
        try:
            self._ask(reader)
            self._receive(reader)
            if self._stands_still(reader):
                self._stood_still(reader)
        except BrokenRangesError:
            self._broken += 1
            job = self._let_go(reader)
            if job is not None:
                self._hand_over(job)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            self._had_none(reader, error)
        except DeviceLostError:
            self._cut(reader)

    def _receive(self, reader: RangeReader) -> None:
        """Take what has come; what was answered before an error counts, since nobody will answer it again."""
        try:
            with contextlib.suppress(TimeoutError):
                reader.send()
                reader.receive(time.monotonic() + _POLL)
        finally:
            for asked in reader.take_answered():
                self._answered(asked)

    def _stands_still(self, reader: RangeReader) -> bool:
        """Tell whether nothing comes, or so little that it would never end."""
        got = reader.waiting[0].got if reader.waiting else 0
        return time.monotonic() - min(self._last, self._began + got / MIN_SPEED) > self._stall

    def _opened(self) -> RangeReader | None:
        if self._reader is None:
            self._last = self._began = time.monotonic()
            try:
                self._reader = RangeReader(self._transport)
            except CommandError:
                self._broken = BROKEN_AT_MOST
            except BrokenRangesError:
                self._broken += 1
            if self._broken >= BROKEN_AT_MOST:
                self._end_reader()
                for job in tuple(self._jobs.values()):
                    self._hand_over(job)
        return self._reader

    def _end_reader(self) -> None:
        reader, self._reader = self._reader, None
        if reader is None:
            return
        for asked in reader.waiting:
            job = self._asked.pop(asked)
            job.waiting -= 1
            job.hold(asked.start, asked.start + min(asked.got, asked.end - asked.start))
            job.todo.append((asked.start, asked.end))
        reader.close()

    def _ask(self, reader: RangeReader) -> None:
        for job in tuple(self._jobs.values()):
            while job.todo:
                start, end = job.todo[0]
                if not reader.has_room(end - start):
                    return
                job.todo.popleft()
                self._ask_for(reader, job, start, end)
            if not job.waiting:
                self._go_on(job)

    def _ask_for(self, reader: RangeReader, job: RangeJob, start: int, end: int) -> None:
        for missing in job.held.missing(start, end):
            for first, last in pieces(*missing, job.file.size):
                if not reader.waiting:
                    self._last = self._began = time.monotonic()
                asked = RangeRequest(job.file.path, first, last, self._sink(job))
                self._asked[asked] = job
                job.waiting += 1
                reader.ask(asked)

    def _sink(self, job: RangeJob) -> Callable[[int, memoryview], None]:
        def write(offset: int, data: memoryview) -> None:
            job.write(offset, data)
            self._last = time.monotonic()
            self._deliveries.count(len(data))

        return write

    def _answered(self, asked: RangeRequest) -> None:
        self._last = self._began = time.monotonic()
        job = self._asked.pop(asked)
        job.waiting -= 1
        if asked.is_whole:
            job.hold(asked.start, asked.end)
        else:
            job.short = True
        if not job.waiting and (job.short or not job.todo):
            self._go_on(job)

    def _go_on(self, job: RangeJob) -> None:
        """Decide what comes next for a file, all of whose requests are answered."""
        if job.short:  # it has shrunk or gone, or dd does not do what it should: copying the whole of it tells
            self._hand_over(job)
            return
        job.rounds += 1
        size = job.file.size
        wanted = job.wanted_by(self._next_wanted) if job.rounds <= ROUNDS else None
        if wanted is None:
            wanted = tuple(job.held.missing(0, size))
            if sum(end - start for start, end in wanted) > _WHOLE_FROM:
                self._hand_over(job)
                return
        job.todo.extend((start, end) for first, last in wanted for start, end in pieces(first, last, size))
        if not job.todo:
            self._deliver(job)

    def _deliver(self, job: RangeJob) -> None:
        del self._jobs[job.file]
        job.close()
        whole = job.held.holds(0, job.file.size)
        self._take(self._deliveries.brought(job.file, job.part, None if whole else job.held.parts()))

    def _fail(self, job: RangeJob, why: str) -> None:
        del self._jobs[job.file]
        job.drop()
        reason = f"The file {job.file.path} of the phone was not read: {why}."
        self._take(self._deliveries.failed(job.file, "not-copied", reason))

    def _hand_over(self, job: RangeJob) -> None:
        del self._jobs[job.file]
        job.drop()
        self._whole.put(job.file)

    def _let_go(self, reader: RangeReader) -> RangeJob | None:
        """End the program, and return the file that it was at."""
        job = self._asked[reader.waiting[0]] if reader.waiting else None
        self._end_reader()
        return job

    def _stood_still(self, reader: RangeReader) -> None:
        """Give up a file at the second time; at the first it may have been the connection, which shows when asked."""
        job = self._let_go(reader)
        if job is not None and job.stalled:
            self._fail(job, f"it stood still for {self._stall:.0f} seconds")
        elif job is not None:
            job.stalled = True

    def _had_none(self, reader: RangeReader, error: OSError) -> None:
        """Put a file off for which there was no room: what is analysed meanwhile makes some."""
        job = self._let_go(reader)
        if job is None:
            return
        if job.file in self._had_no_room:
            self._fail(job, f"it cannot be stored on this computer ({error.strerror})")
            return
        del self._jobs[job.file]
        job.drop()
        self._had_no_room.add(job.file)
        self._later.append(job.file)

    def _cut(self, reader: RangeReader) -> None:
        """Go on where the connection broke: what has arrived of the file stays."""
        job = self._let_go(reader)
        if job is not None:
            job.cut += 1
            if job.cut > CUT_AT_MOST:
                self._fail(job, "the connection broke off again and again")
