"""What holds a text in the code of a package: instructions that load it, and static fields that begin with it."""

from collections.abc import Collection, Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from phone_audit.apk.dex.descriptors import java_name
from phone_audit.apk.dex.encoded_values import holders_of
from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.dex.xrefs import Use, users_of
from phone_audit.knowledge.schema.facts import RuledOutRule

_TEXT_TYPES: Final = (b"Ljava/lang/String;", b"Ljava/lang/CharSequence;", b"Ljava/lang/Object;")


class Spot(NamedTuple):
    """A string of a DEX file: the file, and the offset of its string_data_item in bytes."""

    where: str
    offset: int


class Mention(NamedTuple):
    """A text in one part.

    Attributes:
        number: its string index there.
        users: instructions that load it.
        owners: classes whose static fields begin with it.
    """

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
