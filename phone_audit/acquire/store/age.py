"""Files encrypted with age (https://age-encryption.org/v1); the only file that imports pyrage."""

import contextlib
import errno
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import pyrage  # noqa: TID251

from phone_audit.acquire.store.disk_space import writing
from phone_audit.errors import TO_TYPE, SnapshotError, UsageError
from phone_audit.files.atomic_write import creating, open_new
from phone_audit.files.open_regular import open_regular

SUFFIX = ".age"
MAGIC = b"age-encryption.org/v1\n"
ARMOUR = b"-----BEGIN AGE ENCRYPTED FILE-----"

KEY_FILE_LIMIT = 2**20
"""Bytes of a file of keys."""
HEADER_LIMIT = 2**17
"""Bytes of a header that are looked through for its end; one for 50 recipients has about 5 KB."""
MOST_STANZAS = 512
"""Recipients of one file. pyrage reads a header in time that grows with the square of their number."""

_SSH = ("ssh-ed25519 ", "ssh-rsa ")
_SSH_KEY = b"-----BEGIN "
KEY_WITHOUT_AGE = f'{TO_TYPE}ssh-keygen -t ed25519 -N "" -f case-key'
"""What makes a key where there is no age-keygen."""
_RECIPIENT_HINT = (
    "Make a key with 'age-keygen -o key.txt'; the line 'Public key' holds the recipient, which begins with age1. "
    "A public SSH key (ssh-ed25519 or ssh-rsa), or a file with one recipient a line, is taken as well. "
    "Where there is no age-keygen, this makes case-key.pub for --encrypt-to, and case-key for --identity:\n"
    f"{KEY_WITHOUT_AGE}"
)


@dataclass(frozen=True)
class Recipients:
    """To whom files are encrypted."""

    keys: tuple[Any, ...] = field(repr=False)


@dataclass(frozen=True)
class Identity:
    """The secret keys in one file. `path` is where they were read from."""

    path: Path
    keys: tuple[Any, ...] = field(repr=False)


def read_recipients(named: Sequence[str]) -> Recipients:
    """Read recipients as a person names them: each `age1…`, a public SSH key, or a file with one of these a line.

    Raises a UsageError where one is neither; a secret key is never repeated in the message.
    """
    return Recipients(tuple(key for text in named for key in _recipients(text.strip())))


def read_identity(path: Path) -> Identity:
    """Read a file of secret keys, as `age-keygen` makes it, or a private SSH key without a passphrase.

    Raises a UsageError where it cannot be read, or holds no such key.
    """
    data = _key_file(path)
    if data.startswith(_SSH_KEY) and not data.startswith(ARMOUR):
        try:
            return Identity(path, (pyrage.ssh.Identity.from_buffer(data),))
        except pyrage.IdentityError as error:
            raise _no_identity(path) from error
    try:
        lines = [line.strip() for line in data.decode("ascii").splitlines()]
        keys = [pyrage.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except (UnicodeDecodeError, pyrage.IdentityError) as error:
        raise _no_identity(path) from error
    if not keys:
        raise _no_identity(path)
    return Identity(path, tuple(keys))


def is_age(path: Path) -> bool:
    """Tell whether a file begins as one that age made, or bears its suffix."""
    if path.suffix.lower() == SUFFIX:
        return True
    try:
        with open_regular(path) as file:
            return file.read(len(ARMOUR)).startswith((MAGIC, ARMOUR))
    except OSError:
        return False


def encrypt(path: Path, recipients: Recipients, write: Callable[[BinaryIO], None]) -> None:
    """Make an encrypted file, whole or not at all, that only this user may read.

    `write` writes the content into a stream that cannot be sought, in a thread of its own; what it raises is raised
    here, and a SnapshotError where the file is there already, or cannot be written.
    """
    if os.path.lexists(path):
        raise _is_there(path)
    with writing(path, "Name a file in a folder that you may write to."):
        try:
            with creating(path) as file:
                _pour(file, recipients, write)
        except FileExistsError as error:
            raise _is_there(path) from error


def decrypt(path: Path, identity: Identity, into: Path) -> Path:
    """Decrypt a file into a new one that only this user may read, and give that.

    Raises a SnapshotError where it is no age file, none that these keys open, or damaged; `into` is then not there.
    """
    try:
        with open_regular(path) as source:
            _check_header(path, source)
            with open_new(into) as target:
                _decrypt(path, identity, source, target)
    except SnapshotError:
        into.unlink(missing_ok=True)
        raise
    except OSError as error:
        into.unlink(missing_ok=True)
        what = "The disk for its content is full" if error.errno == errno.ENOSPC else str(error.strerror or error)
        raise SnapshotError(f"{path} cannot be decrypted: {what}.", "Free some space, or name another file.") from error
    return into


def _recipients(text: str) -> list[Any]:
    if text.startswith(("age1", *_SSH)):
        return [_recipient(text)]
    if text.upper().startswith("AGE-SECRET-KEY-"):
        raise UsageError("A secret key was named as the recipient.", "Name the public key, which begins with age1.")
    path = Path(text)
    if not text or not path.is_file():
        raise UsageError(f"{text!r} is not an age recipient, nor a file of them.", _RECIPIENT_HINT)
    try:
        lines = [line.strip() for line in _key_file(path).decode("utf-8").splitlines()]
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} holds no age recipient.", _RECIPIENT_HINT) from error
    keys = [_recipient(line, path) for line in lines if line and not line.startswith("#")]
    if not keys:
        raise UsageError(f"{path} holds no age recipient.", _RECIPIENT_HINT)
    return keys


def _recipient(text: str, path: Path | None = None) -> Any:
    kinds = (pyrage.ssh.Recipient,) if text.startswith(_SSH) else (pyrage.x25519.Recipient, pyrage.tag.Recipient)
    for kind in kinds:
        with contextlib.suppress(pyrage.RecipientError):
            return kind.from_str(text)
    what = f"A line of {path}" if path else repr(text)
    raise UsageError(f"{what} is not an age recipient that can be used here.", _RECIPIENT_HINT)


def _key_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(KEY_FILE_LIMIT + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}.", "Name a file of keys.") from error
    if len(data) > KEY_FILE_LIMIT:
        raise UsageError(f"{path} is larger than any file of keys.")
    return data


def _no_identity(path: Path) -> UsageError:
    return UsageError(
        f"{path} holds no secret key that can be used here.",
        "Name the file that 'age-keygen -o' made, or a private SSH key that has no passphrase.",
    )


def _pour(file: BinaryIO, recipients: Recipients, write: Callable[[BinaryIO], None]) -> None:
    """Encrypt what `write` writes, as it comes; an error of either end ends both."""
    outlet, inlet = os.pipe()
    failed: list[BaseException] = []

    def fill() -> None:
        try:
            with os.fdopen(inlet, "wb") as pipe:
                write(pipe)
        except BaseException as error:  # noqa: BLE001 - raised again in the calling thread
            failed.append(error)

    thread = threading.Thread(target=fill, name="age", daemon=True)
    thread.start()
    target = _Target(file)
    try:
        with os.fdopen(outlet, "rb") as content:
            pyrage.encrypt_io(content, target, recipients.keys)
    except pyrage.EncryptError as error:
        if target.failed is not None:
            raise target.failed from error
        raise SnapshotError(f"It cannot be encrypted: {error}.") from error
    finally:
        thread.join()
    if failed:
        raise failed[0]


class _Target:
    """A file that remembers why it could not be written, which pyrage only tells as text."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.failed: OSError | None = None

    def write(self, data: bytes) -> int:
        try:
            return self._file.write(data)
        except OSError as error:
            self.failed = error
            raise

    def flush(self) -> None:
        self._file.flush()


def _check_header(path: Path, file: BinaryIO) -> None:
    """Look at the header before pyrage does, which takes long over one that never ends."""
    head = file.read(HEADER_LIMIT)
    file.seek(0)
    if head.startswith(ARMOUR):
        raise SnapshotError(f"{path} is an age file written as text.", "Turn it into a file with 'age -d' first.")
    end = head.find(b"\n--- ")
    if not head.startswith(MAGIC) or end < 0 or head.count(b"\n-> ", 0, end) > MOST_STANZAS:
        raise SnapshotError(
            f"{path} is not a file encrypted with age, or only the beginning of one.", "Copy it again from its source."
        )
    if b"\n-> scrypt " in head[:end]:
        raise SnapshotError(
            f"{path} is encrypted with a passphrase, which cannot be asked for here.",
            "Decrypt it with 'age -d' first; what --encrypt-to makes is encrypted to a key.",
        )


def _decrypt(path: Path, identity: Identity, source: BinaryIO, target: BinaryIO) -> None:
    try:
        pyrage.decrypt_io(source, target, identity.keys)
    except pyrage.DecryptError as error:
        if "matching" in str(error):
            raise SnapshotError(
                f"{path} was not encrypted to the key in {identity.path}.", "Name the file with the right secret key."
            ) from error
        raise _damaged(path) from error
    except OSError as error:
        if error.errno is None:  # pyrage reports a block whose check sum is wrong, or that is missing, in this way
            raise _damaged(path) from error
        raise


def _damaged(path: Path) -> SnapshotError:
    return SnapshotError(f"{path} is damaged or cut off: it is not what was encrypted.", "Copy it again.")


def _is_there(path: Path) -> SnapshotError:
    return SnapshotError(f"{path} is there already.", "Name another file; a saved one is never changed.")
