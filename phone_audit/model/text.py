"""Text as phones and people give it: the output of `getprop`, and files as Windows writes them."""

import codecs
import re
from bisect import bisect_left

ENTRY = re.compile(r"\[([^\[\]\s]+)\]: \[")
SORTED_SHARE = 0.6
"""Share of the names that has to be in order for the order to mean something; chance gives 2/√n."""


def parse_getprop(text: str, *, fewest_sorted: int = 0) -> dict[str, str]:
    r"""Read `[name]: [value]` lines of hostile text; values keep line feeds, brackets and undecodable bytes.

    A value may hold a line that looks like an entry. `getprop` prints the names in byte order (AOSP
    `system/core/toolbox/getprop.cpp` sorts them), so a line that breaks the order belongs to the value above it. Where
    a phone does not sort, every such line starts an entry and the first one of a name counts. With fewer entries than
    `fewest_sorted` the order means nothing: a person may have picked them. Takes n log n steps of the lines.

    Example:
        >>> parse_getprop("[a.x]: [1]\n[b.y]: [one]\n[a.x]: [0]\n[c.z]: []\n")
        {'a.x': '1', 'b.y': 'one]\n[a.x]: [0', 'c.z': ''}
    """
    lines = text.split("\n")  # line feeds only: splitlines would also split inside a value, at U+2028 or a form feed
    found = [(at, match[1]) for at, line in enumerate(lines) if (match := ENTRY.match(line))]
    starts = _in_order(found) if len(found) >= fewest_sorted else found
    properties: dict[str, str] = {}
    for index, (at, name) in enumerate(starts):
        end = starts[index + 1][0] if index + 1 < len(starts) else len(lines)
        value = "\n".join(lines[at:end])[len(name) + 5 :]
        properties.setdefault(name, value.rstrip("\n").removesuffix("]"))
    return properties


def _in_order(found: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Return the longest run of names in strictly rising order, or all where the phone does not sort.

    Of two equal names the later one is taken: text that pretends to be an entry stands inside the value of an earlier
    property.
    """
    tails: list[str] = []
    ends: list[int] = []
    before: list[int] = []
    for index, (_, name) in enumerate(found):
        length = bisect_left(tails, name)
        before.append(ends[length - 1] if length else -1)
        if length == len(tails):
            tails.append(name)
            ends.append(index)
        else:
            tails[length], ends[length] = name, index
    if len(tails) < SORTED_SHARE * len(found):
        return found
    run: list[tuple[int, str]] = []
    index = ends[-1] if ends else -1
    while index >= 0:
        run.append(found[index])
        index = before[index]
    return run[::-1]


_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_INVISIBLE = dict.fromkeys((0x200B, 0x200E, 0x200F, 0x2060, 0xFEFF))


def decoded(data: bytes) -> str:
    """Decode a text, hostile input, by its byte order mark, else as UTF-8; bytes that are none are replaced."""
    return without_marks(data.decode("utf-16" if data.startswith(_UTF16) else "utf-8", "replace"))


def without_marks(text: str) -> str:
    """Leave out characters without width: they come with a text that is copied from a page or a message."""
    return text.translate(_INVISIBLE)


def as_utf8(data: bytes) -> bytes:
    """Return a text without its byte order mark; of UTF-16 its UTF-8, as far as it is UTF-16."""
    if data.startswith(_UTF16):
        return data.decode("utf-16", "replace").encode()
    return data.removeprefix(codecs.BOM_UTF8)
