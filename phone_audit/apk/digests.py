"""The hashes of a file: SHA-256 to name it, SHA-1 and MD5 because many published incidents print only those."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO, Final

_PIECE = 2**20


@dataclass(frozen=True, slots=True)
class Digests:
    """Lower-case hexadecimal; None where it is not known."""

    sha256: str | None
    sha1: str | None
    md5: str | None


UNKNOWN: Final = Digests(None, None, None)


def digests_of(pieces: Iterable[bytes | memoryview]) -> Digests:
    """Hash bytes that come in pieces, in one pass.

    Example:
        >>> digests_of([b"a", b"bc"]).md5
        '900150983cd24fb0d6963f7d28e17f72'
    """
    sha256 = hashlib.sha256()
    sha1 = hashlib.sha1(usedforsecurity=False)
    md5 = hashlib.md5(usedforsecurity=False)
    for piece in pieces:
        sha256.update(piece)
        sha1.update(piece)
        md5.update(piece)
    return Digests(sha256.hexdigest(), sha1.hexdigest(), md5.hexdigest())


def pieces_of(file: BinaryIO) -> Iterable[bytes]:
    """Read a file in pieces of a megabyte."""
    return iter(lambda: file.read(_PIECE), b"")
