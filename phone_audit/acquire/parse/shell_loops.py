"""The answers of our own loops on the phone → kinds, sizes and hashes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from phone_audit.acquire.parse.text import number

Kind = Literal["file", "folder", "fifo", "device", "missing", "denied"]
KINDS: tuple[Kind, ...] = ("file", "folder", "fifo", "device", "missing", "denied")
FIELDS = 3
DIGEST = re.compile(r"\\?([0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})\b")
HASH = re.compile(r"^@(\d{1,6})\n\\?([0-9a-f]{64})\b", re.MULTILINE)


@dataclass(frozen=True)
class Found:
    """What a reader on the phone finds at a path. `size` in bytes is known for files."""

    kind: Kind
    size: int | None


def parse_found(text: str) -> Mapping[str, Found]:
    r"""Read what `commands.LOOK` prints, NUL between the fields.

    First a record for each word that is no readable file: a free field, a kind and a path. Then a free field, `files`,
    one field with the size of every file on a line of its own, and their paths. Text that the shell wrote in between (a
    warning) is in a free field. Where the number of sizes is another than that of paths, no size is believed.

    Example:
        >>> parse_found("\0missing\0/c\0\0files\x00120\n\0/a b/x.apk")["/a b/x.apk"]
        Found(kind='file', size=120)
    """
    fields = text.split("\0")
    found: dict[str, Found] = {}
    for at in range(0, len(fields) - 2, FIELDS):
        if fields[at + 1] == "files":
            sizes = [number(line) for line in fields[at + 2].split()]
            paths = [path for path in fields[at + 3 :] if path]
            if len(sizes) != len(paths):
                sizes = [None] * len(paths)
            found.update({path: Found("file", size) for path, size in zip(paths, sizes, strict=True)})
            break
        kind = next((known for known in KINDS if known == fields[at + 1]), None)
        if kind is not None and fields[at + 2]:
            found[fields[at + 2]] = Found(kind, None)
    return found


def parse_hashes(text: str) -> dict[int, str]:
    r"""Read `@INDEX` lines, each followed by what `sha256sum` printed for its standard input.

    The file's name is never in it, so nothing of a name has to be unescaped; a `\` in front of the hash, which GNU
    prints before an escaped name, is accepted all the same.

    Example:
        >>> parse_hashes("@0\n" + "ab" * 32 + "  -\n@1\nsha256sum: Permission denied\n")
        {0: 'abababababababababababababababababababababababababababababababab'}
    """
    return {int(index): digest for index, digest in HASH.findall(text)}


def parse_digests(text: str) -> tuple[str, ...]:
    r"""Read what the hashing tools printed for one file, sorted; what is no hash is left out.

    Example:
        >>> parse_digests("sh: sha256sum: not found\n" + "ab" * 16 + "  -\n")
        ('abababababababababababababababab',)
    """
    return tuple(sorted(digest[1] for line in text.splitlines() if (digest := DIGEST.match(line))))
