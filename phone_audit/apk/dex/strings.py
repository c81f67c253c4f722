"""The text that a DEX file's string tables reach, found in the raw bytes without decoding every string."""

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
Bytes = NDArray[np.uint8]
Offsets = NDArray[np.uint32]

_CHUNK: Final = 1 << 20
"""Bytes looked at together, so that what numpy holds on the way does not grow with the file."""
_MAX_ULEB128: Final = 5
_ROWS: Final = 1 << 12
"""Texts looked at together for the same reason."""
_HEAD: Final = 24
"""Bytes at the beginning of a text by which most of those are left out that do not begin like a host."""


def _lenient(error: UnicodeError) -> tuple[str, int]:
    """Take what plain UTF-8 refuses: C0 80 for U+0000, surrogates coded one by one, and, escaped, broken bytes."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    at = error.start
    three = error.object[at : at + 3]
    if three[:2] == b"\xc0\x80":
        return "\0", at + 2
    if len(three) == 3 and three[0] == 0xED and 0xA0 <= three[1] <= 0xBF and 0x80 <= three[2] <= 0xBF:
        return chr(0xD000 | (three[1] & 0x3F) << 6 | three[2] & 0x3F), at + 3
    return f"\\x{three[0]:02x}", at + 1


codecs.register_error("phone-audit-mutf8", _lenient)


def decode(data: bytes) -> str:
    r"""Decode modified UTF-8 without ever failing, in time linear in the length.

    Surrogate pairs become one character. A surrogate without its half stays readable as ``\udXXX`` and a byte that
    fits nowhere as ``\xXX``, so the answer can always be written as UTF-8. Four-byte UTF-8, which the format does not
    allow and some tools write, is taken as it is meant. Source: dex-format, "MUTF-8 (Modified UTF-8) Encoding".

    Example:
        >>> decode(b"a\xc0\x80\xed\xa0\xbd\xed\xb8\x80\xed\xa0\xbd")
        'a\x00😀\\ud83d'
    """
    text = data.decode("utf-8", "phone-audit-mutf8")
    if text.isascii() or _LONE_SURROGATE.search(text) is None:
        return text
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return joined.encode("utf-8", "backslashreplace").decode("utf-8")


class Text(NamedTuple):
    """One decoded string. `offset` is that of its string_data_item, bytes from the start of the file."""

    offset: int
    text: str


@dataclass(frozen=True, eq=False)
class Strings:
    """Every string_data_item that the string tables of a file name, each once.

    Attributes:
        data: the whole file.
        items: offsets of the items in ascending order, all inside `data`.
        starts: where their texts begin, after the length.
        ends: where their texts end: the next zero byte, or the end of the file.
    """

    data: Bytes
    items: Offsets
    starts: Offsets
    ends: Offsets

    @cached_property
    def _longest(self) -> tuple[Offsets, Offsets, Offsets]:
        """Items, starts and ends by ascending start, without texts that are only the tail of another one.

        No tool writes such overlaps. Without them all texts together are never longer than the file, however it was
        forged.
        """
        if np.all(self.starts[1:] > self.starts[:-1]) and np.all(self.ends[1:] > self.ends[:-1]):
            return self.items, self.starts, self.ends  # as every tool writes them
        order = np.argsort(self.starts, kind="stable")
        ends = self.ends[order]
        first = np.ones(ends.size, dtype=np.bool_)
        np.not_equal(ends[1:], ends[:-1], out=first[1:])
        kept = order[first]
        return self.items[kept], self.starts[kept], self.ends[kept]

    @cached_property
    def overlap(self) -> bool:
        """Whether all texts together are longer than the file, which no tool writes."""
        return int((self.ends - self.starts).sum(dtype=np.uint64)) > self.data.size

    def raw(self, items: Offsets, room: int | None = None) -> list[bytes]:
        """Return the undecoded texts of these items; all of them must be in `self.items`.

        It stops before it has more than `room` bytes, or as many as the file, which happens only where texts overlap or
        are asked for again.
        """
        index = np.searchsorted(self.items, items)
        starts, ends = self.starts[index], self.ends[index]
        kept = np.cumsum(ends - starts, dtype=np.uint64) <= (self.data.size if room is None else max(room, 0))
        starts, ends = starts[kept], ends[kept]
        if not starts.size:
            return []
        low = starts.min()
        area = bytes(self.data.data[int(low) : int(ends.max())])
        return [area[start:end] for start, end in zip((starts - low).tolist(), (ends - low).tolist(), strict=True)]

    def holding(self, pattern: bytes) -> Iterator[Text]:
        """Yield every text that holds a match of a regular expression over bytes, by ascending offset.

        The bytes are searched, so the expression should begin with something fixed and rare.
        """
        items, starts, ends = self._longest
        if not items.size:
            return
        low = int(starts[0])
        area = self.data.data[low : int(ends[-1])]
        found = np.fromiter((hit.start() for hit in re.finditer(pattern, area)), dtype=np.uint32) + np.uint32(low)
        index = np.searchsorted(starts, found, side="right") - 1
        yield from self._texts(np.unique(index[found < ends[index]]))

    def beginning(self, head: str) -> Iterator[Text]:
        """Yield every text that begins with a few letters of ASCII, by ascending offset."""
        return (text for text in self.holding(re.escape(head.encode("ascii"))) if text.text.startswith(head))

    def opening(self, sets: Sequence[bytes], lengths: range) -> Iterator[Text]:
        """Yield every text of one of some lengths, in bytes, whose first bytes are each in the set of their place."""
        _, starts, ends = self._longest
        sizes = ends - starts
        rows = np.flatnonzero((sizes >= lengths.start) & (sizes < lengths.stop) & (sizes % lengths.step == 0))
        for at, members in enumerate(sets):
            rows = rows[_set_of(members)[self.data[starts[rows] + np.uint32(at)]]]
        yield from self._texts(rows)

    def headed(self, inner: bytes, marks: bytes, longest: int) -> Iterator[Text]:
        """Yield every text whose head, what stands before the first slash or the end, consists of a few bytes only.

        A head may hold the bytes of `inner` and must hold one of `marks`; it has no more than `longest`. Two slashes at
        the very start are passed over.
        """
        every = inner + marks
        head = re.compile(rb"(?://)?+([%b]*+[%b][%b]*+)(?=[/\0]|\Z)" % tuple(map(re.escape, (inner, marks, every))))
        view = self.data.data
        for rows in self._perhaps_headed(every, marks):
            places = zip(rows.tolist(), self._longest[1][rows].tolist(), strict=True)
            heads = ((row, head.match(view, start)) for row, start in places)
            found = [row for row, hit in heads if hit and hit.end(1) - hit.start(1) <= longest]
            yield from self._texts(np.array(found, dtype=np.intp))

    def _perhaps_headed(self, every: bytes, marks: bytes) -> Iterator[NDArray[np.intp]]:
        """Yield the rows of the texts that hold a mark and of which the first bytes could be a head, ascending.

        Only `_HEAD` bytes of each are looked at.
        """
        _, starts, ends = self._longest
        goes_on, stops = _set_of(every + b"/\0"), _set_of(b"/\0")
        inside = _set_of(every)
        before = -1
        for low in range(int(starts[0]) if starts.size else self.data.size, self.data.size, _CHUNK):
            window = self.data[low : low + _CHUNK]
            places = np.flatnonzero(_is_one_of(window, marks)) + low
            behind = np.minimum(places + 1, self.data.size - 1)
            places = places[goes_on[self.data[behind]]]
            rows = np.searchsorted(starts, places.astype(np.uint32), side="right") - 1
            rows = rows[(places < ends[rows]) & (rows > before)]
            if rows.size:
                rows = rows[np.append(True, rows[1:] > rows[:-1])]
                before = int(rows[-1])
                rows = rows[(inside | stops)[self.data[starts[rows]]]]
                for at in range(0, rows.size, _ROWS):
                    some = rows[at : at + _ROWS]
                    yield some[self._begins_like(some, inside, stops)]

    def _begins_like(
        self, rows: NDArray[np.intp], inside: NDArray[np.bool_], stops: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """Tell which texts begin with bytes of a set up to a byte of another, as far as `_HEAD` bytes show that."""
        last = np.uint32(self.data.size - 1)
        starts, ends = self._longest[1][rows], self._longest[2][rows]
        places = starts[:, None] + np.arange(_HEAD, dtype=np.uint32)
        bytes_there = self.data[np.minimum(places, last)]
        bytes_there[places >= ends[:, None]] = 0
        other = ~inside[bytes_there]
        first = other.argmax(axis=1)
        each = np.arange(rows.size)
        same: NDArray[np.bool_] = ~other[each, first] | stops[bytes_there[each, first]]
        return same

    def _texts(self, index: NDArray[np.intp]) -> Iterator[Text]:
        items, starts, ends = (column[index].tolist() for column in self._longest)
        view = self.data.data
        for item, start, end in zip(items, starts, ends, strict=True):
            yield Text(item, decode(bytes(view[start:end])))


def read_strings(data: Bytes, items: Offsets) -> Strings:
    """Find where the texts of string_data_items begin and end: ascending offsets, each once, all inside `data`."""
    starts = _text_starts(data, items)
    if np.all(starts[1:] > starts[:-1]):
        ends = _ends_side_by_side(data, items, starts)
        return Strings(data, items, starts, _text_ends(data, starts) if ends is None else ends)
    order = np.argsort(starts)
    ends = np.empty_like(starts)
    ends[order] = _text_ends(data, starts[order])
    return Strings(data, items, starts, ends)


def _set_of(members: bytes) -> NDArray[np.bool_]:
    """Return a table that tells for each of the 256 bytes whether it is one of these."""
    table = np.zeros(256, dtype=np.bool_)
    table[np.frombuffer(members, dtype=np.uint8)] = True
    return table


def _is_one_of(window: Bytes, members: bytes) -> NDArray[np.bool_]:
    match = np.zeros(window.size, dtype=np.bool_)
    for member in members:
        match |= window == member
    return match


def _text_starts(data: Bytes, items: Offsets) -> Offsets:
    """Pass over the length that heads each item.

    Source: dex-format, "string_data_item" and "LEB128": one to five bytes, the high bit says that more follow.
    """
    starts = items.copy()
    last = np.uint32(max(data.size - 1, 0))
    more = np.flatnonzero(data[items] >= 0x80)
    for _ in range(_MAX_ULEB128 - 1):
        starts[more] += 1
        more = more[data[np.minimum(starts[more], last)] >= 0x80]
    return np.minimum(starts + 1, np.uint32(data.size))


def _ends_side_by_side(data: Bytes, items: Offsets, starts: Offsets) -> Offsets | None:
    """Return the next zero byte after each start where every item begins right behind the text before.

    Then the texts end where items begin, which is so if the area holds no zero bytes but these and lengths of zero.
    """
    last = _next_zero(data, int(starts[-1])) if starts.size else data.size
    if last == data.size:
        return None
    ends = np.append(items[1:] - np.uint32(1), np.uint32(last))
    if np.any(ends < starts) or np.any(data[ends]):
        return None
    area = data[int(starts[0]) : last + 1]
    empty = np.count_nonzero(data[starts[1:] - np.uint32(1)] == 0)
    return ends if area.size - np.count_nonzero(area) == ends.size + empty else None


def _text_ends(data: Bytes, starts: Offsets) -> Offsets:
    """Return the next zero byte after each of the ascending `starts`, or the end of the file, last piece first."""
    ends = np.empty_like(starts)
    if not starts.size:
        return ends
    last_chunk = int(starts[-1]) // _CHUNK * _CHUNK
    following = _next_zero(data, last_chunk + _CHUNK)
    for low in range(last_chunk, int(starts[0]) // _CHUNK * _CHUNK - 1, -_CHUNK):
        zeros = np.append(np.flatnonzero(data[low : low + _CHUNK] == 0) + low, following)
        first, last = np.searchsorted(starts, (low, low + _CHUNK))
        ends[first:last] = zeros[np.searchsorted(zeros, starts[first:last])]
        following = int(zeros[0])
    return ends


def _next_zero(data: Bytes, at: int) -> int:
    for low in range(at, data.size, _CHUNK):
        zeros = np.flatnonzero(data[low : low + _CHUNK] == 0)
        if zeros.size:
            return low + int(zeros[0])
    return data.size
