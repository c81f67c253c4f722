"""The order in which evidence of one thing is listed."""

from collections.abc import Collection, Iterable
from typing import Final

from phone_audit.model.finding import Evidence, EvidenceKind

_FIRST: Final[tuple[EvidenceKind, ...]] = ("manifest", "call", "class")
"""Kinds that are listed before others, what is declared before what is done before what is there."""


def in_order(evidence: Iterable[Evidence], last: Collection[str] = ()) -> tuple[Evidence, ...]:
    """Return evidence by kind and place, each piece once.

    Args:
        evidence: in any order.
        last: values that only explain, and are listed after all others.
    """
    return tuple(sorted(set(evidence), key=lambda one: (one.value in last, _rank(one))))


def _rank(one: Evidence) -> tuple[int | str, ...]:
    kind = _FIRST.index(one.kind) if one.kind in _FIRST else len(_FIRST)
    texts = (one.class_ or "", one.value, one.method or "")
    return (kind, one.where, *texts, -1 if one.offset is None else one.offset, one.kind, one.encoding or "")
