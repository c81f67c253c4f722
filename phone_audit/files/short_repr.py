"""Values from files as messages show them: cut before their text is built."""

import reprlib
from typing import Final

_LONGEST: Final = 80
_REPR: Final = reprlib.Repr()
_REPR.maxstring = _REPR.maxother = _REPR.maxlong = _LONGEST
_REPR.maxlevel = 2
_REPR.maxlist = _REPR.maxtuple = _REPR.maxdict = _REPR.maxset = 4


def short_repr(value: object, longest: int = _LONGEST) -> str:
    """Return a value as Python writes it, with at most `longest` characters; of a large one only parts are looked at.

    Example:
        >>> short_repr("a" * 1000, 13), short_repr([[1, 2], {"a": "b"}])
        ("'aaaa...aaaa'", "[[1, 2], {'a': 'b'}]")
    """
    text = _REPR.repr(_cut(value))
    if len(text) <= longest:
        return text
    half = (longest - 3) // 2
    return f"{text[:half]}...{text[-half:]}"


def _cut(value: object) -> object:
    """Return a text or number that is long as its beginning, so that nothing is built from all of it."""
    if isinstance(value, str | bytes):
        return value[: 2 * _LONGEST]
    if isinstance(value, int) and value.bit_length() > 64 * 4:
        return f"a number of {value.bit_length()} bits"
    return value
