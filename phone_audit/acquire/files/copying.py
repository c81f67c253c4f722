"""Copies the APK files from the phone, each content once."""

import errno
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from phone_audit.acquire.asking import Reader
from phone_audit.acquire.files.plan import Plan, PulledApk
from phone_audit.acquire.store.replay import ReplayTransport
from phone_audit.acquire.text import shown
from phone_audit.errors import AcquireError, CommandError

__all__ = ["Copies", "PulledApk", "copy_files"]

_PLAIN = Plan()


@dataclass
class Copies:
    """What was copied so far: path as decoded → the copy."""

    done: dict[str, PulledApk] = field(default_factory=dict)


def copy_files(
    reader: Reader,
    copies: Copies,
    files: Sequence[tuple[str, int]],
    hashes: dict[str, str],
    into: Path,
    plan: Plan = _PLAIN,
) -> None:
    """Copy the files, one of each hash.

    Args:
        reader: the phone.
        copies: filled.
        files: path as decoded and size in bytes, by path.
        hashes: path → SHA-256 as the phone computed it, where it did.
        into: folder for the copies; they are named by their hash.
        plan: who gets them.

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
            if copy.sha256 is not None:
                by_hash[copy.sha256] = copy
            _complete(copies, plan, plan.waiting.arrived(path, replace(copy, path=shown(path))))
            _bring_what_is_missing(reader, copies, into / f"{number:05d}", plan)
    reader.on_progress("copies", total, total)


def _bring_what_is_missing(reader: Reader, copies: Copies, part: Path, plan: Plan) -> None:
    """Copy the files that one which has come cannot do without; an acquisition has none that it was not asked for."""
    transport = reader.transport
    while file := plan.waiting.next_wanted():
        copy = None
        if not isinstance(transport, ReplayTransport) or transport.has_file(file.path):
            copy = _copy(reader, file.path, None, part.with_suffix(".part"))
        waiting = plan.waiting
        _complete(copies, plan, waiting.arrived(file.path, copy) if copy else waiting.failed(file.path))


def _complete(copies: Copies, plan: Plan, files: Iterable[tuple[str, PulledApk]]) -> None:
    for path, copy in files:
        copies.done[path] = copy
        plan.on_apk(copy)


def _copy(reader: Reader, path: str, digest: str | None, part: Path) -> PulledApk | None:
    try:
        if isinstance(reader.transport, ReplayTransport) and reader.transport.has_parts(path):
            return _parts(reader, reader.transport, path, part)
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


def _parts(reader: Reader, replay: ReplayTransport, path: str, part: Path) -> PulledApk:
    copy = replay.parts(path, part)
    reader.transferred += copy.parts.size if copy.parts else 0
    return replace(copy, local=part.replace(part.with_name(f"{copy.sha256 or part.stem}.apk")))
