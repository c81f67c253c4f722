"""Fields that hold the stream of a connection, so that what another method writes to it leaves the phone.

A stream that a connection gives is followed through registers, through what wraps it, into the methods of the package
that it is handed to, and out of those that give it back.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Final, NamedTuple

from phone_audit.apk.behaviours.lookup import Lookup
from phone_audit.apk.dex import def_use
from phone_audit.apk.dex.def_use import Further, Read
from phone_audit.apk.dex.index import remembered
from phone_audit.apk.dex.instructions import INVOKES, STATIC_INVOKES, DexCodeError, Instruction
from phone_audit.apk.flows.program import Method, Program
from phone_audit.apk.flows.taint_rules import STREAMS

_MOST: Final = 20_000
"""Places from which a stream is followed."""
_MOST_LOOKED_AT: Final = 500_000
"""Code units and instructions that are looked at."""
_MOST_ROUNDS: Final = 8
"""How often it is looked who calls methods that give a stream."""
_MOST_UNITS: Final = 8_000
"""Code units of a method that is looked at."""
_MOVES: Final = range(0x07, 0x0A)
"""move-object in its three forms."""
_PUTS: Final = frozenset({0x5B, 0x69})
"""iput-object, sput-object."""
_RETURN_OBJECT: Final = 0x11
_WRAPPERS: Final = (b"Ljava/io/", b"Ljava/util/zip/", b"Ljavax/crypto/", b"Landroid/util/", b"Lokio/")
"""Of which an object passes on to a stream what is written to it."""


class _Held(NamedTuple):
    """A register that holds a stream from an instruction on, by its place in the method."""

    method: Method
    place: int
    register: int


class StreamFields(NamedTuple):
    """Class, name and type of the fields; and whether not all streams were followed."""

    names: frozenset[str]
    cut: bool


def stream_fields(program: Program) -> StreamFields:
    """Return the fields into which a method of the package puts the stream of a connection."""
    return _Search(program).found()


def reading(program: Program, fields: frozenset[str]) -> Iterator[Method]:
    """Yield the methods that read one of some fields."""
    numbers = [program.fields_named(part, fields) if fields else set() for part in range(len(program.indexes))]
    for method, _, offset in program.users("field", numbers):
        if program.reads(method, offset):
            yield method


class _Search:
    def __init__(self, program: Program) -> None:
        self._program = program
        self._fields: set[str] = set()
        self._waiting: list[_Held] = []
        self._seen: set[_Held] = set()
        self._giving: set[Method] = set()
        self._asked: set[Method] = set()
        self._looked_at = 0
        self._passed_over = False

    @property
    def _is_cut(self) -> bool:
        return len(self._seen) > _MOST or self._looked_at > _MOST_LOOKED_AT

    def found(self) -> StreamFields:
        numbers = [set(Lookup(index).find(STREAMS).methods) for index in self._program.indexes]
        for _ in range(_MOST_ROUNDS):
            if not any(numbers):
                break
            self._take_results(numbers)
            while self._waiting and not self._is_cut:
                self._follow(self._waiting.pop())
            numbers = self._numbers_of(self._giving - self._asked)
            self._asked |= self._giving
        return StreamFields(frozenset(self._fields), self._is_cut or self._passed_over or any(numbers))

    def _take_results(self, numbers: Sequence[Collection[int]]) -> None:
        """Take in what calls of some method_ids give back, given for each part."""
        for method, _, offset in self._program.users("method", numbers):
            if self._is_cut:
                return
            code = self._program.code(method)
            body = self._body(method)
            if code is None or body is None:
                continue
            place = body.place_at((offset - code.offset) // 2)
            register = None if place is None else body.result(place)
            if place is not None and register is not None:
                self._take(_Held(method, place + 2, register))

    def _numbers_of(self, methods: Collection[Method]) -> list[set[int]]:
        """Return the method_ids by which methods are called, for each part."""
        found: list[set[int]] = [set() for _ in self._program.indexes]
        for method in methods:
            named = self._program.name_of(method)
            for part, index in enumerate(self._program.indexes):
                ids = self._program.names.of_class(part, index.type_ids.get(named.owner, -1), named.name)
                found[part].update(one for one in ids if self._program.names.named(part, one).proto == named.proto)
        return found

    def _take(self, held: _Held) -> None:
        if held not in self._seen:
            self._seen.add(held)
            self._waiting.append(held)

    def _follow(self, held: _Held) -> None:
        body = self._body(held.method)
        if body is None:
            return
        before = body.looked_at
        with suppress(DexCodeError):
            body.follow(held.place, held.register, partial(self._happens, held.method))
        self._looked_at += body.looked_at - before

    def _happens(self, method: Method, read: Read) -> Further:
        """Take in what one instruction does with a stream; return what else holds it."""
        step = read.instruction
        if step.opcode in _MOVES:
            return Further(step.registers[:1])
        if step.opcode in _PUTS and read.register == step.registers[0]:
            self._fields.add(self._program.field(method.part, step.index or 0))
        elif step.opcode == _RETURN_OBJECT:
            self._giving.add(method)
        elif step.opcode in INVOKES:
            return self._handed(method, step, read.register)
        return Further()

    def _handed(self, method: Method, step: Instruction, register: int) -> Further:
        named = self._program.names.named(method.part, step.index or 0)
        target = self._program.find(named.owner, named.name, named.proto)
        is_static = step.opcode in STATIC_INVOKES
        words = [at for at, one in enumerate(step.registers) if one == register and (is_static or at)]
        if target is not None:
            for word in words:
                self._take_argument(target, word)
        if not words or not named.owner.startswith(_WRAPPERS):
            return Further()
        return Further(step.registers[:1]) if named.name == "<init>" else Further(result=is_static)

    def _take_argument(self, target: Method, word: int) -> None:
        code = self._program.code(target)
        if code is not None and word < code.ins:
            self._take(_Held(target, 0, code.registers - code.ins + word))

    @remembered
    def _body(self, method: Method) -> def_use.Method | None:
        code = self._program.code(method)
        if code is None:
            return None
        if len(code.units) > _MOST_UNITS:
            self._passed_over = True
            return None
        self._looked_at += len(code.units)
        try:
            return def_use.Method(code)
        except DexCodeError:
            return None
