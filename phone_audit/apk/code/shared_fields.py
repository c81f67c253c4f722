"""Flows that hang on a field of a library's objects: what one object was handed need not come out of another one.

A field is followed by its name, whatever object holds it. Of a class of others whose objects are made in several places
for several ends, such as a point on a map or the body of a request, that says little: such flows stay listed, and are
not told of the package. Classes of its own, static fields, a class of which few places make objects, and what a
class sends itself are taken to be the same object.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

import numpy as np

from phone_audit.apk.code.libraries import OwnerOf, outermost
from phone_audit.apk.dex.class_hierarchy import ClassHierarchy
from phone_audit.apk.dex.descriptors import descriptor_of
from phone_audit.apk.dex.index import DexIndex, remembered
from phone_audit.apk.dex.instructions import NEW_INSTANCE
from phone_audit.apk.dex.xrefs import users_of
from phone_audit.model.apk import Behaviour

_KEEPS: Final = "keeps it in "
_OTHERS: Final = frozenset({"library", "unknown"})
_STATIC_FIELDS: Final = range(0x60, 0x6E)
_FEW: Final = 3
"""Places that make objects of a class which are taken to make it for the same end."""


class SharedFields:
    """Looks at the fields that flows of one package go through."""

    def __init__(self, indexes: Sequence[DexIndex], owner_of: OwnerOf) -> None:
        self._indexes = indexes
        self._owner_of = owner_of
        self._tree = ClassHierarchy(indexes)

    def with_sure_fields(self, flows: Iterable[Behaviour]) -> Iterator[Behaviour]:
        """Yield flows; those through a field of which many objects of others have one are `library_only`."""
        for flow in flows:
            is_loose = any(self._is_loose(name, flow) for name in _fields(flow))
            yield flow.model_copy(update={"library_only": True}) if is_loose else flow

    def _is_loose(self, field: str, flow: Behaviour) -> bool:
        class_, _, name = field.rpartition(".")
        if not flow.steps or outermost(flow.steps[-1].class_) == outermost(class_):
            return False
        return self._owner_of(class_).party in _OTHERS and self._is_of_many(class_, name)

    @remembered
    def _is_of_many(self, class_: str, name: str) -> bool:
        """Tell whether a field is one of objects that are made in several places."""
        own = descriptor_of(class_.encode("utf-8", "surrogatepass"))
        if any(self._is_static(index, own, name.encode("utf-8", "surrogatepass")) for index in self._indexes):
            return False
        return self._places_that_make(own) > _FEW

    @remembered
    def _places_that_make(self, own: bytes) -> int:
        defined = {one for index in self._indexes for one in index.file.defined_classes}
        kin = {own, *(one for one in defined if own in self._tree.above(one))}
        return sum(_made(index, kin) for index in self._indexes)

    def _is_static(self, index: DexIndex, class_: bytes, name: bytes) -> bool:
        ids = index.field_ids
        named = index.strings_equal((name,)).get(name, -1)
        wanted = np.flatnonzero((ids["class"] == index.type_ids.get(class_, -1)) & (ids["name"] == named)).tolist()
        uses = (use for of_field in users_of(index, "field", wanted).values() for use in of_field)
        return any(int(index.data[use.offset]) in _STATIC_FIELDS for use in uses)


def _fields(flow: Behaviour) -> Iterator[str]:
    for step in flow.steps or ():
        if step.what.startswith(_KEEPS):
            yield step.what.removeprefix(_KEEPS)


def _made(index: DexIndex, names: Collection[bytes]) -> int:
    """Count the instructions that make objects of classes."""
    numbers = [number for name in names if (number := index.type_ids.get(name)) is not None]
    uses = (use for of_type in users_of(index, "type", numbers).values() for use in of_type)
    return sum(int(index.data[use.offset]) == NEW_INSTANCE for use in uses)
