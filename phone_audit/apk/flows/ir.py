"""What methods consist of once they are ready to be followed: blocks of operations, uses of fields, calls."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple

from phone_audit.apk.flows.program import Method
from phone_audit.apk.flows.sending_libraries import Sink
from phone_audit.apk.flows.taints import NOTHING, Mark, Obj, Place, Step, Value


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
    THROW = 13
    CATCH = 14


Op = tuple[int, int, Any]
"""What is done, the register that it is done to or with, and what else is needed: a value, a register, registers, a
CallSite, a FieldUse."""


@dataclass(eq=False, slots=True)
class Block:
    """Instructions that run one after another, what they do, and the blocks that may follow, by their number.

    `caught` are those that go on where an instruction throws.

    Most blocks of a long method are never run, so they are made ready when they are.
    """

    offsets: Sequence[int]
    following: tuple[int, ...]
    caught: tuple[int, ...]
    _make: Callable[[Sequence[int]], Sequence[Op]]
    _ops: Sequence[Op] | None = None

    @property
    def ops(self) -> Sequence[Op]:
        """Return what the instructions do; what does not matter is left out."""
        if self._ops is None:
            self._ops = self._make(self.offsets)
        return self._ops


@dataclass(frozen=True, eq=False, slots=True)
class LiftedMethod:
    """A method with code; its last `ins` registers hold its arguments, and `units` are its code units.

    `blocks` is empty where it is too long or cannot be followed; `all_follow` tells whether every block can be reached
    from the first one; a `static` one is called on no object.
    """

    method: Method
    blocks: Sequence[Block]
    all_follow: bool
    registers: int
    ins: int
    units: int
    static: bool
    place: Place


@dataclass(frozen=True, eq=False, slots=True)
class Field:
    """A field: class, name and type; class and name in Java form; its marks; what stands for what lies in a static one.

    `own` tells whether the package defines its class, `holds_own` whether it defines the class of what lies there,
    `collects` whether that is one of Android's that values are put into.
    """

    name: str
    java: str
    own: bool
    holds_own: bool
    collects: bool
    marks: Value
    held: Value


class FieldUse(NamedTuple):
    """An instruction, `offset` code units into the method at `begin`, that names a field of the object in a register.

    `kept` is the name under which the field is known in the whole package: one of Android, such as `Message.obj`, is
    another one in each vendor's code.
    """

    field: Field
    holder: int
    kept: str
    offset: int
    begin: Place

    def step(self, what: str) -> Step:
        """Return the step that this use is."""
        return self.begin.step(self.offset, what)


@dataclass(eq=False, slots=True)
class ApiModel:
    """What the rules say of a call of something that is not defined in the package.

    Attributes:
        names: `class.method` for the class that is named and those above it.
        sink: what it gives data away by, whatever it is called on.
        writes: whether it gives data away if it is called on something that leads out of the package.
        extras: whether it is called on what keeps values under names.
        map: whether these names mean something in that object alone.
        untouched: whether the object that it is called on is not taken to hold what is handed to it.
        collects: whether what is put into that object is taken out of it again, wherever it is kept.
        wraps: whether that object passes on to another one what is handed to it.
        fills: whether what is handed over may lie in that object from then on.
        neutral: whether its result tells next to nothing of the data.
        whole: whether it takes all fields of the objects that it is handed.
        answers: whether its result comes from the other side of a connection.
        looks_up: how many registers hold what it is given of, where all others only choose that; else 0.
        holds: whether its class is one of a library in which what is to be sent lies.
        called_back: the registers, by their place, of what a library that sends is handed to call back.
        plain: whether its result cannot be changed.
        gives_itself: whether its result may be the object that it is called on.
        joins: whether it puts a copy of what it is handed into a text that is put together, and gives that back.
        mark: the property of its result.
        source: the data that it gives.
        setting: whether it reads a setting, named by a text.
        query: whether it asks a provider.
        special: what else is done for it, by name.
    """

    names: tuple[str, ...]
    sink: Sink | None
    writes: bool
    extras: bool
    map: bool
    untouched: bool
    collects: bool
    wraps: bool
    fills: bool
    neutral: bool
    whole: bool
    answers: bool
    looks_up: int
    holds: bool
    called_back: frozenset[int]
    plain: bool
    gives_itself: bool
    joins: bool
    mark: Mark | None
    source: str | None
    setting: bool
    query: bool
    special: str | None


@dataclass(eq=False, slots=True)
class Callee:
    """A method_id of a part that is called, with the descriptors of its class and of its result.

    `reference` tells whether the result is an object or an array, `own` whether the class is defined in the package,
    `here` is the method itself where it is defined, `brought` the same where the package defines it but the class
    counts as that of a library whose objects only hold data. What the rules say of it is None until somebody asks.
    """

    part: int
    number: int
    owner: bytes
    name: str
    returns: bytes
    reference: bool
    own: bool
    here: Method | None
    brought: Sequence[Method] = ()
    api: ApiModel | None = None


@dataclass(eq=False, slots=True)
class CallSite:
    """A call: `registers` are its arguments, the object first unless it is `static`.

    Where it is `virtual`, the class of the object decides what is called. `at` is part, row and code unit of the
    instruction, `begin` where its method begins; `own` tells whether the class of its result is defined in the package.
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
        return self.begin.step(self.at[2], what)
