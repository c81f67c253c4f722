"""The files of a saved acquisition whose files were read beside the questions."""

import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from phone_audit.acquire.asking import Reader
from phone_audit.acquire.files.background import Hashed
from phone_audit.acquire.files.copying import Copies, copy_files
from phone_audit.acquire.files.plan import Plan
from phone_audit.acquire.saved.replay import ReplayTransport
from phone_audit.errors import SnapshotError
from phone_audit.model.base import read_document
from phone_audit.model.finding import Skipped


def hashes_saved(hashed: Hashed) -> bytes:
    """Give the hashes as they are kept; `read_hashes` reads them."""
    saved = {
        "hashes": {path: list(known) for path, known in sorted(hashed.hashes.items())},
        "notes": [note.model_dump() for note in hashed.notes],
    }
    return json.dumps(saved, indent=1).encode("ascii") + b"\n"


def read_hashes(saved: bytes) -> Hashed:
    """Read what `hashes_saved` gave.

    Raises:
        SnapshotError: it is something else.
    """
    try:
        read = json.loads(saved)
        notes = [read_document(Skipped, json.dumps(note)) for note in read["notes"]]
        hashes = {str(path): (str(digest), source) for path, (digest, source) in read["hashes"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, ValidationError) as error:
        raise SnapshotError(
            "The saved acquisition holds hashes that make no sense.", "Copy the whole folder again."
        ) from error
    return Hashed(hashes, notes)


def copy_saved(
    reader: Reader,
    replay: ReplayTransport,
    copies: Copies,
    files: Sequence[tuple[str, int]],
    hashes: dict[str, str],
    into: Path,
    plan: Plan,
) -> list[tuple[str, int]]:
    """Give the files that the acquisition holds, as `copy_files`; returns those it does not hold."""
    held = [(path, size) for path, size in files if replay.has_parts(path) or replay.has_file(path)]
    copy_files(reader, copies, held, hashes, into, plan)
    return [file for file in files if file not in set(held)]
