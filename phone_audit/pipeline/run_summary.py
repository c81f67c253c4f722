"""What a long run came to, gathered from records that come one by one and are not held."""

from collections import Counter
from collections.abc import Iterator, Mapping
from heapq import heappush, heappushpop
from typing import Final

from phone_audit.model.apk import Apk
from phone_audit.model.finding import OUTCOMES
from phone_audit.model.wording import counted
from phone_audit.report.safe import shortened, visible

_MOST_NAMED: Final = 5
_MOST_DISTINCT: Final = 50_000
"""Names that are counted at a time; the rarer half of more is forgotten, so that memory does not grow."""
_LONGEST_NAME: Final = 60


class RunSummary:
    """Counts what stands in the records of a run."""

    def __init__(self) -> None:
        self.unread = 0
        self._known = 0
        self._records = 0
        self._outcomes: Counter[str] = Counter()
        self._owners: Counter[str] = Counter()
        self._hosts: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._first: dict[str, str] = {}
        self._slowest: list[tuple[float, str]] = []

    def add(self, apk: Apk) -> None:
        """Take in a record that was made or judged by this run."""
        self._count(apk)
        if apk.run.cached:
            self._known += 1
        else:
            (heappush if len(self._slowest) < _MOST_NAMED else heappushpop)(
                self._slowest, (float(apk.run.seconds), apk.path)
            )

    def add_known(self, apk: Apk) -> None:
        """Take in a record that an earlier run has written."""
        self._count(apk)
        self._known += 1

    def _count(self, apk: Apk) -> None:
        self._records += 1
        self._outcomes[apk.outcome] += 1
        listed = [one for one in apk.endpoints or () if one.counts]
        _count(self._hosts, {one.host for one in listed})
        _count(self._owners, {one.owner for one in listed if one.owner})
        for code in {one.code for one in apk.skipped}:
            self._reasons[code] += 1
            self._first.setdefault(code, apk.path)
        self.unread += any(one.step == "read" for one in apk.skipped)

    def lines(self, seconds: float) -> Iterator[str]:
        """Yield what is said at the end of a run that took so many seconds."""
        outcomes = ", ".join(f"{self._outcomes[word]} {word}" for word in reversed(OUTCOMES) if self._outcomes[word])
        rate = f" ({self._records / seconds:.1f} a second)" if seconds >= 1 else ""
        earlier = f" {self._known} of them are from earlier runs." if self._known else ""
        yield f"{counted(self._records, 'record')} in {seconds:.0f} s{rate}: {outcomes}.{earlier}"
        if self._owners:
            yield f"Most frequent owners: {_most(self._owners)}."
        if self._hosts:
            yield f"Most frequent destinations: {_most(self._hosts)}."
        if self._slowest:
            slowest = sorted(self._slowest, reverse=True)
            yield f"Slowest: {', '.join(f'{_end_of(path)} {took:.1f} s' for took, path in slowest)}."
        if self._reasons:
            yield f"Not all of it was read: {'; '.join(_reasons(self._reasons, self._first))}."


def _count(counter: Counter[str], names: set[str]) -> None:
    counter.update(names)
    if len(counter) > _MOST_DISTINCT:
        frequent = counter.most_common(_MOST_DISTINCT // 2)
        counter.clear()
        counter.update(dict(frequent))


def _most(counter: Counter[str]) -> str:
    ordered = sorted(counter.items(), key=lambda item: (-item[1], item[0]))[:_MOST_NAMED]
    return ", ".join(f"{shortened(name, _LONGEST_NAME)} ({count})" for name, count in ordered)


def _reasons(counter: Counter[str], first: Mapping[str, str]) -> Iterator[str]:
    """Say how many records lack something, by the word for why; and name one of each."""
    for code, count in sorted(counter.items(), key=lambda item: (-item[1], item[0]))[: 2 * _MOST_NAMED]:
        yield f"{count} {code} (such as {_end_of(first[code])})"


def _end_of(path: str) -> str:
    seen = visible(path)
    return seen if len(seen) <= _LONGEST_NAME else "…" + seen[1 - _LONGEST_NAME :]
