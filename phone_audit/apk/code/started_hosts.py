"""Hosts that nothing in the package starts to connect to: only code of others holds them, and none of it is started."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from phone_audit.apk.code.started_code import StartedCode
from phone_audit.apk.dex.encoded_values import count_values, holders_of
from phone_audit.apk.dex.file import DexFile
from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.dex.xrefs import users_of
from phone_audit.model.apk import Endpoint

_MOST_TEXTS: Final = 200
"""Texts of one host that are looked at; where there are more, it counts as started."""
_MOST_USES: Final = 200
"""Instructions that load one text; where there are more, it counts as started."""

_OTHERS: Final = frozenset({"library", "unknown"})
_COLLECTING: Final = frozenset({"telemetry", "advertising"})


def with_started(
    endpoints: Sequence[Endpoint], files: Sequence[DexFile], indexes: Sequence[DexIndex], code: StartedCode
) -> tuple[Endpoint, ...]:
    """Say of each endpoint that counts whether anything starts code that loads one of its texts."""
    found = _Hosts(files, indexes, code)
    return tuple(one if found.may_start(one) else one.model_copy(update={"started": False}) for one in endpoints)


def _is_told(endpoint: Endpoint) -> bool:
    """Tell whether it makes a difference what starts it: that takes time."""
    return endpoint.use == "fetched" or endpoint.counts_in_cleartext or endpoint.category in _COLLECTING


class _Hosts:
    def __init__(self, files: Sequence[DexFile], indexes: Sequence[DexIndex], code: StartedCode) -> None:
        self._files = files
        self._indexes = indexes
        self._code = code

    def may_start(self, endpoint: Endpoint) -> bool:
        """Tell whether anything may start what connects to an endpoint; those that do not count are not looked at."""
        pieces = [piece for holder in endpoint.held_by for piece in holder.evidence]
        in_code = bool(pieces) and all(one.kind == "dex-string" and one.encoding is None for one in pieces)
        if not in_code or not endpoint.counts:
            return True
        if any(holder.party not in _OTHERS for holder in endpoint.held_by) or not _is_told(endpoint):
            return True
        if any(
            one.class_ is None for holder in endpoint.held_by if holder.party == "unknown" for one in holder.evidence
        ):
            return True
        return any(self._answers(endpoint.host))

    def _answers(self, host: str) -> Iterator[bool]:
        pattern = re.compile(b"(?i)" + re.escape(host.encode("utf-8", "surrogatepass")))
        for file in self._files:
            offsets = [offset for offset, _ in file.strings.holding(pattern.pattern)]
            yield len(offsets) > _MOST_TEXTS
            for part, index in enumerate(self._indexes):
                if index.file is file:
                    yield from self._in_part(part, index, offsets[:_MOST_TEXTS])

    def _in_part(self, part: int, index: DexIndex, offsets: Sequence[int]) -> Iterator[bool]:
        numbers = list(index.string_ids(offsets).values())
        uses = users_of(index, "string", numbers, _MOST_USES)
        classes = holders_of(index, numbers)
        for number in numbers:
            yield len(uses[number]) == _MOST_USES
            yield any(self._code.starts(part, use.row) for use in uses[number])
            yield any(self._code.is_ready(index.defined_class(row)) for row in classes[number])
            if not uses[number]:
                yield count_values(index, number) > len(classes[number])
