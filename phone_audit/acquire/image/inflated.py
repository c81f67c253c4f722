"""What Deflate has packed, read at any place: states of the unpacking are kept at distances, and nothing is written.

A state is what zlib copies, some 45 KB; from the nearest one before a place it is unpacked anew.
"""

import zlib
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any, Final

from phone_audit.acquire.image.byte_source import ByteSource, ImageError, PieceCache, Work, check_range, read_blocks
from phone_audit.files.bounds import MB

RAW, GZIP = -15, 31
"""How zlib calls the two forms: an entry of a ZIP, and a file of gzip."""
UNKNOWN: Final = 1 << 50
"""Size of what does not say how much it unpacks to; its end is found when it is reached."""
_BLOCK: Final = 256 * 1024
_INPUT: Final = 64 * 1024
_DISTANCE: Final = 4 * MB
_MOST_STATES: Final = 400
_KEPT: Final = 48 * MB


@dataclass(frozen=True, slots=True)
class _State:
    """The unpacking at a place: what zlib knows, and where in the packed bytes it is."""

    out: int
    packed: int
    zlib: Any


def gunzipped(packed: ByteSource) -> "Inflated":
    """Return what a file of gzip unpacks to, with the size that stands at its end: that of files below 4 GB.

    Raises an ImageError where it is too short to be one.
    """
    size = int.from_bytes(packed.read(packed.size - 4, 4), "little")
    return Inflated(packed, size, GZIP, Work.of_file(packed.size))


class Inflated:
    """The unpacked bytes: `size` of them, or `UNKNOWN`; the form is `RAW` or `GZIP`."""

    def __init__(self, packed: ByteSource, size: int, form: int, work: Work) -> None:
        self._packed = packed
        self.size = size
        self._states = [_State(0, 0, zlib.decompressobj(form))]
        self._distance = _DISTANCE
        self._now = self._restored(0)
        self._cache = PieceCache(_KEPT)
        self._work = work

    def read(self, at: int, count: int) -> bytes:
        check_range(self, at, count)
        return read_blocks(at, count, _BLOCK, self._cache, self._block)

    def _restored(self, out: int) -> _State:
        """Return the last state that is not behind a place, as a copy that can go on."""
        kept = self._states[bisect_right([state.out for state in self._states], out) - 1]
        return _State(kept.out, kept.packed, kept.zlib.copy())

    def _block(self, number: int) -> bytes:
        """Return one block; the last one is shorter."""
        begin = number * _BLOCK
        before = self._restored(begin)
        if not self._now.out <= begin or before.out > self._now.out:
            self._now = before
        while self._now.out < begin:
            if not self._step(min(_BLOCK, begin - self._now.out)):
                return b""
        pieces = []
        while self._now.out < begin + _BLOCK and (piece := self._step(begin + _BLOCK - self._now.out)):
            pieces.append(piece)
        return b"".join(pieces)

    def _step(self, most: int) -> bytes:
        """Unpack at most so many bytes; none at the end."""
        now = self._now
        while not now.zlib.eof:
            left = min(_INPUT, self._packed.size - now.packed)
            raw = self._packed.read(now.packed, left)
            try:
                piece: bytes = now.zlib.decompress(raw, most)
            except zlib.error as error:
                raise ImageError("what is packed is damaged") from error
            rest = now.zlib.unconsumed_tail or now.zlib.unused_data
            now = self._now = _State(now.out + len(piece), now.packed + left - len(rest), now.zlib)
            self._work.spend(len(piece) + 1)
            if piece:
                self._keep()
                return piece
            if not left:
                break
        return b""

    def _keep(self) -> None:
        now = self._now
        if now.out < self._states[-1].out + self._distance or now.zlib.eof:
            return
        self._states.append(_State(now.out, now.packed, now.zlib.copy()))
        if len(self._states) > _MOST_STATES:
            self._states = self._states[::2]
            self._distance *= 2
