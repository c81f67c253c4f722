"""Opens a firmware, whatever it is packed in."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from phone_audit.acquire.image.byte_source import ByteSource, FileBytes, ImageError, Work
from phone_audit.acquire.image.erofs import Erofs, is_erofs
from phone_audit.acquire.image.ext4 import Ext4, is_ext4
from phone_audit.acquire.image.file_system import is_name
from phone_audit.acquire.image.firmware import Firmware, Partition
from phone_audit.acquire.image.folder import FolderFiles
from phone_audit.acquire.image.layers import Contents, is_dump, is_layer
from phone_audit.acquire.image.payload import numbered_fields
from phone_audit.acquire.image.zip_members import stored_or_inflated, zip_entries
from phone_audit.errors import SnapshotError
from phone_audit.files.bounded_zip import ZipBounds
from phone_audit.files.bounds import MB
from phone_audit.files.open_regular import open_regular
from phone_audit.model.device import Module

_AGAIN: Final = "Take it from its maker again, and compare its size and hash."
_MOST_NAMED: Final = 12
_REFUSED: Final = {
    ".ofp": "Oppo's and Realme's format .ofp, which is encrypted",
    ".ozip": "Oppo's format .ozip, which is encrypted",
    ".kdz": "LG's format .kdz",
    ".pac": "the format .pac of Unisoc's tools",
    ".nb0": "the format .nb0",
}
"""Suffix → what such a file is; none of these is read."""


def is_firmware(path: Path) -> bool:
    """Tell whether a path begins as a firmware does; little is read."""
    if path.is_dir():
        return is_dump(FolderFiles(path))
    if path.suffix.lower() in _REFUSED:
        return True
    try:
        with open_regular(path) as file:
            return is_layer(FileBytes(file, path))
    except OSError:
        return False


@contextmanager
def open_firmware(path: Path) -> Iterator[Firmware]:
    """Open everything that can be read of a firmware; SnapshotError where nothing of it can be, with the reason."""
    suffix = path.suffix.lower()
    contents = Contents(Work.of_file(path.stat().st_size if path.is_file() else 0))
    if path.is_dir():
        files = FolderFiles(path)
        try:
            contents.take_tree(files, files.root, path.name, 0)
        except ImageError as error:
            raise SnapshotError(f"{path} was not read: {error}.") from error
        yield _firmware(path, contents)
        return
    if suffix in _REFUSED:
        raise SnapshotError(
            f"{path} is {_REFUSED[suffix]}; it is not read.",
            "Unpack it with a tool that you trust, and name the folder with its images.",
        )
    try:
        with open_regular(path) as file:
            contents.take(FileBytes(file, path), path.name)
            yield _firmware(path, contents)
    except OSError as error:
        raise SnapshotError(f"{path} cannot be read: {error.strerror}.") from error


def named(names: Sequence[str]) -> tuple[str, ...]:
    """Return the first of many names, and how many more there are."""
    more = len(names) - _MOST_NAMED
    return (*names[:_MOST_NAMED], f"and {more:,} more") if more > 0 else tuple(names)


def _firmware(path: Path, contents: Contents) -> Firmware:
    if not contents.partitions:
        reasons = " ".join(f"{note.subject}: {note.reason}" for note in contents.skipped[:3])
        raise SnapshotError(f"No partition of {path} could be read. {reasons}".strip(), _AGAIN)
    firmware = Firmware(contents.partitions, contents.skipped, named(contents.others))
    mount_modules(firmware, contents.work)
    firmware.note_dangling(".apk")
    return firmware


_SUFFIXES: Final = (".apex", ".capex")
_MOST: Final = 300
_MANIFEST, _PAYLOAD, _ORIGINAL = "apex_manifest.pb", "apex_payload.img", "original_apex"
_BOUNDS: Final = ZipBounds(1000)


def mount_modules(firmware: Firmware, work: Work) -> None:
    """Mount the modules of a firmware. One that cannot be read is noted, and costs itself alone."""
    paths = sorted(path for path in firmware.files if path.endswith(_SUFFIXES) and "/apex/" in path)
    for path in paths[:_MOST]:
        try:
            _mount(firmware, path, work)
        except ImageError as error:
            firmware.skip(path, "damaged", f"The module was not read: {error}.")
    if len(paths) > _MOST:
        firmware.skip("modules", "too-many", f"The image holds {len(paths)} modules; the first {_MOST} were looked at.")


def _mount(firmware: Firmware, path: str, work: Work) -> None:
    members = _members(firmware.open(path), work)
    if _ORIGINAL in members:
        members = _members(members[_ORIGINAL], work)
    if _MANIFEST not in members or _PAYLOAD not in members:
        raise ImageError("it lacks a manifest or its file system")
    manifest, payload = members[_MANIFEST], members[_PAYLOAD]
    name, version = "", None
    for number, value, raw in numbered_fields(memoryview(manifest.read(0, min(manifest.size, MB)))):
        if number == 1:
            name = bytes(raw).decode("utf-8", "backslashreplace")
        elif number == 2:
            version = value
    if not is_name(name) or not (is_ext4(payload) or is_erofs(payload)):
        raise ImageError("its name, or its file system, is none that is known")
    files = Ext4(payload) if is_ext4(payload) else Erofs(payload)
    firmware.mount(Partition(f"apex/{name}", files, path), f"/apex/{name}")
    firmware.modules.append(
        Module(
            name=name, version_code=version, path=path, updated=False, factory_version_code=version, factory_path=path
        )
    )


def _members(source: ByteSource, work: Work) -> dict[str, ByteSource]:
    """Return the members of an archive that matter. Raises ImageError where it is damaged."""
    wanted = (_MANIFEST, _PAYLOAD, _ORIGINAL)
    entries = [entry for entry in zip_entries(source, _BOUNDS) if entry.filename in wanted]
    return {entry.filename: stored_or_inflated(source, entry, work) for entry in entries}
