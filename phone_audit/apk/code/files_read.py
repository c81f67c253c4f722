"""Whose code reads the files and resources in which addresses stand, as far as it names them.

A file is named by its path or name in a text, a resource by its number in an instruction. A name that is put together,
or a number that a field holds, is not seen.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from phone_audit.apk.code.libraries import UNKNOWN_OWNER, Owner, OwnerOf, owner_order
from phone_audit.apk.dex.def_use import Instructions
from phone_audit.apk.dex.descriptors import java_name
from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.dex.instructions import DexCodeError, loading
from phone_audit.apk.dex.methods import CODE_HEADER
from phone_audit.apk.dex.xrefs import users_of
from phone_audit.model.apk import Endpoint, HeldBy
from phone_audit.model.finding import Evidence

IdsOf = Callable[[Collection[str]], Mapping[str, Collection[int]]]
"""Gives the numbers of the resources that are one of some texts."""

_MOST_USES: Final = 20
"""Instructions that are looked at of each name and of each number."""
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
    files = _Files(indexes, owner_of, starts, ids_of(texts))
    read = {one.host: files.read(one) for one in asked}
    return tuple(read.get(one.host, one) for one in endpoints)


def _pieces(endpoint: Endpoint) -> Iterator[Evidence]:
    return (piece for holder in endpoint.held_by for piece in holder.evidence)


def _is_in_file(piece: Evidence) -> bool:
    return piece.kind in ("asset", "resource") and piece.encoding is None


class _Files:
    """Looks up what reads files and resources; `ids` are the numbers of resources by text or path."""

    def __init__(
        self,
        indexes: Sequence[DexIndex],
        owner_of: OwnerOf,
        starts: Callable[[int, int], bool],
        ids: Mapping[str, Collection[int]],
    ) -> None:
        self._indexes = indexes
        self._owner_of = owner_of
        self._starts = starts
        self._ids = ids

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
        found = [(self._owner(one), one) for one in self._readers(piece) if self._starts(*one)]
        if not found:
            return UNKNOWN_OWNER, piece
        owner, reader = min(found, key=lambda one: (one[0].party == "library", one[1]))
        index = self._indexes[reader.part]
        name = {"class_": java_name(index.row_class(reader.row)), "method": index.row_name(reader.row)}
        return owner, piece.model_copy(update=name)

    def _owner(self, reader: _Reader) -> Owner:
        return self._owner_of(java_name(self._indexes[reader.part].row_class(reader.row)))

    def _readers(self, piece: Evidence) -> Iterator[_Reader]:
        if _SHOWN.search(piece.where):
            return
        if piece.kind == "asset":
            yield from self._naming(piece.where)
        for number in {*self._ids.get(piece.value, ()), *self._ids.get(piece.where, ())}:
            for part, index in enumerate(self._indexes):
                yield from (_Reader(part, row) for row in _asking(index, number))

    def _naming(self, path: str) -> Iterator[_Reader]:
        inside = path.rpartition("assets/")[2]
        forms = (inside, inside.rpartition("/")[2], f"assets/{inside}", f"/assets/{inside}")
        names = {form.encode("utf-8", "surrogatepass") for form in forms}
        for part, index in enumerate(self._indexes):
            numbers = list(index.strings_equal(names).values())
            for uses in users_of(index, "string", numbers, _MOST_USES).values():
                yield from (_Reader(part, use.row) for use in uses)


def _asking(index: DexIndex, number: int) -> Iterator[int]:
    """Yield the rows of methods that put a number into a register, by `const` or `const/high16`."""
    bodies = index.bodies
    found = 0
    for hit in re.compile(loading(number)).finditer(index.data.data, *bodies.area()):
        item = int(bodies.code.searchsorted(hit.start(), side="right")) - 1
        unit, odd = divmod(hit.start() - int(bodies.code[item]) - CODE_HEADER, 2)
        if item >= 0 and not odd and 0 <= unit < int(bodies.units[item]):
            rows = bodies.rows[bodies.first[item] : bodies.first[item + 1]].tolist()
            if rows and _begins_at(index, rows[0], unit):
                yield from rows
            found += 1
            if found == _MOST_USES:
                return


def _begins_at(index: DexIndex, row: int, unit: int) -> bool:
    """Tell whether an instruction begins at a code unit of a method."""
    code = index.code(row)
    try:
        return code is not None and unit in Instructions(code.units).offsets
    except DexCodeError:
        return False
