"""Whose code reads the files and resources in which addresses stand, as far as it names them.

A file is named by its path or name in a text, a resource by its number in an instruction. A name that is put together,
or a number that a field holds, is not seen.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from phone_audit.apk.code.libraries import UNKNOWN_OWNER, Owner, OwnerOf, owner_order
from phone_audit.apk.dex.constants import loads_of
from phone_audit.apk.dex.descriptors import java_name
from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.dex.xrefs import users_of
from phone_audit.model.apk import Endpoint, HeldBy
from phone_audit.model.finding import Evidence

IdsOf = Callable[[Collection[str]], Mapping[str, Collection[int]]]
"""Gives the numbers of the resources that are one of some texts."""

_Key = bytes | int
"""The name of a file, or the number of a resource."""
_MOST_READERS: Final = 20
"""Instructions that are looked at of each name and each number; of more, one that is not looked at may start."""
_SHOWN: Final = re.compile(
    r"\.(?:[mc]?js|jsbundle|bundle|s?html?|xhtml|css|svg|md|mp3|ogg|wav|m4a)\Z|(?:\A|/)res/(?!raw|xml|values)[\w-]+/",
    re.IGNORECASE,
)
"""Names of files that are run, shown or played. What scripts and pages do with an address, they tell themselves."""


class _Reader(NamedTuple):
    """A method that names a file or a resource."""

    part: int
    row: int


def with_readers(
    endpoints: Sequence[Endpoint],
    indexes: Sequence[DexIndex],
    owner_of: OwnerOf,
    starts: Callable[[int, int], bool],
    ids_of: IdsOf,
) -> tuple[Endpoint, ...]:
    """Say whose code reads the files that hold an unencrypted address which only files hold.

    `starts` tells, by part and row, whether anything starts a method.
    """
    asked = [one for one in endpoints if one.counts_in_cleartext and all(map(_is_in_file, _pieces(one)))]
    texts = {text for one in asked for piece in _pieces(one) for text in (piece.value, piece.where)}
    if not texts or not indexes:
        return tuple(endpoints)
    files = _Files(indexes, owner_of, starts, _readers(indexes, asked, ids_of(texts)))
    read = {one.host: files.read(one) for one in asked}
    return tuple(read.get(one.host, one) for one in endpoints)


def _pieces(endpoint: Endpoint) -> Iterator[Evidence]:
    return (piece for holder in endpoint.held_by for piece in holder.evidence)


def _is_in_file(piece: Evidence) -> bool:
    return piece.kind in ("asset", "resource") and piece.encoding is None


class _Files:
    """Names for each text the code that reads it, as `readers` gives it."""

    def __init__(
        self,
        indexes: Sequence[DexIndex],
        owner_of: OwnerOf,
        starts: Callable[[int, int], bool],
        readers: Callable[[Evidence], Iterator[_Reader]],
    ) -> None:
        self._indexes = indexes
        self._owner_of = owner_of
        self._starts = starts
        self._readers = readers

    def read(self, endpoint: Endpoint) -> Endpoint:
        """Return an endpoint whose texts name the code that reads them."""
        by_owner: dict[Owner, dict[Evidence, None]] = defaultdict(dict)
        for piece in _pieces(endpoint):
            owner, shown = self._with_reader(piece)
            by_owner[owner][shown] = None
        held = (
            HeldBy(party=one.party, library=one.library, evidence=tuple(by_owner[one]))
            for one in sorted(by_owner, key=owner_order)
        )
        return endpoint.model_copy(update={"held_by": tuple(held)})

    def _with_reader(self, piece: Evidence) -> tuple[Owner, Evidence]:
        """Return a text with the code that reads it: own code before that of libraries."""
        readers = list(self._readers(piece))
        found = [(self._owner(one), one) for one in readers if self._starts(*one)]
        if not found and len(readers) >= _MOST_READERS:
            found = [(UNKNOWN_OWNER, readers[0])]
        if not found:
            return UNKNOWN_OWNER, piece
        owner, reader = min(found, key=lambda one: (one[0].party == "library", one[1]))
        index = self._indexes[reader.part]
        name = {"class_": java_name(index.row_class(reader.row)), "method": index.row_name(reader.row)}
        return owner, piece.model_copy(update=name)

    def _owner(self, reader: _Reader) -> Owner:
        return self._owner_of(java_name(self._indexes[reader.part].row_class(reader.row)))


def _readers(
    indexes: Sequence[DexIndex], asked: Sequence[Endpoint], ids: Mapping[str, Collection[int]]
) -> Callable[[Evidence], Iterator[_Reader]]:
    """Return what gives the code that reads a text."""

    def keys_of(piece: Evidence) -> set[_Key]:
        if _SHOWN.search(piece.where):
            return set()
        names = _names(piece.where) if piece.kind == "asset" else ()
        return {*names, *ids.get(piece.value, ()), *ids.get(piece.where, ())}

    wanted = {key for one in asked for piece in _pieces(one) for key in keys_of(piece)}
    found: dict[_Key, list[_Reader]] = defaultdict(list)
    for part, index in enumerate(indexes):
        by_number = loads_of(index, [key for key in wanted if isinstance(key, int)])
        for key, row in (*_naming(index, wanted), *((use.id, use.row) for use in by_number)):
            if len(found[key]) < _MOST_READERS:
                found[key].append(_Reader(part, row))
    return lambda piece: (reader for key in keys_of(piece) for reader in found[key])


def _names(path: str) -> Iterator[bytes]:
    """Yield the names by which code opens a file of the assets."""
    inside = path.rpartition("assets/")[2]
    for form in (inside, inside.rpartition("/")[2], f"assets/{inside}", f"/assets/{inside}"):
        yield form.encode("utf-8", "surrogatepass")


def _naming(index: DexIndex, keys: Collection[_Key]) -> Iterator[tuple[_Key, int]]:
    """Yield the rows of methods that load one of some texts, each with it."""
    named = index.strings_equal([key for key in keys if isinstance(key, bytes)])
    texts = {number: text for text, number in named.items()}
    for number, uses in users_of(index, "string", list(texts), _MOST_READERS).items():
        yield from ((texts[number], use.row) for use in uses)
