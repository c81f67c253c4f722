"""One step of following an address: from a register to all that happens to it in the same method."""

from collections.abc import Sequence
from functools import cached_property
from typing import Final, NamedTuple

from phone_audit.apk.dex import instructions as dalvik
from phone_audit.apk.dex.class_tree import ClassTree, Defined
from phone_audit.apk.dex.def_use import ENTRY, Further, Method, Read
from phone_audit.apk.dex.descriptors import java_name
from phone_audit.apk.dex.index import remembered
from phone_audit.apk.dex.instructions import DexCodeError, Instruction
from phone_audit.apk.endpoints.address_nodes import READ_OUT, Argument, Ending, FieldNode, Reach, RegisterNode
from phone_audit.apk.endpoints.call_effects import CallEffects, is_platform
from phone_audit.apk.endpoints.intents import INTENT, PublicIntents, is_for_others
from phone_audit.knowledge.schema.call import CallFact
from phone_audit.model.apk import AddressUse

MAX_LOOKED_AT: Final = 120_000
"""Pairs of instruction and register, methods and fields that are looked at in one package."""
MAX_UNITS: Final = 20_000
"""Code units of a method that are followed."""
MAX_TARGETS: Final = 12
"""Methods of the package that one call is followed into."""
MAX_ORIGINS: Final = 40
"""Steps back to where an object was made that takes an address in."""

_APUT_OBJECT, _AGET_OBJECT, _IGET_OBJECT, _IPUT_OBJECT, _SPUT_OBJECT, _RETURN_OBJECT = (
    0x4D,
    0x46,
    0x54,
    0x5B,
    0x69,
    0x11,
)
_OTHER_VALUES: Final = frozenset(
    f"Ljava/lang/{name};".encode()
    for name in ("Boolean", "Byte", "Character", "Class", "Double", "Float", "Integer", "Long", "Number", "Short")
)
"""What no text can be cast to."""
_SGET_OBJECT: Final = 0x62
_GETS: Final = frozenset({0x54, _SGET_OBJECT})
_FILLED: Final = frozenset({0x24, 0x25})
_NEW_ARRAY: Final = 0x23
_NATIVE: Final = 0x100
_UNITS_OF_A_STEP: Final = 8
"""Code units whose beginnings are found in the time of one pair."""
_NAMES: Final = ("named", "addressed")
"""Effects that give an Intent a receiver."""
_GIVES_BACK: Final = ("result", "object", *_NAMES)
"""Effects of calls whose result may be the object that is called."""
_BY_HANDLE: Final = range(0xFA, 0xFE)
"""invoke-polymorphic and invoke-custom."""
_PIECES: Final = frozenset({0x44, 0x47, 0x48, 0x49, 0x4A})
"""aget of numbers, which may be letters."""
_STREAMS: Final = b"Ljava/io/"
_FILE: Final = b"Ljava/io/File;"


class Called(NamedTuple):
    """Class and name of a method that is called."""

    owner: bytes
    name: bytes


class AddressSteps:
    """Follows an address inside one method at a time. What is found is kept; `looked_at` counts the work."""

    def __init__(self, tree: ClassTree, effects: CallEffects, package: str | None = None) -> None:
        self.looked_at = 0
        self.tree = tree
        apps = effects.public_apps - {package} if package else frozenset[str]()
        self.public = PublicIntents(effects.public_actions, effects.public_kinds, apps)
        self._effects = effects

    @property
    def is_spent(self) -> bool:
        """Whether no more is looked at in this package."""
        return self.looked_at + self.tree.looked_at > MAX_LOOKED_AT

    @remembered
    def method(self, part: int, row: int) -> Method | None:
        """Return the code of a method; None where it has none, is too long or cannot be read."""
        code = self.tree.indexes[part].code(row)
        if code is None or len(code.units) > MAX_UNITS:
            return None
        self.looked_at += len(code.units) // _UNITS_OF_A_STEP
        try:
            return Method(code)
        except DexCodeError:
            return None

    def reach(self, place: RegisterNode) -> Reach:
        """Return all that happens to what a register holds, until the method ends or the register is overwritten."""
        method = self.method(place.part, place.row)
        if method is None:
            return Reach([self._ending("unknown", "code that cannot be followed", place, -1)])
        walk = _Walk(self, self._effects, place, method)
        before = method.looked_at
        try:
            whole = method.follow(place.at, place.register, walk.happens)
        except DexCodeError:
            whole = False
        self.looked_at += method.looked_at - before + 1
        if not whole:
            walk.reach.endings.append(self._ending("unknown", "code that cannot be followed", place, -1))
        return walk.reach

    def _ending(self, use: AddressUse, what: str, place: RegisterNode, unit: int) -> Ending:
        return Ending(use, what, place.part, place.row, unit)


class _Walk:
    """What happens to one value in one method, put together in `reach`."""

    def __init__(self, steps: AddressSteps, effects: CallEffects, place: RegisterNode, method: Method) -> None:
        self.reach = Reach()
        self._steps = steps
        self._tree = steps.tree
        self._effects = effects
        self._place = place
        self._method = method
        self._left = MAX_ORIGINS

    def happens(self, read: Read) -> Further:
        """Take in one instruction that reads the value; tell which further registers hold it then."""
        one = read.instruction
        if one.opcode in dalvik.MOVE_OBJECT or one.opcode in (_AGET_OBJECT, _IGET_OBJECT):
            return Further(one.registers[:1])
        if one.opcode in dalvik.INVOKES and one.index is not None:
            return self._called(read, one.index)
        if one.opcode in _FILLED:
            return Further(result=True)
        if one.opcode == dalvik.CHECK_CAST and one.index is not None:
            return Further(gone=self._cannot_hold(self._tree.indexes[self._place.part].descriptor(one.index)))
        if one.opcode in _BY_HANDLE:
            self._end("unknown", "a call through a handle", one)
        elif one.opcode == _RETURN_OBJECT:
            self.reach.comes_back = True
        elif one.opcode in (_IPUT_OBJECT, _SPUT_OBJECT) and one.registers[0] == read.register and one.index is not None:
            self.reach.nodes.append(FieldNode(self._tree.field(self._place.part, one.index)))
        elif one.opcode == _APUT_OBJECT and one.registers[0] == read.register:
            self._made(one, one.registers[1])
        elif one.opcode in _PIECES and one.registers[1] == read.register:
            self._end("unknown", "letter by letter", one)
        return Further()

    def _cannot_hold(self, descriptor: bytes) -> bool:
        """Tell whether no text, nor any object of Android that holds one, can be of a class.

        An object of a class of the package is never followed; where one takes an address in, that is unknown.
        """
        is_own = descriptor[:1] == b"L" and not is_platform(descriptor) and self._tree.place(descriptor) is not None
        return is_own or descriptor in _OTHER_VALUES

    def _called(self, read: Read, number: int) -> Further:
        one = read.instruction
        member = Called(*self._tree.called(self._place.part, number))
        is_static = one.opcode in dalvik.STATIC_INVOKES
        is_called = not is_static and one.registers[0] == read.register
        if is_called and (self._cannot_hold(member.owner) or _is_stream(member.owner)):
            return Further(gone=True)
        further = Further()
        for at, register in enumerate(one.registers):
            if register == read.register:
                more = self._argument(read, number, member, at, at + is_static)
                further = Further((*further.registers, *more.registers), further.result or more.result)
        return further

    def _argument(self, read: Read, number: int, member: Called, at: int, argument: int) -> Further:
        """Take in that a call is handed the value in one place.

        The object that is called is one of Android's own, so nothing in the package stands in for its methods.
        """
        one = read.instruction
        fact = self._fact(number, member, argument)
        if fact is not None and fact.effect == "fetched":
            self._end("fetched", _shown(member), one)
            return Further()
        if self._steps.is_spent:
            self._end("unknown", "more code than is followed", one)
            return Further()
        targets: Sequence[Defined] = ()
        if argument > 0 and not (fact and (fact.final or self._is_exact(one))):
            targets = self._tree.targets(self._place.part, number, one.opcode)
            if fact is not None and fact.complete:
                targets = [target for target in targets if self._derives(target, fact)]
        if argument > 0 and self._tree.may_be_proxied(member.owner):
            self._end("unknown", _shown(member), one)
        followed = len(targets) <= MAX_TARGETS and [self._into_method(read, target, at) for target in targets]
        if followed is False or (fact is None and not any(followed)):
            self._end("unknown", _shown(member), one)
            return Further()
        return self._effect(read, fact, member) if fact else Further()

    def _fact(self, number: int, member: Called, argument: int) -> CallFact | None:
        """Return what is known of a call; of a method that the package defines itself, only that it connects."""
        owner = member.owner if is_platform(member.owner) else self._tree.base_outside(member.owner)
        fact = self._effects.of(member.owner, member.name, argument) or self._effects.of(owner, member.name, argument)
        if fact is None or fact.effect == "fetched" or is_platform(member.owner):
            return fact
        return None if self._tree.found(self._place.part, number) else fact

    def _derives(self, method: Defined, fact: CallFact) -> bool:
        """Tell whether the class of a method derives from one that a fact names."""
        outside = self._tree.outside(self._tree.indexes[method.part].row_class(method.row))
        return any(java_name(one) in fact.classes for one in outside)

    def _is_exact(self, one: Instruction) -> bool:
        """Tell whether the object that is called was made in this method as one of Android's own classes."""
        if one.opcode in dalvik.STATIC_INVOKES:
            return False
        origins = self._method.origins_of(one, one.registers[0])
        made = [self._method.instructions[at] if at >= 0 else None for at in origins]
        descriptor = self._tree.indexes[self._place.part].descriptor
        return bool(made) and all(
            one and one.opcode == dalvik.NEW_INSTANCE and one.index is not None and is_platform(descriptor(one.index))
            for one in made
        )

    def _into_method(self, read: Read, target: Defined, at: int) -> bool:
        """Follow the value into a method of the package; tell whether it has code."""
        index = self._tree.indexes[target.part]
        code = index.code(target.row)
        if code is None:
            if self._tree.access(target) & _NATIVE:
                self._end("unknown", f"native code: {java_name(index.row_class(target.row))}", read.instruction)
            return False
        register = code.registers - code.ins + at
        entry = self._entry(target, register)
        back = None if read.result is None else self._at(read.place + 2, read.result)
        self.reach.handed.append(Argument(entry, back))
        return True

    def _entry(self, method: Defined, register: int) -> RegisterNode:
        is_intent = self._place.for_others
        return RegisterNode(method.part, method.row, 0, register, register, is_intent, is_intent)

    def _effect(self, read: Read, fact: CallFact, member: Called) -> Further:
        one = read.instruction
        if fact.read_back and self._tree.calls_any(fact.read_back):
            rule = READ_OUT if fact.rule else None
            self._end("unknown", f"{_shown(member)}, which other code reads out", one, rule)
        elif fact.effect in ("opened", "compared"):
            self._end(fact.effect, _shown(member), one, fact.rule)
        elif fact.effect == "printed":
            is_known = self._is_from(one, fact.texts)
            self._end("opened" if is_known else "unknown", _shown(member), one, fact.rule if is_known else None)
        elif fact.effect == "result":
            return Further(result=True)
        elif fact.effect == "object":
            self._made(one, one.registers[0])
        elif fact.effect == "intent":
            self._end("opened" if self._place.for_others else "unknown", _shown(member), one)
        elif fact.effect in _NAMES:
            if not self._is_new:
                self._end("unknown", _shown(member), one)
            return Further(result=True)
        elif fact.effect == "callback":
            self._call_back(read, fact, member)
        return Further()

    def _is_from(self, one: Instruction, fields: Sequence[str]) -> bool:
        """Tell whether the object that is called can come from nothing but some static fields."""
        places = self._method.writers_of(one, one.registers[0])
        loads = [self._method.instructions[place] for place in places]
        known = [load.index for load in loads if load.opcode == _SGET_OBJECT and load.index is not None]
        held = [self._tree.field(self._place.part, number) for number in known]
        return len(held) == len(loads) > 0 and all(_name(field.owner, field.name) in fields for field in held)

    @cached_property
    def _is_new(self) -> bool:
        """Whether the object is followed from where it was made: `for_others` has all that this method does to it."""
        at = self._place.at - 1
        return at >= 0 and self._method.instructions[at].opcode == dalvik.NEW_INSTANCE

    def _call_back(self, read: Read, fact: CallFact, member: Called) -> None:
        """Follow the value into the method of the same object that Android calls with the same arguments."""
        one = read.instruction
        found = self._tree.named(member.owner, (fact.callback or "").encode())
        if not found:
            self._end("unknown", _shown(member), one)
        for target in found:
            code = self._tree.indexes[target.part].code(target.row)
            if code is not None:
                register = code.registers - code.ins + one.registers.index(read.register)
                self.reach.nodes.append(self._entry(target, register))

    def _made(self, one: Instruction, register: int) -> None:
        """Find where the object in a register comes from, and follow it from there."""
        self._left -= 1
        origins = self._method.origins_of(one, register) if self._left > 0 else []
        if not origins:
            self._end("unknown", "an object from elsewhere", one)
        for at in origins:
            if at == ENTRY:
                self._end("unknown", "an object that the method is handed", one)
            else:
                self._from(self._method.instructions[at], at)

    def _from(self, made: Instruction, at: int) -> None:
        register = made.registers[0]
        self.reach.nodes.append(self._at(at + 1, register)._replace(for_others=self._for_others(made, at)))
        if made.opcode == _NEW_ARRAY:
            return
        if made.opcode == dalvik.NEW_INSTANCE and made.index is not None:
            if not is_platform(self._tree.indexes[self._place.part].descriptor(made.index)):
                self._end("unknown", "an object of a class of the package", made)
            return
        if made.opcode in dalvik.MOVE_OBJECT:
            self._made(made, made.registers[1])
        elif made.opcode in _GETS and made.index is not None:
            self.reach.nodes.append(FieldNode(self._tree.field(self._place.part, made.index), took_in=True))
        elif made.opcode == dalvik.MOVE_RESULT_OBJECT:
            self._from_call(self._method.instructions[at - 1])
        else:
            self._end("unknown", "an object from elsewhere", made)

    def _for_others(self, made: Instruction, at: int) -> bool:
        """Tell whether an object is an Intent for other apps alone."""
        index = self._tree.indexes[self._place.part]
        if made.opcode != dalvik.NEW_INSTANCE or made.index is None or index.descriptor(made.index) != INTENT:
            return False
        return is_for_others(index, self._method, at, self._steps.public)

    def _from_call(self, call: Instruction) -> None:
        """Go back through a call that gives the object back which it is called on, such as `append`."""
        if call.opcode in _FILLED:
            return
        if call.opcode in dalvik.INVOKES and call.index is not None:
            member = Called(*self._tree.called(self._place.part, call.index))
            is_static = call.opcode in dalvik.STATIC_INVOKES
            fact = self._effects.of(member.owner, member.name, 1 if is_static else 0)
            if fact is not None and fact.effect in _GIVES_BACK and is_platform(member.owner):
                if not is_static:
                    self._made(call, call.registers[0])
                return
        self._end("unknown", "an object from elsewhere", call)

    def _at(self, at: int, register: int) -> RegisterNode:
        return self._place._replace(at=at, register=register)

    def _end(self, use: AddressUse, what: str, one: Instruction, rule: str | None = None) -> None:
        self.reach.endings.append(Ending(use, what, self._place.part, self._place.row, one.offset, rule))


def _is_stream(owner: bytes) -> bool:
    """Tell whether a class is a stream: none is followed, so that the register was put to another use there."""
    return owner.startswith(_STREAMS) and owner != _FILE


def _shown(member: Called) -> str:
    return _name(*member)


def _name(owner: bytes, name: bytes) -> str:
    return f"{java_name(owner)}.{name.decode('utf-8', 'replace')}"
