r"""Words of the listed commands that name paths: `'/a b'`, `$'/it\047s'`, `'/system/app/X'/*.apk`."""

import fnmatch
import re
from collections.abc import Iterator

from phone_audit.simulated.call import decode
from phone_audit.simulated.tree import Tree

PATH = r"(?:'[^']*'|\$'[^']*')"
"""One quoted path, inside text that has the grammar of the list."""

_PIECE = re.compile(r"(\$?)'([^']*)'|([^' $]+)")
_WORD = re.compile(rf"(?:{PATH}|[^' $]+)+")
_OCTAL = re.compile(rb"\\([0-7]{3})")
_MAGIC = re.compile(r"[*?\[]")


def one_path(word: str) -> str:
    r"""Return the path that a quoted word names.

    Example:
        >>> one_path(r"$'/it\047s'")
        "/it's"
    """
    return "".join(text for text, _ in _pieces(word))


def every_path(words: str, tree: Tree) -> tuple[str, ...]:
    """Return the paths that words name; a pattern stands for what it meets, or for itself where it meets nothing."""
    return tuple(path for word in _WORD.findall(words) for path in _expanded(word, tree))


def _pieces(word: str) -> Iterator[tuple[str, bool]]:
    """Yield the parts of a word, and whether each was quoted."""
    for dollar, quoted, bare in _PIECE.findall(word):
        if bare:
            yield bare, False
        elif dollar:
            octal = _OCTAL.sub(lambda found: bytes([int(found[1], 8)]), quoted.encode())
            yield decode(octal), True
        else:
            yield quoted, True


def _expanded(word: str, tree: Tree) -> list[str]:
    pieces = list(_pieces(word))
    plain = "".join(text for text, _ in pieces)
    if not any(_MAGIC.search(text) for text, quoted in pieces if not quoted):
        return [plain]
    pattern = "".join(_MAGIC.sub(r"[\g<0>]", text) if quoted else text for text, quoted in pieces)
    found = [""]
    for step in pattern.removeprefix("/").split("/"):
        found = [path for folder in found for path in _step(folder, step, tree)]
    return sorted(path for path in found if tree.exists(path, follow=False)) or [plain]


def _step(folder: str, step: str, tree: Tree) -> list[str]:
    if not _MAGIC.search(step):
        return [f"{folder}/{step}"]
    try:
        names = tree.names(folder or "/")
    except OSError:
        return []
    return [f"{folder}/{name}" for name in names if not name.startswith(".") and fnmatch.fnmatchcase(name, step)]
