"""Files in storage, by URL: what lies there, and copies of them to read; the only file that imports fsspec.

Nothing is asked for but what a person named. Libraries that would ask the machine's host who they are do not.
"""

import fnmatch
import io
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeVar

from fsspec.core import url_to_fs  # noqa: TID251

from phone_audit.apk.discover import APK_SUFFIXES, InputFile, find_apks
from phone_audit.apk.records import INSIDE
from phone_audit.apk.zip.directory import END, LOCAL
from phone_audit.errors import UsageError
from phone_audit.files.bounded_zip import ZipBounds, ZipEntry, ZipError, ZipReader
from phone_audit.files.bounds import MB, BoundsError
from phone_audit.model.finding import Skipped
from phone_audit.pipeline.cluster.stored_input import StoredInput, is_url

_QUIET: Final = {"AWS_EC2_METADATA_DISABLED": "true", "NO_GCE_CHECK": "true"}
"""Who names no account is not looked up at an address of the cloud; what is set already stays."""
_WAITS: Final = (0.1, 0.4, 1.6, 6.4)
"""Seconds between attempts."""
_FINAL: Final = (FileNotFoundError, PermissionError, NotImplementedError)
_PIECE: Final = 4 * MB
_MEMBERS: Final = ZipBounds(entries=200_000)
_LARGEST_MEMBER: Final = 4096 * MB
"""Bytes that a member of a ZIP may unpack to: Android installs no APK as large."""
_ZIP, _NEXT = "zip://", "::"
_SIDECAR = ".idsig"

Value = TypeVar("Value")


class StorageError(Exception):
    """A file cannot be read from where it lies; the message is a sentence."""


def find_inputs(named: Iterable[str]) -> Iterator[StoredInput | Skipped]:
    """Find the files to read: those of paths as a run on one computer does, those of URLs likewise.

    A URL names a file, a folder that is searched, or several with `*`; `zip://PATTERN::URL` names members of a ZIP.
    Raises a UsageError where what a URL names is not there, cannot be listed, or needs a library.
    """
    for text in named:
        if not is_url(text):
            yield from (_on_disk(found) for found in find_apks([Path(text)]))
            continue
        try:
            yield from _members(text) if text.startswith(_ZIP) else _stored(text)
        except StorageError as error:
            raise UsageError(
                f"{text} cannot be listed. {error}", "Name a file, a folder or a pattern in it."
            ) from error


def begins_as_zip(item: StoredInput) -> bool:
    """Tell whether the first bytes are those of a ZIP. Raises StorageError where they cannot be read."""
    with _StoredFile(item.place) as file:
        first = next(_member_pieces(file, item.member, len(LOCAL)), b"") if item.member else file.read(len(LOCAL))
    return first in (LOCAL, END)


def copied(item: StoredInput, folder: Path) -> Path:
    """Copy a file into a folder, a piece at a time, with the signature that lies beside it.

    Raises:
        StorageError: it cannot be read, or the folder has no room for it.
    """
    path = folder / "file"
    with _StoredFile(item.place) as file:
        _write(path, _member_pieces(file, item.member, _PIECE) if item.member else iter(lambda: file.read(_PIECE), b""))
    if item.sidecar or (item.sidecar is None and _is_there(item.place + _SIDECAR)):
        with _StoredFile(item.place + _SIDECAR) as file:
            _write(folder / f"file{_SIDECAR}", iter(lambda: file.read(_PIECE), b""))
    return path


def _is_there(url: str) -> bool:
    files, path = _opened(url)
    try:
        _retried(files.info, path)
    except StorageError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return False
        raise
    return True


def holds_tables(place: str) -> bool:
    """Tell whether a folder, by its path or URL, holds Parquet files; one on this computer is made if it is not there.

    Raises:
        StorageError: it cannot be looked at, or made.
    """
    files, path = _opened(place)
    if "file" in files.protocol:
        _retried(lambda: files.makedirs(path, exist_ok=True))
    return bool(_retried(lambda: files.glob(f"{path.rstrip('/')}/*.parquet")))


def write_file(place: str, content: BinaryIO) -> None:
    """Write a file by its path or URL, which is there as a whole or not at all.

    Raises:
        StorageError: it cannot be written.
    """
    files, path = _opened(place)

    def write() -> None:
        content.seek(0)
        with files.transaction, files.open(path, "wb") as file:
            shutil.copyfileobj(content, file, _PIECE)

    _retried(write)


def _write(path: Path, pieces: Iterable[bytes]) -> None:
    try:
        with path.open("wb") as out:
            for piece in pieces:
                out.write(piece)
    except OSError as error:
        raise StorageError(f"The worker has no room for a copy of it: {error.strerror}.") from error


def _on_disk(found: InputFile | Skipped) -> StoredInput | Skipped:
    return found if isinstance(found, Skipped) else StoredInput(str(found.path.absolute()), found.shown_as, found.sure)


def _stored(url: str) -> Iterator[StoredInput | Skipped]:
    files, path = _opened(url)
    if any(mark in path for mark in "*?["):
        found = _retried(lambda: sorted(files.glob(path)))
        yield from (StoredInput(one, one, sidecar=None) for one in map(files.unstrip_protocol, found))
    elif not path.lower().endswith(APK_SUFFIXES) and _retried(files.info, path)["type"] == "directory":
        yield from _in_folder(files, path)
    else:  # of a list of a million nothing is asked here
        shown = files.unstrip_protocol(path)
        yield StoredInput(shown, shown, sidecar=None)


def _in_folder(files: Any, top: str) -> Iterator[StoredInput | Skipped]:
    """Yield the files of a folder, sorted by name, before those of the folders in it; the top one has to be there."""
    waiting = [top.rstrip("/")]
    while waiting:
        folder = waiting.pop()
        try:
            entries = sorted(_retried(lambda at=folder: files.ls(at, detail=True)), key=lambda entry: entry["name"])
        except StorageError as error:
            if folder == top.rstrip("/"):
                raise
            shown = files.unstrip_protocol(folder)
            yield Skipped(subject=shown, step="list", code="unreadable-folder", reason=str(error))
            continue
        names = {entry["name"] for entry in entries}
        for entry in entries:
            name = entry["name"]
            if entry["type"] != "directory" and name.rstrip("/") != folder:
                url, sure = files.unstrip_protocol(name), name.lower().endswith(APK_SUFFIXES)
                yield StoredInput(url, url, sure, sidecar=name + _SIDECAR in names)
        waiting.extend(entry["name"] for entry in reversed(entries) if entry["type"] == "directory")


def _members(url: str) -> Iterator[StoredInput]:
    """Yield members of a ZIP: those that a pattern names, or all that may be APKs."""
    pattern, _, place = url.removeprefix(_ZIP).partition(_NEXT)
    with _StoredFile(place) as file:
        names = sorted({entry.filename for entry in _zip(file).entries if not entry.is_dir()})
    shown = file.url
    if pattern:
        chosen = fnmatch.filter(names, pattern)
        if not chosen:
            raise StorageError(f"It has no member {pattern}.")
        yield from (StoredInput(shown, f"{shown}{INSIDE}{name}", member=name) for name in chosen)
        return
    for name in names:
        yield StoredInput(shown, f"{shown}{INSIDE}{name}", name.lower().endswith(APK_SUFFIXES), name)


def _zip(file: "_StoredFile") -> ZipReader:
    try:
        return ZipReader(io.BufferedReader(file, MB), _MEMBERS)
    except (ZipError, BoundsError) as error:
        raise StorageError(f"It is no ZIP that can be read: {error}.") from error


def _member_pieces(file: "_StoredFile", member: str, size: int) -> Iterator[bytes]:
    reader = _zip(file)
    entry: ZipEntry | None = next((one for one in reader.entries if one.filename == member), None)
    if entry is None:
        raise StorageError("It is not in the ZIP any more.")
    left = _LARGEST_MEMBER
    try:
        for piece in reader.pieces(entry, size):
            left -= len(piece)
            if left < 0:
                raise StorageError(f"It unpacks to more than {_LARGEST_MEMBER // MB} MB.")
            yield piece
    except ZipError as error:
        raise StorageError(f"It cannot be unpacked: {error}.") from error


class _StoredFile(io.RawIOBase):
    """A file in storage; each piece of it is asked for again where storage fails.

    Raises:
        StorageError: it is not there, or storage goes on failing.
    """

    def __init__(self, url: str) -> None:
        self._files, self._path = _opened(url)
        self.url: str = self._files.unstrip_protocol(self._path)
        self._size: int = _retried(self._files.size, self._path) or 0
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        self._at = max(0, offset + {os.SEEK_CUR: self._at, os.SEEK_END: self._size}.get(whence, 0))
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        end = min(self._at + len(buffer), self._size)
        if end <= self._at:
            return 0
        piece = _retried(self._piece, end)
        buffer[: len(piece)] = piece
        self._at = end
        return len(piece)

    def _piece(self, end: int) -> bytes:
        piece: bytes = self._files.cat_file(self._path, start=self._at, end=end)
        if len(piece) != end - self._at:
            raise OSError("it has another size than before")
        return piece


def _opened(url: str) -> tuple[Any, str]:
    if _NEXT in url:  # fsspec would open another place, which whoever named an object chose
        raise StorageError(f"A name with {_NEXT} in it is not opened.")
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        files, path = url_to_fs(url, use_listings_cache=False)
    except (ValueError, ImportError) as error:
        raise StorageError(f"{str(error).rstrip('.')}.") from error
    return files, str(path)


def _retried(call: Callable[..., Value], *arguments: object) -> Value:
    """Return what storage answers, which is asked again where it fails for once.

    Raises:
        StorageError: it goes on failing, or says that what was asked for is not there.
    """
    for wait in (*_WAITS, None):
        try:
            return call(*arguments)
        except _FINAL as error:
            raise StorageError(_sentence(error)) from error
        except Exception as error:
            if wait is None:
                raise StorageError(_sentence(error)) from error
            time.sleep(wait)
    raise AssertionError


def _sentence(error: Exception) -> str:
    said = " ".join("".join(c if c.isprintable() else " " for c in str(error)).split())[:200].rstrip(".")
    return f"Storage says: {type(error).__name__}{': ' if said else ''}{said}."
