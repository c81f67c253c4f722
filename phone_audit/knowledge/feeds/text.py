"""JSON, YAML, CSV and lines of a feed: hostile input, so every shape is looked at before it is used."""

import csv
import io
from collections.abc import Iterator
from typing import Any, Final

import yaml  # noqa: TID251

from phone_audit.files.bounded_json import JsonError, checked, parse
from phone_audit.files.bounds import FEED, MB, YAML_DEPTH, YAML_NODES, YAML_SIZE, BoundsError
from phone_audit.files.short_repr import short_repr
from phone_audit.knowledge.feeds.indicator import About, Kind, Rejected, Row
from phone_audit.knowledge.feeds.values import row, shown
from phone_audit.model.text import as_utf8, decoded

_SAFE: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_READ: Final = ("tag:yaml.org,2002:null", "tag:yaml.org,2002:bool")


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


def listed(value: object, fault: str) -> list[Any]:
    """Return a list.

    Raises:
        FeedError: it is none; says so in these words.
    """
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


class _Plain(_SAFE):  # type: ignore[misc]  # PyYAML has no types
    """The safe loader, for which only words such as `null` and `true` are more than texts."""

    yaml_implicit_resolvers = {  # noqa: RUF012  (PyYAML's name)
        first: [(tag, form) for tag, form in forms if tag in _READ]
        for first, forms in _SAFE.yaml_implicit_resolvers.items()
    }


def read_yaml(data: bytes) -> Any:
    """Parse YAML into plain values.

    Raises:
        FeedError: it is none, is too large or nested too deeply, or holds what no list of texts needs.
    """
    if len(data) > YAML_SIZE:
        raise FeedError(f"it is larger than {YAML_SIZE // MB} MB, too much for YAML; use another format of the feed")
    try:
        _look_through(data)
        return yaml.load(data, Loader=_Plain)  # noqa: S506  (a safe loader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        if isinstance(error, FeedError):
            raise
        raise FeedError(f"it is no YAML: {str(error)[:200].splitlines()[0]}") from error


def _look_through(data: bytes) -> None:
    """Refuse what is not plain, event by event; nothing is built meanwhile."""
    nodes = depth = 0
    for event in yaml.parse(data, Loader=_Plain):
        if isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if not isinstance(event, yaml.NodeEvent):
            continue
        if event.anchor is not None:  # of an alias too
            raise FeedError("it holds an alias or an anchor, which no such feed needs")
        if getattr(event, "tag", None) is not None:
            raise FeedError("it holds a tag, which no such feed needs")
        nodes += 1
        depth += isinstance(event, yaml.CollectionStartEvent)
        if nodes > YAML_NODES:
            raise FeedError(f"it holds more than {YAML_NODES:,} values")
        if depth > YAML_DEPTH:
            raise FeedError(f"it is nested more than {YAML_DEPTH} levels deep")
