"""Switches of libraries: what a boolean that is tested can hold, from all that the package ever puts into it.

A boolean, or an object of one, is followed back through registers, parameters, getters, the fields of objects and what
annotations state to constants. Anything else
may be anything: what reflection or native code may set, what a class that is handed about as a value or as bytes holds,
what an Intent, a resource or a preference says. Only what stands in JSON that the library is handed, as scripts do with
their bridge, is told apart: there whoever writes the script chooses.
"""

from collections.abc import Callable, Collection, Iterator, Sequence, Set
from functools import cached_property
from typing import Final

import numpy as np

from phone_audit.apk.code.callers import Callers, Method, Site
from phone_audit.apk.code.choices import tests_before
from phone_audit.apk.code.libraries import OwnerOf, outermost
from phone_audit.apk.dex import def_use
from phone_audit.apk.dex import instructions as dalvik
from phone_audit.apk.dex.annotations import booleans_in_annotations
from phone_audit.apk.dex.class_hierarchy import ClassHierarchy
from phone_audit.apk.dex.descriptors import java_name
from phone_audit.apk.dex.index import DexIndex, remembered
from phone_audit.apk.dex.instructions import DexCodeError, Instruction
from phone_audit.apk.dex.xrefs import users_of

ASKED: Final = "asked for in JSON that is handed in"
ANYTHING: Final = "anything"
TURNED_ON: Final = "turned on by code"
"""Stands beside what is true, where no file or setting that a class reads itself decides: another class turns it on, or
the class itself without any test."""
Values = frozenset[bool | str]
_ANYTHING: Final[Values] = frozenset({ANYTHING})
_NOTHING: Final[Values] = frozenset()

_DEPTH: Final = 12
"""Steps back from a test."""
_MOST_UNITS: Final = 4_000
_GET: Final = frozenset({0x52, 0x54, 0x55})
"""iget, iget-object and iget-boolean; what else names a field of an object puts something there."""
_MOVE: Final = range(0x01, 0x04)
_MOVE_OBJECT: Final = range(0x07, 0x0A)
_SMALL: Final = range(0x12, 0x15)
_RESULT: Final = 0x0A
_RETURN: Final = 0x0F
_STATIC: Final = 0x8
_JSON: Final = frozenset({b"Lorg/json/JSONArray;", b"Lorg/json/JSONObject;"})
_IN_JSON: Final = frozenset({"optBoolean", "getBoolean"})
_BOXED: Final = b"Ljava/lang/Boolean;"
_SAME: Final = frozenset({"valueOf", "booleanValue"})
"""What puts a boolean into an object, and takes it out."""
_ANNOTATION: Final = 0x2000
_SERIALISED: Final = frozenset({b"Ljava/io/Serializable;", b"Ljava/io/Externalizable;"})


class Switches:
    """Answers for the tests in one package.

    Args:
        callers: looks up who calls a method.
        owner_of: whose code a class is.
        is_called_outside: whether a method may be one that code outside of the package calls.
        is_idle: whether nothing starts a method, so that it sets nothing.
    """

    def __init__(
        self,
        callers: Callers,
        owner_of: OwnerOf,
        is_called_outside: Callable[[Method], bool],
        is_idle: Callable[[int, int], bool] = lambda _part, _row: False,
    ) -> None:
        self._callers = callers
        self._is_idle = is_idle
        self._owner_of = owner_of
        self._is_called_outside = is_called_outside
        self._tree = ClassHierarchy(callers.indexes)

    @property
    def _indexes(self) -> Sequence[DexIndex]:
        return self._callers.indexes

    def is_shut(self, site: Site, *, options: bool) -> bool:
        """Tell whether a test in front of an instruction never comes out so that it is reached.

        With `options` what JSON may ask for counts as reached.
        """
        code = self._indexes[site.method.part].code(site.method.row)
        if code is None:
            return False
        for test, wanted in tests_before(code, site.unit):
            values = self._in_register(site.method, test, test.registers[0], _DEPTH)
            if not self._allows(values, wanted=wanted, options=options):
                return True
        return False

    def getters(self, switch: str) -> tuple[Method, ...]:
        """Return the methods by which a switch is asked, given by its class and method.

        None where it is never off, or code turns it on.
        """
        owner, _, name = switch.rpartition(".")
        descriptor = f"L{owner.replace('.', '/')};".encode()
        values, getters = self._implemented(descriptor, name, _DEPTH), self._implementations(descriptor, name)
        is_read = all(map(self._only_reads, getters))
        return getters if False in values and TURNED_ON not in values and is_read else ()

    def _only_reads(self, getter: Method) -> bool:
        """Tell whether what a method gives back is what fields hold, and nothing that it decides itself."""
        body = self._body(getter)
        if body is None:
            return self._is_abstract(getter)
        returns = [body.instructions[place] for place in body.instructions.with_opcode(_RETURN)]
        origins = (origin for one in returns for origin in body.origins_of(one, one.registers[0]) or [def_use.ENTRY])
        return all(origin != def_use.ENTRY and body.instructions[origin].opcode in _GET for origin in origins)

    def is_behind(self, site: Site, getters: Collection[Method]) -> bool:
        """Tell whether an instruction is reached only where one of these methods said yes."""
        code, body = self._indexes[site.method.part].code(site.method.row), self._body(site.method)
        if code is None or body is None:
            return False
        asking = {(one.method, one.unit) for _, one in self._callers.of(getters)}
        return any(
            wanted and self._only_from(asking, site.method, body, test)
            for test, wanted in tests_before(code, site.unit)
        )

    def _only_from(
        self, asking: Set[tuple[Method, int]], method: Method, body: def_use.Method, test: Instruction
    ) -> bool:
        """Tell whether what is tested is what one of these calls gave back, and nothing else."""
        origins = body.origins_of(test, test.registers[0])
        return bool(origins) and all(
            origin > 0
            and body.instructions[origin].opcode == _RESULT
            and (method, body.instructions[origin - 1].offset) in asking
            for origin in origins
        )

    def _allows(self, values: Values, *, wanted: bool, options: bool) -> bool:
        return wanted in values or ANYTHING in values or (options and ASKED in values) or self._callers.cut

    def _in_register(self, method: Method, reader: Instruction, register: int, left: int) -> Values:
        """Return what a register may hold where an instruction reads it."""
        body = self._body(method)
        if body is None or left <= 0:
            return _ANYTHING
        try:
            origins = body.origins_of(reader, register)
        except DexCodeError:
            return _ANYTHING
        if not origins:
            return _ANYTHING
        return _NOTHING.union(*(self._written(method, body, origin, register, left - 1) for origin in origins))

    def _written(self, method: Method, body: def_use.Method, origin: int, register: int, left: int) -> Values:
        if origin == def_use.ENTRY:
            return self._handed(method, self._word(method, register), left)
        step = body.instructions[origin]
        if step.opcode in _SMALL:
            return frozenset({bool(step.literal)})
        if step.opcode in _MOVE or step.opcode in _MOVE_OBJECT:
            return self._in_register(method, step, step.registers[1], left)
        if step.opcode in _GET:
            return self._in_field(method.part, step.index or 0, left)
        if step.opcode in (_RESULT, dalvik.MOVE_RESULT_OBJECT) and origin:
            return self._answered(method, body, body.instructions[origin - 1], left)
        return _ANYTHING

    @remembered
    def _handed(self, method: Method, word: int, left: int) -> Values:
        """Return what all callers hand on in a parameter."""
        if left <= 0 or self._is_called_outside(method) or self._is_loaded(self._name(method)):
            return _ANYTHING
        found = _NOTHING
        for _, site in list(self._callers.of({method})):
            if self._is_idle(*site.method):
                continue
            body = self._body(site.method)
            place = body.place_at(site.unit) if body else None
            if body is None or place is None:
                return _ANYTHING
            call = body.instructions[place]
            if word >= len(call.registers):
                return _ANYTHING
            handed = self._in_register(site.method, call, call.registers[word], left)
            found |= handed | self._told(handed, site.method, self._callers.class_of(method))
        return _ANYTHING if self._callers.cut else found

    def _answered(self, method: Method, body: def_use.Method, call: Instruction, left: int) -> Values:
        """Return what a call may give back."""
        index = self._indexes[method.part]
        number = call.index or 0
        if call.opcode not in dalvik.INVOKES or number >= index.method_ids.size:
            return _ANYTHING
        owner, name = index.class_descriptor(number), index.simple_name(number)
        if owner == _BOXED and name in _SAME and call.registers:
            return self._in_register(method, call, call.registers[0], left)
        if owner in _JSON and name in _IN_JSON:
            return self._in_json(method, body, call)
        if not index.method_name(number).endswith("()Z") or self._tree.place(owner) is None:
            return _ANYTHING
        return self._implemented(owner, name, left, method)

    @remembered
    def _implemented(self, owner: bytes, name: str, left: int, asking: Method | None = None) -> Values:
        """Return what the methods with a name, without parameters, give back that a call on a class may reach.

        Where one of them asks, what it gives back by asking itself is among what it gives back otherwise.
        """
        getters = self._implementations(owner, name)
        stated = self._in_annotations(owner, name)
        others = [one for one in getters if one != asking]
        return stated.union(*(self._returned(one, left) for one in others)) if getters else _ANYTHING

    def _in_annotations(self, owner: bytes, name: str) -> Values:
        """Return what annotations of a kind say under a name, or leave as it is; nothing for other classes."""
        place = self._tree.place(owner)
        if place is None or not int(self._indexes[place[0]].part.class_defs["access"][place[1]]) & _ANNOTATION:
            return _NOTHING
        found: set[bool | str] = set()
        for index, booleans in zip(self._indexes, self._booleans, strict=True):
            kind = index.type_ids.get(owner)
            names = index.strings_equal([name.encode("utf-8", "surrogatepass")]).values()
            if booleans is None:
                return _ANYTHING
            found |= {value for one, called, value in booleans if one == kind and called in names}
        return frozenset(found) or _ANYTHING

    @cached_property
    def _booleans(self) -> Sequence[set[tuple[int, int, bool]] | None]:
        return [booleans_in_annotations(index) for index in self._indexes]

    @remembered
    def _implementations(self, owner: bytes, name: str) -> tuple[Method, ...]:
        found: list[Method] = []
        kin = self._callers.kin(owner)
        for part, index in enumerate(self._indexes):
            names = list(index.strings_equal([name.encode("utf-8", "surrogatepass")]).values())
            ids = np.flatnonzero(np.isin(index.method_ids["name"], names))
            wanted = [number for number in ids.tolist() if index.method_name(number) == f"{name}()Z"]
            rows = np.flatnonzero(np.isin(index.methods.method, wanted)).tolist()
            found += [Method(part, row) for row in rows if index.row_class(row) in kin]
        return tuple(found)

    @remembered
    def _returned(self, getter: Method, left: int) -> Values:
        body = self._body(getter)
        if body is None:
            return _NOTHING if self._is_abstract(getter) else _ANYTHING
        returns = [body.instructions[place] for place in body.instructions.with_opcode(_RETURN)]
        return _NOTHING.union(*(self._in_register(getter, one, one.registers[0], left) for one in returns))

    def _is_abstract(self, method: Method) -> bool:
        return bool(int(self._indexes[method.part].methods.access[method.row]) & 0x400)

    def _in_field(self, part: int, number: int, left: int) -> Values:
        index = self._indexes[part]
        if number >= index.field_ids.size:
            return _ANYTHING
        owner = index.descriptor(int(index.field_ids["class"][number]))
        return self._in_any(owner, index.raw_string(int(index.field_ids["name"][number])), left)

    @remembered
    def _in_any(self, owner: bytes, name: bytes, left: int) -> Values:
        """Return what the field of a name may hold in the objects of a class."""
        kin = self._callers.kin(owner)
        if left <= 0 or any(map(self._may_be_set_unseen, kin)) or self._is_loaded(name):
            return _ANYTHING
        found: Values = _NOTHING
        sets = []
        for site in self._writes(kin, name):
            body = self._body(site.method)
            place = body.place_at(site.unit) if body else None
            if body is None or place is None:
                return _ANYTHING
            step = body.instructions[place]
            written = self._in_register(site.method, step, step.registers[0], left)
            found |= written | self._told(written, site.method, owner)
            if True in written and not self._is_tested(site):
                found |= {TURNED_ON}
            if written - {TURNED_ON} == {True}:
                sets.append((site.method, step.offset))
        return found if self._always_begins_true(kin, sets) else found | {False}

    def _is_tested(self, site: Site) -> bool:
        code = self._indexes[site.method.part].code(site.method.row)
        return code is not None and any(True for _ in tests_before(code, site.unit))

    def _told(self, values: Values, method: Method, owner: bytes) -> Values:
        """Say it where a method of another class than the owner makes something true."""
        families = {outermost(java_name(one)) for one in (owner, self._callers.class_of(method))}
        return frozenset({TURNED_ON}) if True in values and len(families) > 1 else _NOTHING

    def _writes(self, kin: frozenset[bytes], name: bytes) -> Iterator[Site]:
        for part, index in enumerate(self._indexes):
            classes = [index.type_ids[one] for one in kin if one in index.type_ids]
            names = list(index.strings_equal([name]).values())
            ids = np.flatnonzero(np.isin(index.field_ids["class"], classes) & np.isin(index.field_ids["name"], names))
            for site in self._callers.sites(part, "field", ids.tolist()):
                code = index.code(site.method.row)
                is_write = code is not None and code.units[site.unit] & 0xFF not in _GET
                if is_write and not self._is_idle(*site.method):
                    yield site

    def _always_begins_true(self, kin: frozenset[bytes], sets: Sequence[tuple[Method, int]]) -> bool:
        """Tell whether each constructor of the class that sets a field to true does so before any branch."""
        owners = {self._callers.class_of(method) for method, _ in sets if self._name(method) == b"<init>"}
        if len(owners) != 1:
            return False
        (owner,) = owners
        return all(self._sets_first(maker, sets) for maker in self._constructors(owner)) and owner in kin

    def _constructors(self, owner: bytes) -> Iterator[Method]:
        for part, index in enumerate(self._indexes):
            row = index.class_rows.get(index.type_ids.get(owner, -1))
            if row is not None:
                for one in np.flatnonzero(index.methods.class_def == row).tolist():
                    if self._name(Method(part, one)) == b"<init>":
                        yield Method(part, one)

    def _sets_first(self, maker: Method, sets: Sequence[tuple[Method, int]]) -> bool:
        body = self._body(maker)
        if body is None:
            return False
        for place in range(len(body.instructions)):
            step = body.instructions[place]
            if (maker, step.offset) in sets:
                return True
            if step.opcode in dalvik.JUMPS or step.opcode in dalvik.SWITCHES:
                return False
        return False

    @remembered
    def _may_be_set_unseen(self, owner: bytes) -> bool:
        """Tell whether fields of objects of a class may be set otherwise than by an instruction that names them."""
        if self._tree.place(owner) is None or self._tree.is_interface(owner):
            return False
        above = self._tree.above(owner)
        return self._tree.has_native(owner) or self._tree.is_named(owner) or not _SERIALISED.isdisjoint(above)

    @remembered
    def _is_loaded(self, name: bytes) -> bool:
        """Tell whether code loads a name as a text, by which reflection finds a member."""
        for index in self._indexes:
            numbers = list(index.strings_equal([name]).values())
            if any(users_of(index, "string", numbers, 1).values()):
                return True
        return False

    def _in_json(self, method: Method, body: def_use.Method, call: Instruction) -> Values:
        """Tell what JSON says that only the library itself hands on to one of its methods."""
        if (
            not call.registers
            or not self._is_parameter(body, call, call.registers[0])
            or not any(b"Landroid/webkit/WebView;" in one.type_ids for one in self._indexes)
        ):
            return _ANYTHING
        owner = self._owner_of(java_name(self._callers.class_of(method)))
        callers = (site.method for _, site in self._callers.of({method}))
        strangers = any(self._owner_of(java_name(self._callers.class_of(one))) != owner for one in callers)
        return _ANYTHING if strangers or self._callers.cut else frozenset({ASKED})

    def _is_parameter(self, body: def_use.Method, reader: Instruction, register: int) -> bool:
        """Tell whether a register holds what the method was handed, moved at most."""
        for _ in range(_DEPTH):
            origins = body.origins_of(reader, register)
            if origins == [def_use.ENTRY]:
                return True
            if len(origins) != 1 or (reader := body.instructions[origins[0]]).opcode not in _MOVE_OBJECT:
                return False
            register = reader.registers[1]
        return False

    def _word(self, method: Method, register: int) -> int:
        code = self._indexes[method.part].code(method.row)
        return register - (code.registers - code.ins) if code else 0

    def _name(self, method: Method) -> bytes:
        index = self._indexes[method.part]
        return index.simple_name(int(index.methods.method[method.row])).encode("utf-8", "surrogatepass")

    @remembered
    def _body(self, method: Method) -> def_use.Method | None:
        code = self._indexes[method.part].code(method.row)
        if code is None or len(code.units) > _MOST_UNITS:
            return None
        try:
            return def_use.Method(code)
        except DexCodeError:
            return None
