"""One question about a phone's state: the command, the parser of its answer, and the items that a document can hold."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from phone_audit.acquire.commands import Command
from phone_audit.acquire.text import shown
from phone_audit.model.device import StateItem
from phone_audit.model.finding import Evidence, EvidenceKind

Parsed = TypeVar("Parsed")

OWNER = 0
"""The user that every phone has."""

PER_USER_RANGE = 100_000
"""How far apart the uids of one package are for two users (AOSP `UserHandle.PER_USER_RANGE`)."""


@dataclass(frozen=True)
class Question(Generic[Parsed]):
    """What is asked, and what is made of the answer.

    Attributes:
        command: one of the list of what may be sent.
        parse: the decoded answer, empty where there is none → its facts.
        items: the facts → what they say of the phone's state.
        since: API level in which the service came; older phones are not asked.
        subject: what a note calls the question; empty for the command itself.
        promised: whether a fault is noted. Few phones have what is not promised, and some compute for a minute.
    """

    command: Command
    parse: Callable[[str], Parsed]
    items: Callable[[Parsed], Iterable[StateItem]]
    since: int = 0
    subject: str = ""
    promised: bool = True

    def read(self, answer: str) -> Iterable[StateItem]:
        return self.items(self.parse(answer))


def key_of(name: str, user: int) -> str:
    """Name an item of one user; the owner's has the plain name.

    Example:
        >>> key_of("assistant", 0), key_of("assistant", 10)
        ('assistant', 'assistant@10')
    """
    return name if user == OWNER else f"{name}@{user}"


def item(key: str, value: str | None, evidence: Iterable[Evidence], expected: str | None = None) -> StateItem:
    """Make an item whose texts are valid Unicode."""
    text = None if value is None else shown(value)
    return StateItem(key=shown(key), value=text, expected=expected, evidence=tuple(evidence))


def seen(kind: EvidenceKind, where: str, value: str) -> Evidence:
    """Make a piece of evidence whose texts are valid Unicode."""
    return Evidence(kind=kind, where=shown(where), value=shown(value))
