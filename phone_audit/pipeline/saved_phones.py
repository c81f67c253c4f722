"""The folder in which several phones are kept: which acquisition is whose, and what it is called."""

import contextlib
from pathlib import Path

from phone_audit.acquire.store.archive import SUFFIX, sealed_name
from phone_audit.acquire.store.interrupted import MARK, saved_whole, serial_of
from phone_audit.errors import SnapshotError
from phone_audit.pipeline.options import ScanOptions
from phone_audit.pipeline.phone_names import SHOWN_DIGITS, pseudonym, save_name


class SavedPhones:
    """Finds what earlier runs have kept, and names what this one keeps as the results are named.

    A folder says by itself whose it is. A file that is encrypted says it by its name alone, so it gets only a name by
    which its phone is found again. Raises a SnapshotError where the folder cannot be made.

    Args:
        options: `save` is the folder; nothing is kept where it is null.
    """

    def __init__(self, options: ScanOptions) -> None:
        self._options = options
        self._folders: dict[str, Path] = {}
        self._sealed: list[str] = []
        self._begun: set[str] = set()
        if options.save is None:
            return
        try:
            options.save.mkdir(mode=0o700, parents=True, exist_ok=True)
            entries = sorted(path for path in options.save.iterdir() if MARK not in path.name)
        except OSError as error:
            raise SnapshotError(
                f"The folder {options.save} cannot be made: {error.strerror or error}.",
                "Name a folder that you may write to.",
            ) from error
        self._folders = {serial: path for path in entries if path.is_dir() and (serial := serial_of(path))}
        self._sealed = [path.name for path in entries if path.name.endswith(SUFFIX)]

    def kept(self, target: str) -> Path | None:
        """Return what an earlier run has kept of a phone, where that can be read now."""
        place = self._place(target)
        if self._options.encrypt_to:
            sealed = sealed_name(place)
            return sealed if self._options.identity is not None and sealed.exists() else None
        return place if saved_whole(place) else None

    def begin(self, target: str) -> Path:
        """Return where the answers of a phone go while it is read: where they were begun before, or a new place."""
        self._begun.add(target)
        return self._place(target)

    def rename(self, target: str, name: str) -> None:
        """Call what this run has kept of a phone as its result is called, unless that is taken."""
        if self._options.save is None or target not in self._begun:
            return
        old, new = self._options.save / save_name(target), self._options.save / name
        if self._options.encrypt_to:
            if not name.endswith(_ending(target)):
                return
            old, new = sealed_name(old), sealed_name(new)
        with contextlib.suppress(OSError):  # under its first name it is found as well
            if old.exists() and not new.exists():
                old.rename(new)

    def _place(self, target: str) -> Path:
        if self._options.save is None:
            raise ValueError("nothing is kept")
        new = self._options.save / save_name(target)
        if not self._options.encrypt_to:
            return self._folders.get(target, new)
        named = [path for path in self._sealed if path.endswith(f"{_ending(target)}{SUFFIX}")]
        return self._options.save / named[0].removesuffix(SUFFIX) if named else new


def _ending(target: str) -> str:
    """Return how the name of a result of this phone ends, where its serial number is the one by which it is reached."""
    return f"-{(pseudonym(target) or '-')[:SHOWN_DIGITS]}"
