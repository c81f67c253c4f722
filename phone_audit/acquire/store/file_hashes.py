"""The files of a saved acquisition whose files were read beside the questions."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from phone_audit.acquire.asking import Reader
from phone_audit.acquire.files.background import FileHashes
from phone_audit.acquire.files.copying import Copies, copy_files
from phone_audit.acquire.files.plan import Plan
from phone_audit.acquire.store.parts import SHA256
from phone_audit.acquire.store.replay import ReplayTransport
from phone_audit.errors import SnapshotError
from phone_audit.files.bounded_json import checked, parse
from phone_audit.files.bounds import SAVED_HASHES
from phone_audit.model.base import read_document
from phone_audit.model.device import HashSource
from phone_audit.model.finding import Skipped

_SOURCES: Final[tuple[HashSource, ...]] = ("device", "host", "cached", "none")


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


def copy_saved(
    reader: Reader,
    replay: ReplayTransport,
    copies: Copies,
    files: Sequence[tuple[str, int]],
    hashes: dict[str, str],
    into: Path,
    plan: Plan,
) -> list[tuple[str, int]]:
    """Return the files that the acquisition holds, as `copy_files`; returns those it does not hold."""
    held = [(path, size) for path, size in files if replay.has_parts(path) or replay.has_file(path)]
    copy_files(reader, copies, held, hashes, into, plan)
    return [file for file in files if file not in set(held)]
