"""The ways in which files of other people are read at all: JSON that is counted first, lines, values in messages."""

import io
from contextlib import suppress
from typing import Any, Final

from phone_audit.files.bounded_json import JsonError, checked, parse, read_checked
from phone_audit.files.bounded_lines import (
    first_long_line,
    read_bounded,
    read_lines,
    read_utf8_lines,
    without_long_lines,
)
from phone_audit.files.bounds import BoundsError, JsonBounds
from phone_audit.files.short_repr import short_repr
from tests.fuzz.target import Target, promise

_BOUNDS: Final = (JsonBounds(2**20, 2_000, depth=64), JsonBounds(2**16, 50, depth=5, digits=20))
_LONGEST: Final = 64
_SHOWN: Final = 1_000


def bounded_files(data: bytes) -> None:
    """Count and parse JSON, take lines, and shorten what was read."""
    for bounds in _BOUNDS:
        with suppress(BoundsError, JsonError):
            promise(read_checked(io.BytesIO(data), bounds) == data, "what is read is not what was counted")
            text = checked(data, bounds)
            promise(len(data) <= bounds.size, "a text beyond its size passed")
            _look(parse(text), bounds)
    for reader in (read_lines, read_utf8_lines):
        for line in reader(io.BytesIO(data), _LONGEST):
            promise(line is None or len(line) <= 4 * _LONGEST + 2, "a line is longer than was allowed")
    kept, _ = without_long_lines(data, _LONGEST)
    promise(first_long_line(kept, _LONGEST) is None, "a long line was left")
    with suppress(BoundsError):
        promise(len(read_bounded(io.BytesIO(data), _LONGEST)) <= _LONGEST, "more was read than was allowed")


def _look(value: Any, bounds: JsonBounds) -> None:
    """Hold what was parsed against the bounds."""
    waiting, values = [(value, 1)], 0
    while waiting:
        one, depth = waiting.pop()
        values += 1
        inner = [*one, *one.values()] if isinstance(one, dict) else one if isinstance(one, list) else []
        promise(depth <= bounds.depth + 1, "a text that is nested too deeply passed")
        waiting.extend((part, depth + 1) for part in inner)
    promise(values <= bounds.values + 1, "a text with too many values passed")
    promise(len(short_repr(value)) <= _SHOWN, "a value is shown at length")


TARGETS: Final = {
    "bounded_files": Target(
        bounded_files,
        ("phone_audit.files",),
        (
            b"[",
            b"]",
            b"{",
            b"}",
            b'"',
            b"\\",
            b'\\"',
            b":",
            b",",
            b"1",
            b"-1e9",
            b"null",
            b"\\ud800",
            b"\n",
            b"\xff\xfe",
        ),
    )
}
