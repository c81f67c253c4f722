"""One call of something that the package does not define, as the models of calls are handed it."""

from collections.abc import Sequence
from typing import NamedTuple

from phone_audit.apk.flows import taint_rules
from phone_audit.apk.flows.heap import Heap
from phone_audit.apk.flows.ir import ApiModel, CallSite
from phone_audit.apk.flows.places import java_field, type_of
from phone_audit.apk.flows.summaries import Event, Frame
from phone_audit.apk.flows.taints import KEPT, NOTHING, Obj, Value


class Call(NamedTuple):
    """One call of something that the package does not define: `values` hold the object first; `heap` is changed."""

    site: CallSite
    api: ApiModel
    values: Sequence[Value]
    heap: Heap
    frame: Frame

    def note_kept(self, place: str, value: Value, what: str) -> None:
        """Note that data is put where another method finds it."""
        if self.frame.tainted:
            self.frame.note(Event("keep", place, self.site.step(what), value))

    def note_in_field(self, place: str, value: Value) -> None:
        """Note that data is put into what lies in a field."""
        self.note_kept(place, value, f"puts it into {java_field(place.partition(' ')[2])}")


def fields_of(heap: Heap, obj: Obj) -> list[str]:
    """Return the fields that an object is known to lie in, but those of what cannot be changed."""
    places = [obj.place] if obj.place else sorted(str(one.name) for one in heap.slots(obj).get(KEPT, NOTHING))  # type: ignore[union-attr]
    return [place for place in places if type_of(place.partition(" in ")[0]) not in taint_rules.PLAIN_BYTES]
