"""SHA-256 of a phone's files, as they were taken in threads of their own and are saved."""

import json
import re
from dataclasses import dataclass, field
from typing import Final

from pydantic import ValidationError

from phone_audit.acquire.store.parts import SHA256
from phone_audit.errors import SnapshotError
from phone_audit.files.bounded_json import checked, parse
from phone_audit.files.bounds import SAVED_HASHES
from phone_audit.model.base import read_document
from phone_audit.model.device import HashSource
from phone_audit.model.finding import Skipped

_SOURCES: Final[tuple[HashSource, ...]] = ("device", "host", "cached", "none")

NO_TOOL = (
    "The phone has no tool that computes SHA-256, so a file of which only parts were read has no hash. It is told "
    "apart by its size and by what was read of it, of which the directory of the archive is a part."
)


@dataclass
class FileHashes:
    """What is known of the hashes: path → SHA-256 and where it comes from, and what is to be said of the rest."""

    hashes: dict[str, tuple[str, HashSource]] = field(default_factory=dict)
    notes: list[Skipped] = field(default_factory=list)

    def note_no_tool(self) -> None:
        """Note that the phone hashes nothing, so that files of which only parts are read have no hash."""
        self.notes.append(Skipped(subject="phone", step="command", code="no-hash-tool", reason=NO_TOOL))


def hashes_saved(hashed: FileHashes) -> bytes:
    """Return the hashes as they are kept; `read_hashes` reads them."""
    saved = {
        "hashes": {path: list(known) for path, known in sorted(hashed.hashes.items())},
        "notes": [note.model_dump() for note in hashed.notes],
    }
    return json.dumps(saved, indent=1).encode("ascii") + b"\n"


def read_hashes(saved: bytes) -> FileHashes:
    """Read what `hashes_saved` gave.

    Raises:
        SnapshotError: it is something else.
    """
    try:
        read = parse(checked(saved, SAVED_HASHES))
        notes = [read_document(Skipped, checked(json.dumps(note).encode(), SAVED_HASHES)) for note in read["notes"]]
        hashes = {_path(path): _hash(*known) for path, known in read["hashes"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, ValidationError) as error:
        raise SnapshotError(
            "The saved acquisition holds hashes that cannot be right.", "Copy the whole folder again."
        ) from error
    return FileHashes(hashes, notes)


def _path(path: str) -> str:
    """Return a path as a phone can have it, whose bytes that are no UTF-8 are escaped.

    Raises:
        ValueError: it is none.
    """
    path.encode("utf-8", "surrogateescape")
    return path


def _hash(digest: object, source: object) -> tuple[str, HashSource]:
    """Return a hash and where it comes from.

    Raises:
        ValueError: they are none.
    """
    if not isinstance(digest, str) or not re.fullmatch(SHA256, digest):
        raise ValueError("no hash")
    for word in _SOURCES:
        if word == source:
            return digest, word
    raise ValueError("no source of hashes")
