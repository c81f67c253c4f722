"""One of several runs that share the files of a folder: each file is read by exactly one of them."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from phone_audit.errors import UsageError

_SHARD: Final = re.compile(r"([1-9]\d{0,8})/([1-9]\d{0,8})")
_OF_SEVERAL: Final = re.compile(r"base\.apk|(split_|config\.|split\.).*\.apk", re.IGNORECASE)
"""What Android and bundletool call the files of a package that consists of several."""


@dataclass(frozen=True)
class Shard:
    """Run `number` of `count`, from 1."""

    number: int
    count: int

    def holds(self, shown_as: str) -> bool:
        """Tell whether a file is read in this run, by its path as given; the same on every computer.

        `base.apk` and `split_….apk` of one folder go together, so that they can be joined.

        Example:
            >>> [Shard(number, 3).holds("a/b.apk") for number in (1, 2, 3)].count(True)
            1
        """
        path = PurePosixPath(shown_as)
        name = str(path.parent) if _OF_SEVERAL.fullmatch(path.name) else shown_as
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(digest[:8], "big") % self.count == self.number - 1


def read_shard(text: str) -> Shard:
    """Read `I/N`. Raises UsageError where it is no such pair, or I is larger than N."""
    found = _SHARD.fullmatch(text)
    if found is None or int(found[1]) > int(found[2]):
        raise UsageError(f"--shard {text} is no share.", "Write I/N, such as 1/4: the first of four runs.")
    return Shard(int(found[1]), int(found[2]))
