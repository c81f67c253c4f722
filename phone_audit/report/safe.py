"""Text from a phone or an APK, made harmless for a terminal and for a document."""

import re
import unicodedata
from collections.abc import Callable
from itertools import accumulate
from typing import Final

_HARMFUL: Final = (
    "\x7f-\x9f"  # C1 controls
    "\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u2800\u3164"
    "\ud800-\uf8ff"  # halves of surrogate pairs, private use
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff\U000f0000-\U000ffffd\U00100000-\U0010fffd"
)
"""What a terminal acts on, or an eye does not see, besides the control characters of ASCII. The one table for text and
JSON: Unicode's categories Cc, Cf, Cs, Co, Zl and Zp, what is ignorable by default, and blank letters."""

_IN_TEXT: Final = re.compile(f"[\x00-\x1f{_HARMFUL}]")
_IN_JSON: Final = re.compile(f"[{_HARMFUL}]")  # what is below U+0020 is escaped already, but for line breaks of its own
_ASCII_SAFE: Final = re.compile(r"[\x20-\x7e]*")
_RUN: Final = re.compile(r"[^\w\x00-\x7f]{4,}")
"""Where combining marks can be piled up; none of them is a character of a word."""
_SENTENCE_END: Final = re.compile(r"[.!?](?=\s+[A-Z0-9“\"])")
"""Where a sentence ends and another begins."""
_MOST_MARKS: Final = 3
"""Combining marks on one letter; no script needs more, and many of them spill over other lines."""


def visible(text: str) -> str:
    r"""Replace what a terminal would act on, or an eye would not see, with its escape.

    Control characters, escapes, bidirectional marks, zero-width and blank letters, line and paragraph separators, and
    combining marks that are piled up.

    Example:
        >>> visible("a\x1b[31mb\u202ec")
        'a\\x1b[31mb\\u202ec'
    """
    if _ASCII_SAFE.fullmatch(text):
        return text
    return _IN_TEXT.sub(lambda found: _escape(found[0]), _without_piles(text, _escape))


def _escape(char: str) -> str:
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _without_piles(text: str, escape: Callable[[str], str]) -> str:
    """Escape the combining marks that are more than any script puts on one letter."""
    return text if text.isascii() else _RUN.sub(lambda run: _without_pile(run[0], escape), text)


def _without_pile(run: str, escape: Callable[[str], str]) -> str:
    shown: list[str] = []
    marks = 0
    for char in run:
        marks = marks + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        shown.append(escape(char) if marks > _MOST_MARKS else char)
    return "".join(shown)


def shortened(text: str, limit: int) -> str:
    """Return `visible` text of at most `limit` characters, the end cut and marked.

    Example:
        >>> shortened("abcdefgh", 5)
        'abcd…'
    """
    seen = visible(text)
    return seen if len(seen) <= limit else seen[: limit - 1] + "…"


def fitted(text: str, columns: int) -> str:
    """Return `visible` text of at most so many columns of a terminal, on which wide letters take two.

    Source: Unicode Standard Annex 11.

    Example:
        >>> fitted("abcdefgh", 5), fitted("漢字漢字", 5)
        ('abcd…', '漢字…')
    """
    seen = shortened(text, columns)
    if seen.isascii():
        return seen
    widths = [2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in seen]
    if sum(widths) <= columns:
        return seen
    ends = accumulate(widths)
    return seen[: sum(end < columns for end in ends)] + "…"


def clipped(text: str, columns: int) -> str:
    """Return `visible` text of about so many columns that ends where a sentence or a clause ends.

    A first sentence is never cut for want of room but where it is twice as long, and then between words.

    Example:
        >>> clipped("Install it. The builds 1.2 and 1.3 are good.", 30), clipped("It is one long sentence.", 20)
        ('Install it.', 'It is one long sentence.')
    """
    seen = visible(text)
    if fitted(seen, columns) == seen:
        return seen
    whole = [found.end() for found in _SENTENCE_END.finditer(seen)]
    ends = [end for end in whole if fitted(seen[:end], columns) == seen[:end]]
    first = seen[: ends[-1]] if ends else seen[: whole[0]] if whole else seen
    return between_words(first, columns * 2)


def between_words(text: str, columns: int) -> str:
    """Return `visible` text of at most so many columns, cut behind a clause or else between words.

    Example:
        >>> between_words("It is one; there are more.", 20), between_words("It is one of them.", 12)
        ('It is one…', 'It is one…')
    """
    seen = visible(text)
    short = fitted(seen, columns)
    if short == seen:
        return seen
    cut = short[:-1]
    return f"{cut.rpartition('; ')[0] or cut.rpartition(' ')[0] or cut}…"


def json_safe(document: str) -> str:
    r"""Write whatever `visible` would escape as `\u` escapes; the JSON keeps its meaning.

    Control characters below U+0020 are already escaped in it.
    """
    if document.isascii():
        return document.replace("\x7f", "\\u007f")
    return _IN_JSON.sub(lambda found: _json_escape(found[0]), _without_piles(document, _json_escape))


def _json_escape(char: str) -> str:
    data = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{data[at] << 8 | data[at + 1]:04x}" for at in range(0, len(data), 2))
