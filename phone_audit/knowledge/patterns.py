"""Regular expressions of an incident: those that could take for ever on a text made for it are refused."""

import importlib
import re
from collections.abc import Iterable
from typing import Any, Final

LONGEST_TEXT: Final = 512
"""Characters of a property that a pattern is tried on; Android itself keeps fewer."""
_MOST_WAYS: Final = (LONGEST_TEXT + 1) ** 3
"""Three unlimited parts that begin at the start of the text, or two that begin anywhere."""
_PARSER: Any = importlib.import_module("re._parser")


def pattern_fault(pattern: str) -> str | None:
    """Tell why a regular expression is refused: it cannot be read, or can be tried in too many ways. None if fine.

    Example:
        >>> pattern_fault("^V3_[0-9]{4}_V3$")
        >>> pattern_fault("(A+)+Z")
        'can take for ever on a long text; no repeat inside a repeat, and few of * and +'
    """
    try:
        re.compile(pattern)
        parsed = _PARSER.parse(pattern)
        starts = 1 if _begins_at_start(parsed) else LONGEST_TEXT
        ways = starts * _ways(parsed)
    except (re.error, OverflowError, RecursionError) as error:
        return f"no regular expression: {error}"
    return (
        "can take for ever on a long text; no repeat inside a repeat, and few of * and +" if ways > _MOST_WAYS else None
    )


def _begins_at_start(parsed: Any) -> bool:
    anchored = (
        len(parsed) > 0 and str(parsed[0][0]) == "AT" and str(parsed[0][1]) in ("AT_BEGINNING", "AT_BEGINNING_STRING")
    )
    return anchored and not parsed.state.flags & re.MULTILINE


def _ways(items: Iterable[Any]) -> int:
    """Count, up to a little more than the most, in how many ways a sequence can be laid over a text."""
    total = 1
    for operation, argument in items:
        total = min(total * _ways_of(str(operation), argument), _MOST_WAYS + 1)
    return total


def _ways_of(operation: str, argument: Any) -> int:
    if operation.endswith("_REPEAT"):
        least, most, body = argument
        highest = min(int(most), LONGEST_TEXT)
        return int((max(highest - least, 0) + 1) * _ways(body) ** highest)
    if operation == "BRANCH":
        return sum(_ways(branch) for branch in argument[1])
    if operation == "SUBPATTERN":
        return _ways(argument[3])
    if operation == "ATOMIC_GROUP":
        return _ways(argument)
    if operation in ("ASSERT", "ASSERT_NOT"):
        return _ways(argument[1])
    if operation == "GROUPREF_EXISTS":
        return _ways(argument[1]) + _ways(argument[2] or ())
    return 1
