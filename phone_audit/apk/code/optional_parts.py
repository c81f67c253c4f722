"""Hosts of parts of libraries that do nothing unless the package asks for them, and whether it was seen to.

Knowledge says which addresses these are, and how a package asks: by meta-data in its manifest, or by what starts the
code of the library that connects. They are whole addresses of those who make the library or whom the part is for, so
that nobody hides a destination of their own behind them; where other code or a file holds one too, it is of no part.
"""

from collections.abc import Callable, Sequence
from typing import Final

from phone_audit.knowledge.schema.facts import LibraryFact, LibraryPartFact
from phone_audit.model.apk import Endpoint

_OFF: Final = frozenset({"false", "0"})
_OTHERS: Final = frozenset({"library", "obfuscated"})


class OptionalParts:
    """Answers for the endpoints of one package.

    Args:
        libraries: what is known of them.
        meta_data: names and values in its manifest; None where it could not be read, so that none is of a part.
    """

    def __init__(
        self, libraries: Sequence[LibraryFact] = (), meta_data: Sequence[tuple[str, str]] | None = None
    ) -> None:
        self._parts = [(one.name, part) for one in libraries for part in one.parts if meta_data is not None]
        self._switched_on = {name for name, value in meta_data or () if value.strip().lower() not in _OFF}

    def has(self, endpoint: Endpoint) -> bool:
        """Tell whether an endpoint that counts is of such a part, and of no code of the package itself."""
        return endpoint.counts and self._part_of(endpoint) is not None

    def is_in_use(self, endpoint: Endpoint, sees_start: Callable[[str], bool]) -> bool:
        """Tell whether the package was seen to ask for the part that an endpoint is of.

        `sees_start` tells of a host whether anything was seen to start code that holds it.
        """
        part = self._part_of(endpoint)
        if part and part.meta_data:
            return not self._switched_on.isdisjoint(part.meta_data)
        return sees_start(endpoint.host)

    def _part_of(self, endpoint: Endpoint) -> LibraryPartFact | None:
        texts = [url.partition("://")[2].partition("?")[0].removesuffix("/") for url in endpoint.urls]
        for library, part in self._parts:
            if {*(texts or [endpoint.host])} <= {*part.addresses} and _is_held(endpoint, library, part):
                return part
        return None


def _is_held(endpoint: Endpoint, library: str, part: LibraryPartFact) -> bool:
    """Tell whether code of a library alone holds an address; where the manifest asks, it may have been renamed."""
    in_code = all(piece.class_ is not None for holder in endpoint.held_by for piece in holder.evidence)
    parties = {holder.library or holder.party for holder in endpoint.held_by}
    if part.meta_data:
        return in_code and all(holder.party in _OTHERS for holder in endpoint.held_by)
    return in_code and parties == {library}
