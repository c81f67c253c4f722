"""Feeds on disk: JSON lines, the head first. The same for those of the package and those of the user."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from phone_audit.errors import KnowledgeError
from phone_audit.files.atomic_write import replacing, rights_of
from phone_audit.files.bounded_json import JsonError, checked
from phone_audit.files.bounded_lines import read_lines
from phone_audit.files.bounds import FEED_ROW, BoundsError
from phone_audit.files.open_regular import open_regular
from phone_audit.knowledge.feeds.indicator import About, FeedHead, FeedRow, Indicator, Kind
from phone_audit.knowledge.files import FEED_FOLDER, open_knowledge
from phone_audit.model.base import Document, first_fault, read_strictly

_VALUES_A_ROW: Final = 500


def feed_files(folder: Path) -> tuple[Path, ...]:
    """Return the feed files of a knowledge folder, by name."""
    return tuple(sorted((folder / FEED_FOLDER).glob("*.jsonl")))


def write_feed(path: Path, head: FeedHead, indicators: Iterable[Indicator]) -> None:
    """Write a feed as a whole: nobody sees half of it, and a failure leaves what was there."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with replacing(path, mode=rights_of(path)) as file:
            file.write(_line(head.model_dump(mode="json")))
            for row in _rows(indicators):
                file.write(_line(row.model_dump(mode="json", exclude_defaults=True)))
    except OSError as error:
        raise KnowledgeError(
            f"{path} cannot be written: {error.strerror}.", "Free some room, or check your rights."
        ) from error


def _line(value: object) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"
    return text.encode("utf-8", "replace")  # JSON can hold half of a surrogate pair, which UTF-8 cannot


def _rows(indicators: Iterable[Indicator]) -> Iterator[FeedRow]:
    groups: dict[tuple[Kind, About], set[str]] = {}
    for item in indicators:
        groups.setdefault((item.kind, item.about), set()).add(item.value)
    for (kind, about), values in sorted(
        groups.items(), key=lambda group: (group[0][1].name, group[0][0], str(group[0][1]))
    ):
        ordered = sorted(values)
        for start in range(0, len(ordered), _VALUES_A_ROW):
            part = tuple(ordered[start : start + _VALUES_A_ROW])
            yield FeedRow(
                kind=kind, name=about.name, class_=about.class_, weight=about.weight, note=about.note,
                by_file=about.by_file, values=part,
            )  # fmt: skip


def read_head(path: Path) -> FeedHead:
    """Read where a feed comes from; KnowledgeError where the file cannot be read, or its first line is no head."""
    first = next(feed_lines(path), b"")
    try:
        return read_line(FeedHead, first)
    except LineError as error:
        raise _broken(path, 1, error) from error


def read_rows(path: Path) -> Iterator[FeedRow]:
    """Yield the rows of a feed. Raises KnowledgeError where a line breaks the schema; names file, line and field."""
    for number, line in enumerate(feed_lines(path), 1):
        if number > 1:
            try:
                yield read_line(FeedRow, line)
            except LineError as error:
                raise _broken(path, number, error) from error


def feed_lines(path: Path) -> Iterator[bytes | None]:
    """Yield the lines of a feed with their ends; None for one that is longer than any.

    Raises:
        KnowledgeError: the file cannot be read.
    """
    try:
        with open_knowledge(path) as file:
            yield from read_lines(file, FEED_ROW.size)
    except OSError as error:
        raise KnowledgeError(f"{path} cannot be read: {error.strerror}.") from error


class LineError(ValueError):
    """A line breaks its schema: `place` is the field, `what` says what is wrong there."""

    def __init__(self, place: str, what: str) -> None:
        super().__init__(f"{place}: {what}")
        self.place = place
        self.what = what


def read_line(model: type[Document], line: bytes | None) -> Document:
    """Read a line of `feed_lines`. Raises LineError where it breaks the schema."""
    if line is None:
        raise LineError("whole line", f"it is longer than {FEED_ROW.size // 2**20} MB, which no line of a feed is")
    try:
        return read_strictly(model, checked(line, FEED_ROW))
    except ValidationError as error:
        place, what = first_fault(error)
        raise LineError(place or "whole line", what) from error
    except (BoundsError, JsonError) as error:
        raise LineError("whole line", str(error)) from error


def _broken(path: Path, number: int, error: LineError) -> KnowledgeError:
    return KnowledgeError(f"{path}: line {number}: {error}.", f"Import the feed again, or remove {path.name}.")


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file. Raises KnowledgeError where it cannot be read."""
    try:
        with open_regular(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise KnowledgeError(f"{path} cannot be read: {error.strerror}.") from error
