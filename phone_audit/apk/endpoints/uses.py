"""Which rule takes a text out, where nothing the code does with it can connect to its host.

Six things are told apart from all others: a constant of a library that no code reads, a text that only goes into
messages (the log, an exception, the console, a dialogue), a name that one library is known to use for something else,
an address in an Intent that is never sent, a name in a list of public suffixes, and a sentence for people that no code
loads, or that is the message of an exception. What code does with a text, `address_use.py` finds out; as soon as
anything else happens to it, it counts. So nothing can be hidden by its wording or by the name of the class it stands
in: a URL inside a sentence counts like any other if the code is seen to cut it out again. What is not seen are texts
fetched out of an annotation, and sentences cut out of the message of an exception that was caught; the text stays
listed in any case.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, NamedTuple

from phone_audit.apk.code.libraries import OwnerOf
from phone_audit.apk.dex.def_use import Instructions
from phone_audit.apk.dex.descriptors import java_name
from phone_audit.apk.dex.encoded_values import holders_of
from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.dex.instructions import CONST_STRING, CONST_STRING_JUMBO, DexCodeError
from phone_audit.apk.dex.xrefs import Use, users_of
from phone_audit.apk.endpoints.address_nodes import READ_OUT, Spot, TextUse
from phone_audit.apk.text.host_text import find_urls, is_public_suffix
from phone_audit.apk.text.prose import has_sentence_around, is_sentence
from phone_audit.knowledge.schema.facts import RuledOutRule

UNUSED: Final = "unused"
MESSAGE: Final = "message"
PROBE: Final = "browser-probe"
"""An Intent of which code only asks which package would open it; nothing is opened and nothing fetched."""
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


class Mention(NamedTuple):
    """A text in one part: instructions that load it, classes whose static fields begin with it."""

    text: Spot
    part: DexIndex
    users: list[Use]
    owners: list[bytes]

    @property
    def holders(self) -> set[bytes]:
        return {*self.owners, *(self.part.row_class(use.row) for use in self.users)}

    def is_held_only_by(self, rules: Sequence[RuledOutRule]) -> bool:
        """Tell whether only the classes that rules name hold it."""
        holders = self.holders
        prefixes = tuple(f"{prefix.rstrip('.')}." for rule in rules for prefix in rule.held_by)
        return bool(holders) and all(f"{java_name(holder)}.".startswith(prefixes) for holder in holders)


def mentions_of(index: DexIndex, texts: Collection[Spot], most: int) -> Iterator[Mention]:
    """Find what holds each text in one part; `most` are the instructions listed of one text."""
    ids = index.string_ids({text.offset for text in texts if text.where == index.name})
    users = users_of(index, "string", ids.values(), most)
    classes = holders_of(index, ids.values())
    for offset, number in ids.items():
        owners = [index.defined_class(row) for row in classes[number]]
        yield Mention(Spot(index.name, offset), index, users[number], owners)


def rules_by_use(
    indexes: Sequence[DexIndex],
    owner_of: OwnerOf,
    constants: Sequence[RuledOutRule],
    uses_of: Callable[[Collection[Spot]], Mapping[Spot, TextUse]],
    texts: Mapping[Spot, str],
) -> dict[Spot, str]:
    """Return the rule for each text that the code uses in no other way than a rule says. Texts that count are left out.

    The time is bounded by the bytes of the files and by `MAX_LISTED` and `MAX_TEXTS`; more texts than that all count.

    Args:
        indexes: one for each part of each DEX file of the package.
        owner_of: tells whose code a class is.
        constants: rules that name whole texts and the classes that hold them.
        uses_of: tells what becomes of strings.
        texts: strings that hold a host, and what they say.
    """
    if not texts or len(texts) > MAX_LISTED:
        return {}
    names: dict[str, list[RuledOutRule]] = defaultdict(list)
    for rule in constants:
        for text in rule.texts:
            names[text].append(rule)
    sentences = {spot for spot, text in texts.items() if _has_sentence(text)}
    looked_up = {spot: text for spot, text in texts.items() if "/" not in text or text in names or spot in sentences}
    held = _Held(indexes, looked_up)
    listed = dict.fromkeys(spots_in_lists(held.mentions, texts), SUFFIX_LIST)
    left = [spot for spot in texts if spot not in listed]
    if not left or len(left) > MAX_TEXTS:
        return listed
    seen = uses_of(left)
    held.add([spot for spot in left if spot in seen and seen[spot].use == "unused"])
    return listed | _Rules(owner_of, names, held, seen, sentences).of({spot: texts[spot] for spot in left})


def _has_sentence(text: str) -> bool:
    if text.isascii() and " " not in text:
        return False
    url = next((found.url for found in find_urls(text)), None)
    return url is not None and is_sentence(text, url)


class _Held:
    """What holds some texts, in all parts."""

    def __init__(self, indexes: Sequence[DexIndex], texts: Collection[Spot]) -> None:
        self._indexes = indexes
        self.mentions: list[Mention] = []
        self._of: dict[Spot, list[Mention]] = defaultdict(list)
        self.add(texts)

    def add(self, texts: Collection[Spot]) -> None:
        new = [spot for spot in texts if spot not in self._of]
        for index in self._indexes if new else ():
            for one in mentions_of(index, new, MAX_USES + 1):
                self.mentions.append(one)
                self._of[one.text].append(one)

    def of(self, text: Spot) -> Sequence[Mention]:
        """Return what holds a text; nothing for one that was not looked up."""
        return self._of.get(text, ())


class _Rules(NamedTuple):
    """Tells of texts of one package which rules hold for all that happens to them."""

    owner_of: OwnerOf
    names: Mapping[str, Sequence[RuledOutRule]]
    held: _Held
    seen: Mapping[Spot, TextUse]
    sentences: Collection[Spot]

    def of(self, texts: Mapping[Spot, str]) -> dict[Spot, str]:
        """Return the rule for each of these texts that does not count."""
        found = {spot: self._rule(spot, text) for spot, text in texts.items()}
        return {spot: rule for spot, rule in found.items() if rule is not None}

    def _rule(self, spot: Spot, text: str) -> str | None:
        held = self.held.of(spot)
        constants = self.names.get(text, ())
        if constants and held and all(one.is_held_only_by(constants) for one in held):
            return constants[0].id
        if held and not any(one.holders for one in held):
            return PROSE if spot in self.sentences else None
        seen = self.seen.get(spot)
        if seen is None:
            return None
        if seen.use == "unused":
            return UNUSED if self._is_of_libraries(held) else None
        if seen.rule == READ_OUT:
            return MESSAGE if has_sentence_around(text) else None
        return seen.rule

    def _is_of_libraries(self, held: Sequence[Mention]) -> bool:
        """Tell whether only classes of known libraries hold a text."""
        holders = {holder for one in held for holder in one.holders}
        return bool(holders) and all(self.owner_of(java_name(holder)).party == "library" for holder in holders)


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
