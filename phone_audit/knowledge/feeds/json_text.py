"""JSON of a feed: hostile input, so every shape is looked at before it is used."""

import json
from typing import Any

LARGEST = 256 * 2**20


class FeedError(ValueError):
    """A feed cannot be read at all; the message is a sentence without a full stop."""


def read_json(data: bytes) -> Any:
    """Parse JSON.

    Raises:
        FeedError: it is none, or nested too deeply.
    """
    try:
        return json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise FeedError(f"it is no JSON: {error}") from error


def texts(value: object) -> list[str]:
    """Give the texts of a list; a single text is a list of one, everything else is left out."""
    if isinstance(value, str):
        return [value]
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def text(value: object) -> str:
    """Give a text; what is none is empty."""
    return value if isinstance(value, str) else ""


def mapping(value: object) -> dict[str, Any]:
    """Give an object; what is none is empty."""
    return value if isinstance(value, dict) else {}


def lines(data: bytes) -> list[str]:
    """Give the lines of a text file, whatever its bytes."""
    return data.decode("utf-8-sig", "replace").splitlines()
