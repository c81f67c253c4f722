"""What following a method once says of it, in terms of what it is handed; and how that is put to a call."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from phone_audit.apk.flows.heap import Heap, Slots, can_change, plain_data, read
from phone_audit.apk.flows.ir import LiftedMethod
from phone_audit.apk.flows.program import Method
from phone_audit.apk.flows.taint_rules import SET_RESULT, TYPED_VIEW
from phone_audit.apk.flows.taint_state import Leak, TaintState
from phone_audit.apk.flows.taints import (
    ANY,
    LOST,
    NOTHING,
    NOWHERE,
    SLASHES,
    TO_NATIVE,
    Atom,
    Inside,
    Mark,
    Obj,
    Slot,
    Step,
    Taint,
    Value,
    bounded,
    class_of,
    in_order,
    is_changed,
    is_script,
    join_values,
    mark,
    objects,
    taints,
    tells_way,
    texts,
)

MAX_EVENTS: Final = 64
"""What one method may do with data that it is handed."""
_EXPLICIT: Final = mark("explicit")
FILE: Final = "file:"
"""What the mark of a file that is written begins with, before the place that it is."""
_OUT: Final = ("network", "process")
PAGE: Final = "page"
"""The sink that a script in a page is."""
_OF_THE_PACKAGE: Final = "file:///android_asset/"
"""Begins the addresses of pages in the package itself. Source: WebSettings.setAllowFileAccess."""
FOR_SCRIPT: Final = mark("script")
"""Marks what is handed to a page by code that hands scripts to it, or the address of the page itself."""


Wanted = Literal["constant", "class"]


class Event(NamedTuple):
    """Data that a method gives away or keeps.

    Attributes:
        kind: it reaches a sink, is kept at a place, or is written to something that may lead out of the package.
        name: of the sink or the place.
        step: where that happens.
        value: the data.
        around: what else comes along: addresses, and whom an Intent is for.
        to: what is written to.
    """

    kind: Literal["sink", "keep", "write"]
    name: str
    step: Step
    value: Value
    around: Value = NOTHING
    to: Value = NOTHING


@dataclass(eq=False, slots=True)
class Frame:
    """One method that is being followed.

    Attributes:
        body: the method.
        shared: what is known of the package.
        live: arguments, and what lies in them, that hold data.
        tainted: whether it has met data yet.
        returned: what it may return.
        thrown: what it may throw.
        left: what objects hold when it returns.
        events: what it does with data that it is handed.
        wants: arguments of which constants or classes decide something.
        places: places that it reads, and methods that were not followed since they hand back no data.
    """

    body: LiftedMethod
    shared: TaintState
    live: set[Obj]
    tainted: bool
    returned: Value = NOTHING
    thrown: Value = NOTHING
    left: Heap | None = None
    events: dict[Event, None] = field(default_factory=dict)
    wants: set[tuple[int, Wanted]] = field(default_factory=set)
    places: set[str | Method] = field(default_factory=set)

    def kept(self, place: str) -> Value:
        """Return the data that was put somewhere."""
        if place is NOWHERE:
            return NOTHING
        self.places.add(place)
        found = self.shared.places.get(place, NOTHING)
        if found:
            self.tainted = True
        return found

    def is_live(self, atom: Atom) -> bool:
        """Tell whether this is data."""
        one: Obj | None = None
        if atom.is_data:
            if isinstance(atom, Taint):
                return True
            one = atom.obj  # type: ignore[union-attr]
        elif atom.is_param:
            one = atom  # type: ignore[assignment]
        while one is not None:
            if one in self.live:
                return True
            one = one.base
        return False

    def is_screen(self, atom: Atom) -> bool:
        """Tell whether this is a screen, or what it consists of: nobody sends one for what its fields hold."""
        return isinstance(atom, Obj) and atom.own and self.shared.is_screen(class_of(atom))

    def is_view(self, atom: Atom) -> bool:
        """Tell whether this is a view of a class that the package defines."""
        return isinstance(atom, Obj) and atom.own and self.shared.is_view(class_of(atom))

    def carries(self, heap: Heap, values: Iterable[Value]) -> bool:
        """Tell whether data is in values, or in the objects that they may be."""
        if not self.tainted:
            return False
        here = frozenset().union(*values)
        return any(map(self.is_live, here)) or any(map(self.is_live, heap.closure(here)))

    def want(self, value: Value, what: Wanted = "constant") -> None:
        """Note that it matters which constant, or an object of which class, is handed over."""
        self.wants.update((atom.number, what) for atom in value if isinstance(atom, Obj) and _is_argument(atom))

    def note(self, event: Event) -> None:
        """Take in what happens to data here: to sources at once, to what is handed over once that is known."""
        value = [atom for atom in event.value if self.is_live(atom)]
        if not value:
            return
        if event.kind == "write":
            out = next((name for name in _OUT if mark(name) in event.to), None)
            files = [
                atom.name.removeprefix(FILE)
                for atom in event.to
                if isinstance(atom, Mark) and atom.name.startswith(FILE)
            ]
            for name in sorted(files):
                self.note(event._replace(kind="keep", name=name, to=NOTHING))
            if out is None:
                self._later(event, value)
                return
            event = event._replace(kind="sink", name=out, to=NOTHING)
        found = sorted([atom for atom in value if isinstance(atom, Taint)], key=in_order)
        if event.kind != "keep":
            found = [one for one in found if not one.data.startswith(TYPED_VIEW)]
        if event.kind == "keep":
            self.shared.keep(event.name, found, event.step)
        elif event.name == "intent" and _EXPLICIT in event.around and not event.step.what.endswith(SET_RESULT):
            return
        else:
            name = PAGE if event.name == "network" and _is_for_script(event.around) else event.name
            for taint in found:
                leak = Leak(taint, name, event.step, _cleartext(name, event.around, taint))
                self.shared.leak(leak, self.body.method)
        self._later(event, [atom for atom in value if not isinstance(atom, Taint)])

    def _later(self, event: Event, value: Collection[Atom]) -> None:
        if not value or (event.kind == "write" and not _is_handed(event.to)):
            return
        if len(self.events) < (MAX_EVENTS // 2 if all(map(is_changed, value)) else MAX_EVENTS):
            self.events[event._replace(value=bounded(value))] = None
        else:
            self.shared.cut = True


class Summary(NamedTuple):
    """What a method does.

    `live` are the arguments that were taken to hold data, `version` counts the changes that were known of; `tainted`
    tells whether data comes from the method itself. `handed` are those slots of `left` that depend on the call.
    """

    returned: Value
    thrown: Value
    left: Mapping[Obj, Slots]
    handed: Mapping[Obj, Sequence[Slot]]
    events: Sequence[Event]
    wants: frozenset[tuple[int, Wanted]]
    places: frozenset[str | Method]
    live: frozenset[int]
    tainted: bool
    version: int

    def holds(self, shared: TaintState) -> bool:
        """Tell whether nothing has changed since in the places that the method reads."""
        if self.version >= shared.version:
            return True
        changed = shared.changed
        return not any(changed.get(place, 0) > self.version for place in self.places)


def summarize(frame: Frame, live: frozenset[int], version: int) -> Summary:
    """Return what was found out about a method that was followed."""
    left = {} if frame.left is None else frame.left.reachable(frame.returned | frame.thrown)
    handed = {obj: [slot for slot, value in slots.items() if _is_handed(value)] for obj, slots in left.items()}
    return Summary(
        frame.returned, frame.thrown, left, handed, tuple(frame.events), frozenset(frame.wants),
        frozenset(frame.places), live, frame.tainted, version,
    )  # fmt: skip


def apply(frame: Frame, heap: Heap, summary: Summary, values: Sequence[Value]) -> tuple[Value, Heap]:
    """Put a summary to a call: return what it returns, and what objects hold then.

    Args:
        frame: the method that calls.
        heap: what objects hold before; it is not changed.
        summary: of the method that is called.
        values: what each argument register may hold.
    """
    frame.tainted |= summary.tainted
    frame.places |= summary.places
    if not summary.left and not summary.events and not _is_handed(summary.returned | summary.thrown):
        frame.thrown |= summary.thrown
        return summary.returned, heap.copy()
    frame.shared.budget -= len(summary.events) + len(summary.left)
    handed = _Handed(frame, heap, values)
    for event in summary.events:
        frame.note(handed.event(event))
    after = heap.copy()
    for obj, slots in summary.left.items():
        owners = [one for one in objects(handed.atom(obj)) if can_change(one)] if obj.is_param else [obj]
        put = {**slots, **{slot: handed.value(slots[slot]) for slot in summary.handed[obj]}}
        is_certain = obj.is_param and len(owners) == 1
        for owner in owners:
            after.put_all(owner, put, put.keys() - {ANY, LOST} if is_certain else ())
    frame.thrown = join_values(frame.thrown, handed.value(summary.thrown))
    return handed.value(summary.returned), after


class _Handed:
    """What stands for what a method is handed at one call."""

    def __init__(self, frame: Frame, heap: Heap, values: Sequence[Value]) -> None:
        self._frame = frame
        self._heap = heap
        self._values = values
        self._known: dict[Atom, Value] = {}
        self._values_of: dict[Value, Value] = {}

    def value(self, value: Value) -> Value:
        found = self._values_of.get(value)
        if found is None:
            found = self._values_of[value] = self._value(value)
        return found

    def _value(self, value: Value) -> Value:
        symbols = [atom for atom in value if atom.is_symbol]
        if not symbols:
            return value
        if len(symbols) == len(value) == 1:
            return bounded(self.atom(symbols[0]))
        return bounded(value.difference(symbols).union(*map(self.atom, symbols)))

    def atom(self, atom: Atom) -> Value:
        found = self._known.get(atom)
        if found is None:
            found = self._known[atom] = self._atom(atom)
        return found

    def _atom(self, atom: Atom) -> Value:
        if isinstance(atom, Inside):
            reached = self._heap.sent(self._frame, self.atom(atom.obj))
            return bounded(self._frame.shared.after(data_of(reached), atom.changes))
        assert isinstance(atom, Obj)  # noqa: S101 - nothing else stands for something
        if atom.base is not None:
            return read(self._frame, self._heap, self.atom(atom.base), atom.slot, atom.place, own=atom.own)
        return self._values[atom.number] if atom.number < len(self._values) else NOTHING

    def event(self, event: Event) -> Event:
        heap = self._heap
        value = self.value(event.value)
        return Event(
            event.kind,
            event.name,
            event.step,
            plain_data(self._frame, heap, value)
            if event.kind == "keep"
            else bounded(_data(heap.sent(self._frame, value))),
            _marks(event.around) | around(heap.closure(self.value(event.around))) if event.around else NOTHING,
            leads_to(heap.closure(self.value(event.to))) if event.to else NOTHING,
        )


def _is_handed(value: Value) -> bool:
    """Tell whether a value depends on what a call hands over."""
    return any(atom.is_symbol for atom in value)


def data_of(reached: Collection[Atom]) -> set[Atom]:
    """Return data and addresses."""
    found: set[Atom] = {atom for atom in reached if tells_way(atom)}
    return found | taints(reached)


def _data(reached: Collection[Atom]) -> list[Atom]:
    return [atom for atom in reached if atom.is_data or atom.is_param]


def around(reached: Collection[Atom]) -> Value:
    """Return what may tell how data goes out: addresses, marks, and what stands for them. No mark is left out."""
    return bounded(atom for atom in reached if atom.is_symbol or tells_way(atom)) | _marks(reached)


def _marks(value: Collection[Atom]) -> Value:
    return frozenset(atom for atom in value if isinstance(atom, Mark))


def leads_to(reached: Collection[Atom]) -> Value:
    """Return what may tell where something that is written to leads."""
    return bounded(atom for atom in reached if isinstance(atom, Mark) or atom.is_symbol)


def _is_argument(obj: Obj) -> bool:
    return obj.is_param and obj.base is None


def sink_event(name: str, step: Step, reached: Collection[Atom], beside: Collection[Atom]) -> Event:
    """Return the event that everything reached goes to a sink, where more lies beside it."""
    return Event("sink", name, step, bounded(_data(reached)), around([*reached, *beside]))


def _is_for_script(reached: Collection[Atom]) -> bool:
    """Tell whether data is handed to a script of a page, in which no address stands that it could be sent to."""
    seen = texts(reached)
    leads_on = any(SLASHES in text and not text.lower().startswith(_OF_THE_PACKAGE) for text in seen)
    return not leads_on and (FOR_SCRIPT in reached or any(map(is_script, seen)))


def _cleartext(sink: str, reached: Collection[Atom], taint: Taint) -> bool | None:
    """Tell whether it goes out unencrypted: only where the text of the address was seen on the way."""
    if sink != "network":
        return None
    seen, changed = texts(reached), taint.encrypted_by
    if any(text.lower().startswith("http://") for text in seen):
        return changed is None or (None if changed.what == TO_NATIVE else False)
    return False if any(text.lower().startswith("https://") for text in seen) else None
