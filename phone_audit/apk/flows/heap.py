"""What objects hold while a method is followed."""

from collections.abc import Collection, Iterable
from typing import Final, Protocol

from phone_audit.apk.dex.descriptors import java_name
from phone_audit.apk.flows.places import owner_of
from phone_audit.apk.flows.taint_rules import ADDRESSES, COMMON_CODE, PLAIN_BYTES
from phone_audit.apk.flows.taints import (
    ANY,
    LOST,
    NOTHING,
    Atom,
    Obj,
    Slot,
    Taint,
    Value,
    bounded,
    class_of,
    join_values,
    mark,
    objects,
)

Slots = dict[Slot, Value]
_EMPTY: Final[Slots] = {}
_NO_SLOTS: Final[frozenset[Slot]] = frozenset()
_IS_LOST: Final[Value] = frozenset({mark("lost")})
STATICS: Final = Obj("new", (-1, -1, -1), b"statics", own=False)
"""What holds the static fields."""


class Heap:
    """What each object holds. Copies share everything until one of them is written."""

    __slots__ = ("_content", "_own")

    def __init__(self, content: dict[Obj, Slots] | None = None) -> None:
        self._content: dict[Obj, Slots] = {} if content is None else content
        self._own = content is None

    def copy(self) -> "Heap":
        """Return a heap that can be changed without changing this one."""
        self._own = False
        return Heap(self._content)

    def slots(self, obj: Obj) -> Slots:
        """Return what an object holds; not to be changed."""
        return self._content.get(obj, _EMPTY)

    def put(self, obj: Obj, slot: Slot, value: Value, *, replace: bool = False) -> None:
        """Put a value into a slot."""
        self.put_all(obj, {slot: value}, {slot} if replace else _NO_SLOTS)

    def put_all(self, obj: Obj, values: Slots, replaced: Collection[Slot]) -> None:
        """Put values into slots; what some of them held before is gone."""
        known = slots = self._content.get(obj, _EMPTY)
        if slots is _EMPTY and not obj.parts:
            if values:
                self._make_own()
                self._content[obj] = {slot: bounded(value) for slot, value in values.items()}
            return
        for slot, value in values.items():
            before = slots.get(slot)
            if slot in replaced:
                if value == before:
                    continue
                before = None
            elif before is None:
                before = frozenset({obj.parts[slot]}) if slot in obj.parts else None
            elif value <= before:
                continue
            if slots is known:
                slots = {**known}
            slots[slot] = join_values(before, value) if before else bounded(value)
        if slots is not known:
            self._make_own()
            self._content[obj] = slots

    def join(self, other: "Heap") -> bool:
        """Take in another heap; tell whether anything changed."""
        if other._content is self._content:
            return False
        changed = False
        content, theirs = self._content, other._content
        for obj in [*theirs, *[one for one in content if one.is_param and one not in theirs]]:
            known, slots = content.get(obj), theirs.get(obj, _EMPTY)
            if known is slots:
                continue
            if obj.is_param:
                joined = _joined_part(obj, known or _EMPTY, slots)
            else:
                joined = slots if known is None else _joined(known, slots)
            if joined is not known:
                self._make_own()
                self._content[obj] = joined
                changed = True
        return changed

    def reachable(self, returned: Value) -> dict[Obj, Slots]:
        """Return what is left for whoever calls: in what is returned, in arguments and in static fields."""
        content = self._content
        left = {obj: self._of_use(slots) for obj, slots in content.items() if obj.is_param or obj is STATICS}
        held = self.closure(returned.union(*[value for slots in left.values() for value in slots.values()]))
        left.update((obj, slots) for obj, slots in content.items() if obj in held and obj not in left)
        return {obj: left[obj] for obj in objects(left)}

    def _of_use(self, slots: Slots) -> Slots:
        """Put only data and own objects in place of everything that lies somewhere inside."""
        inside = slots.get(ANY)
        if inside is None:
            return slots
        found: set[Atom] = set()
        for atom in inside:
            if not isinstance(atom, Obj) or atom.own or atom.is_param:
                found.add(atom)
            elif atom in self._content:
                reached = self.closure((atom,))
                found.update([one for one in reached if not isinstance(one, Obj) or one.own or one.is_param])
        return {**slots, ANY: bounded(found)}

    def closure(self, value: Collection[Atom]) -> Collection[Atom]:
        """Return everything that a value is or reaches, each once."""
        content = self._content
        left = [atom for atom in value if atom in content]
        if not left:
            return value
        seen = set(value)
        while left:
            for held in content[left.pop()].values():
                new = held - seen
                if new:
                    seen |= new
                    left += [atom for atom in new if atom in content]
        return seen

    def taints_of(self, reader: "Reader", values: Iterable[Value]) -> set[Atom]:
        """Return the data that one of the values is or reaches."""
        content = self._content
        found: set[Atom] = set()
        seen: set[Atom] = set()
        left = [value for value in values if value]
        while left:
            for atom in left.pop():
                if atom.is_data:
                    found.add(atom)
                    continue
                if isinstance(atom, Obj) and atom.is_param and (reader.is_live(atom) or atom.type in ADDRESSES):
                    found.add(atom.inside)
                if atom in content and atom not in seen and not reader.is_screen(atom):
                    seen.add(atom)
                    left += content[atom].values()
        return found

    def sent(self, reader: "Reader", value: Collection[Atom]) -> Collection[Atom]:
        """Return what goes along when a value is handed to what sends: all that it reaches, but through no screen."""
        content = self._content
        seen = set(value)
        left = [atom for atom in value if atom in content]
        while left:
            atom = left.pop()
            for held in () if reader.is_screen(atom) else content[atom].values():
                new = held - seen
                seen |= new
                left += [one for one in new if one in content]
        return seen

    def closure_of_all(self, values: Iterable[Value]) -> Collection[Atom]:
        """Return everything that one of the values is or reaches."""
        return self.closure(frozenset().union(*values))

    def _make_own(self) -> None:
        if not self._own:
            self._content = dict(self._content)
            self._own = True


def _joined(known: Slots, slots: Slots) -> Slots:
    """Join what an object holds in two heaps; the very first where the second adds nothing."""
    joined = known
    for slot, value in slots.items():
        before = joined.get(slot)
        if before is not None and value <= before:
            continue
        after = value if before is None else join_values(before, value)
        if after != before:
            joined = {**joined, slot: after} if joined is known else joined
            joined[slot] = after
    return joined


def _joined_part(obj: Obj, known: Slots, slots: Slots) -> Slots:
    """Join what an argument holds: what only one of two ways put there leaves what was there before on the other."""
    joined = dict(known)
    for slot in [*known, *[one for one in slots if one not in known]]:
        before, after = known.get(slot), slots.get(slot)
        if before is not None and after is not None:
            joined[slot] = before if before is after else bounded(before | after)
            continue
        value = before or after or NOTHING
        joined[slot] = bounded(value | {obj.parts[slot]}) if slot in obj.parts else value
    return known if joined == known else joined


class Reader(Protocol):
    """Whoever reads: knows what was put where in the whole package."""

    live: set[Obj]

    def kept(self, place: str) -> Value:
        """Return the data that was put somewhere."""

    def is_live(self, atom: Atom) -> bool:
        """Tell whether this is data."""

    def is_screen(self, atom: Atom) -> bool:
        """Tell whether this is a screen or what it consists of."""

    def is_view(self, atom: Atom) -> bool:
        """Tell whether this is a view of a class that the package defines."""


def read(reader: Reader, heap: Heap, holder: Value, slot: Slot, place: str, *, own: bool = False) -> Value:
    """Return what lies in objects under a name.

    Args:
        reader: whoever reads.
        heap: what objects hold.
        holder: the objects.
        slot: the name.
        place: what the same is for the whole package.
        own: whether objects of the package's own classes lie there.
    """
    found: set[Atom] = set()
    known = lay_in_field = False
    for atom in holder:
        if isinstance(atom, Obj):
            known = True
            slots = heap.slots(atom)
            if slot in slots:
                found |= slots[slot]
            elif atom.is_param:
                part, kept = atom.part(slot, place, own=own), reader.kept(place)
                if part is atom:
                    found |= kept
                elif kept:
                    reader.live.add(part)
                found.add(part)
            elif atom.kind != "new" or LOST in slots:
                found |= reader.kept(place)
            found |= slots.get(ANY, NOTHING)
        elif isinstance(atom, Taint) and atom.lay_in_field and place and is_field(slot):
            lay_in_field = True  # where it lay in this one, the field's own place holds it
        elif atom.is_data:
            found.add(atom)
    return bounded(found if known and not lay_in_field else found | reader.kept(place))


def can_change(obj: Obj) -> bool:
    """Tell whether more may come to lie in an object: not where it is a text or a number, nor in what lies in one."""
    if obj.slot == ANY and obj.base is not None:
        return can_change(obj.base)
    return class_of(obj) not in PLAIN_BYTES


def is_field(slot: Slot) -> bool:
    """Tell whether a slot of an object is a field that is followed by itself, not one of code for anybody's data."""
    if not isinstance(slot, str) or "->" not in slot or slot.startswith("extra "):
        return False
    return not java_name(owner_of(slot)).startswith(COMMON_CODE)


def publish(heap: Heap, value: Value) -> None:
    """Note that other methods get hold of these objects."""
    for atom in value:
        if isinstance(atom, Obj):
            heap.put(atom, LOST, _IS_LOST)


def plain_data(reader: Reader, heap: Heap, value: Value, *, outside_fields: bool = False) -> Value:
    """Return the data in a value and in containers of Android, but not that in fields of the package's own.

    With `outside_fields` also what objects of the package hold elsewhere than in fields, as a map of its own does. A
    view that is handed over may be one that something known is typed into.
    """
    found: set[Atom] = set()
    left = [value]
    seen: set[Atom] = set()
    while left:
        held = left.pop()
        for atom in held:
            if atom.is_data:
                found.add(atom)
            elif isinstance(atom, Obj) and atom.own:
                if atom.is_param and reader.is_view(atom):
                    found.add(atom)
                if outside_fields and atom not in seen:
                    seen.add(atom)
                    left += [held for slot, held in heap.slots(atom).items() if not is_field(slot)]
            elif isinstance(atom, Obj) and atom not in seen:
                seen.add(atom)
                if atom.is_param:
                    found.add(atom)
                left += heap.slots(atom).values()
    return bounded(found)
