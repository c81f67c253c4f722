"""Of each method that is called: what the rules say of it if it is Android's, and what of the package it reaches."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Final, TypeVar

from phone_audit.apk.code.libraries import is_of_library
from phone_audit.apk.dex.descriptors import descriptor_of, java_name
from phone_audit.apk.dex.index import remembered
from phone_audit.apk.flows import taint_rules
from phone_audit.apk.flows.cipher_fields import cipher_fields
from phone_audit.apk.flows.ir import ApiModel, Callee
from phone_audit.apk.flows.program import Method, Named, Program, parameter_registers
from phone_audit.apk.flows.renamed_libraries import RenamedLibraries
from phone_audit.apk.flows.sending_libraries import Sink
from phone_audit.apk.flows.sources import Sources
from phone_audit.apk.flows.stream_fields import StreamFields, stream_fields
from phone_audit.apk.flows.taints import mark

Known = TypeVar("Known")
_ROOTS: Final[Mapping[str, str]] = {
    "android.app.Activity": "android.content.Context",
    "android.app.Service": "android.content.Context",
}


class Callees:
    """Finds out about each method_id once.

    Args:
        program: the code of the package.
        sources: the data that a call gives, and what is known of libraries that send.
    """

    def __init__(self, program: Program, sources: Sources) -> None:
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

    def library_data(self, callee: Callee, class_: str) -> str | None:
        """Return the data that a method of a library in the package gives: of its own only to a class of others."""
        if callee.name not in self._sources.library_names:
            return None
        data = self._sources.calls.get(f"{java_name(callee.owner)}.{callee.name}")
        return None if self.is_its_own(callee, data, class_) else data

    def is_its_own(self, callee: Callee, data: str | None, class_: str) -> bool:
        """Tell whether a library in the package gives its own data to a class of the same library."""
        if data not in self._sources.of_libraries:
            return False
        named = (one for one in self.owners_of(callee.owner) if f"{one}.{callee.name}" in self._sources.calls)
        return any(is_of_library(class_, of=one) and self._is_brought(one) for one in named)

    def _is_brought(self, name: str) -> bool:
        return self._program.brought_place(descriptor_of(name.encode())) is not None

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
        return tuple(dict.fromkeys(method for method in exact if method))

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
        looks_up = _first(names, taint_rules.LOOKUPS) or 0
        sink = taint_rules.REQUEST if is_request else self._sink(names)
        is_held = not libraries.holding.isdisjoint(owners)
        setting, query = names[0] in taint_rules.SETTING_CALLS, taint_rules.QUERY in names
        return ApiModel(
            names=names,
            sink=sink,
            writes=name in taint_rules.WRITES and not static and owners[0] not in taint_rules.MEMORY,
            extras=not static and (owners[0] in taint_rules.EXTRAS or owners[0] in taint_rules.MAPS),
            map=owners[0] in taint_rules.MAPS,
            untouched=untouched,
            collects=owners[0].startswith(taint_rules.COLLECTIONS) or not libraries.collecting.isdisjoint(owners),
            wraps=owners[0].startswith(taint_rules.WRAPPERS),
            fills=not (static or untouched or taint_rules.adds_nothing(name)),
            looks_up=looks_up,
            holds=is_held,
            called_back=self._called_back(callee, names[0], static=static, is_held=bool(sink or is_held)),
            neutral=name in taint_rules.NEUTRAL,
            whole=is_request or not self._sources.whole.isdisjoint(names),
            answers=is_request or not self._sources.answers.isdisjoint(names),
            plain=plain,
            gives_itself=callee.returns == owner and not plain,
            joins=not static and callee.returns == owner and owner in taint_rules.TEXT_BUILDERS,
            mark=mark(marked) if marked else None,
            source=None if setting or query else _first(names, self._sources.calls),
            setting=setting,
            query=query,
            special=_special(names[0], name),
        )

    def _sink(self, names: Sequence[str]) -> Sink | None:
        found = _first(names, self._sources.sinks)
        return found if found is None or not found.texts or self._holds_text(found.texts) else None

    @remembered
    def _holds_text(self, heads: tuple[str, ...]) -> bool:
        """Tell whether a text of the package begins with one of some."""
        strings = [index.file.strings for index in self._program.indexes]
        return any(next(one.beginning(head), None) is not None for head in heads for one in strings)

    def _called_back(self, callee: Callee, name: str, *, static: bool, is_held: bool) -> frozenset[int]:
        """Return the places of the registers that hold what is called back, or a key: neither is kept or sent."""
        endings = (taint_rules.CALLED_BACK if is_held else ()) + (taint_rules.KEYS if name in taint_rules.KEYED else ())
        if not endings:
            return frozenset()
        kinds = parameter_registers(self._program.names.named(callee.part, callee.number).proto)
        first = 0 if static else 1
        return frozenset(first + at for at, kind in enumerate(kinds) if kind.endswith(endings))

    @cached_property
    def streams(self) -> StreamFields:
        """The fields that hold the stream of a connection."""
        return stream_fields(self._program)

    @cached_property
    def ciphers(self) -> frozenset[str]:
        """The fields that hold nothing but ciphers and digests of Android."""
        return cipher_fields(self._program)

    @cached_property
    def digests_are_of_android(self) -> bool:
        """Whether what `getInstance` gives is Android's: not where a package brings some that it could give instead."""
        own = taint_rules.OWN_CIPHERS
        return not any(above in own or taint_rules.is_cipher(above) for above in self._program.extended)

    @cached_property
    def ciphers_encrypt(self) -> bool:
        """Whether a cipher of Android encrypts: not, besides, where a package reads and writes through one."""
        indexes = self._program.indexes
        return self.digests_are_of_android and all(
            taint_rules.CIPHER_STREAMS.isdisjoint(one.type_ids) for one in indexes
        )

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
    if name in taint_rules.COPIES:
        return name
    if name in taint_rules.CIPHERS:
        return "cipher"
    if name in taint_rules.DIGESTS:
        return "digest"
    if name in taint_rules.MESSAGES:
        return "message"
    if method == "read":
        return "read"
    if method in taint_rules.OPEN_FILE:
        return "file"
    return "intent" if name.startswith("android.content.Intent.") else None
