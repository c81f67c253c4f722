"""Properties as text: the output of getprop, or a build.prop file."""

import re
from collections.abc import Sequence

from phone_audit.model.text import ENTRY, parse_getprop

_BUILD_PROP = re.compile(r"^[ \t]*(?P<name>[A-Za-z][\w.\-]*)[ \t]*=[ \t]*(?P<value>[^\r\n]*)", re.MULTILINE)
_EXCERPT = 12
"""Entries; below this chance alone could bring most of them in order, and no phone has so few."""
_ONE_LINE = re.compile(r"(ro|persist|gsm|sys|vendor)\.[\w.\-]+=.*")


def read_properties(text: str) -> dict[str, str]:
    """Read properties from the output of `getprop` or from a `build.prop` file; empty where the text is neither.

    A value of getprop may go over several lines, and none of them starts another property. Of a name that stands twice
    in a `build.prop` the last value counts, as in Android's init since version 10.
    """
    found = parse_getprop(text.replace("\r\n", "\n"), fewest_sorted=_EXCERPT)
    return found or {match["name"]: match["value"].strip() for match in _BUILD_PROP.finditer(text)}


def is_properties_text(text: str) -> bool:
    """Tell whether a text is to be read as properties: it has several lines, or is one line of such a text."""
    return "\n" in text or ENTRY.match(text) is not None or _ONE_LINE.fullmatch(text) is not None


def property_names(lines: Sequence[str]) -> list[str]:
    """Return the names of the properties that the lines set, in either form; other lines are left out."""
    found = (ENTRY.match(line) or _BUILD_PROP.match(line) for line in lines)
    return [match[1] for match in found if match]


def property_of(line: str) -> tuple[str, str] | None:
    """Return name and value that a line sets, in either form; a value that goes on in the next line is cut there."""
    entry = ENTRY.match(line)
    if entry:
        return entry[1], line[entry.end() :].strip().removesuffix("]")
    match = _BUILD_PROP.match(line)
    return (match["name"], match["value"].strip()) if match else None
