"""What is wrong with a signature: a stable word for scripts, a sentence for a person."""

from collections.abc import Iterable
from typing import NamedTuple

NEWEST_SDK = 2**31 - 1
"""Stands for the newest version of Android, and all that follow."""
MAX_SIGNERS = 10
"""More signers than this are refused, by v1 and v2."""
_SHOWN = 20


class Fault(NamedTuple):
    """One thing that is wrong. The word begins with the scheme (`v1-`, `v2-`, `v3-`, `v3.1-`, `v4-`, `stamp-`)."""

    word: str
    text: str

    def __str__(self) -> str:
        return f"{self.word}: {self.text}"


class SdkRange(NamedTuple):
    """The versions of Android on which an APK is to verify, both included."""

    first: int
    last: int = NEWEST_SDK


class FaultError(Exception):
    """A signature does not verify, for at least one fault. Never leaves `verify.py`, which lists the faults."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(map(str, self.faults)))


def fault(word: str, text: str) -> FaultError:
    return FaultError([Fault(word, text)])


def refuse(faults: list[Fault]) -> None:
    """Raise what was gathered, if anything, as a `FaultError`; of each word only the first few."""
    if not faults:
        return
    shown: dict[str, list[Fault]] = {}
    for one in faults:
        shown.setdefault(one.word, []).append(one)
    kept = [one for same in shown.values() for one in same[:_SHOWN]]
    more = [
        Fault(word, f"and {len(same) - _SHOWN} more of this kind.")
        for word, same in shown.items()
        if len(same) > _SHOWN
    ]
    raise FaultError([*kept, *more])
