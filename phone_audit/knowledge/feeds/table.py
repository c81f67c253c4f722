"""All indicators as one block of bytes that can be looked up without being parsed: a sorted table of 64-bit hashes.

    magic, check sum of the rest, lengths | head (JSON: feeds, lengths of networks, paths)
    | hashes | places | rows' places | values | rows (JSON)

A look-up is a binary search over the hashes in C and the comparison of the value itself, so a collision of hashes
changes nothing. The bytes are mapped, not read: memory is what look-ups touch.
"""

import json
import struct
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Annotated, Any, Final, get_args

from pydantic import Field

from phone_audit.files.bounded_json import checked, parse
from phone_audit.files.bounds import FEED_ROW, TABLE_HEAD
from phone_audit.knowledge.feeds.indicator import (
    CLASSES,
    KINDS,
    MALICIOUS,
    About,
    FeedHead,
    FeedRow,
    Indicator,
    Kind,
    Listed,
    Weight,
)
from phone_audit.model.base import Frozen, read_strictly

MAGIC: Final = b"PHAU-IND"
VERSION: Final = 3
_HEAD: Final = struct.Struct("<8sII6Q")  # magic, version, crc32 of what follows, lengths of the six sections
_TEXT_BITS: Final = 36
_TEXT_MASK: Final = (1 << _TEXT_BITS) - 1


class TableError(ValueError):
    """The bytes are no table of this version, or damaged."""


def key_of(kind: Kind, value: str) -> int:
    """Give the hash under which a value is found."""
    return int.from_bytes(
        blake2b(f"{kind}\0{value}".encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little"
    )


def compile_table(feeds: Iterable[tuple[FeedHead, Iterable[FeedRow]]]) -> bytes:
    """Make the table of some feeds. Equal feeds in equal order give equal bytes."""
    heads: list[FeedHead] = []
    values, rows = bytearray(), bytearray()
    row_places = array("Q")
    found: list[tuple[int, int]] = []
    lengths: dict[str, list[int]] = {"4": [], "6": []}
    paths: set[str] = set()
    for number, (head, its_rows) in enumerate(feeds):
        heads.append(head)
        for row in its_rows:
            place = len(row_places) << _TEXT_BITS
            row_places.append(len(rows))
            said = [number, row.kind, row.name, row.class_, row.weight, row.note, row.by_file]
            rows += json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
            if row.kind == "network":
                _add_lengths(lengths, row.values)
            if row.kind == "path" and row.class_ in MALICIOUS:
                paths.update(row.values)
            for value in row.values:
                found.append((key_of(row.kind, value), place | len(values)))
                values += value.encode() + b"\n"
    found.sort()
    keys, places = array("Q", (key for key, _ in found)), array("Q", (place for _, place in found))
    known = {"feeds": [head.model_dump(mode="json") for head in heads], "networks": lengths, "paths": sorted(paths)}
    listed = json.dumps(known).encode()
    listed += b" " * (-(_HEAD.size + len(listed)) % 8)
    parts = [listed, keys.tobytes(), places.tobytes(), row_places.tobytes(), bytes(values), bytes(rows)]
    check = 0
    for part in parts:
        check = zlib.crc32(part, check)
    return b"".join([_HEAD.pack(MAGIC, VERSION, check, *map(len, parts)), *parts])


def _add_lengths(lengths: dict[str, list[int]], networks: Iterable[str]) -> None:
    """Note how long listed networks are, longest first: an address is looked up once for each length."""
    for network in networks:
        version = "6" if ":" in network else "4"
        length = int(network.rpartition("/")[2])
        if length not in lengths[version]:
            lengths[version] = sorted([*lengths[version], length], reverse=True)


class _Lengths(Frozen):
    four: tuple[Annotated[int, Field(ge=0, le=32)], ...] = Field(alias="4")
    six: tuple[Annotated[int, Field(ge=0, le=128)], ...] = Field(alias="6")


class _Head(Frozen):
    feeds: tuple[FeedHead, ...]
    networks: _Lengths
    paths: tuple[Annotated[str, Field(pattern="^/")], ...]


def _check_row(said: Any, feeds: int) -> None:
    feed, kind, name, class_, weight, note, by_file = said
    known = kind in KINDS and class_ in CLASSES and weight in get_args(Weight) and by_file in (False, True)
    if not (known and isinstance(feed, int) and 0 <= feed < feeds and isinstance(name, str) and isinstance(note, str)):
        raise ValueError("it is no row")


class Table:
    """The indicators of some feeds, ready to be looked up.

    Args:
        data: what `compile_table` made: bytes, or a mapped file that stays open as long as the table.

    Raises:
        TableError: it is not, or not whole.
    """

    def __init__(self, data: bytes | memoryview) -> None:
        view = memoryview(data)
        try:
            magic, version, check, *lengths = _HEAD.unpack_from(view)
        except struct.error as error:
            raise TableError("it is too short") from error
        if magic != MAGIC or version != VERSION or _HEAD.size + sum(lengths) != len(view):
            raise TableError("it is of another version, or cut off")
        if zlib.crc32(view[_HEAD.size :]) != check:
            raise TableError("its check sum is wrong")
        sections, start = [], _HEAD.size
        for length in lengths:
            sections.append(view[start : start + length])
            start += length
        heads, keys, places, rows_at, self._values, self._rows = sections
        try:
            self._keys, self._places, self._rows_at = (part.cast("Q") for part in (keys, places, rows_at))
            head = read_strictly(_Head, checked(bytes(heads), TABLE_HEAD))
        except (TypeError, ValueError) as error:
            raise TableError("its head or a section is none") from error
        if len(self._keys) != len(self._places) or max(self._places, default=-1) >> _TEXT_BITS >= len(self._rows_at):
            raise TableError("a place lies beyond the end")
        self.feeds, self.paths = head.feeds, head.paths
        self.networks = {4: head.networks.four, 6: head.networks.six}
        self._parsed: dict[int, tuple[FeedHead, Kind, About]] = {}

    def check_rows(self) -> None:
        """Read every row: what comes from a cache may be anything.

        Raises:
            TableError: one is no row.
        """
        try:
            for number in range(len(self._rows_at)):
                _check_row(self._said(number), len(self.feeds))
        except (TypeError, ValueError) as error:
            raise TableError("a row is none") from error

    def __len__(self) -> int:
        return len(self._keys)

    def look_up(self, kind: Kind, value: str) -> tuple[Listed, ...]:
        """Give what is listed under this very value, feed by feed."""
        key = key_of(kind, value)
        at = bisect_left(self._keys, key)
        found = []
        while at < len(self._keys) and self._keys[at] == key:
            listed = self._listed(self._places[at])
            if listed.indicator.value == value and listed.indicator.kind == kind:
                found.append(listed)
            at += 1
        return tuple(found)

    def __iter__(self) -> Iterator[Listed]:
        """Yield everything, in the order of the hashes."""
        for place in self._places:
            yield self._listed(place)

    def _listed(self, place: int) -> Listed:
        feed, kind, about = self._row(place >> _TEXT_BITS)
        start = place & _TEXT_MASK
        # the longest value is 2048 letters of at most four bytes
        piece = bytes(self._values[start : start + 8200])
        return Listed(Indicator(kind, piece.partition(b"\n")[0].decode("utf-8", "replace"), about), feed)

    def _row(self, number: int) -> tuple[FeedHead, Kind, About]:
        known = self._parsed.get(number)
        if known is None:
            feed, kind, *said = self._said(number)
            known = self._parsed[number] = (self.feeds[feed], kind, About(*said))
        return known

    def _said(self, number: int) -> Any:
        start = self._rows_at[number]
        end = self._rows_at[number + 1] if number + 1 < len(self._rows_at) else len(self._rows)
        return parse(checked(bytes(self._rows[start:end]), FEED_ROW))
