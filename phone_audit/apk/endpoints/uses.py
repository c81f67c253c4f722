"""Whose code holds a text, and what it does with it, where that shows that nothing connects to a host in it.

Six things are told apart from all others: a constant of a library that no code reads, a text that only goes into
messages (the log, an exception, the console, a dialogue), a name that one library is known to use for something else,
an address in an Intent that is never sent, a name in a list of public suffixes, and a sentence for people that no code
loads. Every instruction that loads a text is followed, register by register; as soon as anything else happens to it,
it counts: also where it is kept in a field, given back, or handed to a method that cannot be followed. So nothing can
be hidden by its wording or by the name of the class it stands in: a URL inside a sentence counts like any other if the
code may cut it out again. What becomes of the addresses that are not told apart here, `address_use.py` says. What is
not seen are texts fetched by reflection, out of an annotation, by native code or out of the message of an exception
that was caught; whoever goes so far encrypts them, and the text stays listed in any case.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, NamedTuple

import numpy as np

from phone_audit.apk.code.libraries import UNKNOWN_OWNER, Owner, OwnerOf, owner_order
from phone_audit.apk.dex.def_use import Instructions
from phone_audit.apk.dex.descriptors import java_name
from phone_audit.apk.dex.encoded_values import count_values, holders_of
from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.dex.instructions import CONST_STRING, CONST_STRING_JUMBO, DexCodeError
from phone_audit.apk.dex.xrefs import Use, users_of
from phone_audit.apk.endpoints.string_dataflow import MESSAGE, PROBE, Follower, OtherUseError
from phone_audit.apk.text.host_text import find_urls, is_public_suffix
from phone_audit.apk.text.prose import is_sentence
from phone_audit.knowledge.schema.facts import RuledOutRule
from phone_audit.model.apk import Endpoint, HeldBy
from phone_audit.model.finding import Evidence

UNUSED: Final = "unused"
PROSE: Final = "prose"
SUFFIX_LIST: Final = "suffix-list"
BY_USE: Final = frozenset({UNUSED, MESSAGE, PROSE, PROBE, SUFFIX_LIST})
"""Rules of the knowledge that are tried here."""

MAX_TEXTS: Final = 500
"""Texts of one package that are followed."""
MAX_LISTED: Final = 5_000
"""Texts of one package of which is looked whether a list of suffixes holds them."""
MAX_USES: Final = 20
"""Instructions that may load a text; one that is loaded more often counts."""
MAX_UNUSED: Final = 50
"""Texts that no code reads and that are looked for in annotations; what goes beyond counts."""
MAX_LIST_UNITS: Final = 150_000
"""Code units of a method that may be a list of suffixes; the longest that there can be has 65,535 texts."""
MAX_METHODS: Final = 8
"""Methods of one package that are looked at."""
_FEW: Final = 3
"""Doubtful names in one method from which on a look is worth it."""
_LIST: Final = 150
"""Texts of a method from which on it may be a list of suffixes."""
_LOOKED_AT: Final = 1_000
_SHARE: Final = 0.6
"""Share of public suffixes among the texts of a list; such lists change, so some are none any more."""
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


def rules_by_use(
    indexes: Sequence[DexIndex], owner_of: OwnerOf, constants: Sequence[RuledOutRule], texts: Mapping[Spot, str]
) -> dict[Spot, str]:
    """Return the rule for each text that the code uses in no other way than a rule says. Texts that count are left out.

    The time is bounded by the bytes of the files and by `MAX_LISTED` and `MAX_TEXTS`; more texts than that all count.

    Args:
        indexes: one for each part of each DEX file of the package.
        owner_of: tells whose code a class is.
        constants: rules that name whole texts and the classes that hold them.
        texts: strings that hold a host, and what they say.
    """
    if not texts or len(texts) > MAX_LISTED:
        return {}
    mentions = [one for index in indexes for one in mentions_of(index, texts, MAX_USES + 1)]
    listed = dict.fromkeys(spots_in_lists(mentions, texts), SUFFIX_LIST)
    left = {spot: text for spot, text in texts.items() if spot not in listed}
    if not left or len(left) > MAX_TEXTS:
        return listed
    chosen = [one for one in mentions if one.text in left]
    return listed | _Uses(indexes, owner_of, constants, chosen).rules(left)


def _has_sentence(text: str) -> bool:
    if text.isascii() and " " not in text:
        return False
    url = next((found.url for found in find_urls(text)), None)
    return url is not None and is_sentence(text, url)


class _Uses:
    """Tells of texts of one package which rules hold for all that happens to them; `mentions` are what holds them."""

    def __init__(
        self,
        indexes: Sequence[DexIndex],
        owner_of: OwnerOf,
        constants: Sequence[RuledOutRule],
        mentions: Collection[Mention],
    ) -> None:
        self._follower = Follower(indexes)
        self._owner_of = owner_of
        self._constants = {text: rule for rule in constants for text in rule.texts}
        self._mentions = mentions
        self._read = classes_read(indexes, {owner for one in mentions for owner in one.owners})
        self._left = MAX_UNUSED

    def rules(self, texts: Mapping[Spot, str]) -> dict[Spot, str]:
        """Return the rule for each of these texts that does not count."""
        found: dict[Spot, set[str]] = defaultdict(set)
        counts: set[Spot] = set()
        for one in self._mentions:
            try:
                found[one.text] |= self._kinds(one, texts[one.text])
            except (OtherUseError, DexCodeError):
                counts.add(one.text)
        return {text: min(kinds) for text, kinds in found.items() if kinds and text not in counts}

    def _kinds(self, one: Mention, text: str) -> set[str]:
        if len(one.users) > MAX_USES or any(owner in self._read for owner in one.owners):
            raise OtherUseError
        constant = self._constants.get(text)
        if constant and one.is_held_only_by(constant):
            return {constant.id}
        if one.users:
            return {kind for use in one.users for kind in self._follower.rules_of(one.part, use)}
        if not one.owners:
            return {PROSE} if _has_sentence(text) else set()
        if not self._is_of_libraries(one):
            raise OtherUseError
        self._left -= 1
        if self._left < 0 or count_values(one.part, one.number) > len(one.owners):
            raise OtherUseError
        return {UNUSED}

    def _is_of_libraries(self, one: Mention) -> bool:
        """Tell whether only classes of known libraries hold a text."""
        holders = one.holders
        return bool(holders) and all(self._owner_of(java_name(holder)).party == "library" for holder in holders)


def spots_in_lists(mentions: Sequence[Mention], texts: Mapping[Spot, str]) -> frozenset[Spot]:
    """Return the texts without a URL that nothing but lists of public suffixes hold."""
    bare = [one for one in mentions if "/" not in texts[one.text]]
    parts = {id(one.part): one.part for one in bare}
    rows = Counter((id(one.part), use.row) for one in bare for use in one.users)
    often = [row for row, count in rows.most_common(MAX_METHODS) if count >= _FEW]
    lists = {row for row in often if _is_list(parts[row[0]], row[1])}
    held: dict[Spot, set[bool]] = defaultdict(set)
    for one in bare if lists else ():
        users = {(id(one.part), use.row) in lists for use in one.users}
        held[one.text] |= users | ({False} if one.owners else set())
    return frozenset(spot for spot, known in held.items() if known == {True})


def _is_list(index: DexIndex, row: int) -> bool:
    code = index.code(row)
    if code is None or len(code.units) > MAX_LIST_UNITS:
        return False
    try:
        instructions = Instructions(code.units)
        places = sorted((*instructions.with_opcode(CONST_STRING), *instructions.with_opcode(CONST_STRING_JUMBO)))
        ids = [number for place in islice(places, _LOOKED_AT) if (number := instructions[place].index) is not None]
        names = [index.string(number) for number in ids]
    except DexCodeError:
        return False
    return len(names) >= _LIST and sum(map(is_public_suffix, names)) >= _SHARE * len(names)


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
