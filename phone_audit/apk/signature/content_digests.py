"""Digests over a whole APK, as the schemes v2 to v4 sign them.

The signing block itself is left out, and the offset in the end record counts as if the block were not there. Sources:
https://source.android.com/docs/security/features/apksigning/v2#integrity-protected-contents (1 MB pieces),
https://source.android.com/docs/security/features/apksigning/v4 and AOSP apksig `VerityTreeBuilder.java` (4 KB tree).
"""

import hashlib
import struct
from collections.abc import Callable, Iterator

from phone_audit.apk.signature.algorithms import CHUNKED_SHA256, CHUNKED_SHA512, VERITY_SHA256
from phone_audit.apk.zip.directory import Buffer

_CHUNK = 2**20
_PAGE = 4096
_OFFSET_IN_END = 16
_APK_SALT = bytes(8)
_NAMES = {CHUNKED_SHA256: "sha256", CHUNKED_SHA512: "sha512"}

Read = Callable[[int, int], bytes | Buffer]
"""Gives the bytes at an offset: as many as asked for, or fewer at the end of the file."""


class ContentDigests:
    """The digests of one APK, each computed once; `unchecked`: one was asked for that could not be taken.

    `read` gives its `size` bytes. The signing block begins at `block` and ends at `directory`, where the central
    directory begins; the end record begins at `end`. Where not all of them are here (`whole`) nothing can be compared.
    """

    def __init__(self, read: Read, size: int, *, block: int, directory: int, end: int, whole: bool = True) -> None:
        self._read = read
        self._size = size
        self._block, self._directory, self._end = block, directory, end
        self._known: dict[int, bytes] = {}
        self._whole = whole
        self.unchecked = False

    @property
    def on_pages(self) -> bool:
        """Tell whether the block lies on whole pages of 4 KB, as the tree of hashes needs it."""
        return self._block % _PAGE == 0 and self._directory % _PAGE == 0

    def differs(self, kind: int, expected: bytes) -> bool:
        """Tell whether a digest, by its id, is another one than is signed; never where it cannot be taken."""
        if not self._whole:
            self.unchecked = True
            return False
        return self.digest(kind) != expected

    def digest(self, kind: int) -> bytes:
        """Return a digest by its id: `CHUNKED_SHA256`, `CHUNKED_SHA512` or `VERITY_SHA256`."""
        if kind not in self._known:
            self._known[kind] = self._tree() if kind == VERITY_SHA256 else self._chunked(_NAMES[kind])
        return self._known[kind]

    def _chunked(self, name: str) -> bytes:
        pieces = []
        for piece in self._pieces():
            hashed = hashlib.new(name, struct.pack("<BI", 0xA5, len(piece)))
            hashed.update(piece)
            pieces.append(hashed.digest())
        return hashlib.new(name, struct.pack("<BI", 0x5A, len(pieces)) + b"".join(pieces)).digest()

    def _pieces(self) -> Iterator[bytes | Buffer]:
        for first, last in ((0, self._block), (self._directory, self._end)):
            yield from (self._read(at, min(_CHUNK, last - at)) for at in range(first, last, _CHUNK))
        yield self._end_record()

    def _end_record(self) -> bytes:
        record = bytearray(self._read(self._end, self._size - self._end))
        record[_OFFSET_IN_END : _OFFSET_IN_END + 4] = struct.pack("<I", self._block & 0xFFFFFFFF)
        return bytes(record)

    def _tree(self) -> bytes:
        root, _ = hash_tree(self._pieces(), _APK_SALT)
        return root + struct.pack("<Q", self._size - (self._directory - self._block))


def hash_tree(pieces: Iterator[bytes | Buffer], salt: bytes) -> tuple[bytes, bytes]:
    """Hash bytes in pages, then the hashes in pages, until one page is left; `salt` comes before each page.

    Returns the hash of the last page, and the tree: its levels from that page down, each filled up to whole pages.
    """
    levels = [_hashes(pieces, salt)]
    while len(levels[-1]) > _PAGE:
        levels.append(_hashes(iter([levels[-1]]), salt))
    return hashlib.sha256(salt + levels[-1]).digest(), b"".join(reversed(levels))


def _hashes(pieces: Iterator[bytes | Buffer], salt: bytes) -> bytes:
    hashes = bytearray()
    rest = b""
    for piece in pieces:
        data = memoryview(rest + bytes(piece)) if rest else memoryview(piece)
        whole = len(data) - len(data) % _PAGE
        for at in range(0, whole, _PAGE):
            page = data[at : at + _PAGE]
            hashes += hashlib.sha256(salt + page if salt else page).digest()
        rest = bytes(data[whole:])
    if rest:
        hashes += hashlib.sha256(salt + rest.ljust(_PAGE, b"\0")).digest()
    return bytes(hashes) + bytes(-len(hashes) % _PAGE)
