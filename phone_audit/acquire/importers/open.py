"""Tells which tool made an acquisition, and reads it."""

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from phone_audit.acquire.importers import androidqf, bugreport, hubble, mvt, text_folder
from phone_audit.acquire.importers.imported import ImportedAcquisition
from phone_audit.acquire.store.archive import SUFFIX
from phone_audit.acquire.store.container import FileContainer, is_archive, open_container
from phone_audit.acquire.store.layout import ANSWERS, MANIFEST
from phone_audit.acquire.text import shown
from phone_audit.errors import SnapshotError
from phone_audit.files.bounded_lines import read_bounded
from phone_audit.files.bounds import BoundsError
from phone_audit.files.open_regular import open_regular
from phone_audit.model.wording import counted

HINT = (
    "Known are: the folder that `scan --save` made, an acquisition of androidqf (folder, ZIP), a bug report, the "
    "output of Hubble, that of MVT up to 2.6, a folder with the texts of getprop, dumpsys and pm, and a firmware: "
    "images, an update or an unpacked dump."
)
MOST_NAMED = 5


@contextmanager
def open_imported(path: Path, scratch: Path) -> Iterator[tuple[ImportedAcquisition, FileContainer]]:
    """Open and read a folder, a ZIP archive, or the main text of a bug report, decrypted.

    `scratch` is an empty folder for what is taken out of archives. Raises a SnapshotError where no known tool made it,
    or it is damaged.
    """
    if path.is_file() and not is_archive(path):
        text = _main_text(path)
        yield bugreport.imported_report(*bugreport.text_answers(text, path)), FileContainer(path)
        return
    container = open_container(path)
    try:
        yield _read(container, scratch), container
    finally:
        container.close()


def _read(container: FileContainer, scratch: Path) -> ImportedAcquisition:
    names = container.names()
    imported = _known(container, names, scratch)
    if imported is None:
        _refuse_several(container.path)
    if imported is None and text_folder.recognised(container, names):
        return text_folder.read_text_folder(container)
    if imported is None:
        raise SnapshotError(f"{container.path} is not a known kind of acquisition.", HINT)
    return replace(imported, skipped=(*imported.skipped, *text_folder.unused(container, imported.used)))


def _refuse_several(folder: Path) -> None:
    """Refuse a folder in which several phones were saved with a SnapshotError that says what to name instead."""
    try:
        entries = list(folder.iterdir()) if folder.is_dir() else []
    except OSError:
        return
    saved = sum((path / MANIFEST).is_file() and (path / ANSWERS).is_dir() for path in entries)
    sealed = sum(path.name.endswith(SUFFIX) and path.is_file() for path in entries)
    if not saved and not sealed:
        return
    place = shlex.quote(str(folder))
    if not saved:
        raise SnapshotError(
            f"{folder} holds {counted(sealed, 'encrypted acquisition')}.",
            f"Name them: {place}/*{SUFFIX} --identity FILE, which is the secret key that opens them.",
        )
    key = " (with --identity FILE, the secret key, where some are encrypted)" if sealed else ""
    raise SnapshotError(f"{folder} holds {counted(saved + sealed, 'acquisition')}.", f"Name them: {place}/*{key}")


def _known(container: FileContainer, names: Sequence[str], scratch: Path) -> ImportedAcquisition | None:
    """Read what a tool made; None where none did. MVT's files have the same names as androidqf's, and more."""
    if mvt.recognised(container, names):
        return mvt.read_mvt(container)
    if prefixes := androidqf.recognised(names):
        return androidqf.read_androidqf(container, _only(container, prefixes), scratch)
    if bugreport.recognised(container, names):
        return bugreport.read_bugreport(container)
    if prefixes := hubble.recognised(container, names):
        return hubble.read_hubble(container, _only(container, prefixes))
    return None


def _only(container: FileContainer, prefixes: Sequence[str]) -> str:
    """Return the folder of the one acquisition."""
    if len(prefixes) > 1:
        named = ", ".join(shown(prefix) or "its top" for prefix in prefixes[:MOST_NAMED])
        more = f" and {len(prefixes) - MOST_NAMED} more" if len(prefixes) > MOST_NAMED else ""
        raise SnapshotError(
            f"{container.path} holds {len(prefixes)} acquisitions: {named}{more}.", "Name the folder of one of them."
        )
    return prefixes[0]


def _main_text(path: Path) -> bytes:
    try:
        with open_regular(path) as file:
            if not bugreport.is_main_text(file.read(bugreport.LOOKED_AT)):
                raise SnapshotError(f"{path} is not a known kind of acquisition.", HINT)
            file.seek(0)
            return read_bounded(file, bugreport.TEXT_LIMIT)
    except OSError as error:
        raise SnapshotError(f"{path} cannot be read: {error.strerror}.") from error
    except BoundsError as error:
        raise SnapshotError(f"{path} is larger than any bug report.") from error
