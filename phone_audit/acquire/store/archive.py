"""A saved acquisition as one file: a ZIP archive, encrypted with age where that was asked for."""

from pathlib import Path
from typing import BinaryIO

from phone_audit.acquire.store.age import Recipients, encrypt
from phone_audit.acquire.store.container import ZipContainer
from phone_audit.acquire.store.layout import ANSWERS, APKS, MANIFEST, SCHEMA, STORED
from phone_audit.errors import SnapshotError
from phone_audit.files.bounded_json import JsonError, checked, parse
from phone_audit.files.bounded_zip import write_zip
from phone_audit.files.bounds import MANIFEST as MANIFEST_BOUNDS
from phone_audit.files.bounds import BoundsError

SUFFIX = ".zip.age"


def sealed_name(save: Path) -> Path:
    """Return the file in which the acquisition that is to be called `save` is kept encrypted.

    Example:
        >>> sealed_name(Path("case-17")), sealed_name(Path("case-17.age"))
        (PosixPath('case-17.zip.age'), PosixPath('case-17.age'))
    """
    return save if save.suffix.lower() == ".age" else save.with_name(save.name + SUFFIX)


def seal(folder: Path, path: Path, recipients: Recipients) -> None:
    """Write a saved acquisition into an encrypted file, whole or not at all.

    Raises a SnapshotError where the file is there already, or cannot be written.
    """
    encrypt(path, recipients, lambda stream: _zip(folder, stream))


def unpack_ours(archive: Path, into: Path) -> bool:
    """Unpack a ZIP archive of a saved acquisition into a new folder; False where it is none of ours.

    Only what its manifest's names can be is taken out, under names that are ours. Raises a SnapshotError where it is
    damaged, or holds a name that leads outside.
    """
    container = ZipContainer(archive)
    try:
        prefix = _prefix(container)
        if prefix is None:
            return False
        for folder in (into, into / ANSWERS, into / APKS):
            folder.mkdir(mode=0o700)
        for name in container.names():
            inside = name.removeprefix(prefix)
            if name.startswith(prefix) and (inside == MANIFEST or STORED.fullmatch(inside)):
                container.take_out(name, into / inside).chmod(0o600)
    finally:
        container.close()
    return True


def _prefix(container: ZipContainer) -> str | None:
    """Return the folder in the archive in which the acquisition lies: at its top, or one below."""
    names = [name for name in container.names() if name.endswith(MANIFEST) and name.count("/") <= 1]
    for name in sorted(names, key=lambda name: name.count("/")):
        if name.rpartition("/")[2] != MANIFEST:
            continue
        try:
            manifest = parse(checked(container.read(name, MANIFEST_BOUNDS.size), MANIFEST_BOUNDS))
        except BoundsError as error:
            raise SnapshotError(f"{name} in {container.path} was not read: {error}, which no manifest does.") from error
        except JsonError as error:
            raise SnapshotError(f"{name} in {container.path} is not a manifest.", "Copy the file again.") from error
        schema = manifest.get("schema") if isinstance(manifest, dict) else None
        if isinstance(schema, str) and schema.startswith(SCHEMA):
            return name.removesuffix(MANIFEST)
    return None


def _zip(folder: Path, stream: BinaryIO) -> None:
    """Write the archive, the manifest first."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    names = {path.relative_to(folder).as_posix(): path for path in files}
    ordered = [name for name in (MANIFEST,) if name in names] + [name for name in names if STORED.fullmatch(name)]
    write_zip(stream, ((name, names[name], name.startswith(ANSWERS) or name == MANIFEST) for name in ordered))
