"""What lies at paths of the phone, and hashes of its files: the commands, and their answers → kinds, sizes, hashes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from phone_audit.acquire.commands import MEGABYTE, Command, listed_command, quoted
from phone_audit.acquire.text import number
from phone_audit.model.command_list import COMMANDS

LOOK_PREFIX = COMMANDS["look"].partition("«")[0]
CORES = listed_command("cores", timeout=10.0, limit=100)
NO_HASH_TOOL = "@none"
HASH_BYTES_A_SECOND = 10_000_000
"""What a slow phone hashes, for the time-out; a Cortex-A53 without crypto instructions does about 50 MB a second."""

Kind = Literal["file", "folder", "fifo", "device", "missing", "denied"]
KINDS: tuple[Kind, ...] = ("file", "folder", "fifo", "device", "missing", "denied")
FIELDS = 3
DIGEST = re.compile(r"\\?([0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})\b")
HASH = re.compile(r"^@(\d{1,6})\n\\?([0-9a-f]{64})\b", re.MULTILINE)


@dataclass(frozen=True)
class PathStatus:
    """What lies at a path, for a reader on the phone. `size` in bytes is known for files."""

    kind: Kind
    size: int | None


def look_command(words: Sequence[str]) -> Command:
    """Ask what lies at each path. A word is `quoted(path)`, or `every_apk(folder)`.

    Paths are the phone's own words: they are quoted, and nothing at them is opened or run.
    """
    return listed_command("look", places=" ".join(words), timeout=20.0)


def every_apk(folder: str) -> str:
    """Return the word for the APK files that lie directly in a folder; itself where there are none."""
    return f"{quoted(folder)}/*.apk"


def hash_command(files: Sequence[tuple[str, int]]) -> Command:
    """Ask for the SHA-256 of regular files, each as path and size in bytes; answers come as `@INDEX` and a hash."""
    asked = "".join(f"h {index} {quoted(path)};" for index, (path, _) in enumerate(files))
    seconds = 60.0 + sum(size for _, size in files) / HASH_BYTES_A_SECOND
    return listed_command("hash", hashed_files=asked, timeout=seconds, limit=MEGABYTE)


def digest_command(path: str) -> Command:
    """Ask for SHA-256, SHA-1 and MD5 of one regular file, a line each: incidents print all three kinds."""
    return listed_command("digests", path=quoted(path), timeout=120.0, limit=MEGABYTE)


def parse_look(text: str) -> Mapping[str, PathStatus]:
    r"""Read what the command `look` prints, NUL between the fields.

    First a record for each word that is no readable file: a free field, a kind and a path. Then a free field, `files`,
    one field with the size of every file on a line of its own, and their paths. Text that the shell wrote in between (a
    warning) is in a free field. Where the number of sizes is another than that of paths, no size is believed.

    Example:
        >>> parse_look("\0missing\0/c\0\0files\x00120\n\0/a b/x.apk")["/a b/x.apk"]
        PathStatus(kind='file', size=120)
    """
    fields = text.split("\0")
    found: dict[str, PathStatus] = {}
    for at in range(0, len(fields) - 2, FIELDS):
        if fields[at + 1] == "files":
            sizes = [number(line) for line in fields[at + 2].split()]
            paths = [path for path in fields[at + 3 :] if path]
            if len(sizes) != len(paths):
                sizes = [None] * len(paths)
            found.update({path: PathStatus("file", size) for path, size in zip(paths, sizes, strict=True)})
            break
        kind = next((known for known in KINDS if known == fields[at + 1]), None)
        if kind is not None and fields[at + 2]:
            found[fields[at + 2]] = PathStatus(kind, None)
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
