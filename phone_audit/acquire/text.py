r"""Bytes of a phone → text that keeps them all, and that text → text that can be published.

A phone's answer may hold any bytes: NUL, control characters, invalid UTF-8. `decode` keeps every byte (invalid ones
as surrogate escapes), so that a path can be handed back to the phone unchanged. `shown` is applied to every value
that leaves `acquire`: what is no UTF-8 becomes a visible `\\xff`, since a document has to be valid UTF-8. Control
characters stay in the values; the report makes them harmless.
"""

import re

NUMBER = re.compile(r"-?[0-9]{1,19}")


def decode(raw: bytes) -> str:
    """Return the text of an answer; bytes that are no UTF-8 become surrogate escapes, so nothing is lost."""
    return raw.decode("utf-8", "surrogateescape")


def shown(text: str) -> str:
    r"""Return text that is valid Unicode: each byte that was no UTF-8 as `\xff`.

    Example:
        >>> shown(decode(b"ok \xff"))
        'ok \\xff'
    """
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def lines_of(text: str) -> list[str]:
    """Split at line feeds only: `str.splitlines` would also split inside a value, at U+2028 or a form feed."""
    return text.split("\n")


def number(text: str | None) -> int | None:
    """Return the integer that the whole text is, or None. 19 digits hold every Java long.

    Example:
        >>> number(" 29 "), number("29a"), number(None)
        (29, None, None)
    """
    stripped = (text or "").strip()
    return int(stripped) if NUMBER.fullmatch(stripped) else None


def known(text: str | None) -> str | None:
    """Return the text in its publishable form; None for nothing and for Java's `null`."""
    return None if text is None or text in ("", "null") else shown(text)
