"""JSON, CSV and lines of a feed: hostile input, so every shape is looked at before it is used."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from phone_audit.files.bounded_json import JsonError, checked, parse
from phone_audit.files.bounds import FEED, BoundsError
from phone_audit.files.short_repr import short_repr
from phone_audit.knowledge.feeds.indicator import About, Kind, Rejected, Row
from phone_audit.knowledge.feeds.values import row, shown
from phone_audit.model.text import as_utf8, decoded


class FeedError(ValueError):
    """A feed cannot be read at all; the message is a sentence without a full stop."""


def read_json(data: bytes) -> Any:
    """Parse JSON. Raises FeedError where it is none, or holds more than any feed does."""
    try:
        return parse(checked(as_utf8(data), FEED))
    except (BoundsError, JsonError) as error:
        raise FeedError(str(error)) from error


def texts(value: object) -> list[str]:
    """Return the texts of a list; a single text is a list of one, everything else is left out."""
    if isinstance(value, str):
        return [value]
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def text(value: object) -> str:
    """Return a text; what is none is empty, and half of a surrogate pair a question mark."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def mapping(value: object) -> dict[str, Any]:
    """Return an object; what is none is empty."""
    return value if isinstance(value, dict) else {}


def listed(value: object, fault: str) -> list[Any]:
    """Return a list. Raises FeedError where it is none; says so in these words."""
    if not isinstance(value, list):
        raise FeedError(fault)
    return value


def rows(kind: Kind, value: object, about: About) -> Iterator[Row]:
    """Return an indicator of this kind, or the reason against it, for each text of a list."""
    return (row(kind, text, about) for text in texts(value))


def lines(data: bytes) -> list[str]:
    """Return the lines of a text file, whatever its bytes."""
    return decoded(data).splitlines()


def table(data: bytes) -> Iterator[dict[str, str] | Rejected]:
    """Yield each line by the names of the columns, in lower case. Lines with more columns are left out."""
    text = data.decode("utf-8-sig", "replace").replace("\0", "")
    head_line = text.partition("\n")[0]
    delimiter = max(",;\t|", key=head_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    head: list[str] | None = None
    while True:
        try:
            line = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Rejected(f"line {reader.line_num}", f"it is no CSV: {error}")
            continue
        if not line or line[0].startswith("#"):
            continue
        if head is None:
            head = [name.strip().lower() for name in line]
        elif len(line) > len(head):
            yield Rejected(shown(f"line {reader.line_num}: {short_repr(line)}"), "it has more columns than the head")
        else:
            yield dict(zip(head, (cell.strip() for cell in line), strict=False))
