"""Type descriptors such as `Lcom/example/A;`, searched by one prefix or by many at once."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, NamedTuple

from phone_audit.apk.dex.strings import decode

_AFTER_LABEL: Final = (b"$", b"/", b";")
"""What may follow a whole label: an inner class, a package or class below it, the end. In the order of the bytes."""
_IN_WORDS: Final = re.sub(rb"[^\w$./-]", b" ", bytes(range(256))).replace(b"/", b".")
"""What each byte is in the Java form of a name; a space where it cannot be part of one."""
_NO_BEGINNING: Final = b"0123456789-."
_DOT_WITHIN: Final = re.compile(rb"\.(?=[\w$-])")
"""A dot in a word, found without a look at the words that have none."""
_BOOT_CLASS_PATH: Final = (
    b"Landroid/", b"Lcom/android/internal/", b"Ldalvik/", b"Ljava/", b"Ljavax/", b"Ljunit/", b"Lorg/apache/http/",
    b"Lorg/json/", b"Lorg/w3c/dom/", b"Lorg/xml/", b"Lorg/xmlpull/", b"Lsun/misc/",
)  # fmt: skip
"""Beginnings of the names of classes there. Source: AOSP build/make, `PRODUCT_BOOT_JARS`, and their packages."""


def class_names(descriptors: Iterable[bytes]) -> list[bytes]:
    """Return the descriptors of classes, those of arrays reduced to their elements, sorted, each once."""
    known = dict.fromkeys(sorted(descriptors))
    names = list(known)
    classes = names[bisect_left(names, b"L") : bisect_left(names, b"M")]
    elements = {name.lstrip(b"[") for name in names[bisect_left(names, b"[") : bisect_left(names, b"\\")]}
    alone = [name for name in elements if name.startswith(b"L") and name not in known]
    return sorted((*classes, *alone)) if alone else classes


def java_name(descriptor: bytes) -> str:
    """Return the Java form.

    Example:
        >>> java_name(b"Lcom/example/A$B;")
        'com.example.A$B'
    """
    return decode(descriptor).removeprefix("L").removesuffix(";").replace("/", ".")


def descriptor_of(name: bytes) -> bytes:
    """Return the descriptor of a class in Java form, with dots or slashes."""
    return b"L" + name.replace(b".", b"/") + b";"


def names_in(text: bytes) -> Iterator[bytes]:
    """Yield what looks like names of classes in any bytes, with dots in place of slashes, some of them several times.

    The time grows linearly with the bytes.
    """
    words = text.translate(_IN_WORDS).replace(b"..", b". ")
    found: set[bytes] = set()
    end = 0
    for dot in _DOT_WITHIN.finditer(words):
        if dot.start() >= end:
            begin = words.rfind(b" ", 0, dot.start()) + 1
            end = words.find(b" ", dot.start())
            end = end if end >= 0 else len(words)
            found.add(words[begin:end])
    for word in found:
        if b"." in (name := word.rstrip(b".").lstrip(_NO_BEGINNING)):
            yield name


def under(descriptors: Sequence[bytes], prefix: bytes, most: int = 1) -> list[bytes]:
    """Return the first `most` descriptors under a prefix such as `Lcom/adjust/sdk`, of which sorted ones are given.

    Unless it ends in a slash, it must end where a label ends, so that `Lcom/adjust/sdkx/A;` is not under it. The time
    does not depend on how many are under it.
    """
    return list(islice(each_under(descriptors, prefix), most))


def each_under(descriptors: Sequence[bytes], prefix: bytes) -> Iterator[bytes]:
    """Yield all descriptors under a prefix, in order; see `under`."""
    for end in (b"",) if prefix.endswith(b"/") else _AFTER_LABEL:
        whole = prefix + end
        at = bisect_left(descriptors, whole)
        while at < len(descriptors) and descriptors[at].startswith(whole):
            yield descriptors[at]
            at += 1


class Prefixes:
    """Prefixes of descriptors, each with the ids of the facts that name it.

    The time to look them up goes by the classes or by the prefixes, whichever are fewer.
    """

    def __init__(self, facts: Iterable[tuple[str, Sequence[str]]]) -> None:
        """Take in pairs of an id and its prefixes in Java form."""
        self._ids: Final[dict[bytes, set[str]]] = {}
        for fact_id, prefixes in facts:
            for prefix in prefixes:
                self._ids.setdefault(descriptor_prefix(prefix), set()).add(fact_id)
        self._below: Final = _by_shortest(sorted(self._ids))
        self._shortest: Final = list(self._below)

    def ids_in(self, descriptors: Sequence[bytes]) -> set[str]:
        """Return the ids of which a prefix begins one of the sorted descriptors, at a whole label or not."""
        return {
            fact_id
            for shortest in self._met(descriptors)
            for prefix in self._below[shortest]
            if _begins_any(prefix, descriptors)
            for fact_id in self._ids[prefix]
        }

    def _met(self, descriptors: Sequence[bytes]) -> Iterable[bytes]:
        """Walk both sorted lists together, each time past what the other one does not have."""
        prefixes = self._shortest
        at = row = 0
        while at < len(prefixes):
            row = bisect_left(descriptors, prefixes[at], row)
            if row == len(descriptors):
                return
            name = descriptors[row]
            if name.startswith(prefixes[at]):
                yield prefixes[at]
                at += 1
            else:
                after = bisect_left(prefixes, name, at + 1)
                at = after - (after - 1 > at and name.startswith(prefixes[after - 1]))


def is_of_android(descriptor: bytes) -> bool:
    """Tell whether a class that the Android reference lists is Android's whatever a package brings along.

    Android's class loader looks into the system first. Source: `ClassLoader.loadClass` of the Android reference. What
    is named like these and not listed there, such as `android.support`, is the package's own.
    """
    return descriptor.startswith((b"Landroid/", b"Ljava/", b"Ljavax/net/"))


def may_be_of_android(descriptor: bytes) -> bool:
    """Tell whether Android may have a class itself, and load that in place of the one that a package brings along.

    Wider than `is_of_android`: what bears a name that stands on the boot class path of some version counts.
    """
    return descriptor.startswith(_BOOT_CLASS_PATH)


def descriptor_prefix(prefix: str) -> bytes:
    """Return what descriptors begin with that stand under a prefix in Java form.

    Example:
        >>> descriptor_prefix("com.example.sdk")
        b'Lcom/example/sdk'
    """
    return b"L" + prefix.replace(".", "/").encode()


def _by_shortest(prefixes: Sequence[bytes]) -> Mapping[bytes, list[bytes]]:
    """Group sorted prefixes by the shortest one that begins them."""
    found: dict[bytes, list[bytes]] = {}
    shortest: bytes | None = None
    for prefix in prefixes:
        if shortest is None or not prefix.startswith(shortest):
            shortest = prefix
        found.setdefault(shortest, []).append(prefix)
    return found


def _begins_any(prefix: bytes, descriptors: Sequence[bytes]) -> bool:
    row = bisect_left(descriptors, prefix)
    return row < len(descriptors) and descriptors[row].startswith(prefix)


class Classes(NamedTuple):
    """Sorted descriptors of the classes that one DEX file names and of those that it defines."""

    where: str
    named: Sequence[bytes]
    defined: Sequence[bytes]
