"""Files of a phone as a saved acquisition holds them: parts of them, and the hashes of all.

Parts: a line that says which they are, then their bytes one behind the other.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, BinaryIO, Final

from pydantic import Field, StrictInt, TypeAdapter, ValidationError

from phone_audit.acquire.transport import PULL_LIMIT
from phone_audit.errors import SnapshotError
from phone_audit.files.bounded_json import checked, parse
from phone_audit.files.bounds import PARTS_HEAD, SAVED_HASHES
from phone_audit.model.base import Frozen, read_document, read_strictly
from phone_audit.model.device import HashSource
from phone_audit.model.finding import Skipped
from phone_audit.model.parts import Parts

SUFFIX = ".parts"
SHA256: Final = r"^[0-9a-f]{64}$"
"""A hash as it is written in lower-case hexadecimal."""
_PIECE = 2**20


class _Head(Frozen):
    """The first line. It may come from anybody, and the hash becomes the name of a file."""

    size: Annotated[StrictInt, Field(gt=0, le=PULL_LIMIT)]
    sha256: Annotated[str, Field(pattern=SHA256)] | None
    ranges: tuple[tuple[StrictInt, StrictInt], ...]


def pack(local: Path, size: int, parts: Parts, sha256: str | None, into: BinaryIO) -> None:
    """Write the parts of a file."""
    head = {"size": size, "sha256": sha256, "ranges": [list(one) for one in parts.ranges]}
    into.write(json.dumps(head, separators=(",", ":")).encode() + b"\n")
    with local.open("rb") as whole:
        for start, end in parts.ranges:
            whole.seek(start)
            for piece in _pieces(whole, end - start):
                into.write(piece)


def unpack(packed: BinaryIO, name: Path, into: Path) -> tuple[int, Parts, str | None]:
    """Make a file of the full size from its parts. Raises a SnapshotError where it was not made by `pack`.

    Returns:
        Size of the whole in bytes, the parts, and the hash of the whole.
    """
    try:
        head = read_strictly(_Head, checked(packed.readline(PARTS_HEAD.size), PARTS_HEAD))
        parts = Parts(head.ranges)
    except ValueError as error:  # of JSON, its bounds, the model and the ranges
        raise _damaged(name) from error
    size = head.size
    if parts.ranges and parts.ranges[-1][1] > size:
        raise _damaged(name)
    with into.open("wb") as whole:
        whole.truncate(size)
        for start, end in parts.ranges:
            whole.seek(start)
            left = end - start
            for piece in _pieces(packed, left):
                whole.write(piece)
                left -= len(piece)
            if left:
                raise _damaged(name)
    if packed.read(1):
        raise _damaged(name)
    return size, parts, head.sha256


def _pieces(file: BinaryIO, size: int) -> Iterator[bytes]:
    while size and (piece := file.read(min(size, _PIECE))):
        size -= len(piece)
        yield piece


def _damaged(name: Path) -> SnapshotError:
    return SnapshotError(f"{name} holds no parts of a file.", "Copy the whole folder again, or save the phone again.")


_HASH = TypeAdapter[tuple[str, HashSource]](tuple[Annotated[str, Field(pattern=SHA256)], HashSource])

NO_TOOL = Skipped(
    subject="phone",
    step="command",
    code="no-hash-tool",
    reason="The phone has no tool that computes SHA-256, so a file of which only parts were read has no hash. It is "
    "told apart by its size and by what was read of it, of which the directory of the archive is a part.",
)


@dataclass
class FileHashes:
    """What is known of the hashes: path → SHA-256 and where it comes from, and what is to be said of the rest."""

    hashes: dict[str, tuple[str, HashSource]] = field(default_factory=dict)
    notes: list[Skipped] = field(default_factory=list)


def hashes_saved(hashed: FileHashes) -> bytes:
    """Return the hashes as they are kept; `read_hashes` reads them."""
    saved = {
        "hashes": {path: list(known) for path, known in sorted(hashed.hashes.items())},
        "notes": [note.model_dump() for note in hashed.notes],
    }
    return json.dumps(saved, indent=1).encode("ascii") + b"\n"


def read_hashes(saved: bytes) -> FileHashes:
    """Read what `hashes_saved` gave. Raises SnapshotError where it is something else."""
    try:
        read = parse(checked(saved, SAVED_HASHES))
        notes = [read_document(Skipped, checked(json.dumps(note).encode(), SAVED_HASHES)) for note in read["notes"]]
        hashes = {_path(path): _HASH.validate_python(known) for path, known in read["hashes"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, ValidationError) as error:
        raise SnapshotError(
            "The saved acquisition holds hashes that cannot be right.", "Copy the whole folder again."
        ) from error
    return FileHashes(hashes, notes)


def _path(path: str) -> str:
    """Return a path as a phone can have it, whose bytes that are no UTF-8 are escaped; else `ValueError`."""
    path.encode("utf-8", "surrogateescape")
    return path
