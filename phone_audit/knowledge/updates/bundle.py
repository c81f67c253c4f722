"""A knowledge folder as one ZIP: `incidents/x.json`, `indicators/feed.jsonl` and so on, and nothing else."""

import re
from pathlib import Path
from typing import Final

from phone_audit.errors import KnowledgeError
from phone_audit.files.bounded_zip import ZipBounds, ZipEntry, ZipError, ZipReader, is_plain
from phone_audit.files.bounds import BoundsError
from phone_audit.files.open_regular import open_regular
from phone_audit.files.short_repr import short_repr
from phone_audit.knowledge.files import FEED_FOLDER
from phone_audit.knowledge.kinds import FOLDERS

_NAME: Final = re.compile(
    rf"(?:(?:{'|'.join(FOLDERS)})/[A-Za-z0-9][A-Za-z0-9._-]*\.json|{FEED_FOLDER}/[A-Za-z0-9][A-Za-z0-9._-]*\.jsonl"
    rf"|(?:{'|'.join((*FOLDERS, FEED_FOLDER))})/LICENSE[A-Za-z0-9._-]*)"
)
_MOST_FILES: Final = 20_000
_MOST_BYTES: Final = 512 * 2**20


def unpack(path: Path, into: Path) -> None:
    """Unpack a bundle into a folder.

    Raises:
        KnowledgeError: it is no such bundle, damaged, or unfolds into too much.
        OSError: it cannot be written.
    """
    try:
        with open_regular(path) as file, ZipReader(file, ZipBounds(2 * _MOST_FILES)) as bundle:
            entries = [entry for entry in bundle.entries if not entry.filename.endswith("/")]
            _check_entries(entries)
            left = _MOST_BYTES
            for entry in entries:
                left -= _write(bundle, entry, into / entry.filename, left)
    except BoundsError as error:
        raise KnowledgeError(f"The bundle was not read: {error}.", f"One to {_MOST_FILES} files are taken.") from error
    except ZipError as error:
        raise KnowledgeError(f"It is no ZIP, or a damaged one: {error}.", "Ask its publisher.") from error


def _check_entries(entries: list[ZipEntry]) -> None:
    if not entries or len(entries) > _MOST_FILES:
        raise KnowledgeError(f"The bundle holds {len(entries)} files.", f"One to {_MOST_FILES} are taken.")
    seen: set[str] = set()
    for entry in entries:
        if not _NAME.fullmatch(entry.filename) or entry.filename.lower() in seen:
            raise KnowledgeError(
                f"The bundle holds a file that has no place in it: {short_repr(entry.filename)}.",
                "It may hold incidents/x.json and so on, indicators/feed.jsonl, each once, and LICENSE files there.",
            )
        if not is_plain(entry):
            raise KnowledgeError(f"{entry.filename} is encrypted, or packed in an unusual way.", "Use plain ZIP.")
        seen.add(entry.filename.lower())


def _write(bundle: ZipReader, entry: ZipEntry, target: Path, left: int) -> int:
    """Write one file and give its length; the length that the ZIP states is not believed."""
    written = 0
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with target.open("xb") as file:
        for piece in bundle.pieces(entry):
            written += len(piece)
            if written > left:
                raise KnowledgeError(
                    f"The bundle unfolds into more than {_MOST_BYTES // 2**20} MB.", "Ask its publisher."
                )
            file.write(piece)
    return written
