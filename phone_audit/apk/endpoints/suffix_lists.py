"""Lists of public suffixes in code: by such names programs take host names apart, and none of them is asked."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Final

from phone_audit.apk.dex.def_use import Instructions
from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.dex.instructions import CONST_STRING, CONST_STRING_JUMBO, DexCodeError
from phone_audit.apk.endpoints.mentions import Mention, Spot
from phone_audit.apk.endpoints.public_suffixes import is_public_suffix

SUFFIX_LIST: Final = "suffix-list"

MAX_UNITS: Final = 150_000
"""Code units of a method that is looked at; the longest that there can be has 65,535 texts."""
MAX_METHODS: Final = 8
"""Methods of one package that are looked at."""
_FEW: Final = 3
"""Doubtful names in one method from which on a look is worth it."""
_LIST: Final = 150
"""Texts of a method from which on it may be a list of suffixes."""
_LOOKED_AT: Final = 1_000
_SHARE: Final = 0.6
"""Share of public suffixes among the texts of a list; such lists change, so some are none any more."""

_Row = tuple[int, int]


def spots_in_lists(mentions: Sequence[Mention], texts: Mapping[Spot, str]) -> frozenset[Spot]:
    """Return the texts that nothing but lists of public suffixes hold.

    Args:
        mentions: what holds the texts, all of them.
        texts: strings that hold a host, and what they say; those with a URL are left out.
    """
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
    if code is None or len(code.units) > MAX_UNITS:
        return False
    try:
        instructions = Instructions(code.units)
        places = sorted((*instructions.with_opcode(CONST_STRING), *instructions.with_opcode(CONST_STRING_JUMBO)))
        ids = [number for place in islice(places, _LOOKED_AT) if (number := instructions[place].index) is not None]
        names = [index.string(number) for number in ids]
    except DexCodeError:
        return False
    return len(names) >= _LIST and sum(map(is_public_suffix, names)) >= _SHARE * len(names)
