"""What methods consist of once they are ready to be followed: blocks of operations, calls, uses of fields."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple

from phone_audit.apk.flows.callees import Callee
from phone_audit.apk.flows.program import Method
from phone_audit.apk.flows.taints import NOTHING, Obj, Place, Step, Value


class OpKind(IntEnum):
    """What an instruction does, as far as it matters here."""

    SET = 0
    MOVE = 1
    RESULT = 2
    INVOKE = 3
    MIX = 4
    RETURN = 5
    FILL = 6
    LOAD_ELEMENT = 7
    STORE_ELEMENT = 8
    LOAD_FIELD = 9
    STORE_FIELD = 10
    LOAD_STATIC = 11
    STORE_STATIC = 12


Op = tuple[int, int, Any]
"""What is done, the register that it is done to or with, and what else is needed: a value, a register, registers, a
CallSite, a FieldUse."""


@dataclass(eq=False, slots=True)
class Block:
    """Instructions that run one after another, what they do, and the blocks that may follow, by their number.

    Most blocks of a long method are never run, so they are made ready when they are.
    """

    offsets: Sequence[int]
    following: tuple[int, ...]
    _make: Callable[[Sequence[int]], Sequence[Op]]
    _ops: Sequence[Op] | None = None

    @property
    def ops(self) -> Sequence[Op]:
        """Return what the instructions do; what does not matter is left out."""
        if self._ops is None:
            self._ops = self._make(self.offsets)
        return self._ops


@dataclass(frozen=True, eq=False, slots=True)
class Field:
    """A field.

    Attributes:
        name: class, name and type.
        java: class and name in Java form.
        own: whether its class is defined in the package.
        marks: what is known of it since it is one of Android.
    """

    name: str
    java: str
    own: bool
    marks: Value


class FieldUse(NamedTuple):
    """An instruction that names a field.

    Attributes:
        field: which.
        holder: register of the object that holds it.
        kept: the name under which it is known in the whole package: one of Android, such as `Message.obj`, is another
            one in each vendor's code.
        offset: code unit of the instruction.
        begin: where its method begins.
    """

    field: Field
    holder: int
    kept: str
    offset: int
    begin: Place

    @property
    def place(self) -> Place:
        """Where the instruction stands."""
        return place_in(self.begin, self.offset)


@dataclass(eq=False, slots=True)
class CallSite:
    """A call.

    Attributes:
        callee: what the instruction names.
        registers: its arguments, the object first.
        static: whether there is no object.
        virtual: whether the class of the object decides what is called.
        at: part, row and code unit of the instruction.
        begin: where its method begins.
        own: whether the class of its result is defined in the package.
    """

    callee: Callee
    registers: tuple[int, ...]
    static: bool
    virtual: bool
    at: tuple[int, int, int]
    begin: Place
    own: bool
    _fresh: Obj | None = None
    _unknown: Value | None = None

    @property
    def fresh(self) -> Obj:
        """Return the object that it makes if it is a call of Android."""
        if self._fresh is None:
            self._fresh = Obj("api", self.at, self.callee.returns, self.own)
        return self._fresh

    @property
    def unknown(self) -> Value:
        """Return what it returns if it is a call that is not followed."""
        if self._unknown is None:
            made = Obj("unknown", self.at, self.callee.returns, self.own)
            self._unknown = frozenset({made}) if self.callee.reference else NOTHING
        return self._unknown

    def step(self, what: str) -> Step:
        """Return the step that this call is."""
        class_, method, offset, file = place_in(self.begin, self.at[2])
        return class_, method, offset, what, file


def place_in(begin: Place, unit: int) -> Place:
    """Return the place of a code unit in a method that begins at another place."""
    class_, method, offset, file = begin
    return class_, method, offset + 2 * unit, file


@dataclass(frozen=True, eq=False, slots=True)
class LiftedMethod:
    """A method with code.

    Attributes:
        method: which.
        blocks: empty where it is too long, or cannot be followed.
        all_follow: whether every block can be reached from the first one.
        registers: how many there are.
        ins: how many of them, the last ones, hold its arguments.
        units: code units.
        static: whether it is called on no object.
        place: where its instructions begin.
    """

    method: Method
    blocks: Sequence[Block]
    all_follow: bool
    registers: int
    ins: int
    units: int
    static: bool
    place: Place
