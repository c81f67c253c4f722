"""Records of analysed files, kept on this computer so that equal bytes are neither copied nor analysed again."""

import hashlib
import os
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from phone_audit.acquire.transport import PulledApk
from phone_audit.files.atomic_write import replace_file
from phone_audit.files.bounded_json import checked
from phone_audit.files.bounded_lines import read_bounded
from phone_audit.files.bounds import RECORD
from phone_audit.files.open_regular import open_unlinked
from phone_audit.model.apk import Apk, ApkInfo
from phone_audit.model.base import read_strictly
from phone_audit.model.device import COMPILED_ROLES, CompiledFile, CompiledRole, joint_hash
from phone_audit.model.parts import Parts
from phone_audit.version import __version__

Extent = Literal["whole", "parts"]
"""Whether a record was made from all bytes of a file or from the parts that are read at standard depth."""

LARGEST = 2 * 2**30
"""Bytes that all records may take; the ones that were not used for the longest time go first."""

COSTLY = frozenset({"time-budget", "memory-budget", "crashed", "interrupted", "no-code"})
"""What another run may not suffer from: a record with one of these is not kept. Code that an APK lacks may lie beside
it the next time."""

_FORMAT = "2"
_SUFFIX = ".record"
_BLOCK = 512
"""Bytes of what the system calls a block of a file, however large those of the disk are."""
_LEAST = 4096
"""Bytes that an entry takes at least."""
_LONGEST_LINK = 4096
_KEY = re.compile(r"[0-9a-f]{64}")
_PACKAGE = Path(__file__).resolve().parents[1]


@cache
def analyser_digest() -> str:
    """Return the SHA-256 of everything that decides what a record says, apart from the knowledge: the code."""
    digest = hashlib.sha256(f"{_FORMAT} {__version__}".encode())
    for folder in ("apk", "model", "knowledge"):
        for path in sorted((_PACKAGE / folder).rglob("*.py")):
            digest.update(path.relative_to(_PACKAGE).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


@cache
def program_digest() -> str:
    """Return the SHA-256 of everything that decides what is judged of a record, apart from the knowledge: all code."""
    digest = hashlib.sha256(analyser_digest().encode())
    for path in sorted(_PACKAGE.rglob("*.py")):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


@dataclass(frozen=True)
class CacheSize:
    """How many records are kept, and the bytes that they take on the disk."""

    records: int
    bytes: int


def cache_size(folder: Path) -> CacheSize:
    """Return what all runs have kept in a folder of records."""
    sizes = [(path.name.count(".whole.") + path.name.count(".parts."), size) for _, size, path in _records(folder)]
    return CacheSize(sum(is_record for is_record, _ in sizes), sum(size for _, size in sizes))


@dataclass(frozen=True)
class CachedRecord:
    """A record as it was made, and the seconds that took."""

    info: ApkInfo
    seconds: float


class RecordCache:
    """The records that hold for one state of the knowledge and of this program.

    A record of all bytes is kept by their hash as it was computed on this computer, so it holds for every phone. One of
    parts is kept by those parts themselves (`identity_of`), since the hash of the whole is only what a phone claims;
    for that phone alone, a link leads from the claim to the parts that it gave.

    Nothing here ever fails a scan: what cannot be read or written is not there.

    Args:
        folder: where all records lie; made with mode 0700.
        knowledge_digest: of the knowledge by which APKs are read; see `Knowledge.for_reading`.
    """

    def __init__(self, folder: Path, knowledge_digest: str) -> None:
        self._root = folder
        self._grown = 0
        key = hashlib.sha256(f"{knowledge_digest} {analyser_digest()}".encode()).hexdigest()[:32]
        self._folder = folder / key

    def get(self, sha256: str, *extents: Extent) -> CachedRecord | None:
        """Return the first record of a file that is there."""
        return next((found for extent in extents if (found := self._read(sha256, extent))), None)

    def put(self, sha256: str, extent: Extent, info: ApkInfo, seconds: float) -> bool:
        """Keep a record, unless it lacks what another run may have, or is that of another file; tell whether it was.

        Args:
            sha256: the hash of all bytes, or what `identity_of` gives for parts; with code that lies beside the file,
                the `joint_hash`.
            extent: which of both.
            info: the record.
            seconds: what it took.
        """
        if any(note.code in COSTLY or note.step == "read" for note in info.skipped):
            return False
        if extent == "whole" and key_of_record(info) != sha256:
            return False
        self._pack(self._path(sha256, extent), f"{sha256}\n{seconds:.6f}\n{info.model_dump_json()}")
        return True

    def get_judged(self, name: str) -> Apk | None:
        text = self._unpack(self._path(name, "judged"))
        try:
            return None if text is None else read_strictly(Apk, checked(text, RECORD))
        except (ValueError, ValidationError):
            return None

    def put_judged(self, name: str, record: Apk) -> None:
        """Keep a published record under a name that stands for the file, the program and all that is known."""
        self._pack(self._path(name, "judged"), record.model_dump_json())

    def link_file(self, state: str, told: str) -> None:
        """Remember what was learned of a file on this computer while it was in this state."""
        self._write(self._path(state, "file"), told.encode())

    def linked_file(self, state: str) -> str | None:
        return _short_text(self._path(state, "file"))

    def link(self, phone: str, claimed: str, key: str) -> None:
        """Remember which parts this phone gave of the file with the hash that it claims, if their record is kept."""
        if self._path(key, "parts").exists():
            self._write(self._path(_claim(phone, claimed), "link"), key.encode("ascii"))

    def get_linked(self, phone: str, claimed: str) -> CachedRecord | None:
        """Return the record of the parts that this phone gave of the file with this hash."""
        key = _short_text(self._path(_claim(phone, claimed), "link"))
        return self._read(key, "parts") if key and _KEY.fullmatch(key) else None

    def _pack(self, path: Path, text: str) -> None:
        body = zlib.compress(text.encode(), 1)
        self._write(path, hashlib.sha256(body).digest() + body)

    def _write(self, path: Path, content: bytes) -> None:
        self._grown += len(content) + _LEAST
        if self._grown > LARGEST // 8:
            self.prune()
        with suppress(OSError):
            self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._root.chmod(0o700)
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            replace_file(path, content, durable=False)

    def note_stripped(self, sha256: str) -> None:
        """Remember that an APK has its code elsewhere; its records are kept by `joint_hash`."""
        mark = self._path(sha256, "stripped")
        with suppress(OSError):
            if mark.parent.is_dir() or self._root.is_dir():
                mark.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                mark.touch(mode=0o600)

    def is_stripped(self, sha256: str) -> bool:
        return self._path(sha256, "stripped").exists()

    def prune(self, largest: int = LARGEST) -> None:
        """Where this run has added to it, remove what was not used for the longest time until `largest` bytes are left.

        Several runs may do so at once: what another one has removed is not there.
        """
        if not self._grown:
            return
        self._grown = 0
        room = largest
        for _, size, path in sorted(_records(self._root), key=lambda record: -record[0]):
            room -= size
            if room < 0:
                with suppress(OSError):
                    path.unlink()

    def _read(self, sha256: str, extent: Extent) -> CachedRecord | None:
        text = self._unpack(self._path(sha256, extent))
        try:
            key, seconds, body = (text or b"").split(b"\n", 2)
            record = CachedRecord(read_strictly(ApkInfo, checked(body, RECORD)), float(seconds))
        except (ValueError, ValidationError):
            return None
        its_own = extent == "parts" or key_of_record(record.info) == sha256
        return record if its_own and key == sha256.encode() else None

    def _unpack(self, path: Path) -> bytes | None:
        """Return what lies packed in a file, and note its use; None where it is damaged or not there."""
        try:
            with open_unlinked(path) as file:
                data = read_bounded(file, RECORD.size)
            os.utime(path)
            digest, body = data[:32], data[32:]
            return _unpacked(body) if hashlib.sha256(body).digest() == digest else None
        except (OSError, ValueError, zlib.error):
            return None

    def _path(self, sha256: str, extent: Extent | Literal["stripped", "link", "file", "judged"]) -> Path:
        return Path(f"{self._folder}/{sha256[:2]}/{sha256}.{extent}{_SUFFIX}")  # parsed once


def _short_text(path: Path) -> str | None:
    """Return what a small file holds, and note its use; None where it is not there, or larger."""
    try:
        with open_unlinked(path) as file:
            text = file.read(_LONGEST_LINK + 1)
        os.utime(path)
        return text.decode() if len(text) <= _LONGEST_LINK else None
    except (OSError, ValueError):
        return None


def _unpacked(body: bytes) -> bytes:
    """Return what was packed. Raises ValueError where it is larger than any record."""
    inflate = zlib.decompressobj()
    content = inflate.decompress(body, RECORD.size)
    if not inflate.eof:
        raise ValueError("it is cut off, or larger than any record")
    return content


def _claim(phone: str, claimed: str) -> str:
    return hashlib.sha256(f"{phone} {claimed}".encode()).hexdigest()


def key_of_record(info: ApkInfo) -> str | None:
    """Return the hash by which a record of all bytes is kept."""
    roles: dict[str, CompiledRole] = {role: role for role in COMPILED_ROLES}
    compiled = [
        CompiledFile(file.path, None, file.size, file.sha256, roles[file.role])
        for file in info.files
        if file.role in roles
    ]
    return joint_hash(info.sha256, compiled)


def _records(root: Path) -> Iterator[tuple[float, int, Path]]:
    for path in root.rglob(f"*{_SUFFIX}"):
        with suppress(OSError):
            found = path.lstat()
            yield found.st_mtime, max(found.st_size, getattr(found, "st_blocks", 0) * _BLOCK), path


_PIECE = 2**20


def identity_of(apk: PulledApk) -> str | None:
    """Return the SHA-256 of a whole file, or one of its size, of what was read of it and of what it claims.

    The hash of a file of which only parts are here is a claim that nobody can check: it never stands for the bytes.
    None where there is neither.
    """
    if apk.local is None or apk.parts is None:
        return apk.sha256
    try:
        return _of_parts(apk.local, apk.sha256, apk.size, apk.parts)
    except OSError:
        return None


def _of_parts(local: Path, claimed: str | None, size: int, parts: Parts) -> str:
    digest = hashlib.sha256(f"{claimed} {size} {parts.ranges}\n".encode())
    with local.open("rb") as file:
        for start, end in parts.ranges:
            file.seek(start)
            while start < end and (piece := file.read(min(end - start, _PIECE))):
                digest.update(piece)
                start += len(piece)
    return digest.hexdigest()
