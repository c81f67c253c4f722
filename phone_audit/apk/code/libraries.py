"""Whose code is a class? By its name: the package's own, a known library, renamed, or unknown."""

import re
from collections.abc import Callable, Container, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apk import Component, Party

_LAUNCHED: Final = "android.intent.action.MAIN"
_SECOND_LEVEL: Final = frozenset({"ac", "co", "com", "edu", "gov", "net", "org"})
"""What stands between a country and a name, as in `uk.co.example`."""
_SHARED_ROOTS: Final = frozenset(
    {"com.github", "io.github", "com.gitlab", "io.gitlab", "com.bitbucket", "com.google", "com.android", "org.apache",
     "com.appspot", "com.blogspot", "com.wordpress", "org.sourceforge", "net.sourceforge", "net.sf", "me.ghost"}
)  # fmt: skip
"""Roots below which many different people publish: there the third label names who it is."""
_LABELS: Final = 4
"""Labels of a package that a library's code shares, such as `com.google.android.gms`."""
_RENAMED_LABEL: Final = 2
_RENAMED_CLASS: Final = re.compile(r"[A-Za-z]{1,3}(?:\d|\$.*)?")
_ANY_BUILD: Final = re.compile(r"(?:R|BR|BuildConfig|DataBinderMapperImpl)(?:\$.*)?")
"""Classes that every build makes, whatever the package."""

_STAND_INS: Final = frozenset({"noop", "no_op", "nop", "stub", "stubs", "dummy"})
"""Labels of packages that hold the interface of a library and nothing behind it."""


class Owner(NamedTuple):
    """Whose code it is; `library` is its name where `party` is `library`."""

    party: Party
    library: str | None


_FIRST, _RENAMED, UNKNOWN_OWNER = Owner("first-party", None), Owner("obfuscated", None), Owner("unknown", None)
OwnerOf = Callable[[str], Owner]
"""Tells whose code a class is, by its name in Java form."""
_PARTIES: Final = ("first-party", "library", "obfuscated", "unknown")


def owner_order(owner: Owner) -> tuple[int, str]:
    """Return the key by which owners are listed."""
    return _PARTIES.index(owner.party), owner.library or ""


class Owners:
    """Tells whose code the classes of one package are."""

    def __init__(self, knowledge: Knowledge, package: str | None, components: Sequence[Component] = ()) -> None:
        """Take in libraries and trackers, the name of the package (without it no class is its own), and its components.

        The classes behind the icon that starts the package are its own, which tells its code where it is published
        under another name.
        """
        self._libraries = _libraries(knowledge)
        self._base = _base(knowledge)
        self._by_itself = _by_itself(knowledge)
        self._package = package or ""
        names = [component.name for component in components if _LAUNCHED in component.actions]
        own = [name for name in names if self._library(name) is None]
        self._roots = frozenset(root for name in (self._package, *own) if (root := root_of(name)))

    @property
    def own_starts(self) -> tuple[bytes, ...]:
        """What the descriptors of the package's own classes begin with; those of a library may begin so too."""
        return tuple(f"L{root.replace('.', '/')}/".encode("utf-8", "replace") for root in sorted(self._roots))

    def of(self, name: str) -> Owner:
        """Return the owner of a class by its name in Java form.

        The package's own name counts before libraries, unless a library's is longer, and a library below whose name the
        package's own stands is its own code; the first two labels of the package count after them.
        """
        library = self._library(name)
        if (
            self._package
            and name.startswith(self._package + ".")
            and (not library or len(library) <= len(self._package))
        ):
            return _FIRST
        if library and not self._package.startswith(library + "."):
            return Owner("library", self._libraries[library])
        if root_of(name) in self._roots:
            return _FIRST
        return _RENAMED if is_renamed(name) else UNKNOWN_OWNER

    def is_base(self, name: str) -> bool:
        """Tell whether a class is one of a base library, which stands in packages whatever they do."""
        known, longest = self._base
        return longest_prefix(name[: longest + 1], known) is not None and self.of(name).party == "library"

    def does_by_itself(self, name: str, behaviour: str) -> bool:
        """Tell whether a class of a base library is known to do this."""
        known = self._by_itself.get(outermost(name))
        return known is not None and behaviour in known and self.is_base(name)

    def does_anything(self, name: str) -> bool:
        """Tell whether a class of a base library is known to do anything."""
        return outermost(name) in self._by_itself and self.is_base(name)

    def _library(self, name: str) -> str | None:
        """Return the longest prefix of whole labels that is a library's."""
        return longest_prefix(name, self._libraries)


def is_of_library(name: str, of: str) -> bool:
    """Tell whether a class lies in the package of a class of a library, or below it, as code of the same library does.

    Of a package of more than four labels the first four count.

    Example:
        >>> is_of_library("com.google.android.gms.internal.a", of="com.google.android.gms.auth.api.User")
        True
        >>> is_of_library("com.facebook.login.Button", of="com.facebook.Profile")
        True
        >>> is_of_library("com.google.evil.A", of="com.google.android.gms.auth.api.User")
        False
    """
    return name.startswith(f"{'.'.join(of.split('.')[:-1][:_LABELS])}.")


def longest_prefix(name: str, known: Container[str]) -> str | None:
    """Return the longest of `known` that covers a class name: whole labels; an inner class is under its outer one."""
    end = len(name)
    while end > 0:
        if name[:end] in known:
            return name[:end]
        end = max(name.rfind(".", 0, end), name.rfind("$", 0, end))
    return None


def root_of(name: str) -> str:
    """Return the labels that tell who publishes: mostly two, three below a shared root; empty where there are fewer.

    Example:
        >>> root_of("com.example.app.Main"), root_of("uk.co.example.Main"), root_of("io.github.someone.Main")
        ('com.example', 'uk.co.example', 'io.github.someone')
        >>> root_of("Main")
        ''
    """
    labels = name.split(".")
    two = ".".join(labels[:2])
    shared = two in _SHARED_ROOTS or (len(labels[0]) == _RENAMED_LABEL and labels[1:2] and labels[1] in _SECOND_LEVEL)
    wanted = 3 if shared else 2
    return ".".join(labels[:wanted]) if len(labels) >= wanted else ""


def is_renamed(name: str) -> bool:
    """Tell whether a class was renamed by a shrinker: every label of its package has one or two letters.

    Example:
        >>> [is_renamed(name) for name in ("a.b.c", "a", "com.example.a", "Main", "R$id")]
        [True, True, False, False, False]
    """
    *package, simple = name.split(".")
    if _ANY_BUILD.fullmatch(simple):
        return False
    if not package:
        return _RENAMED_CLASS.fullmatch(simple) is not None
    return all(len(label) <= _RENAMED_LABEL for label in package)


@lru_cache(maxsize=2)
def _libraries(knowledge: Knowledge) -> dict[str, str]:
    """Return the name by prefix, trackers over libraries, since they are told more closely."""
    found = {prefix: library.name for library in knowledge.libraries for prefix in library.code}
    found |= {prefix.rstrip("."): tracker.name for tracker in knowledge.trackers for prefix in tracker.code}
    return found


@lru_cache(maxsize=2)
def _base(knowledge: Knowledge) -> tuple[frozenset[str], int]:
    """Return the prefixes of base libraries, and the length of the longest."""
    known = [prefix for library in knowledge.libraries for prefix in library.base]
    return frozenset(known), max(map(len, known), default=0)


@lru_cache(maxsize=2)
def _by_itself(knowledge: Knowledge) -> dict[str, frozenset[str]]:
    """Return what classes of base libraries are known to do."""
    return {
        name: frozenset(behaviours)
        for library in knowledge.libraries
        for name, behaviours in library.base_behaviours.items()
    }


def outermost(name: str) -> str:
    """Return the class around all that a class stands inside of.

    Example:
        >>> outermost("a.B$C$1"), outermost("a.B")
        ('a.B', 'a.B')
    """
    package, dot, simple = name.rpartition(".")
    return package + dot + (simple.partition("$")[0] or simple)


@lru_cache(maxsize=2)
def _connectors(knowledge: Knowledge) -> tuple[frozenset[str], int]:
    """Return the prefixes of connectors, and the length of the longest."""
    known = [prefix for library in knowledge.libraries if library.role == "connector" for prefix in library.code]
    return frozenset(known), max(map(len, known), default=0)


def is_connector(name: str, knowledge: Knowledge) -> bool:
    """Tell whether a class, by its name in Java form, is known to only talk to a tracker or to stand in for one."""
    known, longest = _connectors(knowledge)
    return longest_prefix(name[: longest + 1], known) is not None  # the name may have thousands of labels


def is_stand_in(name: str) -> bool:
    """Tell whether a class calls itself a stand-in, by the name in Java form of a package that it is in."""
    return not _STAND_INS.isdisjoint(name.lower().split(".")[:-1])
