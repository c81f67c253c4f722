"""Methods of libraries that send, under other names: a shrinker renames classes and leaves their messages as they are.

A class is known by texts that stand in its code, as the knowledge says (`structure` of `calls`). Where the library is
there under its own name, what stands beside it is its own.
"""

from collections.abc import Collection, Iterable, Sequence
from functools import cached_property

import numpy as np

from phone_audit.apk.dex.descriptors import java_name
from phone_audit.apk.flows.program import Method, Program, parameter_types
from phone_audit.knowledge.schema.call import CallFact, Structure


class RenamedLibraries:
    """What is found in one package.

    Args:
        program: its code.
        facts: of libraries that send, with what they are known by.
    """

    def __init__(self, program: Program, facts: Sequence[CallFact]) -> None:
        self._program = program
        self._facts = facts

    @cached_property
    def sinks(self) -> frozenset[Method]:
        """The methods that send what they are handed."""
        return frozenset(self._methods("sent"))

    def asked_by(self, owners: Iterable[str], name: str, proto: str) -> str | None:
        """Return the method of a library that one stands in for of which the library sends the result."""
        return next((self._asked[one, name, proto] for one in owners if (one, name, proto) in self._asked), None)

    @cached_property
    def _asked(self) -> dict[tuple[str, str, str], str]:
        named = [self._program.name_of(method) for method in self._methods("asked")]
        return {
            (java_name(one.owner), one.name, one.proto): f"{java_name(one.owner)}.{one.name}" for one in sorted(named)
        }

    def _methods(self, effect: str) -> Iterable[Method]:
        for fact in self._facts:
            if fact.effect == effect and fact.structure is not None:
                known = {f"L{one.replace('.', '/')};".encode() for one in fact.classes}
                beside = {_package(one) for one in known if self._program.brought_place(one)}
                owners = [one for one in self._classes_with(fact.structure.texts) if _package(one) not in beside]
                yield from self._of_classes(owners, fact.structure)

    def _of_classes(self, owners: Iterable[bytes], structure: Structure) -> Iterable[Method]:
        program = self._program
        places = {place for one in owners if (place := program.place(one))}
        handed = self._classes_with(structure.handed)
        for part, index in enumerate(program.indexes):
            rows = [row for of_part, row in places if of_part == part]
            for one in np.flatnonzero(np.isin(index.methods.class_def, rows)).tolist():
                method = Method(part, one)
                named = program.name_of(method)
                if structure.covers(named.name + named.proto) and (
                    not structure.handed or not handed.isdisjoint(parameter_types(named.proto))
                ):
                    yield method

    def _classes_with(self, texts: Collection[str]) -> set[bytes]:
        """Return the classes in whose code all texts stand."""
        program = self._program
        found: set[bytes] | None = None
        for text in texts:
            numbers = [set(index.strings_equal((text.encode(),)).values()) for index in program.indexes]
            if not any(numbers):
                return set()
            here = {program.name_of(method).owner for method, _, _ in program.users("string", numbers)}
            found = here if found is None else found & here
        return found or set()


def _package(descriptor: bytes) -> bytes:
    return descriptor.rpartition(b"/")[0]
