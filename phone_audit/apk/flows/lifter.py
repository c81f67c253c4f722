"""Methods made ready to be followed: what each instruction means, found out once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from itertools import accumulate
from typing import Final

from phone_audit.apk.dex import instructions as dalvik
from phone_audit.apk.dex.descriptors import java_name
from phone_audit.apk.dex.index import Code, remembered
from phone_audit.apk.dex.instructions import WIDTHS, DexCodeError, Instruction, read_instruction
from phone_audit.apk.flows.blocks import BlockPlan, blocks_of
from phone_audit.apk.flows.callees import Callees
from phone_audit.apk.flows.ir import Block, CallSite, Field, FieldUse, LiftedMethod, Op, OpKind
from phone_audit.apk.flows.never_thrown import NONE, changes_providers, never_thrown
from phone_audit.apk.flows.places import field_place, java_field, owner_of, type_of
from phone_audit.apk.flows.program import Method, Program, parameter_types
from phone_audit.apk.flows.taint_rules import (
    BOXES,
    CHANGING,
    COLLECTIONS,
    CONTAINER_NAMES,
    MESSAGE_OBJECT,
    PROVIDER_FIELDS,
)
from phone_audit.apk.flows.taints import (
    NOTHING,
    NOWHERE,
    OF_ANDROID,
    Number,
    Obj,
    Place,
    Text,
    Value,
    mark,
)

_LEADS_OUT: Final[Value] = frozenset({mark("network")})
_CHANGES: Final[Value] = frozenset({OF_ANDROID})
MAX_UNITS: Final = 8_000
"""Code units of a method that is followed; longer ones are tables of data or obfuscated beyond use."""
_MAX_REGISTERS: Final = 1_000
_STATIC: Final = 0x8
_WIDE: Final = frozenset({b"J", b"D"})
"""Types that take two registers. Source: Dalvik bytecode, "General design"."""
_VIRTUAL_INVOKES: Final = frozenset({0x6E, 0x72, 0x74, 0x78})


class Lifter:
    """Makes each method ready when it is first followed."""

    def __init__(self, program: Program, callees: Callees) -> None:
        self._program = program
        self._callees = callees
        self._constants = _Constants(program, callees)

    @cached_property
    def _changes_providers(self) -> bool:
        return changes_providers(self._program.indexes)

    @remembered
    def size(self, method: Method) -> int:
        """Return the code units of a method, 0 where it has no code."""
        code = self._program.code(method)
        return len(code.units) if code else 0

    @remembered
    def of(self, method: Method) -> LiftedMethod | None:
        """Return a method; None where it has no code."""
        program = self._program
        code = program.code(method)
        if code is None:
            return None
        named = program.name_of(method)
        file = program.indexes[method.part].name
        place = Place(java_name(named.owner), named.name + named.proto, code.offset, file)
        plans, reached = list[BlockPlan](), 0
        if len(code.units) <= MAX_UNITS and code.ins <= code.registers <= _MAX_REGISTERS:
            with suppress(DexCodeError):
                index = program.indexes[method.part]
                dead = NONE if self._changes_providers else never_thrown(index, code)
                plans, reached = blocks_of(code, dead)
        ready = _MethodLifter(self._constants, program, self._callees, method, place, code)
        blocks = [Block(*plan, ready.ops) for plan in plans]
        follow = 0 < len(blocks) == reached
        static = bool(program.access(method) & _STATIC)
        return LiftedMethod(method, blocks, follow, code.registers, code.ins, len(code.units), static, place)


class _Constants:
    """Numbers, texts and fields that instructions name, each made once."""

    def __init__(self, program: Program, callees: Callees) -> None:
        self._program = program
        self._callees = callees

    @remembered
    def number(self, value: int) -> Value:
        """Return a constant number."""
        return frozenset({Number(value)})

    @remembered
    def text(self, part: int, index: int) -> Value:
        """Return a constant string."""
        return frozenset({Text(self._program.indexes[part].string(index))})

    @remembered
    def second_halves(self, part: int, number: int) -> frozenset[int]:
        """Return the places, among the registers of its parameters, that hold the second half of one."""
        kinds = parameter_types(self._program.names.named(part, number).proto)
        ends = accumulate(2 if kind in _WIDE else 1 for kind in kinds)
        return frozenset(end - 1 for kind, end in zip(kinds, ends, strict=True) if kind in _WIDE)

    @remembered
    def field(self, part: int, number: int) -> Field:
        """Return a field."""
        name = self._program.field(part, number)
        java = java_field(name)
        data = PROVIDER_FIELDS.get(java)
        marks = frozenset({mark(f"data:{data}")}) if data else NOTHING
        view = self._program.view_fields.numbers.get(name)
        marks |= NOTHING if view is None else self.number(view)
        marks |= _LEADS_OUT if name in self._callees.streams.names else NOTHING
        marks |= _CHANGES if type_of(name) in CHANGING and name in self._callees.ciphers else NOTHING
        own, holds_own = (self._program.place(kind) is not None for kind in (owner_of(name), type_of(name)))
        own = own or self._callees.holds(owner_of(name))
        collects = java_name(type_of(name)).startswith(COLLECTIONS)
        held = Obj("unknown", (part, -1, number), type_of(name), own=False)
        is_container = collects and java_name(type_of(name)).endswith(CONTAINER_NAMES)
        return Field(name, java, own, holds_own, collects, marks, frozenset({held}) if is_container else NOTHING)


class _MethodLifter:
    """Makes the instructions of one method ready."""

    def __init__(
        self, constants: _Constants, program: Program, callees: Callees, method: Method, place: Place, code: Code
    ) -> None:
        self._constants = constants
        self._program = program
        self._callees = callees
        self._method = method
        self._place = place
        self._registers = code.registers
        self._units = code.units

    def ops(self, offsets: Sequence[int]) -> list[Op]:
        """Return what these instructions do; nothing where they name a register that the method does not have."""
        found: list[Op] = []
        units = self._units
        for at in offsets:
            make = _MAKE.get(units[at] & 0xFF)
            if make is not None:
                one = read_instruction(units, at)
                if one.registers and max(one.registers) >= self._registers:
                    return []
                found.append(make(self, one))
        return found

    def element(self, one: Instruction) -> Op:
        value, array, at = one.registers
        if one.opcode > 0x4A:
            return OpKind.STORE_ELEMENT, value, (array, at, NOTHING)
        made = Obj("api", (*self._method, one.offset), b"?", own=False)
        return OpKind.LOAD_ELEMENT, value, (array, at, frozenset({made}))

    def field(self, one: Instruction) -> Op:
        used = self._constants.field(self._method.part, one.index or 0)
        place = field_place(used.name, self._place.class_, own=used.own)
        kept = NOWHERE if self._is_other_message(used, one) else place
        return _FIELD_DO[one.opcode], one.registers[0], FieldUse(used, one.registers[-1], kept, one.offset, self._place)

    def _is_other_message(self, used: Field, one: Instruction) -> bool:
        """Tell whether what a message holds is taken out as something that no data is: an own object or a number.

        All messages of one Java package are one place, so the kind is what tells them apart.
        """
        at = one.offset + WIDTHS[one.opcode]
        if used.name != MESSAGE_OBJECT or at + 1 >= len(self._units) or self._units[at] & 0xFF != dalvik.CHECK_CAST:
            return False
        after = read_instruction(self._units, at)
        if after.registers != one.registers[:1]:
            return False
        kind = self._program.indexes[self._method.part].descriptor(after.index or 0)
        return kind in BOXES or self._program.place(kind) is not None

    def invoke(self, one: Instruction) -> Op:
        callee = self._callees.of(self._method.part, one.index or 0)
        own = callee.reference and self._program.place(callee.returns) is not None
        static, virtual = one.opcode in dalvik.STATIC_INVOKES, one.opcode in _VIRTUAL_INVOKES
        at = (*self._method, one.offset)
        return OpKind.INVOKE, -1, CallSite(callee, self._handed(one, static), static, virtual, at, self._place, own)

    def _handed(self, one: Instruction, static: bool) -> tuple[int, ...]:
        """Return the registers of a call; for the second half of a long or a double the one that is always empty.

        What was in that half before is still there for whoever reads registers alone.
        """
        halves = self._constants.second_halves(self._method.part, one.index or 0)
        first = 0 if static else 1
        return tuple(self._registers if at - first in halves else number for at, number in enumerate(one.registers))

    def number(self, one: Instruction) -> Value:
        """Return the constant number that an instruction carries."""
        return self._constants.number(one.literal or 0)

    def text(self, one: Instruction) -> Value:
        """Return the constant string that an instruction names."""
        return self._constants.text(self._method.part, one.index or 0)

    def made(self, one: Instruction) -> Obj:
        """Return what an instruction makes."""
        kind = self._program.indexes[self._method.part].descriptor(one.index or 0)
        return Obj("new", (*self._method, one.offset), kind, self._program.place(kind) is not None)


def _mix(one: Instruction, used: tuple[int, ...]) -> Op:
    return OpKind.MIX, one.registers[0], used


_FIELD_DO: Final[Mapping[int, OpKind]] = {
    **dict.fromkeys(range(0x52, 0x59), OpKind.LOAD_FIELD),
    **dict.fromkeys(range(0x59, 0x60), OpKind.STORE_FIELD),
    **dict.fromkeys(range(0x60, 0x67), OpKind.LOAD_STATIC),
    **dict.fromkeys(range(0x67, 0x6E), OpKind.STORE_STATIC),
}
_RULES: Final[Sequence[tuple[Iterable[int], Callable[[_MethodLifter, Instruction], Op]]]] = (
    (range(0x01, 0x0A), lambda _, one: (OpKind.MOVE, one.registers[0], one.registers[1])),
    (range(0x0A, 0x0D), lambda _, one: (OpKind.RESULT, one.registers[0], None)),
    ((dalvik.MOVE_EXCEPTION,), lambda _, one: (OpKind.CATCH, one.registers[0], None)),
    ((dalvik.THROW,), lambda _, one: (OpKind.THROW, one.registers[0], None)),
    ((*range(0x16, 0x1A), 0x1C, 0x20, 0x21), lambda _, one: (OpKind.SET, one.registers[0], NOTHING)),
    (dalvik.RETURNS, lambda _, one: (OpKind.RETURN, one.registers[0] if one.registers else -1, None)),
    (range(0x12, 0x16), lambda method, one: (OpKind.SET, one.registers[0], method.number(one))),
    (range(0x1A, 0x1C), lambda method, one: (OpKind.SET, one.registers[0], method.text(one))),
    (range(0x22, 0x24), lambda method, one: (OpKind.SET, one.registers[0], frozenset({method.made(one)}))),
    (range(0x24, 0x26), lambda method, one: (OpKind.FILL, -1, (one.registers, method.made(one)))),
    ((*range(0x2D, 0x32), *range(0x7B, 0xB0), *range(0xD0, 0xE3)), lambda _, one: _mix(one, one.registers[1:])),
    (range(0xB0, 0xD0), lambda _, one: _mix(one, one.registers)),
    (range(0x44, 0x52), _MethodLifter.element),
    (range(0x52, 0x6E), _MethodLifter.field),
    (dalvik.INVOKES, _MethodLifter.invoke),
)
_MAKE: Final = {opcode: make for opcodes, make in _RULES for opcode in opcodes}
