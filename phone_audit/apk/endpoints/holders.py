"""Whose code holds an address: own code, a library, or nobody that is known."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from phone_audit.apk.code.libraries import UNKNOWN_OWNER, Owner, OwnerOf, owner_order
from phone_audit.apk.dex.annotations import classes_annotated_with
from phone_audit.apk.dex.descriptors import java_name
from phone_audit.apk.dex.encoded_values import counts_of, holders_of
from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.dex.xrefs import users_of
from phone_audit.apk.endpoints.address_nodes import Spot
from phone_audit.apk.endpoints.host_collector import MAX_EVIDENCE, OF_CODE
from phone_audit.model.apk import Endpoint, HeldBy, names_in_cleartext
from phone_audit.model.finding import Evidence

MAX_PLACES: Final = 5
"""Places shown as evidence of one owner of an endpoint; also the instructions looked at of one string."""


class _Place(NamedTuple):
    """A class that holds a string. Where a method loads it: its name, and the offset of the instruction."""

    class_: str
    method: str | None
    offset: int | None


def name_holders(
    endpoints: Sequence[Endpoint],
    indexes: Sequence[DexIndex],
    owner_of: OwnerOf,
    spelled: Mapping[Spot, Sequence[tuple[DexIndex, int]]] = MappingProxyType({}),
) -> tuple[Endpoint, ...]:
    """Put into each endpoint who holds it.

    Only strings and arrays that are evidence of an endpoint that no rule takes out are looked for, and of more than a
    few the telling ones are kept. A string that no method loads is looked for among the initial values of static
    fields, each in annotations. What nothing holds in a way that can be seen, such as text in other files, stays with
    an unknown owner. `spelled` are the methods that spell out the arrays.
    """
    wanted = defaultdict(set)
    for text in (text for endpoint in endpoints for text in _texts(endpoint)):
        wanted[text.where].add(text.offset)
    places: dict[Spot, list[_Place]] = defaultdict(list)
    for spot, methods in spelled.items():
        places[spot] += (
            _Place(java_name(index.row_class(row)), index.row_name(row), spot.offset) for index, row in methods
        )
    for index in indexes:
        for offset, found in _places(index, wanted.get(index.name, ())):
            places[Spot(index.name, offset)].append(found)
    return tuple(_held(endpoint, places, owner_of) for endpoint in endpoints)


def _texts(endpoint: Endpoint) -> Iterator[Spot]:
    if endpoint.ruled_out is None:
        for holder in endpoint.held_by:
            for one in holder.evidence:
                if one.offset is not None and one.method is None:
                    yield Spot(one.where, one.offset)


def _places(index: DexIndex, offsets: Collection[int]) -> Iterator[tuple[int, _Place]]:
    """Yield what holds the strings at some offsets of one part."""
    offset_of = {number: offset for offset, number in index.string_ids(offsets).items()}
    uses = users_of(index, "string", offset_of.keys(), MAX_PLACES)
    for number, found in uses.items():
        for use in found:
            place = _Place(java_name(index.row_class(use.row)), index.row_name(use.row), use.offset)
            yield offset_of[number], place
    held = holders_of(index, uses)
    values = counts_of(index, uses)
    more = [number for number, classes in held.items() if values[number] > len(classes)]
    annotated = classes_annotated_with(index, more, MAX_PLACES)
    for number, classes in held.items():
        alone = [] if uses[number] else classes[:MAX_PLACES]
        for class_def in (*alone, *annotated.get(number, ())):
            yield offset_of[number], _Place(java_name(index.defined_class(class_def)), None, None)


def _held(endpoint: Endpoint, places: Mapping[Spot, Sequence[_Place]], owner_of: OwnerOf) -> Endpoint:
    places = places if endpoint.ruled_out is None else {}
    by_owner: dict[Owner, list[Evidence]] = defaultdict(list)
    for one in _chosen(endpoint, lambda one: {owner for owner, _ in _shown(one, places, owner_of)}):
        for owner, evidence in _shown(one, places, owner_of):
            by_owner[owner].append(evidence)
    order = sorted(by_owner, key=owner_order)
    held = tuple(HeldBy(party=one.party, library=one.library, evidence=_first(by_owner[one])) for one in order)
    return endpoint.model_copy(update={"held_by": held})


def _chosen(endpoint: Endpoint, owners_of: Callable[[Evidence], Collection[Owner]]) -> list[Evidence]:
    """Return some of many texts: one of each rank, then those of the first ranks, in their order.

    So that none that says more is pushed out by others, own code comes before libraries, what names an unencrypted
    scheme before what does not, and code before files.
    """
    pieces = [one for holder in endpoint.held_by for one in holder.evidence]
    if len(pieces) <= MAX_EVIDENCE:
        return pieces
    ranks = [_rank(one, endpoint.host, owners_of) for one in pieces]
    first = {ranks.index(rank) for rank in ranks}
    order = sorted(range(len(pieces)), key=lambda place: (place not in first, ranks[place]))
    return [pieces[place] for place in sorted(order[:MAX_EVIDENCE])]


def _rank(one: Evidence, host: str, owners_of: Callable[[Evidence], Collection[Owner]]) -> int:
    in_cleartext = names_in_cleartext(one.value, host)
    if one.kind not in OF_CODE:
        return 3 if in_cleartext else 4
    if not in_cleartext:
        return 2
    return 1 if all(owner.party == "library" for owner in owners_of(one)) else 0


def _shown(
    one: Evidence, places: Mapping[Spot, Sequence[_Place]], owner_of: OwnerOf
) -> Iterator[tuple[Owner, Evidence]]:
    """Yield one piece of evidence for each place that holds its string; the string itself where none does."""
    held = places.get(Spot(one.where, one.offset), ()) if one.offset is not None and one.method is None else ()
    if not held:
        yield UNKNOWN_OWNER, one
    for place in held:
        known = {"class_": place.class_, "method": place.method, "offset": place.offset or one.offset}
        yield owner_of(place.class_), one.model_copy(update=known)


def _first(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Return the first few by file and offset, each once."""
    distinct = list(dict.fromkeys(evidence))
    distinct.sort(key=lambda one: (one.where, one.offset or 0, one.value, one.class_ or ""))
    return tuple(distinct[:MAX_PLACES])
