"""Paths on a phone, which are hostile text."""

from collections.abc import Iterator
from itertools import accumulate

MOST_DEEP = 32
"""Folders above a file that are given; on a phone there are six."""


def folders_above(path: str) -> Iterator[str]:
    """Yield the folders in which an absolute path lies, from `/` on. Nothing is looked up on any disk.

    Example:
        >>> list(folders_above("/data//app/./x/base.apk"))
        ['/', '/data', '/data/app', '/data/app/x']
    """
    if not path.startswith("/"):
        return
    yield "/"
    parts = path.split("/", MOST_DEEP + 1)[1:-1]
    yield from accumulate((f"/{part}" for part in parts if part not in ("", ".")), lambda above, part: above + part)
