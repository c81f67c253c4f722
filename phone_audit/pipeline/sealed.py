"""Acquisitions that are one file: opened before they are read, closed after they were made."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from phone_audit.acquire.store.age import decrypt, is_age, needs_identity, read_identity, read_recipients
from phone_audit.acquire.store.archive import seal, sealed_name, unpack_ours
from phone_audit.acquire.store.container import is_archive
from phone_audit.errors import SnapshotError

__all__ = ["as_named", "check_keys", "opened", "saved_sealed", "sealed_name"]

_FALLBACK = "acquisition"


def check_keys(encrypt_to: Sequence[str], identity: Path | None) -> None:
    """Refuse what is no key, before a phone is asked anything.

    Raises:
        UsageError: a recipient is none, or the file holds no secret key.
    """
    read_recipients(encrypt_to)
    if identity is not None:
        read_identity(identity)


def opened(path: Path, identity: Path | None, scratch: Path) -> Path:
    """Return what is to be read: the path itself, what age decrypts of it, or the folder that an archive of ours holds.

    Args:
        path: what the person named; it is there.
        identity: the file with the secret key, where one was named.
        scratch: a folder for what is taken out; it is emptied by whoever made it.

    Raises:
        UsageError: it is encrypted and no key was named, or the key cannot be used.
        SnapshotError: the key does not open it, or it is damaged.
    """
    if path.is_dir():
        return path
    named, name = path, path.name
    if is_age(path):
        if identity is None:
            raise needs_identity(path)
        name = name.removesuffix(".age") or _FALLBACK
        path = decrypt(path, read_identity(identity), scratch / f"decrypted-{name}")
    if is_archive(path):
        folder = scratch / f"unpacked-{name}"
        with as_named(path, named):
            if unpack_ours(path, folder):
                return folder
    return path


@contextmanager
def as_named(path: Path, named: Path) -> Iterator[None]:
    """Let errors speak of what the person named, not of the file that it was decrypted to."""
    try:
        yield
    except SnapshotError as error:
        if path == named:
            raise
        raise SnapshotError(error.message.replace(str(path), str(named)), error.hint) from error


@contextmanager
def saved_sealed(save: Path | None, encrypt_to: tuple[str, ...], scratch: Path) -> Iterator[Path | None]:
    """Yield the folder in which a phone's answers are to be kept, and turn it into an encrypted file at the end.

    Where nothing is to be encrypted that is `save` itself. Where the block fails, no file is made.

    Raises:
        UsageError: a recipient is none.
        SnapshotError: the file is there already, or cannot be written.
    """
    if save is None or not encrypt_to:
        yield save
        return
    recipients = read_recipients(encrypt_to)
    path = sealed_name(save)
    if path.exists():
        raise SnapshotError(f"{path} is there already.", "Name another file; a saved one is never changed.")
    folder = scratch / _FALLBACK
    yield folder
    seal(folder, path, recipients)
