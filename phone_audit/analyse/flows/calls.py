"""What calls of Android do to values, and what is known of the package as a whole: fields, sinks, sources."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from phone_audit.analyse.flows import models
from phone_audit.analyse.flows.program import Method, Named, Program, java_of
from phone_audit.analyse.flows.values import (
    ANY,
    NOTHING,
    Atom,
    Heap,
    Mark,
    Obj,
    Slot,
    Step,
    Taint,
    Text,
    Value,
    bounded,
    carried,
    objects,
    taints,
    texts,
)

_MAX_STEPS: Final = 3
"""Steps before the sink: the source, and fields or names that it is kept under."""
_ROOTS: Final[Mapping[str, str]] = {
    "android.app.Activity": "android.content.Context",
    "android.app.Service": "android.content.Context",
}


class Call(NamedTuple):
    """One call of something that is not defined in the package.

    Attributes:
        named: what is called.
        values: what each argument register may hold, the object first.
        static: whether there is no object.
        heap: what objects hold; is changed.
        at: part, row and code unit of the instruction.
        place: class, method, offset in bytes and file of the instruction.
    """

    named: Named
    values: Sequence[Value]
    static: bool
    heap: Heap
    at: tuple[int, int, int]
    place: tuple[str, str, int, str]

    def step(self, what: str) -> Step:
        """Give the step that this call is."""
        class_, method, offset, file = self.place
        return class_, method, offset, what, file


class Leak(NamedTuple):
    """Data that reaches a sink."""

    taint: Taint
    sink: str
    step: Step
    cleartext: bool | None


@dataclass
class Shared:
    """What holds for the whole package.

    Attributes:
        sources: the data that a call gives, by `class.method`.
        source_fields: the data that a field holds, by `class.field`.
        left: instructions that may still be followed.
        relevant: methods that lead to a source or to a field that holds data.
        leaks: what was found, each with the method that it was followed from.
        root: the method that is being followed from.
        cut: whether something was not followed.
        version: grows with what is known of fields, so that earlier answers can be told from later ones.
        told: every leak in the order in which it was seen, again and again.
    """

    sources: Mapping[str, str]
    source_fields: Mapping[str, str]
    left: int
    relevant: set[Method] = field(default_factory=set)
    leaks: dict[Leak, set[Method]] = field(default_factory=dict)
    root: Method | None = None
    cut: bool = False
    version: int = 0
    told: list[Leak] = field(default_factory=list)
    places: dict[str, Value] = field(default_factory=dict)

    def keep(self, place: str, value: Value, step: Step) -> None:
        """Remember data that is put where another method finds it."""
        if not value or step[0].startswith(models.CONTAINERS):
            return
        before = self.places.get(place, NOTHING)
        known = {(atom.data, atom.steps[0]) for atom in before if isinstance(atom, Taint)}
        new = {
            Taint(atom.data, (*atom.steps, step))
            for atom in value
            if isinstance(atom, Taint) and (atom.data, atom.steps[0]) not in known and len(atom.steps) < _MAX_STEPS
        }
        if new:
            self.places[place] = bounded(before | new)
            self.version += 1

    def kept(self, place: str) -> Value:
        """Give the data that was put there."""
        return self.places.get(place, NOTHING)

    def field_source(self, name: str, place: tuple[str, str, int, str]) -> Value:
        """Give the data that a field of Android holds."""
        owner, _, rest = name.partition("->")
        java = f"{java_of(owner.encode())}.{rest.partition(':')[0]}"
        data = self.source_fields.get(java)
        class_, method, offset, file = place
        return frozenset({Taint(data, ((class_, method, offset, f"reads {java}", file),))}) if data else NOTHING

    def callback(self, named: Named) -> str | None:
        """Give the data that a method is handed by Android, or None."""
        return models.CALLBACKS.get((named.name, named.proto))

    def leak(self, leak: Leak) -> None:
        """Remember data that reaches a sink."""
        if self.root is not None:
            self.leaks.setdefault(leak, set()).add(self.root)
        self.told.append(leak)


class CallModel:
    """Applies the models of calls."""

    def __init__(self, program: Program, shared: Shared) -> None:
        self._program = program
        self._shared = shared
        self._owners: dict[bytes, tuple[str, ...]] = {}

    def apply(self, call: Call) -> Value:
        """Give what a call returns, and change what objects hold."""
        names = [f"{owner}.{call.named.name}" for owner in self._owners_of(call.named.owner)]
        self._sink(call, names)
        if not call.static and names and names[0].rpartition(".")[0] in models.EXTRAS:
            kept = self._extras(call)
            if kept is not None:
                return kept
        self._special(call, names[0])
        self._into_receiver(call)
        return self._result(call, names)

    def _owners_of(self, owner: bytes) -> tuple[str, ...]:
        """Give the classes under which a call on this class is known: itself and those above it."""
        if owner not in self._owners:
            names = [java_of(owner), *sorted(java_of(one) for one in self._program.above(owner))]
            names += [above for name in names if (above := _ROOTS.get(name))]
            self._owners[owner] = tuple(dict.fromkeys(names))
        return self._owners[owner]

    def _untouched(self, call: Call) -> bool:
        return any(owner.startswith(models.UNTOUCHED) for owner in self._owners_of(call.named.owner))

    def _sink(self, call: Call, names: Sequence[str]) -> None:
        sink = next((models.SINKS[name] for name in names if name in models.SINKS), None)
        values = call.values
        if sink is None:
            if call.named.name not in models.WRITES or call.static or not values:
                return
            if java_of(call.named.owner) in models.MEMORY:
                return
            marks = {atom.name for atom in call.heap.closure(values[0]) if isinstance(atom, Mark)}
            name = next((one for one in ("network", "process") if one in marks), None)
            if name is None:
                return
            sink = models.Sink(name)
        handed = values if call.static or sink.receiver else values[1:]
        reached = {atom for value in handed for atom in call.heap.closure(value)}
        if sink.name == "intent" and Mark("explicit") in reached:
            return
        found = sorted((atom for atom in reached if isinstance(atom, Taint)), key=str)
        if not found:
            return
        around = {*reached, *(atom for value in values[:1] for atom in call.heap.closure(value))}
        for taint in found:
            step = call.step(f"calls {names[0]}")
            self._shared.leak(Leak(taint, sink.name, step, _cleartext(sink.name, around)))

    def _extras(self, call: Call) -> Value | None:
        """Values under names: of an Intent, a Bundle, preferences. None where it is no such call."""
        name, values = call.named.name, call.values
        keys = texts(values[1]) if len(values) > 1 else []
        if name.startswith("put") and len(values) > 2:
            handed = frozenset().union(*values[2:])
            for obj in objects(values[0]):
                for key in keys:
                    call.heap.put(obj, f"extra {key}", handed)
                if not keys:
                    call.heap.put(obj, ANY, handed)
            reached = frozenset(atom for atom in call.heap.closure(handed) if isinstance(atom, Taint))
            for key in keys:
                self._shared.keep(
                    extra_place(key, call.place[0]), reached, call.step(f"puts it under the name {key!r}")
                )
            return values[0]
        if name.startswith("get") and keys:
            found: set[Atom] = set()
            for key in keys:
                found |= self._extra_of(call, values[0], key)
            if call.named.proto.endswith((")Z",)):
                return NOTHING
            return bounded(found)
        if name in ("getExtras", "getBundleExtra", "edit"):
            return values[0]
        return None

    def _extra_of(self, call: Call, holder: Value, key: str) -> set[Atom]:
        slot: Slot = f"extra {key}"
        found: set[Atom] = set()
        here = False
        for obj in objects(holder):
            inside = call.heap.slots(obj).get(ANY, NOTHING)
            for one in (obj, *objects(inside)):
                slots = call.heap.slots(one)
                here |= slot in slots
                found |= slots.get(slot, NOTHING)
            found |= taints(inside)
        return found if here else found | self._shared.kept(extra_place(key, call.place[0]))

    def _special(self, call: Call, name: str) -> None:
        values, heap = call.values, call.heap
        if name == "java.lang.System.arraycopy" and len(values) >= 3:
            self._copy(heap, values[0], values[2])
        elif name == "java.lang.String.getChars" and len(values) >= 4:
            self._copy(heap, values[0], values[3])
        elif name in models.MESSAGES:
            for slot in models.MESSAGE_FIELDS:
                reached = frozenset(atom for value in values for atom in heap.closure(value) if isinstance(atom, Taint))
                place = field_place(self._program, f"Landroid/os/Message;->{slot}", call.place[0])
                self._shared.keep(place, reached, call.step("puts it into a message"))
        elif call.named.name == "read" and len(values) >= 2:
            self._copy(heap, values[0], values[1])
        elif name.startswith("android.content.Intent."):
            named_class = call.named.name in models.EXPLICIT and bool(texts(values[-1]) or objects(values[-1]))
            explicit = named_class or "Ljava/lang/Class;" in call.named.proto
            if explicit and values:
                for obj in objects(values[0]):
                    heap.put(obj, ANY, frozenset({Mark("explicit")}))

    def _copy(self, heap: Heap, giver: Value, taker: Value) -> None:
        inside: set[Atom] = set(taints(giver))
        for obj in objects(giver):
            inside.update(*heap.slots(obj).values())
        for obj in objects(taker):
            heap.put(obj, ANY, frozenset(inside))

    def _into_receiver(self, call: Call) -> None:
        """What is handed to an object of Android is taken to lie in it from then on."""
        owner = java_of(call.named.owner)
        if call.static or not call.values or self._untouched(call) or models.only_looks(call.named.name):
            return
        handed = frozenset(atom for value in call.values[1:] for atom in carried(value))
        if not handed:
            return
        wraps = owner.startswith(models.WRAPPERS)
        for obj in objects(call.values[0]):
            inside = objects(call.heap.slots(obj).get(ANY, NOTHING)) if wraps else []
            for one in (obj, *inside):
                if one.type not in self._program.classes:
                    call.heap.put(one, ANY, handed - {one})

    def _result(self, call: Call, names: Sequence[str]) -> Value:
        kind = call.named.proto.rpartition(")")[2]
        data = self._source(call, names)
        if kind in ("V", "Z") and data is None:
            return NOTHING
        found: set[Atom] = set()
        if data is not None:
            found.add(Taint(data, (call.step(f"calls {names[0]}"),)))
        if call.named.name in models.NEUTRAL:
            return frozenset(found)
        untouched = self._untouched(call)
        for place, value in enumerate(call.values):
            if place == 0 and not call.static and untouched:
                continue
            found |= {atom for atom in call.heap.closure(value) if isinstance(atom, Taint)}
        if kind.startswith(("L", "[")):
            self._object_result(call, names, kind, found, untouched)
        return bounded(found)

    def _object_result(self, call: Call, names: Sequence[str], kind: str, found: set[Atom], untouched: bool) -> None:
        receiver = NOTHING if call.static or not call.values else call.values[0]
        if not untouched:
            if kind.encode() == call.named.owner and kind.encode() not in models.PLAIN_BYTES:
                found |= receiver
            for value in call.values:
                found |= {atom for atom in carried(value) if isinstance(atom, Text)}
                for obj in objects(value):
                    inside = call.heap.slots(obj).get(ANY, NOTHING)
                    found.update(carried(inside))
        if mark := next((models.MARKS[name] for name in names if name in models.MARKS), None):
            found.add(Mark(mark))
        if kind.encode() in models.PLAIN_BYTES:
            return
        fresh = Obj("api", call.at, kind.encode("utf-8", "replace"))
        found.add(fresh)
        if not untouched:
            for obj in objects(receiver):
                if obj.kind != "unknown" and obj.type not in self._program.classes and obj != fresh:
                    call.heap.put(obj, ANY, frozenset({fresh}))

    def _source(self, call: Call, names: Sequence[str]) -> str | None:
        if names[0] in models.SETTING_CALLS:
            named = {text for value in call.values for text in texts(value)}
            return next((data for key, data in models.SETTINGS.items() if key in named), None)
        if models.QUERY in names:
            return self._queried(call)
        return next((self._shared.sources[name] for name in names if name in self._shared.sources), None)

    def _queried(self, call: Call) -> str | None:
        for value in call.values[1:2]:
            for atom in sorted(call.heap.closure(value), key=str):
                if isinstance(atom, Mark) and atom.name.startswith("data:"):
                    return atom.name.removeprefix("data:")
                if isinstance(atom, Text):
                    for start, data in models.PROVIDER_TEXTS.items():
                        if atom.text.startswith(start):
                            return data
        return None


def field_place(program: Program, name: str, class_: str) -> str:
    """Give the place that a field is: one of Android, such as `Message.obj`, is another one in each vendor's code."""
    owner = name.partition("->")[0].encode()
    return f"field {name}" if owner in program.classes else f"field {name} in {class_.rpartition('.')[0]}"


def extra_place(key: str, class_: str) -> str:
    """Give the place that a name in an Intent or Bundle is, in the code of one vendor."""
    return f"extra {key} in {_vendor(class_)}"


def _vendor(class_: str) -> str:
    """Give the first two labels of the Java package of a class."""
    return ".".join(class_.split(".")[:-1][:2])


def _cleartext(sink: str, reached: set[Atom]) -> bool | None:
    """Tell whether it goes out unencrypted: only where the text of the address was seen on the way."""
    if sink != "network":
        return None
    seen = texts(reached)
    if any(text.lower().startswith("http://") for text in seen):
        return True
    return False if any(text.lower().startswith("https://") for text in seen) else None
