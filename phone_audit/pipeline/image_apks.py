"""The APKs of firmware images among the files of a run: copied out of the image some at a time, read, and removed."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

from phone_audit.acquire.image.byte_source import ImageError
from phone_audit.acquire.image.firmware import APKS, Firmware
from phone_audit.acquire.image.open import is_firmware, open_firmware
from phone_audit.acquire.image.transport import ImageTransport
from phone_audit.acquire.text import shown
from phone_audit.apk.discover import InputFile
from phone_audit.apk.discover import shown as shown_path
from phone_audit.errors import CommandError, SnapshotError
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.acceptance import Acceptances
from phone_audit.model.apk import Apk
from phone_audit.model.finding import Skipped
from phone_audit.pipeline.folder_files import FolderFiles

_AT_ONCE: Final = 512 * 2**20
"""Bytes of copies that lie on the disk at the same time, and one folder more."""
_CODE: Final = (".vdex", ".odex")
_OAT: Final = "/oat/"


class ImageFiles:
    """The files of a run, of which some may be firmware images; see `Executor`."""

    def __init__(self, local: FolderFiles, new: Callable[[], FolderFiles]) -> None:
        self._local = local
        self._new = new
        self._seen = 0
        self._skipped: list[Skipped] = []

    @property
    def files_seen(self) -> int:
        return self._local.files_seen + self._seen

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """What could not be listed or copied, and the files that a stop left unread."""
        return (*self._local.skipped, *self._skipped)

    def records(self, paths: Sequence[Path | str], knowledge: Knowledge, accepted: Acceptances) -> Iterator[Apk]:
        """Yield the records of all files below some paths, as they are ready; those of images come last.

        Raises:
            SnapshotError: nothing can be read of an image that was all there is.
        """
        images = [path for path in map(Path, paths) if path.is_file() and is_firmware(path)]
        rest = [path for path in paths if Path(path) not in images]
        if rest:
            yield from self._local.records(rest, knowledge, accepted)
        for image in images:
            try:
                with open_firmware(image) as firmware:
                    yield from self._of_image(image, firmware, knowledge, accepted)
                    self._skipped += firmware.skipped
            except SnapshotError as error:
                if len(paths) == 1:
                    raise
                note = Skipped(subject=shown_path(image), step="read", code="damaged", reason=error.message)
                self._skipped.append(note)

    def _of_image(self, image: Path, firmware: Firmware, knowledge: Knowledge, accepted: Acceptances) -> Iterator[Apk]:
        transport = ImageTransport(firmware, image)
        for batch in _batches(firmware):
            with tempfile.TemporaryDirectory(prefix="phone-audit-") as folder:
                found = [one for path in batch if (one := self._copied(image, path, transport, Path(folder)))]
                files = self._new()
                yield from files.records_of(found, knowledge, accepted)
                self._seen += files.files_seen
                self._skipped += files.skipped

    def _copied(self, image: Path, path: str, transport: ImageTransport, folder: Path) -> InputFile | None:
        """Copy a file to its own path below a folder; None where it is no APK, or cannot be had."""
        into = folder / shown(path).lstrip("/")  # every step of it is a name
        try:
            into.parent.mkdir(parents=True, exist_ok=True)
            local = transport.pull(path, into)
        except (CommandError, OSError) as error:
            reason = error.message if isinstance(error, CommandError) else f"It was not copied: {error.strerror}."
            name = f"{shown_path(image)}!{shown(path)}"
            self._skipped.append(Skipped(subject=name, step="transfer", code="not-copied", reason=reason))
            return None
        return InputFile(local, f"{shown_path(image)}!{shown(path)}") if path.endswith(APKS) else None


def _batches(firmware: Firmware) -> Iterator[list[str]]:
    """Yield the APKs, with the code beside them, of as many folders as may be copied at the same time."""
    paths = sorted(path for path in firmware.files if path.endswith((*APKS, *_CODE)))
    batch: list[str] = []
    size = 0
    for _, its in groupby(paths, key=_folder):
        of_folder = list(its)
        if not any(path.endswith(APKS) for path in of_folder):
            continue
        batch += of_folder
        size += sum(_size(firmware, path) for path in of_folder)
        if size > _AT_ONCE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _folder(path: str) -> str:
    """Return the folder of an APK, also for the code that lies below it."""
    return path.partition(_OAT)[0] if _OAT in path else path.rpartition("/")[0]


def _size(firmware: Firmware, path: str) -> int:
    try:
        return firmware.open_apk(path).size
    except ImageError:
        return 0
