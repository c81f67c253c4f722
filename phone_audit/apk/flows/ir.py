"""What methods consist of once they are ready to be followed: blocks of operations, uses of fields, calls.

Of each method that is called it is found out once what the rules say of it if it is Android's, and what of the package
it may reach.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final, NamedTuple, TypeVar

from phone_audit.apk.dex.descriptors import java_name
from phone_audit.apk.dex.index import remembered
from phone_audit.apk.flows import taint_rules
from phone_audit.apk.flows.program import MAX_TARGETS, Method, Named, Program
from phone_audit.apk.flows.renamed_libraries import RenamedLibraries
from phone_audit.apk.flows.sending_libraries import Sink
from phone_audit.apk.flows.taints import ANSWER, NOTHING, Mark, Obj, Place, Step, Value, mark

Known = TypeVar("Known")
_ROOTS: Final[Mapping[str, str]] = {
    "android.app.Activity": "android.content.Context",
    "android.app.Service": "android.content.Context",
}


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
    """A field: class, name and type; class and name in Java form; its marks.

    `own` tells whether the package defines its class, `holds_own` whether it defines the class of what lies there,
    `collects` whether that is one of Android's that values are put into, `answered` whether it comes from the other
    side of a connection.
    """

    name: str
    java: str
    own: bool
    holds_own: bool
    collects: bool
    marks: Value
    answered: bool = False

    @property
    def slot(self) -> str:
        """Return the name under which what it holds lies in an object."""
        return f"{ANSWER}{self.name}" if self.answered else self.name


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
        plain: whether its result cannot be changed.
        gives_itself: whether its result may be the object that it is called on.
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
    plain: bool
    gives_itself: bool
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


class Callees:
    """Finds out about each method_id once.

    Args:
        program: the code of the package.
        sources: the data that a call gives, and what is known of libraries that send.
    """

    def __init__(self, program: Program, sources: taint_rules.Sources) -> None:
        self._program = program
        self._sources = sources
        self.renamed = RenamedLibraries(program, sources.libraries.renamed)

    def holds(self, owner: bytes) -> bool:
        """Tell whether a class counts as that of a library whose objects only hold data."""
        return owner in self._sources.libraries.holding_types

    def sends(self, callee: Callee) -> bool:
        """Tell whether a method sends what it is handed, by an annotation or by what its library is known by."""
        return callee.number in self._program.requests[callee.part] or callee.here in self.renamed.sinks

    def sends_for(self, callee: Callee, caller: Method) -> bool:
        """Tell whether it sends that for a method of another class; what a class does in itself is only followed."""
        return self.sends(callee) and self._program.name_of(caller).owner != callee.owner

    def asked_by(self, named: Named) -> str | None:
        """Return the method of a library that one stands in for and of which the library sends the result."""
        owners = self.owners_of(named.owner)
        if named.name in self._sources.libraries.asked_names:
            calls = (f"{one}.{named.name}" for one in owners)
            return next((call for call in calls if call in self._sources.libraries.asked), None)
        return self.renamed.asked_by(owners, named.name, named.proto)

    @remembered
    def of(self, part: int, number: int) -> Callee:
        """Return what is known of a method_id of one part."""
        owner, name, returns = self._program.names.called(part, number)
        own = self._program.place(owner) is not None
        here = self._program.at(part, number) if own else None
        if own and here is None:
            here = self._program.find(*self._program.names.named(part, number))
        brought = self._program.brought(*self._program.names.named(part, number)) if self.holds(owner) else None
        bodies = (brought,) if brought else ()
        return Callee(part, number, owner, name, returns, returns.startswith((b"L", b"[")), own, here, bodies)

    @remembered
    def reached(self, callee: Callee, types: frozenset[bytes]) -> tuple[Method, ...]:
        """Return the defined methods that a virtual call may reach.

        A call on a class of Android is followed only into objects of which the class is known.

        Args:
            callee: what the instruction names.
            types: own classes of the objects that the first argument may be; empty where nothing is known.
        """
        program = self._program
        under = [one for one in sorted(types) if program.is_under(one, callee.owner)]
        if not under and not callee.own:
            return ()
        named = program.names.named(callee.part, callee.number)
        exact = [program.find(one, named.name, named.proto) for one in under]
        if not under:
            exact = [callee.here, *program.overriding(named)]
        return tuple(dict.fromkeys(method for method in exact if method))[:MAX_TARGETS]

    def api(self, callee: Callee, *, static: bool) -> ApiModel:
        """Return what the rules say of a callee."""
        if callee.api is None:
            callee.api = self._api(callee, static=static)
        return callee.api

    def _api(self, callee: Callee, *, static: bool) -> ApiModel:
        owner, name = callee.owner, callee.name
        is_request = self.sends(callee)
        owners, libraries = self.owners_of(owner), self._sources.libraries
        names = tuple(f"{one}.{name}" for one in owners)
        untouched = any(one.startswith(taint_rules.UNTOUCHED) for one in owners)
        plain = callee.returns in taint_rules.PLAIN_BYTES
        marked = _first(names, taint_rules.MARKS)
        setting, query = names[0] in taint_rules.SETTING_CALLS, taint_rules.QUERY in names
        return ApiModel(
            names=names,
            sink=taint_rules.REQUEST if is_request else _first(names, self._sources.sinks),
            writes=name in taint_rules.WRITES and not static and owners[0] not in taint_rules.MEMORY,
            extras=not static and (owners[0] in taint_rules.EXTRAS or owners[0] in taint_rules.MAPS),
            map=owners[0] in taint_rules.MAPS,
            untouched=untouched,
            collects=owners[0].startswith(taint_rules.COLLECTIONS) or not libraries.collecting.isdisjoint(owners),
            wraps=owners[0].startswith(taint_rules.WRAPPERS),
            fills=not static and not untouched and not taint_rules.only_looks(name),
            neutral=name in taint_rules.NEUTRAL,
            whole=is_request or not self._sources.whole.isdisjoint(names),
            answers=is_request or not self._sources.answers.isdisjoint(names),
            plain=plain,
            gives_itself=callee.returns == owner and not plain,
            mark=mark(marked) if marked else None,
            source=None if setting or query else _first(names, self._sources.calls),
            setting=setting,
            query=query,
            special=_special(names[0], name),
        )

    def answers(self, owner: bytes, name: str) -> bool:
        """Tell whether what a call or a field gives comes from the other side of a connection."""
        return not self._sources.answers.isdisjoint(f"{one}.{name}" for one in self.owners_of(owner))

    @remembered
    def owners_of(self, owner: bytes) -> tuple[str, ...]:
        """Return the classes under which a call on this class is known: itself and those above it."""
        names = [java_name(owner), *sorted(java_name(one) for one in self._program.above(owner))]
        names += [above for name in names if (above := _ROOTS.get(name))]
        return tuple(dict.fromkeys(names))


def _first(names: Sequence[str], known: Mapping[str, Known]) -> Known | None:
    """Return what is known under the first of some names that is known."""
    return next((known[one] for one in names if one in known), None)


def _special(name: str, method: str) -> str | None:
    """Return the name under which something else is done for a call."""
    if name in taint_rules.COPIES or name in taint_rules.CIPHERS:
        return name
    if name in taint_rules.MESSAGES:
        return "message"
    if method == "read":
        return "read"
    if method in taint_rules.OPEN_FILE:
        return "file"
    return "intent" if name.startswith("android.content.Intent.") else None
