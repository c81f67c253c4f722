"""Reads files on a Dask cluster; the only file that imports distributed.

A few files a thread are under way at a time. A file counts as done when its record is here, so a worker or a scheduler
that is lost costs only what was under way, which is given out again: no file is lost, none is there twice.
"""

import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final
from uuid import uuid4

from distributed import Client, Future, KilledWorker  # noqa: TID251

from phone_audit.acquire.image.open import is_firmware
from phone_audit.apk.records import empty_record
from phone_audit.errors import PhoneAuditError, UsageError
from phone_audit.files.bounded_json import checked
from phone_audit.files.bounds import RECORD
from phone_audit.knowledge.load import Knowledge, whole
from phone_audit.model.acceptance import Acceptances
from phone_audit.model.apk import Apk
from phone_audit.model.base import read_strictly
from phone_audit.model.finding import Skipped
from phone_audit.pipeline.apk_records import AnalysedApk, judged_record
from phone_audit.pipeline.cluster.folders import Folders
from phone_audit.pipeline.cluster.storage import find_inputs
from phone_audit.pipeline.cluster.stored_input import StoredInput, is_url
from phone_audit.pipeline.cluster.task import audit_file
from phone_audit.pipeline.cluster.terms import Terms, check_worker, terms_of, versions_there
from phone_audit.pipeline.folder_files import EVERY_FILE, FileChoice
from phone_audit.pipeline.options import Budget, Progress, no_share
from phone_audit.pipeline.split_packages import folder_of

_PER_THREAD: Final = 4
"""Files that are under way for each thread of the cluster."""
_RECOUNT: Final = 256
"""Files after which threads are counted anew."""
_ANSWERS_WITHIN: Final = 10.0
_FIRST_WORKER_WITHIN: Final = 60.0
_PATIENCE: Final = 600.0
"""Seconds to wait for a scheduler that was lost, and for its workers."""
_PAUSE: Final = 0.5
_MOST_ATTEMPTS: Final = 3
"""How often a file is given out whose workers end: each time Dask itself tries four of them before it gives up."""

_Answer = bytes | None | BaseException


class DaskExecutor(AbstractContextManager["DaskExecutor"]):
    """The workers of a Dask scheduler; a context manager. Raises PhoneAuditError where nothing answers there."""

    def __init__(
        self,
        address: str,
        budget: Budget,
        on_progress: Progress,
        stopped: Callable[[], bool],
        on_share: Callable[[float], None] = no_share,
        choice: FileChoice = EVERY_FILE,
    ) -> None:
        self._address = address
        self._budget = budget
        self._on_progress = on_progress
        self._stopped = stopped
        self._on_share = on_share
        self._choice = choice
        self._unlisted: list[Skipped] = []
        self._attempts: dict[StoredInput, int] = {}
        self._not_apks = 0
        self._files = 0
        self._most = 1
        self._client = _connected(address, _ANSWERS_WITHIN)

    def __exit__(self, *_: object) -> None:
        self._client.close()

    @property
    def files_seen(self) -> int:
        return self._files - self._not_apks

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """The folders that could not be listed, and the files that a stop left unread."""
        reason = "The search was interrupted before this file."
        names = [item.shown_as for item in self._attempts]
        left = (Skipped(subject=name, step="read", code="interrupted", reason=reason) for name in names)
        return (*self._unlisted, *left)

    def records(self, paths: Sequence[Path | str], knowledge: Knowledge, accepted: Acceptances) -> Iterator[Apk]:
        """Yield the records of all files below some paths and URLs, as they are ready.

        Those of a folder with several files come together, since splits are joined to their base.

        Raises:
            UsageError: one of them is a firmware image, or a URL that cannot be listed.
            PhoneAuditError: a worker has another version or other facts, or the cluster does not come back.
        """
        known, terms = whole(knowledge), terms_of(knowledge, self._budget)
        images = [path for path in paths if not is_url(str(path)) and Path(path).is_file() and is_firmware(Path(path))]
        if images:
            raise UsageError(
                f"{images[0]} is a firmware image, which one computer reads.", "Leave --cluster out for it."
            )
        self._check_workers(terms, _FIRST_WORKER_WITHIN)
        found = list(find_inputs(map(str, paths)))
        self._unlisted = [one for one in found if isinstance(one, Skipped)]
        by_name = {
            one.shown_as: one for one in found if isinstance(one, StoredInput) and self._choice.holds(one.shown_as)
        }
        files = sorted(by_name.values(), key=lambda one: (folder_of(one.shown_as), one.shown_as))
        self._attempts, self._files = dict.fromkeys(files, 0), len(files)
        with Folders((folder_of(one.shown_as) for one in files), known, accepted) as folders:
            for item, answer in self._answers(files, terms):
                del self._attempts[item]
                self._on_share(1 - len(self._attempts) / self._files)
                self._on_progress("reading APKs", self._files - len(self._attempts), self._files)
                record = _record(item, answer, known)
                self._not_apks += record is None
                yield from folders.add(folder_of(item.shown_as), record)
            yield from folders.rest()

    def _answers(self, files: Sequence[StoredInput], terms: Terms) -> Iterator[tuple[StoredInput, _Answer]]:
        """Give files out and yield what comes back of each, once."""
        waiting = list(reversed(files))
        under_way: dict[Future, StoredInput] = {}
        done: SimpleQueue[Future] = SimpleQueue()
        while (waiting or under_way) and not self._stopped():
            if self._client.status != "running" or any(future.cancelled() for future in under_way):
                waiting += under_way.values()
                under_way.clear()
                self._client.close()
                self._client = _connected(self._address, _PATIENCE)
                self._check_workers(terms, _PATIENCE)
            while waiting and len(under_way) < self._most:
                item = waiting.pop()
                future = self._client.submit(audit_file, item, terms, key=f"phone-audit-{uuid4().hex}", pure=False)
                under_way[future] = item
                future.add_done_callback(done.put)
            ended = [future for future in _ended(done) if future in under_way and not future.cancelled()]
            answers = _gathered(self._client, ended)
            if self._client.status != "running":
                continue
            if len(self._attempts) % _RECOUNT < len(ended):
                self._count_threads()
            for future, answer in zip(ended, answers, strict=True):
                item = under_way.pop(future)
                if self._is_final(item, answer):
                    yield item, answer
                else:
                    waiting.append(item)

    def _is_final(self, item: StoredInput, answer: _Answer) -> bool:
        """Tell whether a file need not be given out again.

        Raises:
            PhoneAuditError: the worker has another version or other facts, or cannot start its child.
        """
        if isinstance(answer, PhoneAuditError):
            raise answer
        if not isinstance(answer, BaseException):
            return True
        self._attempts[item] += 1
        return self._attempts[item] >= _MOST_ATTEMPTS

    def _check_workers(self, terms: Terms, patience: float) -> None:
        """Compare the versions of all workers that are there; what comes later is compared with its first file."""
        try:
            self._client.wait_for_workers(1, timeout=patience)
            there = self._client.run(versions_there, terms.folders, on_error="return")
        except TimeoutError as error:
            raise PhoneAuditError(f"The scheduler {self._address} has no worker.", "Start one: dask worker") from error
        self._count_threads()
        for name, versions in sorted(there.items()):
            if not isinstance(versions, OSError):  # it has ended meanwhile
                check_worker(name, terms.versions, versions)

    def _count_threads(self) -> None:
        """Give out as many files as there are threads now, a few for each."""
        with suppress(OSError):  # the scheduler is lost, which the next file shows
            self._most = _PER_THREAD * max(1, sum(self._client.nthreads().values()))


def _record(item: StoredInput, answer: _Answer, known: Knowledge) -> Apk | None:
    """Return what a worker made of a file; None where it is no APK."""
    if answer is None:
        return None
    if not isinstance(answer, BaseException):
        return read_strictly(Apk, checked(zlib.decompress(answer), RECORD))
    how = "has ended over it" if isinstance(answer, KilledWorker) else f"has failed ({type(answer).__name__})"
    reason = f"Every worker of the cluster that was given this file {how}."
    skipped = Skipped(subject=item.shown_as, step="read", code="crashed", reason=reason)
    return judged_record(AnalysedApk(empty_record(item.shown_as, [skipped]), 0.0), known)


def _ended(done: SimpleQueue[Future]) -> Iterator[Future]:
    """Yield the tasks that have ended since the last time; wait a moment for a first one."""
    with suppress(Empty):
        yield done.get(timeout=_PAUSE)
        while True:
            yield done.get_nowait()


def _gathered(client: Client, futures: Sequence[Future]) -> list[_Answer]:
    """Return what each task came to: its answer, or the error that it ended with."""
    try:
        return list(client.gather(list(futures)))
    except Exception:  # noqa: BLE001 - whatever one of them ended with; each is asked for alone
        return [_answer(future) for future in futures]


def _answer(future: Future) -> _Answer:
    """Return what a task came to; one whose worker ended since is waited for, as another worker does it again."""
    try:
        answer: _Answer = future.result()
    except Exception as error:  # noqa: BLE001 - it is told of this file
        return error
    return answer


def _connected(address: str, patience: float) -> Client:
    """Return a connection to the scheduler, which is waited for.

    Raises:
        UsageError: it is no address.
        PhoneAuditError: nothing answers there.
    """
    end = time.monotonic() + patience
    while True:
        try:
            return Client(address, timeout=_ANSWERS_WITHIN, set_as_default=False)
        except ValueError as error:
            raise UsageError(
                f"{address} is no address of a Dask scheduler.", "It looks like tcp://HOST:8786."
            ) from error
        except (OSError, ImportError) as error:
            if time.monotonic() >= end:
                hint = "Start one (dask scheduler), or name another address."
                raise PhoneAuditError(f"No Dask scheduler answers at {address}.", hint) from error
            time.sleep(_PAUSE)
