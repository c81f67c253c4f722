"""Seals of results: a signature of minisign beside the file, made as it is written and checked before it is shown."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from phone_audit.errors import KnowledgeError, ResultError, UsageError
from phone_audit.files.atomic_write import replace_file, rights_of
from phone_audit.files.open_regular import open_regular
from phone_audit.knowledge.updates.minisign import (
    LARGEST,
    PublicKey,
    Signature,
    key_number,
    read_public_key,
    read_signature,
    signs,
)
from phone_audit.pipeline.report import NOT_SEALED, has_seal, seal_of
from phone_audit.pipeline.seal_key import SealKey, key_id, own_public_key, sign
from phone_audit.version import __version__

_BROKEN: Final = "The file was changed or written anew after it was sealed, or the seal belongs to another file."


@dataclass(frozen=True)
class KnownKey:
    """A public key, and whose it is, as a sentence goes on: `your own key`."""

    key: PublicKey
    whose: str


class Sealer:
    """Seals files that are written."""

    def __init__(self, key: SealKey, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._key = key
        self._clock = clock

    def seal(self, path: Path, digest: bytes) -> None:
        """Write the seal of a file beside it, or raise an OSError; `digest` is the BLAKE2b of what is in the file."""
        name = "".join(letter if letter.isprintable() else "?" for letter in path.name)
        comment = f"timestamp:{int(self._clock().timestamp())}\tfile:{name}\thashed\tphone-audit:{__version__}"
        place = seal_of(path)
        replace_file(place, sign(self._key, digest, comment), mode=rights_of(place))


def read_known_keys(named: Sequence[str]) -> tuple[KnownKey, ...]:
    """Return the public keys that a person named; where none is named, this user's own, if there is one.

    Raises:
        UsageError: one of them is no public key.
    """
    own = own_public_key()
    if named or not own.is_file():
        return tuple(_known_key(text) for text in named)
    return (KnownKey(_public_key(own), "your own key"),)


def check_seal(path: Path, content: bytes, keys: Sequence[KnownKey], *, wanted: bool) -> str:
    """Check the seal beside a result, and return what it shows as a sentence.

    Args:
        path: the file that was read; `-` has no seal.
        content: the bytes that were read, and are parsed after this.
        keys: those that are known.
        wanted: whether one of these keys has to have sealed it.

    Raises:
        ResultError: the seal does not hold, or is none, or one is wanted that is not there.
    """
    place = seal_of(path)
    if not has_seal(path):
        if wanted:
            raise ResultError(f"{path} is not sealed.", f"Ask whoever made it for {place.name}.")
        return NOT_SEALED
    data = _read_seal(place)
    number = _number_in(place, data)
    known = next((one for one in keys if one.key.number == number), None)
    if known is None:
        said = f"A seal lies beside it that names the key {key_id(number)}, which is not known here"
        if wanted:
            raise ResultError(f"{path} was not checked. {said}.", "Name the right key with --seal-key.")
        return f"{said}: it was not checked, and anybody can write such a name (--seal-key names a public key)."
    signature = _verified(place, data, known.key, content)
    when = _when(signature.number("timestamp"))
    return f"Its seal holds: it is what was sealed{_name(signature)}{when} with {known.whose} ({key_id(number)})."


def _verified(place: Path, data: bytes, key: PublicKey, content: bytes) -> Signature:
    try:
        signature = read_signature(data, key)
    except KnowledgeError as error:
        raise ResultError(f"The seal {place} does not hold: {error.message}", "Ask for both files anew.") from error
    if not signs(signature, key, content):
        raise ResultError(
            f"The seal {place} does not hold. {_BROKEN}",
            "Ask whoever made the result for both files anew. Nothing of it is shown; to look at it all the same, "
            "copy it to a place without the seal.",
        )
    return signature


def _name(signature: Signature) -> str:
    """Say under which name it was sealed, as the seal states it."""
    found = re.search(r"(?:^|\t)file:([^\t]{1,200})", signature.comment)
    return f" as {found[1]}" if found else ""


def _when(seconds: int | None) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime(" on %Y-%m-%d at %H:%M UTC") if seconds else ""
    except (ValueError, OverflowError, OSError):
        return ""


def _read_seal(place: Path) -> bytes:
    try:
        with open_regular(place) as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise ResultError(
            f"The seal {place} cannot be read: {error.strerror or error}.", "Check your rights."
        ) from error


def _number_in(place: Path, data: bytes) -> bytes:
    """Return the number of the key that a seal names."""
    number = key_number(data) if len(data) <= LARGEST else None
    if number is None:
        raise ResultError(f"{place} is no seal: no file that minisign made.", "Ask for both files anew.")
    return number


def _known_key(text: str) -> KnownKey:
    try:
        return KnownKey(read_public_key(text), "the key that you named")
    except ValueError:
        return KnownKey(_public_key(Path(text)), "the key that you named")


def _public_key(path: Path) -> PublicKey:
    try:
        with open_regular(path) as file:
            lines = file.read(LARGEST).decode("ascii").split()
        return read_public_key(lines[-1] if lines else "")
    except OSError as error:
        raise UsageError(
            f"{path} is no public key: {error.strerror or error}.", "Name a .pub file of minisign."
        ) from error
    except ValueError as error:
        raise UsageError(f"{path} holds no public key of minisign.", "Name the .pub file, or its line RW….") from error
