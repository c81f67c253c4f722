"""What holds a text in the code of a package, and whose code holds each endpoint."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from phone_audit.apk.code.libraries import UNKNOWN_OWNER, Owner, OwnerOf, owner_order
from phone_audit.apk.dex.descriptors import java_name
from phone_audit.apk.dex.encoded_values import holders_of
from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.dex.xrefs import Use, users_of
from phone_audit.knowledge.schema.facts import RuledOutRule
from phone_audit.model.apk import Endpoint, HeldBy
from phone_audit.model.finding import Evidence

_TEXT_TYPES: Final = (b"Ljava/lang/String;", b"Ljava/lang/CharSequence;", b"Ljava/lang/Object;")
MAX_PLACES: Final = 5
"""Places shown as evidence of one owner of an endpoint; also the instructions looked at of one string."""


class Spot(NamedTuple):
    """A string of a DEX file: the file, and the offset of its string_data_item in bytes."""

    where: str
    offset: int


class Mention(NamedTuple):
    """A text in one part: its string index, instructions that load it, classes whose static fields begin with it."""

    text: Spot
    part: DexIndex
    number: int
    users: list[Use]
    owners: list[bytes]

    @property
    def holders(self) -> set[bytes]:
        """All classes that hold it."""
        return {*self.owners, *(self.part.row_class(use.row) for use in self.users)}

    def is_held_only_by(self, rule: RuledOutRule) -> bool:
        """Tell whether only the classes that a rule names hold it."""
        holders = self.holders
        prefixes = tuple(f"{prefix.rstrip('.')}." for prefix in rule.held_by)
        return bool(holders) and all(f"{java_name(holder)}.".startswith(prefixes) for holder in holders)


def mentions_of(index: DexIndex, texts: Collection[Spot], most: int) -> Iterator[Mention]:
    """Find what holds each text in one part; `most` are the instructions listed of one text."""
    ids = index.string_ids({text.offset for text in texts if text.where == index.name})
    users = users_of(index, "string", ids.values(), most)
    classes = holders_of(index, ids.values())
    for offset, number in ids.items():
        owners = [index.defined_class(row) for row in classes[number]]
        yield Mention(Spot(index.name, offset), index, number, users[number], owners)


def classes_read(indexes: Sequence[DexIndex], owners: Collection[bytes]) -> frozenset[bytes]:
    """Return those of some classes of which any code uses a static text, or a field that could be one."""
    found: set[bytes] = set()
    for index in indexes if owners else ():
        classes = {number: owner for owner in owners if (number := index.type_ids.get(owner)) is not None}
        kinds = [number for kind in _TEXT_TYPES if (number := index.type_ids.get(kind)) is not None]
        ids = index.field_ids
        fields = np.flatnonzero(np.isin(ids["class"], list(classes)) & np.isin(ids["type"], kinds)).tolist()
        used = (field for field, uses in users_of(index, "field", fields, 1).items() if uses)
        found.update(classes[int(ids["class"][field])] for field in used)
    return frozenset(found)


class _Place(NamedTuple):
    """A class that holds a string. Where a method loads it: its name, and the offset of the instruction."""

    class_: str
    method: str | None
    offset: int | None


def name_holders(endpoints: Sequence[Endpoint], indexes: Sequence[DexIndex], owner_of: OwnerOf) -> tuple[Endpoint, ...]:
    """Put into each endpoint who holds it.

    Only strings that are evidence of an endpoint that no rule takes out are looked for. A string that no method loads
    is looked for among the initial values of static fields. What nothing holds in a way that can be seen, such as text
    in other files, stays with an unknown owner.
    """
    wanted = defaultdict(set)
    for text in (text for endpoint in endpoints for text in _texts(endpoint)):
        wanted[text.where].add(text.offset)
    places: dict[Spot, list[_Place]] = defaultdict(list)
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
    alone = [number for number, found in uses.items() if not found]
    for number, classes in holders_of(index, alone).items():
        for class_def in classes[:MAX_PLACES]:
            yield offset_of[number], _Place(java_name(index.defined_class(class_def)), None, None)


def _held(endpoint: Endpoint, places: Mapping[Spot, Sequence[_Place]], owner_of: OwnerOf) -> Endpoint:
    if endpoint.ruled_out is not None:
        return endpoint
    by_owner: dict[Owner, list[Evidence]] = defaultdict(list)
    for holder in endpoint.held_by:
        for one in holder.evidence:
            for owner, evidence in _shown(one, places, owner_of):
                by_owner[owner].append(evidence)
    order = sorted(by_owner, key=owner_order)
    held = tuple(HeldBy(party=one.party, library=one.library, evidence=_first(by_owner[one])) for one in order)
    return endpoint.model_copy(update={"held_by": held})


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
