"""Which classes run without any code that is seen to call them, and which run with others.

Those are classes with native methods and with programs for a shell, classes that annotations name, and classes whose
names in files cannot be told from words; where Android can start nothing of the package, all that are no library's.
Objects of a class that can be written and read as bytes may be made by whatever reads them.
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
_MADE = (b"_", b"$$", b"JsonAdapter;")
"""What tools put behind the name of a class to name what they make for it: ButterKnife, Room, Dagger, Moshi."""


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
    """

    def __init__(self, parties: Parties, named: Collection[str]) -> None:
        self._parties = parties
        self._indexes = parties.indexes
        self._named = named

    @cached_property
    def found(self) -> frozenset[bytes]:
        """All classes that are taken to run."""
        names = (f"L{name.replace('.', '/')};".encode("utf-8", "surrogatepass") for name in self._named)
        if not any(name in self._parties.known for name in names):
            return self._led_to
        return self._entered | self._parties.unpackaged | self._in_annotations

    @cached_property
    def from_bytes(self) -> frozenset[bytes]:
        """The classes that whoever reads bytes may make."""
        tree = ClassHierarchy(self._indexes)
        return frozenset(name for name in self._led_to if not _FROM_BYTES.isdisjoint(tree.above(name)))

    def is_led_to(self, name: bytes) -> bool:
        """Tell whether a class is no library's: where an object of it is made, a library may call any method of it.

        Libraries do so by annotations, by what names begin with, and Android by names in layouts.
        """
        return name in self._led_to

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

    def made_beside(self, name: bytes) -> Iterator[bytes]:
        """Yield the classes that tools make beside a class that is no library's, such as `Main_Binding`.

        Libraries look these up by its name, and call any method of them.
        """
        defined = self._parties.in_order
        stems = {name[:-1], name[:-1].replace(b"$", b"_")} if self.is_led_to(name) else ()
        for beginning in (stem + mark for stem in sorted(stems) for mark in _MADE):
            at = bisect_left(defined, beginning)
            while at < len(defined) and defined[at].startswith(beginning):
                yield defined[at]
                at += 1

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
        """The classes that are no library's."""
        return self._parties.others | self._parties.own
