"""Copies the APK files from the phone, each content once."""

import errno
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from phone_audit.acquire.asking import Reader
from phone_audit.acquire.parse.text import shown
from phone_audit.errors import AcquireError, CommandError


@dataclass(frozen=True)
class PulledApk:
    """A copied APK. `path` is the one on the phone, as published; files with equal bytes may share `local`."""

    path: str
    local: Path
    sha256: str
    size: int


@dataclass
class Copies:
    """What was copied so far: path as decoded → the copy."""

    done: dict[str, PulledApk] = field(default_factory=dict)


def copy_files(
    reader: Reader, copies: Copies, files: Sequence[tuple[str, int]], hashes: dict[str, str], into: Path
) -> None:
    """Copy the files, one of each hash.

    Args:
        reader: the phone.
        copies: filled.
        files: path as decoded and size in bytes, by path.
        hashes: path → SHA-256 as the phone computed it, where it did.
        into: folder for the copies; they are named by their hash.

    Raises:
        AcquireError: the copies cannot be written here.
        DeviceLostError: the phone is gone.
    """
    total = sum(size for _, size in files)
    done = 0
    by_hash: dict[str, PulledApk] = {}
    for number, (path, size) in enumerate(files):
        reader.on_progress("copies", done, total)
        done += size
        digest = hashes.get(path)
        copy = by_hash.get(digest) if digest else None
        if copy is None:
            copy = _copy(reader, path, digest, into / f"{number:05d}.part")
        if copy is not None:
            by_hash[copy.sha256] = copy
            copies.done[path] = PulledApk(shown(path), copy.local, copy.sha256, copy.size)
    reader.on_progress("copies", total, total)


def _copy(reader: Reader, path: str, digest: str | None, part: Path) -> PulledApk | None:
    try:
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
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise AcquireError(
                f"The disk that holds {part.parent} is full.", "Free some space and try again."
            ) from error
        raise AcquireError(f"{part.parent} cannot be written: {error.strerror or error}.") from error
    reader.transferred += size
    if digest and actual != digest:
        reason = f"What was copied (SHA-256 {actual}) is not what the phone hashed ({digest}): it changed meanwhile."
        reader.skip(path, "transfer", "changed", reason)
        return None
    return PulledApk(shown(path), local, actual, size)
