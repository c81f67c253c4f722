"""What a worker of the cluster does with one file: copy it, have it read by a child with a budget, judge it.

No byte of an APK is interpreted in the worker itself: it hands the file to the same process as a run on one computer.
"""

import tempfile
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from phone_audit.apk.records import empty_record
from phone_audit.apk.worker.pool import WorkerPool
from phone_audit.apk.worker.tasks import ApkInput
from phone_audit.apk.zip.code_location import files_near
from phone_audit.knowledge.load import Knowledge, load_knowledge, whole
from phone_audit.model.finding import Skipped
from phone_audit.pipeline.apk_records import AnalysedApk, judged_record, worker_pool
from phone_audit.pipeline.cluster.storage import StorageError, begins_as_zip, copied
from phone_audit.pipeline.cluster.stored_input import StoredInput
from phone_audit.pipeline.cluster.terms import Terms, check_worker, versions_there
from phone_audit.pipeline.folder_files import first_look_of

_LEVEL: Final = 1


class _Thread(threading.local):
    """The child process of each thread of the worker, which ends with that thread, and on which terms it runs."""

    terms: Terms | None = None
    pool: WorkerPool | None = None


_THREAD = _Thread()
_LOADED: dict[Terms, Knowledge] = {}
_LOADING = threading.Lock()


def audit_file(item: StoredInput, terms: Terms) -> bytes | None:
    """Return the record of a file, as packed JSON; None where it is no APK and nobody named it.

    A file that cannot be read has a record that says so. Raises a PhoneAuditError where this worker has another version
    or other facts, or the process that reads APKs does not start.
    """
    known = _knowledge(terms)
    try:
        with _here(item) as path:
            analysed = None if path is None else _analysed(item, path, _pool(terms, known))
    except StorageError as error:
        skipped = Skipped(subject=item.shown_as, step="read", code="unreadable", reason=str(error))
        analysed = AnalysedApk(empty_record(item.shown_as, [skipped]), 0.0)
    if analysed is None:
        return None
    return zlib.compress(judged_record(analysed, known).model_dump_json().encode(), _LEVEL)


def _analysed(item: StoredInput, path: Path, pool: WorkerPool) -> AnalysedApk | None:
    if not item.sure:
        ((look, _),) = pool.analyse([ApkInput(path, item.shown_as, look=True)])
        if not first_look_of(look).is_apk:
            return None
    compiled = files_near(path, item.shown_as) if item.local else ()
    ((info, seconds),) = pool.analyse([ApkInput(path, item.shown_as, compiled=compiled)])
    return AnalysedApk(info, seconds)


@contextmanager
def _here(item: StoredInput) -> Iterator[Path | None]:
    """Yield where the file can be read: where it lies, or a copy; None where it is not named and begins as no ZIP."""
    if item.local:
        yield Path(item.place)
    elif not item.sure and not begins_as_zip(item):
        yield None
    else:
        with tempfile.TemporaryDirectory(prefix="phone-audit-") as folder:
            yield copied(item, Path(folder))


def _knowledge(terms: Terms) -> Knowledge:
    """Return the facts, which are loaded once."""
    with _LOADING:
        if terms not in _LOADED:
            check_worker("that was given a file", terms.versions, versions_there(terms.folders))
            _LOADED.clear()
            _LOADED[terms] = whole(load_knowledge([Path(folder) for folder in terms.folders]))
        return _LOADED[terms]


def _pool(terms: Terms, known: Knowledge) -> WorkerPool:
    """Return the child process of this thread."""
    if _THREAD.pool is None or _THREAD.terms != terms:
        if _THREAD.pool is not None:
            _THREAD.pool.close()
        _THREAD.terms, _THREAD.pool = terms, worker_pool(terms.budget, known)
    return _THREAD.pool
