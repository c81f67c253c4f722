"""Files that earlier, interrupted readings of a phone have saved, so that they need not be copied once more."""

import contextlib
import hashlib
import mmap
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from phone_audit.acquire.files.plan import NextWanted, PulledApk
from phone_audit.acquire.saved.layout import APKS
from phone_audit.acquire.saved.packed import SUFFIX, unpack
from phone_audit.errors import SnapshotError
from phone_audit.files.open_regular import open_inside


class Earlier:
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
