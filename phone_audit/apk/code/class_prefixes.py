"""Many prefixes of class names at once: which of them a sorted list of classes could hold."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import Final


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
