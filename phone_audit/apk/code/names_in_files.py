"""Which classes and resources the other files of a package name: layouts, preferences, plug-ins, native code."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from phone_audit.apk.dex.descriptors import names_in

MOST_BYTES: Final = 64 << 20
"""Bytes of files in which names are looked for."""
_TOGETHER: Final = 1 << 18
"""Bytes of files that are looked through together; many are small."""
_LENGTHS: Final = 3
"""Beginnings of a text that may be the length in front of it, as compiled resources have it."""
_ASCII: Final = 0x80
_BLOCK: Final = 1 << 20
"""Bytes in which text in UTF-16 is looked for at once."""
_LONGEST: Final = 1 << 17
"""Bytes in UTF-16 of the longest name that is not cut in two where one block ends and the next begins."""


class TooLargeError(Exception):
    """There are more bytes than are looked through."""


def names_in_files(files: Iterable[bytes | memoryview], defined: Collection[bytes]) -> Iterator[bytes]:
    """Yield the descriptors of those of some classes that files name; some more than once.

    Raises:
        TooLargeError: after what the first `MOST_BYTES` of them name.
    """
    known = {name[1:-1].replace(b"/", b"."): name for name in defined}
    size = 0
    texts: list[bytes] = []
    for text in _within_bounds(files):
        texts.append(text)
        size += len(text)
        if size > _TOGETHER:
            yield from _among(texts, known)
            texts, size = [], 0
    yield from _among(texts, known)


def _wide(text: bytes) -> Iterator[bytes]:
    """Yield what stands there in ASCII in UTF-16, in single bytes with a zero in place of all else."""
    for begin in range(0, len(text), _BLOCK):
        block = text[begin : begin + _BLOCK + _LONGEST]
        for start in (0, 1):
            letters = np.frombuffer(block, dtype="<u2", offset=start, count=(len(block) - start) // 2)
            kept = (letters > 0) & (letters < _ASCII)
            behind = np.append(False, kept[:-1])
            yield np.where(kept, letters, 0)[kept | behind].astype(np.uint8).tobytes()


def names_held(files: Iterable[bytes | memoryview], names: Collection[str]) -> frozenset[str]:
    """Return those of some names that stand in files, in UTF-8 or UTF-16; raise as `names_in_files`."""
    wanted = {name: (name.encode(), name.encode("utf-16-le")) for name in names}
    found: set[str] = set()
    for text in _within_bounds(files):
        found |= {name for name in wanted.keys() - found if any(form in text for form in wanted[name])}
        if len(found) == len(wanted):
            break
    return frozenset(found)


def _within_bounds(files: Iterable[bytes | memoryview]) -> Iterator[bytes]:
    left = MOST_BYTES
    for content in files:
        left -= len(content)
        if left < 0:
            raise TooLargeError
        yield bytes(content)


def _among(texts: Sequence[bytes], known: Mapping[bytes, bytes]) -> Iterator[bytes]:
    joined = b"\0".join(texts)
    names = {name for text in (joined, *_wide(joined)) for name in names_in(text)}
    for start in range(_LENGTHS):
        yield from (known[name] for name in known.keys() & {name[start:] for name in names})
