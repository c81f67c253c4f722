"""JSON of a feed: hostile input, so every shape is looked at before it is used."""

from typing import Any

from phone_audit.files.bounded_json import JsonError, checked, parse
from phone_audit.files.bounds import FEED, BoundsError
from phone_audit.model.text import as_utf8, decoded


class FeedError(ValueError):
    """A feed cannot be read at all; the message is a sentence without a full stop."""


def read_json(data: bytes) -> Any:
    """Parse JSON.

    Raises:
        FeedError: it is none, or holds more than any feed does.
    """
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


def lines(data: bytes) -> list[str]:
    """Return the lines of a text file, whatever its bytes."""
    return decoded(data).splitlines()
