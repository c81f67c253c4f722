"""Which hosts the package is seen to connect to: whether anything starts the code that loads their texts.

Where only code holds a host and nothing can start it, the host counts for nothing. Where nothing was seen to start it,
but code that cannot be followed may (names that are computed, native code, code that is loaded), that code connects to
it stays not settled.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

from phone_audit.apk.code.optional_parts import OptionalParts
from phone_audit.apk.code.started_code import StartedCode
from phone_audit.apk.dex.encoded_values import count_values, holders_of
from phone_audit.apk.dex.file import DexFile
from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.dex.xrefs import users_of
from phone_audit.apk.endpoints.address_nodes import Spot, TextUse
from phone_audit.model.apk import Endpoint
from phone_audit.model.finding import Evidence

_MOST_TEXTS: Final = 200
"""Texts of one host that are looked at; where there are more, it counts as started."""
_MOST_USES: Final = 200
"""Instructions that load one text; where there are more, it counts as started."""
_DOT: Final = rb"\.[\w-]"
_NAME: Final = re.compile(r"[\w-]+(?:\.[\w-]+)+")

_COLLECTING: Final = frozenset({"telemetry", "advertising"})
_CODE: Final = frozenset({"call", "dex-string"})
"""Evidence of what code does with an address."""
_FETCHED: Final = "fetched: "
"""Begins what is said of an instruction that connects."""

UsesOf = Callable[[Collection[Spot]], Mapping[Spot, TextUse]]

_NO_PARTS: Final = OptionalParts()

Texts = Mapping[str, Sequence[tuple[str, int]]]
"""The strings of DEX files that name a host: the file and the offset of each."""


def with_started(
    endpoints: Sequence[Endpoint],
    files: Sequence[DexFile],
    indexes: Sequence[DexIndex],
    code: StartedCode,
    texts: Texts,
    parts: OptionalParts = _NO_PARTS,
    uses_of: UsesOf = lambda _: {},
) -> tuple[Endpoint, ...]:
    """Say of each endpoint that counts whether anything starts code that loads one of its texts.

    What knowledge says that a package has to ask for counts for nothing where it was not seen to. `uses_of` tells what
    becomes of texts.
    """
    of_parts = {one.host for one in endpoints if parts.has(one)}
    asked = {
        one.host: texts.get(one.host, ())
        for one in endpoints
        if one.host in of_parts or _is_asked(one) or _is_fetched_by_code(one)
    }
    if not asked:
        return tuple(endpoints)
    found = _Hosts(files, indexes, code, asked, uses_of)
    unasked = {one.host for one in endpoints if one.host in of_parts and not parts.is_in_use(one, found.sees_start)}
    return tuple(_settled(one, found, unasked) if one.host in asked else one for one in endpoints)


def _settled(endpoint: Endpoint, found: "_Hosts", unasked: Collection[str]) -> Endpoint:
    if endpoint.host in unasked or (_is_asked(endpoint) and not found.may_start(endpoint.host)):
        return endpoint.model_copy(update={"started": False})
    if not _is_fetched_by_code(endpoint):
        return endpoint
    if not found.sees_start(endpoint.host):
        return _not_settled(endpoint)
    return endpoint if found.sees_connecting(endpoint) else _not_settled(endpoint, start_seen=found.is_open(endpoint))


def _is_asked(endpoint: Endpoint) -> bool:
    """Tell whether an endpoint counts, makes a difference, and is held by code alone."""
    pieces = [piece for holder in endpoint.held_by for piece in holder.evidence]
    in_code = bool(pieces) and all(one.kind == "dex-string" and one.encoding is None for one in pieces)
    is_told = endpoint.use == "fetched" or endpoint.counts_in_cleartext or endpoint.category in _COLLECTING
    if not in_code or not endpoint.counts or not is_told:
        return False
    return all(
        one.class_ is not None for holder in endpoint.held_by if holder.party != "library" for one in holder.evidence
    )


def _is_fetched_by_code(endpoint: Endpoint) -> bool:
    """Tell whether what connects to an endpoint that counts is code."""
    by_code = bool(endpoint.use_evidence) and all(one.kind in _CODE for one in endpoint.use_evidence)
    return endpoint.counts and endpoint.use == "fetched" and by_code


def _not_settled(endpoint: Endpoint, *, start_seen: bool = False) -> Endpoint:
    """Return an endpoint to which code connects that nothing was seen to start.

    With `start_seen` other code that was may do something with it, too.
    """
    in_cleartext = "unknown" if endpoint.cleartext_use == "fetched" else endpoint.cleartext_use
    evidence = tuple(map(_unseen, endpoint.use_evidence))
    return endpoint.model_copy(
        update={"use": "unknown", "cleartext_use": in_cleartext, "use_evidence": evidence, "start_seen": start_seen}
    )


def _unseen(piece: Evidence) -> Evidence:
    said = f"unknown: nothing was seen to start this code, which connects: {piece.value.removeprefix(_FETCHED)}"
    return piece.model_copy(update={"value": said})


class _Hosts:
    def __init__(
        self,
        files: Sequence[DexFile],
        indexes: Sequence[DexIndex],
        code: StartedCode,
        texts: Texts,
        uses_of: UsesOf,
    ) -> None:
        self._uses_of = uses_of
        self._files = files
        self._indexes = indexes
        self._code = code
        self._texts = texts

    def may_start(self, host: str) -> bool:
        """Tell whether anything may start what loads a text of a host."""
        return any(self._answers(host, self._code.starts_any, self._code.is_ready, may_be_read_out=True))

    def sees_start(self, host: str) -> bool:
        """Tell whether something was seen to."""
        return any(self._answers(host, self._code.sees_any, self._code.is_seen_ready, may_be_read_out=False))

    def sees_connecting(self, endpoint: Endpoint) -> bool:
        """Tell whether something was seen to start what connects to an endpoint."""
        calls = [one for one in endpoint.use_evidence if one.kind == "call"]
        connecting = {row for one in calls for row in self._code.named(one.class_ or "", one.method or "")}
        return not connecting or self._code.sees_any(connecting)

    def is_open(self, endpoint: Endpoint) -> bool:
        """Tell whether it is not settled what else becomes of the texts of an endpoint."""
        spots = [Spot(*place) for place in self._texts[endpoint.host]]
        return any(one.is_open for one in self._uses_of(spots).values())

    def _answers(
        self,
        host: str,
        starts: Callable[[set[tuple[int, int]]], bool],
        is_ready: Callable[[bytes], bool],
        *,
        may_be_read_out: bool,
    ) -> Iterator[bool]:
        """Yield of one text after another whether something starts what loads it; true where no text is known.

        With `may_be_read_out` a text in an annotation may be read by anything.
        """
        places = self._places[host]
        yield not self._texts[host] or len(places) > _MOST_TEXTS
        for part, index in enumerate(self._indexes):
            numbers = list(index.string_ids([offset for name, offset in places if name == index.file.name]).values())
            uses = users_of(index, "string", numbers, _MOST_USES)
            classes = holders_of(index, numbers)
            for number in numbers:
                yield len(uses[number]) == _MOST_USES
                yield starts({(part, use.row) for use in uses[number]})
                yield any(is_ready(index.defined_class(row)) for row in classes[number])
                if may_be_read_out:
                    yield count_values(index, number) > len(classes[number])

    @cached_property
    def _places(self) -> dict[str, set[tuple[str, int]]]:
        """The texts of each host: those that it was found in, and those that hold its name in another way."""
        found = defaultdict(set, {host: set(places) for host, places in self._texts.items()})
        for file in self._files:
            for offset, text in file.strings.holding(_DOT):
                for name in _NAME.findall(text):
                    host = name.lower()
                    if host in self._texts:
                        found[host].add((file.name, offset))
        return found
