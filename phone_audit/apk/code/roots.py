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


class Roots:
    """Answers for the classes of one package.

    Args:
        indexes: all its parts.
        owner_of: whose code a class is.
        named: the classes that its manifest names, in Java form.
        own_runs: whether the package's own code is taken to run.
        own_whole: whether all of a class of its own runs as soon as anything uses it.
    """

    def __init__(
        self,
        indexes: Sequence[DexIndex],
        owner_of: OwnerOf,
        named: Collection[str],
        *,
        own_runs: bool = True,
        own_whole: bool = False,
    ) -> None:
        self._own_whole = own_whole
        self._indexes = indexes
        self._owner_of = owner_of
        self._named = named
        self._own_runs = own_runs

    @cached_property
    def found(self) -> frozenset[bytes]:
        """All classes that are taken to run."""
        names = (f"L{name.replace('.', '/')};".encode("utf-8", "surrogatepass") for name in self._named)
        is_started = any(name in self._known for name in names)
        if is_started and not (self._own_runs or self._own_whole):
            return self._entered
        if not is_started:
            return self._own | self._others
        if not self._own_runs:
            return self._entered | self._unpackaged | self._in_annotations
        return self._own | self.from_bytes | self._in_annotations

    @cached_property
    def from_bytes(self) -> frozenset[bytes]:
        """The classes that run only where something leads to them, and that whoever reads bytes may make."""
        tree = ClassHierarchy(self._indexes)
        return frozenset(name for name in self._led_to if not _FROM_BYTES.isdisjoint(tree.above(name)))

    @property
    def _unpackaged(self) -> frozenset[bytes]:
        """Classes in no package that are no renamed ones: in files, their names look like any other word."""
        alone = (name for name in self._known if b"/" not in name)
        return frozenset(name for name in alone if self._owner_of(java_name(name)).party != "obfuscated")

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
        is_own = self._own_whole and name in self._own
        if name not in self._others and not is_own:
            return
        own = name[:-1]
        for at in range(bisect_left(self._defined, own), len(self._defined)):
            other = self._defined[at]
            if not other.startswith(own):
                return
            behind = other[len(own) :]
            if behind.startswith((b";", b"_", b"$$")) or not (is_own or behind.startswith(b"$")):
                yield other

    @cached_property
    def _defined(self) -> list[bytes]:
        return sorted(self._known)

    @cached_property
    def _known(self) -> frozenset[bytes]:
        return frozenset(name for index in self._indexes for name in index.file.defined_classes)

    @cached_property
    def _own(self) -> frozenset[bytes]:
        return frozenset(name for name in self._known if self._owner_of(java_name(name)).party in _OWN)

    @cached_property
    def _others(self) -> frozenset[bytes]:
        return frozenset(name for name in self._known if self._owner_of(java_name(name)).party == "unknown")

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
        return self._others if self._own_runs else self._others | self._own
