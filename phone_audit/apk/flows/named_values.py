"""What is put where another method finds it by a name: in an Intent, among settings, in a file, in a message."""

from collections.abc import Collection, Sequence

from phone_audit.apk.flows import taint_rules
from phone_audit.apk.flows.call import Call, fields_of
from phone_audit.apk.flows.heap import is_field, plain_data, read
from phone_audit.apk.flows.places import (
    extra_place,
    field_place,
    file_place,
    java_field,
    owner_of,
    preference_place,
)
from phone_audit.apk.flows.program import Program, parameter_registers
from phone_audit.apk.flows.summaries import FILE
from phone_audit.apk.flows.taint_state import TaintState
from phone_audit.apk.flows.taints import (
    ANY,
    IN_OBJECT,
    NOTHING,
    NOWHERE,
    Atom,
    Value,
    bounded,
    mark,
    objects,
    taints,
    texts,
)


class NamedValues:
    """Applies the models of calls that put something under a name, or get it from there."""

    def __init__(self, program: Program, shared: TaintState) -> None:
        self._program = program
        self._shared = shared

    def put_or_get(self, call: Call) -> Value | None:
        """Put a value under a name, or return what is there; None where it is no such call."""
        site, values = call.site, call.values
        name = site.callee.name
        keys = texts(values[1]) if len(values) > 1 else []
        if len(values) > 1 and name.startswith(("put", "get")):
            call.frame.want(values[1])
        if name.startswith("put") and len(values) > 2:
            self._put_extra(call, keys)
            return values[0]
        if name.startswith("get") and not keys and site.begin.method == "".join(taint_rules.ANY_PREFERENCE):
            return self._any_extra(call)
        if name.startswith("get") and keys:
            if site.callee.returns == b"Z":
                return NOTHING
            return bounded(atom for key in keys for atom in self._get_extra(call, key))
        return values[0] if values and name in ("getExtras", "getBundleExtra", "edit") else None

    def _put_extra(self, call: Call, keys: Sequence[str]) -> None:
        values, heap = call.values, call.heap
        handed = frozenset().union(*values[2:])
        for obj in objects(values[0]):
            for slot in [f"extra {key}" for key in keys] or [ANY]:
                heap.put(obj, slot, handed)
        if call.api.map:
            self._into_fields(call, handed)
            return
        if not call.frame.tainted:
            return
        reached = bounded(heap.closure(handed))
        in_fields = taints(reached) - plain_data(call.frame, heap, handed, outside_fields=True)
        for key in keys:
            call.note_kept(_place_of(call, key), reached - in_fields, f"puts it under the name {key!r}")
            if in_fields:
                call.note_kept(_place_of(call, key), in_fields, f"{IN_OBJECT} that holds it under the name {key!r}")
        if in_fields:
            self._note_fields(call, reached)

    def _note_fields(self, call: Call, reached: Collection[Atom]) -> None:
        """Note what lies in the fields of objects: it may have come there after a field was set, as into an array."""
        heap = call.heap
        for obj in objects(reached):
            for slot, held in heap.slots(obj).items() if obj.own else ():
                if is_field(slot):
                    data = plain_data(call.frame, heap, held, outside_fields=True)
                    call.note_kept(field_place(str(slot), "", own=True), data, f"holds it in {java_field(str(slot))}")

    def _into_fields(self, call: Call, handed: Value) -> None:
        """Note that data is put into a map in a field: a static one, or one of objects that are made for one end."""
        shared = self._shared
        for obj in objects(call.values[0]):
            for place in fields_of(call.heap, obj):
                if place not in shared.statics and shared.places_that_make(owner_of(place.partition(" ")[2])) > 1:
                    continue
                call.note_in_field(place, plain_data(call.frame, call.heap, handed))

    def _get_extra(self, call: Call, key: str) -> set[Atom]:
        holder, heap, slot = call.values[0], call.heap, f"extra {key}"
        place = NOWHERE if call.api.map else _place_of(call, key)
        found: set[Atom] = set()
        here = False
        for obj in objects(holder):
            inside = heap.slots(obj).get(ANY, NOTHING)
            for one in (obj, *objects(inside)):
                slots = heap.slots(one)
                here |= slot in slots
                found |= slots.get(slot, NOTHING)
            found |= {one for one in taints(inside) if one in inside}
        return found if here else found | read(call.frame, heap, holder, slot, place)

    def _any_extra(self, call: Call) -> Value:
        """Return what was put among the settings under any name by the same vendor."""
        begin, _, end = preference_place("\n", call.site.begin.class_).partition("\n")
        places = sorted(one for one in self._shared.places if one.startswith(begin) and one.endswith(end))
        return bounded(atom for place in places for atom in call.frame.kept(place)) | {call.site.fresh}

    def file(self, call: Call) -> None:
        """A file that is opened is the place that its name is."""
        call.frame.want(call.values[1] if len(call.values) > 1 else NOTHING)
        for name in texts(call.values[1]) if len(call.values) > 1 else ():
            place = file_place(name, call.site.begin.class_)
            if taint_rules.OPEN_FILE[call.site.callee.name]:
                call.heap.put(call.site.fresh, ANY, frozenset({mark(f"{FILE}{place}")}))
            else:
                call.heap.put(call.site.fresh, ANY, call.frame.kept(place))

    def message(self, call: Call) -> None:
        """Put what a message is made of into its fields: an int into those for one, all else into its object."""
        if not call.frame.tainted:
            return
        callee = call.site.callee
        kinds = parameter_registers(self._program.names.named(callee.part, callee.number).proto)
        handed = list(zip(kinds, call.values[len(call.values) - len(kinds) :], strict=False))
        copied = [value for kind, value in handed if kind == b"Landroid/os/Message;"]
        numbers = taints(NOTHING.union(*(value for kind, value in handed if kind == b"I")))
        numbers |= taints(call.heap.closure_of_all(copied))
        others = [value for kind, value in handed if kind not in (b"I", b"Landroid/os/Handler;")]
        reached = taints(call.heap.closure_of_all(others))
        own = self._program.place(b"Landroid/os/Message;") is not None
        for slot in taint_rules.MESSAGE_FIELDS:
            place = field_place(f"Landroid/os/Message;->{slot}", call.site.begin.class_, own=own)
            call.note_kept(place, numbers if slot.endswith(":I") else reached, "puts it into a message")


def _place_of(call: Call, key: str) -> str:
    """Return the place that a name is for the whole package: settings are others than what an Intent brings."""
    is_setting = call.api.names[0].startswith(taint_rules.PREFERENCES)
    return (preference_place if is_setting else extra_place)(key, call.site.begin.class_)
