"""Which bytes of an APK on a phone the analysis needs, asked in a few rounds.

Decided by what the analyser reads: everything except images, fonts, audio and video. First comes the end of the file
with the directory, then the entries that are wanted by their names, all small ones, and the first bytes of large ones
that are called like media. What of these is not media up to its last byte, by its own structure, comes in a last round.
Nothing here believes the file: what is damaged, unusual, or signed in the old way alone, is taken as a whole.
"""

import struct
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from phone_audit.apk.signature.signing_block import V2, V3, V31, SigningBlock, find_block
from phone_audit.apk.zip.directory import DEFLATED, LOCAL, SMALL_DIRECTORY, STORED, Entry, Index, Sliceable, read_index
from phone_audit.apk.zip.media import OPENING, is_media_to_its_end, may_stay, named_like_media
from phone_audit.apk.zip.partial_archive import MissingBytesError, PartialBytes
from phone_audit.errors import ApkError
from phone_audit.model.parts import Parts, Range

SMALL: Final = 256 * 2**10
"""Bytes up to which a file is taken as a whole."""
GAP: Final = 64 * 2**10
"""Bytes between two ranges that are brought along, since a range of its own costs as much time."""
TAIL: Final = 66 * 2**10, 256 * 2**10
"""Bytes at the end of a file that are asked for first, at least and at most.

The end record lies in them, and of most files directory and signing block.
"""
_TAIL_SHARE: Final = 32
MAX_RANGES: Final = 256
"""Ranges that are asked for at once; where there would be more, larger gaps are brought along."""

_BLOCK: Final = 32 * 2**10
"""Bytes that most signing blocks fit into."""
_LOOKED_INTO: Final = 64 * 2**10
"""Bytes from which on an entry that is called like media is looked into.

To look into smaller ones would take as long as to bring them, as for `GAP`.
"""
_OPENING: Final = 4 * 2**10
"""Bytes from the local header on that are looked at, unless that header is filled up."""
_ADDRESS: Final = b"://"
_LITTLE_LEFT: Final = 16
"""One part in so many: where less would stay on the phone, the whole file is taken, whose signature can be checked."""
_FIXED, _LONGEST_EXTRA = 30, 2**16


def next_ranges(data: Sliceable, size: int, held: Parts) -> tuple[Range, ...] | None:
    """Tell which bytes to bring next.

    Args:
        data: the file; only held bytes are looked at.
        size: how many bytes it has on the phone.
        held: what of it was brought so far.

    Returns:
        Ranges in order, none of them held; empty where enough is held. None: take the whole file, of which what is
        held need not be brought again.
    """
    if held.holds(0, size):
        return ()
    if size <= SMALL:
        return None
    tail = max(0, size - min(max(size // _TAIL_SHARE, TAIL[0]), TAIL[1]))
    if not held.holds(tail, size):
        return tuple(held.missing(tail, size))
    view = PartialBytes(data, held)
    try:
        index = read_index(view, small=True)
        block = find_block(view, index.directory_offset)
    except MissingBytesError as error:
        return _directory(error, tail, size, held)
    except ApkError:
        return None
    if _is_unusual(index, block):
        return None
    entries = _extents(index, block.start)
    if entries is None:
        return None
    return _combined(_needed(entries, view), size, held)


class _Extent(NamedTuple):
    """An entry, and where it ends at the latest: its bytes, and what may follow them up to the next one."""

    entry: Entry
    end: int

    @property
    def start(self) -> int:
        return self.entry.header_offset

    @property
    def whole(self) -> Range:
        return self.start, self.end


def _directory(error: MissingBytesError, tail: int, size: int, held: Parts) -> tuple[Range, ...] | None:
    """Ask for the directory and the signing block before it: all from there to the end of the file."""
    start = max(0, error.start - _BLOCK)
    if tail - start > SMALL_DIRECTORY + _BLOCK or 2 * (size - start) > size + 2 * TAIL[1]:
        return None
    return tuple(held.missing(start, tail)) or None


def _is_unusual(index: Index, block: SigningBlock) -> bool:
    """Tell whether parts would not do: Android refuses it, or the signature needs every entry."""
    signed = block.damage is None and any(scheme in block.values for scheme in (V2, V3, V31))
    ordinary = all(e.method == DEFLATED or (e.method == STORED and e.size == e.compressed) for e in index.entries)
    return bool(index.notes) or not index.entries or not signed or not ordinary


def _extents(index: Index, end: int) -> list[_Extent] | None:
    """Return the entries in the order of the file; None where they do not lie one behind the other."""
    entries = sorted(index.entries, key=lambda entry: entry.header_offset)
    following = [*(entry.header_offset for entry in entries[1:]), end]
    extents = []
    for entry, limit in zip(entries, following, strict=True):
        least = entry.header_offset + _FIXED + entry.compressed
        if least > limit:
            return None
        extents.append(_Extent(entry, min(limit, least + 2 * _LONGEST_EXTRA)))
    return extents


def _needed(entries: list[_Extent], view: PartialBytes) -> Iterator[Range]:
    yield 0, len(LOCAL)
    for extent in entries:
        if not extent.entry.compressed:
            continue
        if _is_looked_into(extent.entry):
            yield from _looked_into(extent, view)
        else:
            yield extent.whole


def _is_looked_into(entry: Entry) -> bool:
    """Tell whether a few bytes decide. What is deflated may inflate to more than it announces, so it is brought."""
    return named_like_media(entry.name) and entry.compressed >= _LOOKED_INTO and entry.method == STORED


def _looked_into(extent: _Extent, view: PartialBytes) -> Iterator[Range]:
    opening = extent.start, min(extent.start + _OPENING, extent.end)
    if not view.parts.holds(*opening):
        yield opening
        return
    try:
        if not _is_media(extent, view, opening[1]):
            yield extent.whole
    except MissingBytesError as error:
        yield error.start, error.end


def _is_media(extent: _Extent, view: PartialBytes, looked_at: int) -> bool:
    """Tell whether a stored entry can stay on the phone: it is media up to its last byte, and names no address so far.

    A `MissingBytesError` tells which bytes decide.
    """
    lengths = struct.unpack("<HH", view[extent.start + 26 : extent.start + _FIXED])  # of name and extra field
    start = extent.start + _FIXED + sum(lengths)
    content = view[start : max(start, looked_at)]
    if not may_stay(extent.entry.name, bytes(content[:OPENING])) or _ADDRESS in bytes(content):
        return False
    return is_media_to_its_end(view, start, extent.entry.size, len(content))


def _combined(wanted: Iterable[Range], size: int, held: Parts) -> tuple[Range, ...] | None:
    """Put ranges together that lie near each other, and leave out what is held."""
    asked = [part for one in wanted for part in held.missing(*one)]
    gap = GAP
    while len(together := list(_near(asked, gap))) > MAX_RANGES:
        gap *= 2
    if size - held.plus(together).size < size // _LITTLE_LEFT:
        return None
    return tuple(part for one in together for part in held.missing(*one))


def _near(ranges: list[Range], gap: int) -> Iterator[Range]:
    merged = Parts.of((start, end + gap) for start, end in ranges)
    return ((start, end - gap) for start, end in merged.ranges)
