"""Facts of a phone's condition → items of the state that a document can hold."""

from collections.abc import Iterable

from phone_audit.acquire.parse.text import shown
from phone_audit.model.device import StateItem
from phone_audit.model.finding import Evidence, EvidenceKind

OWNER = 0


def key_of(name: str, user: int) -> str:
    """Name an item of one user; the owner's has the plain name.

    Example:
        >>> key_of("assistant", 0), key_of("assistant", 10)
        ('assistant', 'assistant@10')
    """
    return name if user == OWNER else f"{name}@{user}"


def item(key: str, value: str | None, evidence: Iterable[Evidence], expected: str | None = None) -> StateItem:
    """Make an item whose texts are valid Unicode."""
    said = None if value is None else shown(value)
    return StateItem(key=shown(key), value=said, expected=expected, evidence=tuple(evidence))


def seen(kind: EvidenceKind, where: str, value: str) -> Evidence:
    """Make a piece of evidence whose texts are valid Unicode."""
    return Evidence(kind=kind, where=shown(where), value=shown(value))
