"""The time that a phone let us wait for answers that never came: one account for all streams of a phone."""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from phone_audit.errors import DeviceLostError

MOST_LOST = 300.0
"""Seconds that a whole scan waits, in all, for what never comes.

A link that falls silent costs 20 to 30 s until it is known to be dead and is made again. So a scan survives ten such
falls, which is more than a loose plug gives, and one that falls silent again and again ends after five minutes of them.
Half of it is more than any question takes that is answered in the end: the dump of all packages may take two minutes.
"""

SHORT = 10.0
"""Seconds that a question is waited for once half of that is lost; nearly every one is answered in one or two."""


class LostTime:
    """Counts waiting that ended without an answer. May be used by several threads.

    Waiting that ends in an answer costs nothing, and neither does waiting while bytes come on any other stream. Threads
    that wait at the same time lose the same seconds, which count once.

    Args:
        limit: seconds after which nothing more is to be asked; without it there is no end.
        clock: seconds, from any beginning.
    """

    def __init__(self, limit: float = math.inf, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit = limit
        self._clock = clock
        self._lock = threading.Lock()
        self.lost = 0.0
        self._silent = 0.0  # waited since the last bytes came, up to `_since`
        self._since = 0.0
        self._waiting = 0

    @property
    def is_used_up(self) -> bool:
        """Whether nothing more is to be asked."""
        return self.lost >= self.limit

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Count what passes inside as waiting."""
        with self._lock:
            self._catch_up()
            self._waiting += 1
        try:
            yield
        finally:
            with self._lock:
                self._catch_up()
                self._waiting -= 1

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Count what passes inside as waiting, and as lost where the phone goes away meanwhile."""
        try:
            with self.waiting():
                yield
        except DeviceLostError:
            self.gave_up()
            raise

    @contextmanager
    def losing(self) -> Iterator[None]:
        """Count what passes inside as lost, however it ends."""
        with self.waiting():
            try:
                yield
            finally:
                self.gave_up()

    def heard(self) -> None:
        """Note that something came: the silence before it was no loss."""
        with self._lock:
            self._catch_up()
            self._silent = 0.0

    def gave_up(self) -> None:
        """Note that what was waited for does not come: the silence so far is lost."""
        with self._lock:
            self._catch_up()
            self.lost += self._silent
            self._silent = 0.0

    def patience(self, seconds: float) -> float:
        """Return how long one question may be met with silence, of the seconds that it has at most.

        The first half of the limit is there for questions that hang one after another; then each gets a short time, so
        that those which are answered at once still are.
        """
        return min(seconds, max(SHORT, self.limit / 2 - self.lost))

    def _catch_up(self) -> None:
        """Add what passed since the last call, where somebody waits. The lock is held."""
        now = self._clock()
        if self._waiting:
            self._silent += now - self._since
        self._since = now
