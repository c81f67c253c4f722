"""Whose turn it is, where only some of many phones are read at the same time."""

import threading
from collections.abc import Callable

PAUSE = 0.2
"""Seconds between two looks at what has changed."""


class Turns:
    """Who is read at the same time. One that gave its turn back, because it waits for its person, gets another."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._having: set[int] = set()
        self._wanting: set[int] = set()
        self._changed = threading.Condition()

    def has(self, number: int) -> bool:
        return number in self._having

    def take_free(self, number: int) -> bool:
        """Give a phone a turn where one is free that nobody waits for who has begun; tell whether it got it."""
        with self._changed:
            if len(self._having) + len(self._wanting) >= self._at_once:
                return False
            self._having.add(number)
            return True

    def wait_for(self, number: int, stopped: Callable[[], bool]) -> None:
        """Return once a phone has a turn, or a stop is asked for."""
        with self._changed:
            self._wanting.add(number)
            while number not in self._having and len(self._having) >= self._at_once and not stopped():
                self._changed.wait(PAUSE)
            self._wanting.discard(number)
            self._having.add(number)

    def give_back(self, number: int) -> None:
        """Take the turn of a phone, where it has one."""
        with self._changed:
            self._having.discard(number)
            self._changed.notify_all()
