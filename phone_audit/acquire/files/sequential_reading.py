"""Reads the files one after the other: of a saved acquisition, or of a phone that does one thing at a time."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from phone_audit.acquire.asking import Reader
from phone_audit.acquire.files.apk_files import ApkFiles, hash_files
from phone_audit.acquire.files.deliveries import Plan, changed_meanwhile, no_room
from phone_audit.acquire.store.layout import parts_command, pull_command
from phone_audit.acquire.store.saved_files import FileHashes, read_hashes
from phone_audit.acquire.text import shown
from phone_audit.acquire.transport import PulledApk
from phone_audit.errors import CommandError


class SequentialReading:
    """Copies each content once, or where `copied` is false reads no bytes at all.

    A saved acquisition whose files were read by `ConcurrentReading` gives those that it holds at the beginning; so the
    questions after them find the phone gone where it went away.
    """

    def __init__(self, reader: Reader, files: ApkFiles, into: Path, plan: Plan, *, copied: bool) -> None:
        self._reader = reader
        self._files = files
        self._into = into
        self._plan = plan
        self._copied = copied
        self._left: list[tuple[str, int]] = []
        self._saved = False

    def begin(self) -> None:
        saved = self._reader.transport.saved_hashes()
        self._left = self._files.readable()
        if saved is None:
            hash_files(self._reader, self._files)
            return
        self._saved = True
        hashed = read_hashes(saved)
        self._files.take_hashes(hashed, self._reader)
        if self._copied:
            held = [file for file in self._left if self._is_saved(file[0])]
            self._copy_all(held)
            self._left = [file for file in self._left if file not in set(held)]
            self._take_hashes_from_changed(hashed)

    def finish(self) -> None:
        if self._saved:
            self._reader.transport.raise_if_gone()
        if self._copied:
            self._copy_all(self._left)

    def end(self) -> None:
        """See `ConcurrentReading.end`: everything was taken over at once."""

    def _is_saved(self, path: str) -> bool:
        transport = self._reader.transport
        return transport.holds(parts_command(path)) or transport.holds(pull_command(path))

    def _take_hashes_from_changed(self, hashed: FileHashes) -> None:
        """What had changed when the phone was left has no hash, as it had none then."""
        changed = {note.subject for note in hashed.notes if note.code == "changed"}
        for path, copy in self._files.copies.items():
            if copy.parts is not None and copy.path in changed:
                self._files.copies[path] = replace(copy, sha256=None)

    def _copy_all(self, files: Sequence[tuple[str, int]]) -> None:
        """Copy files, each a path as decoded and a size in bytes, one of each hash that the phone computed."""
        total = sum(size for _, size in files)
        done = 0
        by_hash: dict[str, PulledApk] = {}
        for number, (path, size) in enumerate(files):
            self._reader.on_progress("copies", done, total)
            done += size
            digest = self._files.hashes.get(path)
            copy = by_hash.get(digest) if digest else None
            if copy is None:
                self._plan.receiver.wait_for_room()
                copy = _copy(self._reader, path, digest, self._into / f"{number:05d}.part")
            if copy is not None:
                if copy.sha256 is not None:
                    by_hash[copy.sha256] = copy
                self._complete(self._plan.stripped.arrived(path, replace(copy, path=shown(path))))
                self._copy_code(self._into / f"{number:05d}.part")
        self._reader.on_progress("copies", total, total)

    def _copy_code(self, part: Path) -> None:
        """Copy the code that a file which has come lacks; an acquisition has none that it was not asked for."""
        stripped = self._plan.stripped
        while file := stripped.next_wanted():
            held = self._reader.transport.holds(pull_command(file.path))
            copy = _copy(self._reader, file.path, None, part) if held else None
            self._complete(stripped.arrived(file.path, copy) if copy else stripped.failed(file.path))

    def _complete(self, files: Iterable[tuple[str, PulledApk]]) -> None:
        for path, copy in files:
            self._files.copies[path] = copy
            self._plan.receiver.take(copy)


def _copy(reader: Reader, path: str, digest: str | None, part: Path) -> PulledApk | None:
    try:
        saved = reader.transport.saved_parts(path, part)
        if saved is not None:
            reader.transferred += saved.parts.size if saved.parts else 0
            return replace(saved, local=part.replace(part.with_name(f"{saved.sha256 or part.stem}.apk")))
        local = reader.transport.pull(path, part)
        size = local.stat().st_size
        with local.open("rb") as file:
            actual = hashlib.file_digest(file, "sha256").hexdigest()
        if local == part:
            local = part.replace(part.with_name(f"{actual}.apk"))
    except CommandError as error:
        reader.skip(path, "transfer", "not-copied", error.message)
        return None
    except OSError as error:
        raise no_room(part.parent, error) from error
    reader.transferred += size
    if digest and actual != digest:
        reader.skip(path, "transfer", "changed", changed_meanwhile(actual, digest))
        return None
    return PulledApk(shown(path), local, actual, size)
