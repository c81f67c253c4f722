"""Writes DEX files with methods for tests: every table, class_data, code and encoded static values.

Layout: https://source.android.com/docs/core/runtime/dex-format. Version 035.
"""

import hashlib
import re
import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tests.apk.dex.builder import HEADER, NO_INDEX, in_order, string_data, uleb128

RETURN = 0x000E


@dataclass(frozen=True)
class Ref:
    """The number of a string, type (`Lx/A;`), method (`Lx/A;->f(I)V`) or field (`Lx/A;->f:I`), as one code unit."""

    kind: str
    name: str


@dataclass(frozen=True)
class Method:
    """`signature` is name and descriptor, such as `f(I)V`; without `code` the method is abstract or native.

    `guarded` holds blocks in order, each as first code unit, how many, the unit at which any exception is handled, or
    those of types behind that.
    """

    signature: str
    code: Sequence[int | Ref] | None = (RETURN,)
    direct: bool = True
    registers: int = 4
    ins: int = 1
    access: int = 1
    guarded: Sequence[tuple[int | str, ...]] = ()


@dataclass(frozen=True)
class Class:
    """`statics` are static fields and their initial values, texts or numbers; `parent` and `interfaces` stand above."""

    name: str
    methods: Sequence[Method] = ()
    statics: Sequence[tuple[str, str | int]] = ()
    parent: str | None = None
    interfaces: Sequence[str] = ()
    access: int = 1


class _Names(list[str]):
    """Names that are found at once, however many they are."""

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__(names)
        self._places = {name: place for place, name in enumerate(self)}

    def index(self, name: str) -> int:  # type: ignore[override]
        return self._places[name]


@dataclass
class _Tables:
    """The names of a file, each table in the order that the format asks for."""

    strings: _Names
    types: _Names
    protos: _Names
    fields: _Names
    methods: _Names

    def number(self, ref: Ref) -> int:
        table: _Names = getattr(self, f"{ref.kind}s")
        return table.index(ref.name)


def const_string(text: str) -> tuple[int | Ref, ...]:
    return 0x001A, Ref("string", text)


def invoke_static(method: str) -> tuple[int | Ref, ...]:
    return 0x0071, Ref("method", method), 0


class _Data:
    """The data section as it grows; `map` holds kind of item, how many there are, offset of the first."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.content = bytearray()
        self.map: list[tuple[int, int, int]] = []

    def put(self, kind: int, content: bytes, align: int = 1) -> int:
        self.content.extend(b"\0" * (-(self.at + len(self.content)) % align))
        place = self.at + len(self.content)
        self.content.extend(content)
        if self.map and self.map[-1][0] == kind:
            _, count, first = self.map.pop()
            self.map.append((kind, count + 1, first))
        else:
            self.map.append((kind, 1, place))
        return place


def assemble(classes: Sequence[Class], strings: Sequence[str] = (), annotations: Sequence[bytes] = ()) -> bytes:
    """Build one DEX file; `annotations` are items as bytes, which no class refers to."""
    tables = _collect(classes, strings)
    sizes = [4, 4, 12, 8, 8, 32]
    counts = [*(len(names) for names in vars(tables).values()), len(classes)]
    places = [HEADER + sum(a * b for a, b in zip(sizes[:at], counts[:at], strict=True)) for at in range(7)]
    data = _Data(places[6])
    texts = [data.put(0x2002, string_data(text)) for text in tables.strings]
    body = struct.pack(f"<{len(texts)}I", *texts)
    body += b"".join(struct.pack("<I", tables.strings.index(name)) for name in tables.types)
    body += b"".join(_proto(proto, tables, data) for proto in tables.protos)
    body += b"".join(_member(name, tables) for name in (*tables.fields, *tables.methods))
    codes = [{method.signature: _code(method, tables, data) for method in one.methods} for one in classes]
    members = [_class_data(one, code, tables, data) for one, code in zip(classes, codes, strict=True)]
    values = [data.put(0x2005, _values(one, tables)) if one.statics else 0 for one in classes]
    above = [_interfaces(one, tables, data) for one in classes]
    for item in annotations:
        data.put(0x2004, item)
    for one, member, value, listed in zip(classes, members, values, above, strict=True):
        parent = NO_INDEX if one.parent is None else tables.types.index(one.parent)
        body += struct.pack("<8I", tables.types.index(one.name), one.access, parent, listed, NO_INDEX, 0, member, value)
    pairs = list(zip(counts, places[:6], strict=True))
    items = [(0, 1, 0), *((kind, *pair) for kind, pair in enumerate(pairs, 1) if pair[0]), *data.map]
    content = struct.pack("<I", len(items) + 1)
    content += b"".join(struct.pack("<HHII", kind, 0, count, place) for kind, count, place in items)
    map_at = data.at + len(data.content) + -len(data.content) % 4
    data.put(0x1000, content + struct.pack("<HHII", 0x1000, 0, 1, map_at), 4)
    return _whole(body, data, pairs, map_at)


def _whole(body: bytes, data: _Data, pairs: list[tuple[int, int]], map_at: int) -> bytes:
    size = HEADER + len(body) + len(data.content)
    head = struct.pack("<6I", size, HEADER, 0x12345678, 0, 0, map_at)
    head += b"".join(struct.pack("<2I", count, place if count else 0) for count, place in pairs)
    rest = head + struct.pack("<2I", len(data.content), data.at) + body + data.content
    signed = hashlib.sha1(rest).digest() + rest
    return b"dex\n035\0" + struct.pack("<I", zlib.adler32(signed)) + signed


def _collect(classes: Sequence[Class], strings: Sequence[str]) -> _Tables:
    refs = [unit for one in classes for method in one.methods for unit in method.code or () if isinstance(unit, Ref)]
    methods = {f"{one.name}->{method.signature}" for one in classes for method in one.methods}
    methods |= {ref.name for ref in refs if ref.kind == "method"}
    fields = {_field(one, name, value) for one in classes for name, value in one.statics}
    fields |= {ref.name for ref in refs if ref.kind == "field"}
    protos = {name[name.index("(") :] for name in methods}
    caught = {
        str(kind) for one in classes for method in one.methods for _, _, _, *kinds in method.guarded for kind in kinds
    }
    types = (
        caught
        | {name for one in classes for name in (one.name, one.parent, *one.interfaces) if name}
        | {ref.name for ref in refs if ref.kind == "type"}
    )
    types |= {name.split("->")[0] for name in (*methods, *fields)} | {name.rpartition(":")[2] for name in fields}
    types |= {kind for proto in protos for kind in _split(proto)}
    texts = {*strings, *types, *(_shorty(proto) for proto in protos)}
    texts |= {ref.name for ref in refs if ref.kind == "string"} | {
        text for one in classes for _, text in one.statics if isinstance(text, str)
    }
    texts |= {re.split(r"[(:]", name.split("->")[1])[0] for name in (*methods, *fields)}
    all_types = _Names(in_order(types))

    def key(name: str) -> tuple[int, str]:
        return all_types.index(name.split("->")[0]), name

    ordered = (sorted(protos), sorted(fields, key=key), sorted(methods, key=key))
    return _Tables(_Names(in_order(texts)), all_types, *map(_Names, ordered))


def _split(proto: str) -> list[str]:
    """Return the types of a prototype, what it returns last."""
    return re.findall(r"\[*(?:L[^;]*;|[A-Z])", proto)


def _shorty(proto: str) -> str:
    kinds = ["L" if kind[0] == "[" else kind[0] for kind in _split(proto)]
    return kinds[-1] + "".join(kinds[:-1])


def _proto(proto: str, tables: _Tables, data: _Data) -> bytes:
    *parameters, returned = (tables.types.index(kind) for kind in _split(proto))
    listed = struct.pack(f"<I{len(parameters)}H", len(parameters), *parameters)
    at = data.put(0x1001, listed, 4) if parameters else 0
    return struct.pack("<3I", tables.strings.index(_shorty(proto)), returned, at)


def _interfaces(one: Class, tables: _Tables, data: _Data) -> int:
    numbers = [tables.types.index(name) for name in one.interfaces]
    listed = struct.pack(f"<I{len(numbers)}H", len(numbers), *numbers)
    return data.put(0x1001, listed, 4) if numbers else 0


def _member(full: str, tables: _Tables) -> bytes:
    owner, rest = full.split("->")
    if "(" in rest:
        kind, name = tables.protos.index(rest[rest.index("(") :]), rest[: rest.index("(")]
    else:
        name, text = rest.split(":")
        kind = tables.types.index(text)
    return struct.pack("<HHI", tables.types.index(owner), kind, tables.strings.index(name))


def _class_data(one: Class, codes: Mapping[str, int], tables: _Tables, data: _Data) -> int:
    if not one.methods and not one.statics:
        return 0
    fields = sorted(tables.fields.index(_field(one, name, value)) for name, value in one.statics)
    lists: list[list[tuple[int, int, int]]] = [
        sorted(
            (tables.methods.index(f"{one.name}->{method.signature}"), method.access, codes[method.signature])
            for method in one.methods
            if method.direct is direct
        )
        for direct in (True, False)
    ]
    content = b"".join(uleb128(len(part)) for part in (fields, (), *lists))
    content += b"".join(uleb128(step) + uleb128(9) for step in _steps(fields))
    for part in lists:
        for step, (_, access, code) in zip(_steps([number for number, *_ in part]), part, strict=True):
            content += uleb128(step) + uleb128(access) + uleb128(code)
    return data.put(0x2000, content)


def _code(method: Method, tables: _Tables, data: _Data) -> int:
    if method.code is None:
        return 0
    units = [tables.number(unit) if isinstance(unit, Ref) else unit for unit in method.code]
    head = struct.pack("<4H2I", method.registers, method.ins, 1, len(method.guarded), 0, len(units))
    behind = _handlers(method.guarded, len(units), tables) if method.guarded else b""
    return data.put(0x2001, head + struct.pack(f"<{len(units)}H", *units) + behind, 4)


def _handlers(guarded: Sequence[tuple[int | str, ...]], units: int, tables: _Tables) -> bytes:
    """Return the try_items, and their handlers, each of which is a catch_all alone, or one of a type."""
    handlers, tries = bytearray(uleb128(len(guarded))), bytearray(2 * (units % 2))
    for begin, count, to, *kinds in guarded:
        handler = int(to)
        tries += struct.pack("<IHH", begin, count, len(handlers))
        typed = (uleb128(tables.types.index(str(kind))) + uleb128(handler) for kind in kinds)
        handlers += uleb128(len(kinds)) + (b"".join(typed) or uleb128(handler))
    return bytes(tries + handlers)


def _field(one: Class, name: str, value: str | int) -> str:
    return f"{one.name}->{name}:{'I' if isinstance(value, int) else 'Ljava/lang/String;'}"


def _values(one: Class, tables: _Tables) -> bytes:
    """Return an encoded_array of VALUE_STRING (0x17) and VALUE_INT (0x04), in the order of the field numbers."""
    ordered = sorted(one.statics, key=lambda pair: tables.fields.index(_field(one, *pair)))
    content = uleb128(len(ordered))
    for _, value in ordered:
        if isinstance(value, int):
            content += b"\x64" + struct.pack("<i", value)
        else:
            content += b"\x77" + struct.pack("<I", tables.strings.index(value))
    return content


def _steps(numbers: Sequence[int]) -> list[int]:
    return [number - before for number, before in zip(numbers, [0, *numbers], strict=False)]
