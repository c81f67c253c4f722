"""Collects changes, and what could not be compared, while two results are held against each other."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from phone_audit.judge.comparison.relation import Relation
from phone_audit.model.diff import Change, ChangedPart, ChangeKind, NotCompared, Side
from phone_audit.model.finding import SEVERITIES, Severity
from phone_audit.model.wording import counted

ORDER: Final[tuple[ChangedPart, ...]] = (
    "verdict", "finding", "signer", "power", "file", "state", "package", "installer", "permission", "tracker",
    "endpoint",
)  # fmt: skip
"""Changes of one severity, the weightiest first."""

_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "package": ("the list of packages", ""),
    "signer": ("the signer", "package"),
    "installer": ("the installer", "package"),
    "permission": ("what was granted", "package"),
    "power": ("who may watch or administer the phone", ""),
    "endpoint": ("the addresses", "package"),
    "tracker": ("the trackers", "package"),
    "file": ("the bytes", "file"),
    "state": ("the settings", ""),
    "finding": ("what was found before", "finding"),
}
_SIDES: Final[Mapping[Side, str]] = {
    "old": "The older result did not read",
    "new": "The newer result did not read",
    "both": "Neither result read",
}


class ChangeList:
    """Changes as they are seen. Each has a severity of ours, or one that a result states."""

    def __init__(self, relation: Relation) -> None:
        self.relation = relation
        self._changes: list[Change] = []
        self._unread: defaultdict[tuple[ChangedPart, Side], set[str]] = defaultdict(set)

    def add(
        self,
        what: ChangedPart,
        change: ChangeKind,
        subject: str,
        text: str,
        severity: Severity,
        *,
        old: str | None = None,
        new: str | None = None,
    ) -> None:
        """Take in a change; one without an old value is new, one without a new value gone."""
        self._changes.append(
            Change(what=what, change=change, subject=subject, old=old, new=new, severity=severity, text=text)
        )

    def gained(self, what: ChangedPart, subject: str, sentence: str, severity: Severity, new: str) -> None:
        """Take in what is so in the second result alone; the sentence is without its end."""
        self.add(what, "new", subject, self.relation.gained(sentence), severity, new=new)

    def lost(self, what: ChangedPart, subject: str, sentence: str, old: str, severity: Severity = "info") -> None:
        """Take in what is so in the first result alone; the sentence is without its end."""
        self.add(what, "gone", subject, self.relation.lost(sentence), severity, old=old)

    def changed(self, what: ChangedPart, subject: str, thing: str, severity: Severity, old: str, new: str) -> None:
        """Take in a thing that each result says something else of."""
        self.add(what, "changed", subject, self.relation.changed(thing, old, new), severity, old=old, new=new)

    def unread(self, what: ChangedPart, subject: str = "", *, old: bool, new: bool) -> None:
        """Note what could not be compared; `old` and `new` tell whether each result read it."""
        side: Side = "both" if old == new else "new" if old else "old"
        subjects = self._unread[what, side]
        if subject:
            subjects.add(subject)

    def changes(self) -> tuple[Change, ...]:
        """Return the changes, most harmful first."""
        return tuple(sorted(self._changes, key=_rank))

    def not_compared(self) -> tuple[NotCompared, ...]:
        rows = sorted(self._unread.items(), key=lambda row: (place_in(ORDER, row[0][0]), row[0][1]))
        return tuple(
            NotCompared(what=what, side=side, subjects=tuple(sorted(subjects)), text=_text(what, side, len(subjects)))
            for (what, side), subjects in rows
        )


def _rank(change: Change) -> tuple[int, int, str, str, str]:
    places = place_in(SEVERITIES, change.severity), place_in(ORDER, change.what)
    return *places, change.subject, change.new or "", change.old or ""


def place_in(order: Sequence[str], word: str) -> int:
    """Return the place of a word in an order; one of a later version comes last."""
    return order.index(word) if word in order else len(order)


def _text(what: ChangedPart, side: Side, count: int) -> str:
    thing, noun = _WORDS[what]
    of = f" of {counted(count, noun)}" if count and noun else ""
    if what == "finding":
        return f"{_SIDES[side]} what {counted(count, noun)} rest{'s' if count == 1 else ''} on, so that says nothing."
    return f"{_SIDES[side]} {thing}{of}, so a change there would not be seen."
