"""Acquisitions that were interrupted: found, moved out of the way, and their files used once more."""

import contextlib
import glob
import hashlib
import mmap
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from phone_audit.acquire.store.layout import APKS, is_saved, looks_saved
from phone_audit.acquire.store.replay import ReplayTransport
from phone_audit.acquire.store.saved_files import SUFFIX, unpack
from phone_audit.acquire.transport import NextWanted, PulledApk
from phone_audit.errors import PhoneAuditError, SnapshotError
from phone_audit.files.open_regular import open_inside

MARK = ".interrupted"


class InterruptedFiles:
    """Looks files up by the SHA-256 that the phone computes for them now, so that one that changed is read anew.

    Args:
        folders: saved acquisitions, also such as have no manifest because the program was ended.
        next_wanted: tells whether parts of a file are enough; None where only whole files are.
    """

    def __init__(self, folders: Sequence[Path], next_wanted: NextWanted | None = None) -> None:
        self._folders = folders
        self._next_wanted = next_wanted

    def find(self, sha256: str, into: Path) -> PulledApk | None:
        """Return the file as a new one; None where it was not saved, or is damaged by now. Its `path` is empty."""
        for folder in self._folders:
            with contextlib.suppress(OSError, SnapshotError):
                found = self._whole(folder, sha256, into) or self._parts(folder, sha256, into)
                if found is not None:
                    return found
        return None

    def _whole(self, folder: Path, sha256: str, into: Path) -> PulledApk | None:
        saved = folder / APKS / f"{sha256}.apk"
        if not saved.is_file():
            return None
        with open_inside(folder, f"{APKS}/{saved.name}") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                return None
        made = into / f"{sha256}.earlier"
        made.unlink(missing_ok=True)
        try:
            os.link(saved, made)
        except OSError:  # another disk, or one that knows no links
            shutil.copyfile(saved, made)
        return PulledApk("", made, sha256, made.stat().st_size)

    def _parts(self, folder: Path, sha256: str, into: Path) -> PulledApk | None:
        saved = folder / APKS / f"{sha256}{SUFFIX}"
        if self._next_wanted is None or not saved.is_file():
            return None
        made = into / f"{sha256}.earlier"
        try:
            with open_inside(folder, f"{APKS}/{saved.name}") as packed:
                size, parts, digest = unpack(packed, saved, made)
            with made.open("rb") as whole, mmap.mmap(whole.fileno(), 0, access=mmap.ACCESS_READ) as data:
                enough = digest == sha256 and self._next_wanted(data, size, parts) == ()
        except (OSError, SnapshotError):
            made.unlink(missing_ok=True)
            raise
        if enough:
            return PulledApk("", made, sha256, size, parts)
        made.unlink(missing_ok=True)
        return None


def saved_whole(folder: Path) -> bool:
    """Tell whether the folder holds an acquisition that was read to its end."""
    if not is_saved(folder):
        return False
    try:
        return not ReplayTransport(folder).broke_off
    except PhoneAuditError:
        return False


def interrupted(folder: Path) -> bool:
    """Tell whether the folder holds the beginning of an acquisition: the phone went away, or the program was ended."""
    if is_saved(folder):
        return not saved_whole(folder)
    return looks_saved(folder)


def begun_before(save: Path | None, serial: str) -> tuple[Path, ...]:
    """Make way for a new acquisition of a phone, and give the beginnings of earlier ones, the latest first.

    They stay as they are, and nothing else is ever moved. Raises a SnapshotError where the folder holds the beginning
    of another phone's, or cannot be moved. `save` is None where nothing is kept; the serial is the transport's.
    """
    if save is None:
        return ()
    if interrupted(save):
        if is_saved(save) and serial_of(save) not in (None, serial):
            raise SnapshotError(
                f"{save} holds the beginning of an acquisition of another phone.", "Name a folder for this one."
            )
        _set_aside(save)
    return tuple(sorted(save.parent.glob(f"{glob.escape(save.name)}{MARK}-*"), reverse=True))


def serial_of(folder: Path) -> str | None:
    """Return the serial number of the phone whose acquisition the folder holds, as its transport named it."""
    try:
        return ReplayTransport(folder).serial or None
    except PhoneAuditError:
        return None


def _set_aside(folder: Path) -> None:
    """Move the beginning of an acquisition out of the way, unchanged."""
    number = 1
    while (aside := folder.with_name(f"{folder.name}{MARK}-{number}")).exists():
        number += 1
    try:
        folder.rename(aside)
    except OSError as error:
        raise SnapshotError(
            f"{folder} holds an interrupted acquisition and cannot be moved: {error.strerror or error}.",
            "Name another folder.",
        ) from error
