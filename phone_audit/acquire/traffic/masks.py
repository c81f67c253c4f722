"""What is shown of host names and requests: identifiers by their last characters, other opaque text by its ends.

An identifier is masked with the whole label or segment that it stands in, in every spelling in which it is found.
What only looks like one is shortened as well: a number of 14 to 20 digits or a hardware address in a host, and in a
path what is neither short nor words.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Sequence
from itertools import accumulate
from typing import Final, NamedTuple
from urllib.parse import unquote

from phone_audit.acquire.traffic.decoded import SHORTEST_CODE, base32_view
from phone_audit.acquire.traffic.identifier_search import LONGEST_SPELLING, IdentifierHit, IdentifierSearch
from phone_audit.model.stated import is_address

_LONGEST_PATH: Final = 120
_PIECES: Final = re.compile(r"([/;&=,])")
_SHOWN: Final = 4
_NUMBER: Final = re.compile(r"(?<!\d)\d{14,20}(?!\d)|(?<![0-9a-f])[0-9a-f]{2}(?:-[0-9a-f]{2}){5}(?![0-9a-f])")
_OPAQUE: Final = re.compile(r"[0-9A-Fa-f]{12,}|[A-Za-z]{24,}")
_TOKEN: Final = re.compile(r"[^\W_]+")
_WORD: Final = re.compile(r"[^\W\d_]{3,}\d{0,2}")
_ORDINARY: Final = re.compile(r"[^\W\d_]+\d{0,2}|\d{1,4}")
_SHORTEST: Final = 12
_MOST_DIGITS: Final = 8
"""Those of a date; more of them are shortened though each stands in a short group."""


_Mask = tuple[int, str]
"""Whether it only looks like an identifier, and what its last characters are shown of."""


class _Span(NamedTuple):
    start: int
    end: int
    mask: _Mask


def shown_host(host: str, search: IdentifierSearch) -> tuple[str, frozenset[IdentifierHit]]:
    """Return a host with the labels masked that hold an identifier, and what stands in it."""
    if is_address(host):
        return host, frozenset()
    labels = host.split(".")
    found = list(search.matches(host.lower().encode("ascii", "replace")))
    spans = [_Span(match.start(), match.end(), _known(hit)) for match, hit in found]
    hits = {hit for _, hit in found}
    spans += [_Span(one.start(), one.end(), (1, one[0].replace("-", ""))) for one in _NUMBER.finditer(host)]
    at = 0
    for label in labels:
        coded = _coded(label, search)
        hits |= coded
        spans += [_Span(at, at + len(label), _known(_one(coded)))] if coded else []
        at += len(label) + 1
    if not hits and (coded := _coded("".join(labels), search)):  # its code goes on behind a dot
        hits |= coded
        until = bisect_left(
            range(1, len(labels)), x=True, key=lambda most: bool(_coded("".join(labels[:most]), search))
        )
        spans.append(_Span(0, len(".".join(labels[: until + 1])), _known(_one(coded))))
    return _masked_labels(labels, spans), frozenset(hits)


def masked_request(line: str, search: IdentifierSearch) -> str:
    """Return the method and the path of a request as they are shown."""
    method, space, path = line.partition(" ")
    pieces = _PIECES.split(_beginning(path))
    if search.hits(path[: _LONGEST_PATH + 2 * LONGEST_SPELLING].encode()):
        found = [search.hits(piece.encode()) for piece in pieces]
        pieces = [_shown(_one(hits).masked) if hits else piece for hits, piece in zip(found, pieces, strict=True)]
        if across := search.hits("".join(pieces).encode()):  # it goes on behind a slash
            pieces = ["/", _shown(_one(across).masked)]
    return f"{method}{space}{''.join(map(_shortened, pieces))[:_LONGEST_PATH]}"


def _coded(text: str, search: IdentifierSearch) -> set[IdentifierHit]:
    data = text.encode()
    if len(data) < SHORTEST_CODE:
        return set()
    return search.hits(data) | search.hits_plain(base32_view(data))


def _one(hits: Collection[IdentifierHit]) -> IdentifierHit:
    return min(hits, key=lambda hit: (not hit.own, hit.kind, hit.masked))


def _known(hit: IdentifierHit) -> _Mask:
    return 0, hit.masked


def _shown(masked: str) -> str:
    return f"…{masked[-_SHOWN:]}"


def _masked_labels(labels: Sequence[str], spans: Iterable[_Span]) -> str:
    """Write one mask for the labels that a span touches; those of spans that share a label become one."""
    starts = list(accumulate((len(label) + 1 for label in labels), initial=0))
    shown: list[str] = []
    done = 0
    for first, end, mask in _groups(
        (bisect_right(starts, one.start) - 1, bisect_left(starts, one.end), one.mask) for one in spans
    ):
        shown += [*labels[done:first], _shown(mask[1])]
        done = end
    return ".".join((*shown, *labels[done:]))


def _groups(spans: Iterable[tuple[int, int, _Mask]]) -> list[tuple[int, int, _Mask]]:
    """Join spans that overlap; an identifier is shown rather than what only looks like one."""
    joined: list[tuple[int, int, _Mask]] = []
    for first, end, mask in sorted(spans):
        if joined and first < joined[-1][1]:
            before = joined.pop()
            joined.append((before[0], max(before[1], end), min(before[2], mask)))
        else:
            joined.append((first, end, mask))
    return joined


def _beginning(path: str) -> str:
    """Return more of a path than is shown, without a last piece that is not whole."""
    most = _LONGEST_PATH + LONGEST_SPELLING
    if len(path) <= most:
        return path
    ends = [match.end() for match in _PIECES.finditer(path, 0, most)]
    return f"{path[: ends[-1] if ends else _SHOWN]}…"


def _shortened(piece: str) -> str:
    plain = unquote(piece)
    if "@" in plain[1:-1] or (len(piece) >= _SHORTEST and _is_opaque(plain)):
        return f"{piece[: _SHOWN if len(piece) >= _SHORTEST else 1]}…{piece[-2:]}"
    return piece


def _is_opaque(plain: str) -> bool:
    """Tell whether a text is of letters and digits that are neither words nor short numbers."""
    length = sum(map(str.isalnum, plain))
    digits = sum(map(str.isdigit, plain))
    if length < _SHORTEST:
        return False
    if digits == 0 or _OPAQUE.search(plain):
        return _OPAQUE.search(plain) is not None
    tokens = _TOKEN.findall(plain)
    words = sum(len(token) for token in tokens if _WORD.fullmatch(token))
    return digits > _MOST_DIGITS or 3 * words < length or not all(map(_ORDINARY.fullmatch, tokens))
