"""Which classes run without any code that is seen to call them, and which run with others.

The package's own code, and what a shrinker renamed and so found to be used, is taken to run, unless only what Android
starts is asked for: then it is classes with native methods and with programs for a shell, and with `own_whole` what
annotations name, and classes whose names in files cannot be told from words. Code of nobody that is
known is not, as long as Android can start anything else of the package: what uses it has to be seen. Objects of a class
that can be written and read as bytes may be made by whatever reads them, and a class that an annotation names by
whatever reads that.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property

import numpy as np

from phone_audit.apk.code.libraries import OwnerOf
from phone_audit.apk.dex.annotations import types_in_annotations
from phone_audit.apk.dex.class_hierarchy import ClassHierarchy
from phone_audit.apk.dex.descriptors import java_name
from phone_audit.apk.dex.index import DexIndex

_FROM_BYTES = frozenset({b"Ljava/io/Serializable;", b"Ljava/io/Externalizable;", b"Landroid/os/Parcelable;"})
_OWN = frozenset({"first-party", "obfuscated"})
_NATIVE = 0x100
_MAIN = "main([Ljava/lang/String;)V"


class Parties:
    """The classes of one package by whose code they are."""

    def __init__(self, indexes: Sequence[DexIndex], owner_of: OwnerOf) -> None:
        self.indexes = indexes
        self._owner_of = owner_of

    @cached_property
    def known(self) -> frozenset[bytes]:
        """All that are defined."""
        return frozenset(name for index in self.indexes for name in index.file.defined_classes)

    @cached_property
    def in_order(self) -> list[bytes]:
        return sorted(self.known)

    @cached_property
    def own(self) -> frozenset[bytes]:
        """The package's own, and what a shrinker renamed."""
        return self._of(_OWN)

    @cached_property
    def others(self) -> frozenset[bytes]:
        """Those of nobody that is known."""
        return self._of({"unknown"})

    @cached_property
    def unpackaged(self) -> frozenset[bytes]:
        """Classes in no package that are no renamed ones: in files, their names look like any other word."""
        alone = frozenset(name for name in self.known if b"/" not in name)
        return alone - self._of({"obfuscated"})

    def _of(self, parties: Collection[str]) -> frozenset[bytes]:
        return frozenset(name for name, party in self._party.items() if party in parties)

    @cached_property
    def _party(self) -> dict[bytes, str]:
        return {name: self._owner_of(java_name(name)).party for name in self.known}


class Roots:
    """Answers for the classes of one package.

    Args:
        parties: its classes.
        named: the classes that its manifest names, in Java form.
        own_runs: whether the package's own code is taken to run.
        own_whole: whether all of a class of its own runs as soon as anything uses it.
    """

    def __init__(
        self,
        parties: Parties,
        named: Collection[str],
        *,
        own_runs: bool = True,
        own_whole: bool = False,
    ) -> None:
        self._own_whole = own_whole
        self._parties = parties
        self._indexes = parties.indexes
        self._named = named
        self._own_runs = own_runs

    @cached_property
    def found(self) -> frozenset[bytes]:
        """All classes that are taken to run."""
        names = (f"L{name.replace('.', '/')};".encode("utf-8", "surrogatepass") for name in self._named)
        is_started = any(name in self._parties.known for name in names)
        if is_started and not (self._own_runs or self._own_whole):
            return self._entered
        if not is_started:
            return self._parties.own | self._parties.others
        if not self._own_runs:
            return self._entered | self._parties.unpackaged | self._in_annotations
        return self._parties.own | self.from_bytes | self._in_annotations

    @cached_property
    def from_bytes(self) -> frozenset[bytes]:
        """The classes that run only where something leads to them, and that whoever reads bytes may make."""
        tree = ClassHierarchy(self._indexes)
        return frozenset(name for name in self._led_to if not _FROM_BYTES.isdisjoint(tree.above(name)))

    @property
    def _entered(self) -> frozenset[bytes]:
        """The classes that native code or a shell may enter."""
        found: set[bytes] = set()
        for index in self._indexes:
            rows = np.flatnonzero((index.methods.access & _NATIVE) != 0)
            mains = np.flatnonzero(index.method_ids["name"] == index.strings_equal((b"main",)).get(b"main", -1))
            of_mains = index.method_rows[[one for one in mains.tolist() if index.method_name(one) == _MAIN]]
            found.update(map(index.row_class, (*rows.tolist(), *of_mains[of_mains >= 0].tolist())))
        return frozenset(found)

    def kin(self, name: bytes) -> Iterator[bytes]:
        """Yield a class of nobody that is known, and those that tools make beside it, such as `Main_Binding`.

        Libraries look the latter up by its name. Of what is used so, any method may be called.
        """
        is_own = self._own_whole and name in self._parties.own
        if name not in self._parties.others and not is_own:
            return
        own = name[:-1]
        defined = self._parties.in_order
        for at in range(bisect_left(defined, own), len(defined)):
            other = defined[at]
            if not other.startswith(own):
                return
            behind = other[len(own) :]
            if behind.startswith((b";", b"_", b"$$")) or not (is_own or behind.startswith(b"$")):
                yield other

    @property
    def _in_annotations(self) -> frozenset[bytes]:
        """The classes with no root of their own that annotations name; all where annotations cannot be read."""
        found: set[bytes] = set()
        if len({id(index.file) for index in self._indexes}) < len(self._indexes):
            return self._led_to
        for index in self._indexes if self._led_to else ():
            types = types_in_annotations(index)
            if types is None:
                return self._led_to
            found |= {index.descriptor(number).lstrip(b"[") for number in types}
        return self._led_to & found

    @cached_property
    def _led_to(self) -> frozenset[bytes]:
        """The classes that run only where something leads to them, though no library's."""
        return self._parties.others if self._own_runs else self._parties.others | self._parties.own
