"""JSON lines that an earlier run has written, so that it goes on where it was ended, at whatever point.

A line counts once it is there as a whole; a last one that was cut off is cut away. Its file is not read again as long
as it is the same: it has the size that the record states, and was not changed after the last line was written. A record
of other knowledge, of another version of this program, or of a file that has changed is taken out and made anew.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from phone_audit.apk.records import INSIDE
from phone_audit.errors import UsageError
from phone_audit.files.atomic_write import replacing, rights_of
from phone_audit.files.bounded_json import checked
from phone_audit.files.bounded_lines import read_lines
from phone_audit.files.bounds import RECORD
from phone_audit.files.open_regular import open_regular, status_of
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apk import Apk
from phone_audit.model.base import read_strictly
from phone_audit.pipeline.options import TOOL

_HINT: Final = "Name the file of the run that was ended, or leave --resume out and begin anew."


@dataclass(frozen=True)
class ResumedOutput:
    """What of an output stands.

    Attributes:
        path: the file.
        done: the names of all files that its records are of.
        records: how many there are.
        outdated: how many others were taken out, to be made anew.
    """

    path: Path
    done: frozenset[str] = field(default=frozenset(), repr=False)
    records: int = 0
    outdated: int = 0

    def read(self) -> Iterator[Apk]:
        if not self.records:
            return
        with open_regular(self.path) as file:
            for number, line in zip(range(self.records), read_lines(file, RECORD.size), strict=False):
                yield _record(self.path, number + 1, line)


def resumed_output(path: Path, knowledge: Knowledge) -> ResumedOutput:
    """Look through an output, and leave in it only what stands, so that lines can be added.

    Raises:
        UsageError: it is no such output, or cannot be read; nothing of it is changed.
        OSError: it cannot be written.
    """
    if not path.exists():
        return ResumedOutput(path)
    written = path.stat().st_mtime_ns
    done: set[str] = set()
    kept: list[tuple[int, int]] = []
    outdated = start = 0
    try:
        with open_regular(path) as file:
            for number, line in enumerate(read_lines(file, RECORD.size), 1):
                if line is not None and not line.endswith(b"\n"):
                    break
                record = _record(path, number, line)
                end = start + len(line or b"")
                names = _files_of(record)
                if _stands(record, knowledge) and done.isdisjoint(names) and not any(_changed(record, written)):
                    done |= names
                    kept.append((start, end))
                else:
                    outdated += 1
                start = end
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.", _HINT) from error
    if outdated:
        _keep_only(path, kept)
    elif path.stat().st_size != start:
        os.truncate(path, start)
    return ResumedOutput(path, frozenset(done), len(kept), outdated)


def _record(path: Path, number: int, line: bytes | None) -> Apk:
    """Read one line. Raises UsageError where it is no record."""
    try:
        return read_strictly(Apk, checked(line or b"", RECORD))
    except (ValueError, ValidationError) as error:
        raise UsageError(f"Line {number} of {path} is no record of an APK that this version wrote.", _HINT) from error


def _stands(record: Apk, knowledge: Knowledge) -> bool:
    return record.tool == TOOL and record.knowledge_digest == knowledge.digest


def _files_of(record: Apk) -> set[str]:
    """Return the names of the files that a record is of, those inside a container left out."""
    return {record.path, *(file.path for file in record.files if not file.path.startswith(record.path + INSIDE))}


def _changed(record: Apk, written: int) -> Iterator[bool]:
    """Yield of each file of a record whether it has changed; one that is gone, or has no path here, has not."""
    sizes = {file.path: file.size for file in record.files} | {record.path: record.size}
    for name in _files_of(record):
        status = status_of(Path(name))
        if status is not None:
            yield status.st_mtime_ns > written or sizes.get(name) not in (None, status.st_size)
        elif INSIDE in name and (image := status_of(Path(name.partition(INSIDE)[0]))) is not None:
            yield image.st_mtime_ns > written


def _keep_only(path: Path, kept: list[tuple[int, int]]) -> None:
    with open_regular(path) as old, replacing(path, mode=rights_of(path)) as new:
        for start, end in kept:
            old.seek(start)
            new.write(old.read(end - start))
