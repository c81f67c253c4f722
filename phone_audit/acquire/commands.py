"""A command of the list with how long it may take, and how words of a phone are put into one."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from phone_audit.model.command_list import PLAIN_CHARACTER, listed

PLAIN = re.compile(f"{PLAIN_CHARACTER}*")

COMMAND_LENGTH = 30_000
"""Characters of the words in one command, as they are sent; see `command_list.LONGEST_COMMAND`."""

MEGABYTE = 2**20


@dataclass(frozen=True)
class Command:
    """One question. `timeout` in seconds, `limit` in bytes of output."""

    text: str
    timeout: float = 30.0
    limit: int = 64 * MEGABYTE


def listed_command(name: str, *, timeout: float = 30.0, limit: int = 64 * MEGABYTE, **arguments: str | int) -> Command:
    """Return a command of the list with its arguments; see `command_list.listed`."""
    return Command(listed(name, **arguments), timeout, limit)


def quoted(path: str) -> str:
    r"""Quote a path of the phone, any text without NUL as `text.decode` gives it, for its shell, in ASCII only.

    As `'...'`, or as mksh's `$'...'` with each byte that is not plain in octal.

    Example:
        >>> quoted("/data/app/a b/base.apk"), quoted("/data/it's\n")
        ("'/data/app/a b/base.apk'", "$'/data/it\\047s\\012'")
    """
    if PLAIN.fullmatch(path):
        return f"'{path}'"
    raw = path.encode("utf-8", "surrogateescape")
    return "$'" + "".join(chr(byte) if PLAIN.fullmatch(chr(byte)) else f"\\{byte:03o}" for byte in raw) + "'"


def batches(words: Iterable[str], length: int = COMMAND_LENGTH) -> list[list[str]]:
    """Split words so that each batch fits in one command; on the way, each quotation mark becomes `'"'"'`."""
    split: list[list[str]] = []
    room = 0
    for word in words:
        cost = len(word) + 1 + 4 * word.count("'")
        if not split or cost > room:
            split.append([])
            room = length
        split[-1].append(word)
        room -= cost
    return split
