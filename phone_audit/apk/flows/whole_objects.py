"""Objects of the package that are handed over whole: what makes JSON of one, or sends it, takes all of its fields.

That holds for what only keeps values, a class above which there is nothing but Object: of a screen or a request few
fields are meant.
"""

from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from typing import Final

import numpy as np

from phone_audit.apk.dex.index import remembered
from phone_audit.apk.flows.heap import Heap
from phone_audit.apk.flows.places import field_place
from phone_audit.apk.flows.program import Method, Program
from phone_audit.apk.flows.summaries import Frame
from phone_audit.apk.flows.taints import (
    LOST,
    Atom,
    Obj,
    Value,
    class_of,
    objects,
)

_MOST_FIELDS: Final = 1_000
"""Fields of one object that are looked at."""


class WholeObjects:
    """Tells what lies in objects that some calls are handed, `class.method`, and which methods make such calls."""

    def __init__(self, program: Program, calls: Collection[str]) -> None:
        self._program = program
        self._calls = calls

    def kept_in(self, frame: Frame, heap: Heap, values: Iterable[Value]) -> set[Atom]:
        """Return the data that other methods put into fields of objects."""
        found: set[Atom] = set()
        for value in values:
            for obj in objects(value):
                if obj.own and _is_from_elsewhere(heap, obj):
                    places = self._places_in(class_of(obj))
                    frame.shared.cut |= len(places) > _MOST_FIELDS
                    for place in places[:_MOST_FIELDS]:
                        found |= frame.kept(place)
        return found

    @remembered
    def _places_in(self, kind: bytes) -> Sequence[str]:
        """Return the places that the fields of a class are which only keeps values."""
        program = self._program
        found: list[str] = []
        if program.outside(kind):
            return ()
        for one in dict.fromkeys((kind, *program.supers(kind))):
            if (place := program.place(one)) is not None:
                fields = sorted(program.indexes[place[0]].declared_fields(place[1]))
                found += [program.field(place[0], field) for field in fields]
        return [field_place(one, "", own=True) for one in found]

    def handing_over(self, kinds: Collection[bytes]) -> set[Method]:
        """Return the methods that make such a call and are handed or read an object of one of these classes."""
        kinds = [kind for kind in kinds if self._places_in(kind)]
        if not kinds or not self._making_calls:
            return set()
        program = self._program
        fields: list[set[int]] = []
        methods: list[set[int]] = []
        for index in program.indexes:
            types = [number for kind in kinds if (number := index.type_ids.get(kind)) is not None]
            returns = np.flatnonzero(np.isin(index.proto_ids["return"], types))
            fields.append(set(np.flatnonzero(np.isin(index.field_ids["type"], types)).tolist()))
            methods.append(set(np.flatnonzero(np.isin(index.method_ids["type"], returns)).tolist()))
        having = {method for method, _, _ in program.users("field", fields)}
        having |= {method for method, _, _ in program.users("method", methods)}
        texts = [kind.decode("utf-8", "replace") for kind in kinds]
        return {
            one
            for one in self._making_calls
            if one in having or any(text in program.name_of(one).proto for text in texts)
        }

    @cached_property
    def _making_calls(self) -> set[Method]:
        program = self._program
        named = [{*program.named(part, self._calls), *program.requests[part]} for part in range(len(program.indexes))]
        return {method for method, _, _ in program.users("method", named)}


def _is_from_elsewhere(heap: Heap, obj: Obj) -> bool:
    return obj.kind != "new" or LOST in heap.slots(obj)
