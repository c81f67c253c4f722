"""Text from a phone or an APK, made harmless for a terminal and for a document."""

import re
import unicodedata

_HARMFUL_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_INVISIBLE = re.compile("[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
_ASCII_SAFE = re.compile(r"[\x20-\x7e]*")
_MOST_MARKS = 3
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
    shown: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        harmful = unicodedata.category(char) in _HARMFUL_CATEGORIES or _INVISIBLE.match(char) or marks > _MOST_MARKS
        shown.append(_escape(char) if harmful else char)
    return "".join(shown)


def _escape(char: str) -> str:
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def shortened(text: str, limit: int) -> str:
    """Give `visible` text of at most `limit` characters, the end cut and marked.

    Example:
        >>> shortened("abcdefgh", 5)
        'abcd…'
    """
    seen = visible(text)
    return seen if len(seen) <= limit else seen[: limit - 1] + "…"


_JSON_HARMFUL = re.compile(
    "[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def json_safe(document: str) -> str:
    r"""Write the characters that a terminal would act on as `\u` escapes; the JSON keeps its meaning.

    Args:
        document: JSON text; control characters below U+0020 are already escaped in it.
    """
    return _JSON_HARMFUL.sub(_json_escape, document)


def _json_escape(match: re.Match[str]) -> str:
    data = match.group().encode("utf-16-be")
    return "".join(f"\\u{data[at] << 8 | data[at + 1]:04x}" for at in range(0, len(data), 2))
