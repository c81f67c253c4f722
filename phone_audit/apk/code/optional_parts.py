"""Hosts of parts of libraries that do nothing unless the package asks for them, and whether it was seen to.

Knowledge says which addresses these are, and how a package asks: by meta-data in its manifest, or by what starts the
code of the library that connects. They are addresses of those who make the library or whom the part is for, so that
nobody hides a destination of their own behind them.
"""

from collections.abc import Callable, Sequence
from typing import Final

from phone_audit.knowledge.schema.facts import LibraryFact, LibraryPartFact
from phone_audit.model.apk import Endpoint

_OFF: Final = frozenset({"false", "0"})


class OptionalParts:
    """Answers for the endpoints of one package.

    Args:
        libraries: what is known of them.
        meta_data: names and values in its manifest.
    """

    def __init__(self, libraries: Sequence[LibraryFact] = (), meta_data: Sequence[tuple[str, str]] = ()) -> None:
        self._parts = [(library.name, part) for library in libraries for part in library.parts]
        self._switched_on = {name for name, value in meta_data if value.strip().lower() not in _OFF}

    def has(self, endpoint: Endpoint) -> bool:
        """Tell whether an endpoint that counts is of such a part, and of no code of the package itself."""
        return endpoint.counts and self._part_of(endpoint) is not None

    def is_in_use(self, endpoint: Endpoint, sees_start: Callable[[str], bool]) -> bool:
        """Tell whether the package was seen to ask for the part that an endpoint is of.

        `sees_start` tells of a host whether anything was seen to start code that holds it.
        """
        part = self._part_of(endpoint)
        if part is not None and part.meta_data:
            return not self._switched_on.isdisjoint(part.meta_data)
        return part is None or sees_start(endpoint.host)

    def _part_of(self, endpoint: Endpoint) -> LibraryPartFact | None:
        for library, part in self._parts:
            if any(_is_of(endpoint, address) for address in part.addresses) and _is_held(endpoint, library, part):
                return part
        return None


def _is_of(endpoint: Endpoint, address: str) -> bool:
    """Tell whether all that is known of an endpoint is a host, or begins with it and a path."""
    if endpoint.host != address.partition("/")[0]:
        return False
    texts = [url.partition("://")[2] for url in endpoint.urls] or [endpoint.host]
    return all(text == address or text.startswith((f"{address}/", f"{address}?")) for text in texts)


def _is_held(endpoint: Endpoint, library: str, part: LibraryPartFact) -> bool:
    """Tell whether code of a library alone holds an address; or other code, renamed maybe, that the manifest asks."""
    if part.meta_data:
        return all(holder.party != "first-party" for holder in endpoint.held_by)
    return bool(endpoint.held_by) and all(holder.library == library for holder in endpoint.held_by)
