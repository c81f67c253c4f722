"""Type descriptors such as `Lcom/example/A;`, searched by prefix."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from phone_audit.apk.dex.mutf8 import decode

_AFTER_LABEL: Final = (b"$", b"/", b";")
"""What may follow a whole label: an inner class, a package or class below it, the end. In the order of the bytes."""


def class_names(descriptors: Iterable[bytes]) -> list[bytes]:
    """Return the descriptors of classes, those of arrays reduced to their elements, sorted, each once."""
    known = list(dict.fromkeys(sorted(descriptors)))
    arrays = _beginning_with(known, b"[")
    elements = {name.lstrip(b"[") for name in arrays}
    alone = [name for name in elements if name.startswith(b"L") and not _holds(known, name)]
    classes = _beginning_with(known, b"L")
    return sorted((*classes, *alone)) if alone else classes


def _beginning_with(names: Sequence[bytes], byte: bytes) -> list[bytes]:
    """Return those of sorted names that begin with one byte."""
    return list(names[bisect_left(names, byte) : bisect_left(names, bytes([byte[0] + 1]))])


def _holds(names: Sequence[bytes], name: bytes) -> bool:
    """Tell whether sorted names hold one."""
    at = bisect_left(names, name)
    return at < len(names) and names[at] == name


def java_name(descriptor: bytes) -> str:
    """Return the Java form.

    Example:
        >>> java_name(b"Lcom/example/A$B;")
        'com.example.A$B'
    """
    return decode(descriptor).removeprefix("L").removesuffix(";").replace("/", ".")


def under(descriptors: Sequence[bytes], prefix: bytes, most: int = 1) -> list[bytes]:
    """Return the first descriptors under a prefix.

    Args:
        descriptors: sorted.
        prefix: such as `Lcom/adjust/sdk`; unless it ends in a slash, it must end where a label ends, so that
            `Lcom/adjust/sdkx/A;` is not under it.
        most: how many are wanted.

    The time does not depend on how many are under it.
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
