"""A file of recorded traffic → what it shows. Whatever it holds, reading it ends, and what was not read is said."""

import hashlib
import io
import os
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from phone_audit.acquire.text import shown
from phone_audit.acquire.traffic.budget import TrafficBudget
from phone_audit.acquire.traffic.formats import FORMATS, TrafficFormat, format_of
from phone_audit.acquire.traffic.identifier_search import IdentifierSearch
from phone_audit.acquire.traffic.pcap import DamagedCaptureError
from phone_audit.acquire.traffic.tally import Tally
from phone_audit.errors import UsageError
from phone_audit.files.bounded_json import JsonError
from phone_audit.files.bounds import CAPTURE, MB, BoundsError
from phone_audit.files.open_regular import open_regular
from phone_audit.model.device import PhoneIdentifier
from phone_audit.model.finding import Skipped
from phone_audit.model.traffic import TrafficLog
from phone_audit.model.wording import listed

GZIP: Final = b"\x1f\x8b"
_PIECE: Final = 64 * 2**10
_FREE: Final = 256 * MB
_MOST_PACKED: Final = 64
"""Bytes that a packed file may unpack to: so many, and so many for each of its own. Logs pack to about a tenth."""
PEEKED: Final = 64 * 2**10
"""Bytes by which the format is told."""


class _Hashed(io.RawIOBase):
    """Passes bytes on and hashes them."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._file.read(min(len(buffer), _PIECE))
        self.digest.update(data)
        buffer[: len(data)] = data
        return len(data)

    def drain(self) -> None:
        """Hash what was not asked for."""
        while data := self._file.read(_PIECE):
            self.digest.update(data)


class _Unpacked(io.RawIOBase):
    """What gzip packed, in as many parts as there are; no more than a bound, however small the file."""

    def __init__(self, file: _Hashed, size: int) -> None:
        self._file = file
        self._most = min(CAPTURE, _FREE + _MOST_PACKED * size)
        self._inflater = zlib.decompressobj(wbits=31)
        self._input = b""
        self._given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while True:
            self._input = self._input or self._file.read(_PIECE) or b""
            if not self._input:
                return 0
            if self._inflater.eof:
                self._inflater = zlib.decompressobj(wbits=31)
            data = self._inflater.decompress(self._input, len(buffer))
            self._input = self._inflater.unconsumed_tail or self._inflater.unused_data
            if data:
                break
        self._given += len(data)
        if self._given > self._most:
            raise BoundsError("it unpacks to more than any capture")
        buffer[: len(data)] = data
        return len(data)


class TrafficFile:
    """A file of recorded traffic, open: a name fit to be published, its size as it lies there, its bytes, unpacked."""

    def __init__(self, name: str, file: io.BufferedReader, size: int) -> None:
        self.name = name
        self.size = size
        self._hashed = _Hashed(file)
        packed = file.peek(2)[:2] == GZIP
        self.stream = io.BufferedReader(_Unpacked(self._hashed, size) if packed else self._hashed, PEEKED)

    def beginning(self) -> bytes:
        """Return the first bytes, which are read again afterwards; a zlib.error where they are packed and damaged."""
        return self.stream.peek(PEEKED)

    def sha256(self) -> str:
        """Return the hash of the whole file as it lies there; to be asked last."""
        self._hashed.drain()
        return self._hashed.digest.hexdigest()


@contextmanager
def opened(path: Path) -> Iterator[TrafficFile]:
    """Open a file of recorded traffic; a UsageError where it cannot be opened, or is larger than any capture."""
    name = shown(str(path))
    try:
        file = open_regular(path)
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror or error}.", "Name a capture or a log.") from error
    with file:
        size = os.fstat(file.fileno()).st_size
        if size > CAPTURE:
            raise UsageError(
                f"{name} has {size:,} bytes, more than is read of a capture.", "Cut it, for instance with editcap."
            )
        yield TrafficFile(name, file, size)


def check_traffic(paths: Sequence[Path]) -> None:
    """Refuse files that are no recorded traffic, before a phone is asked anything.

    Raises a UsageError where one cannot be opened, or has none of the formats.
    """
    for path in paths:
        with opened(path) as source:
            _format(source)


def read_traffic(
    path: Path, identifiers: Sequence[PhoneIdentifier] = (), budget: TrafficBudget | None = None
) -> TrafficLog:
    """Read a capture or a log that the user named; a UsageError where it cannot be opened, or has none of the formats.

    The identifiers of the phone that is looked at are searched for in what was sent in the clear. `budget` is what is
    left for the files of a run; without it the file is the only one.
    """
    with opened(path) as source:
        form = _format(source)
        budget = budget or TrafficBudget()
        tally, search = Tally(budget.records(form.cost, source.size)), IdentifierSearch(identifiers)
        skipped = _read(source, form, tally, search)
        budget.take(form.cost, source.size, tally.records)
        tally.unseen["unsearched"] += search.unsearched
        first, last = tally.times
        return TrafficLog(
            file=source.name,
            sha256=source.sha256(),
            format=form.name,
            first=first,
            last=last,
            hosts=tally.hosts(search),
            not_seen=(*((form.not_seen,) if form.not_seen else ()), *tally.not_seen()),
            skipped=skipped,
        )


def _format(source: TrafficFile) -> TrafficFormat:
    try:
        form = format_of(source.beginning())
    except (zlib.error, OSError) as error:
        raise UsageError(f"{source.name} cannot be unpacked.", "Copy the file again.") from error
    if form is None:
        known = listed([one.called for one in FORMATS], len(FORMATS), last="or")
        raise UsageError(f"{source.name} is no recorded traffic that can be read here.", f"What can be read: {known}.")
    return form


def _read(source: TrafficFile, form: TrafficFormat, tally: Tally, search: IdentifierSearch) -> tuple[Skipped, ...]:
    """Count what the file holds; returns where it could not be read to its end, and why."""
    try:
        form.read(source.stream, tally, search)
    except DamagedCaptureError as error:
        return (_unread(source, "damaged", f"The file {error}; what stands before that was read."),)
    except (zlib.error, OSError, EOFError):
        return (_unread(source, "damaged", "The file cannot be unpacked to its end; what stands before was read."),)
    except JsonError:
        return (_unread(source, "damaged", "The file is no whole JSON."),)
    except BoundsError as error:
        return (_unread(source, "too-large", f"Reading ended early: {error}."),)
    return ()


def _unread(source: TrafficFile, code: str, reason: str) -> Skipped:
    return Skipped(subject=source.name, step="read", code=code, reason=reason)
