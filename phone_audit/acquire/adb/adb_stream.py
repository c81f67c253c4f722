"""One ADB stream: what has arrived for it, what waits to be sent, and how much each side may still send."""

import contextlib
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from phone_audit.acquire.adb import wire
from phone_audit.acquire.adb.wire import CLSE, MAX_PAYLOAD, NotAdbError
from phone_audit.errors import DeviceLostError

if TYPE_CHECKING:
    from phone_audit.acquire.adb.multiplex import Session

WINDOW = 2**21
"""Bytes that may wait in one stream, here and on the way, before the phone must hold back.

Measured on a busy computer: half of it costs a tenth of the speed, and more gains nothing. A command beside a transfer
is answered within 0.3 s over slow Wi-Fi (8 MB/s).
"""

OUTBOX = 2**20
"""Bytes that a stream takes for the phone before the phone takes them; then `write` waits."""

Ready = Callable[[], bool]

Reaction = Callable[[], None]
"""What a message asks of whoever read it, to be done without the lock: to send something."""


class DirectStream:
    """One ADB stream; see `Stream`.

    Attributes:
        local: our number of it.
        remote: the phone's number of it; 0 until the phone has opened it.
        ended: the phone has closed it.
    """

    def __init__(self, session: "Session", local: int) -> None:
        self.local = local
        self.remote = 0
        self.ended = False
        self._session = session
        self._inbox: deque[bytes] = deque()
        self._waiting = 0  # bytes in the inbox
        self._untold = 0  # bytes that were taken from it, and the phone does not know
        self._owes = False  # without delayed acknowledgements: the phone waits for one
        self._outbox = bytearray()
        self._credit = 0  # bytes that may be sent, or with 1 one message
        self._given_up = False

    def read(self, deadline: float) -> bytes:
        """See `Stream.read`."""
        session = self._session
        while not self._inbox and not self.ended:
            look_up = min(deadline, time.monotonic() + wire.REPLY_TIMEOUT)
            try:
                session.wait(lambda: bool(self._inbox) or self.ended, look_up)
            except TimeoutError:
                if look_up == deadline:
                    raise
                session.look_for_life()
        with session.lock:
            if not self._inbox:
                return b""
            data = self._inbox.popleft()
            told = self._taken(len(data))
        if told is not None and session.gone is None:
            with contextlib.suppress(DeviceLostError):  # the next call tells
                session.acknowledge(self, told)
        return data

    def write(self, data: bytes) -> None:
        """See `Stream.write`. Waits only where the phone has not taken `OUTBOX` bytes yet."""
        session = self._session
        with session.lock:
            session.confirm()
            if self.ended:
                return
            self._outbox += data
        session.flush(self)
        if len(self._outbox) > OUTBOX:
            session.wait_for_reply(lambda: len(self._outbox) <= OUTBOX or self.ended)

    def close(self) -> None:
        """See `Stream.close`."""
        session = self._session
        with session.lock:
            if self.ended or self._given_up or session.gone:
                return
            self._given_up = True
            self._inbox.clear()
            self._outbox.clear()
        with contextlib.suppress(DeviceLostError):  # `confirm` and the next `open` tell
            session.send(CLSE, self.local, self.remote)
            session.wait_for_reply(lambda: self.ended)

    def confirm(self) -> None:
        """See `Stream.confirm`."""
        self._session.confirm()

    # what follows is called with the lock held

    def received(self, data: bytes) -> Reaction | None:
        """Take a message with data.

        Raises:
            NotAdbError: the phone does not wait for acknowledgements.
        """
        if self._given_up:
            return None
        if data:
            self._inbox.append(data)
            self._waiting += len(data)
        if self._waiting > WINDOW + 2 * MAX_PAYLOAD:
            raise NotAdbError("it does not wait for acknowledgements")
        if self._session.delayed:
            return None
        if self._waiting < WINDOW:
            return partial(self._session.acknowledge, self, len(data))
        self._owes = True
        return None

    def acknowledged(self, remote: int, size: int | None) -> Reaction | None:
        """Take the phone's word that it took `size` bytes, or the last message where it names no size."""
        self.remote = self.remote or remote
        self._credit = 1 if size is None else self._credit + size
        return partial(self._session.flush, self) if self._outbox else None

    def ended_by_phone(self) -> Reaction | None:
        """Take the phone's end, which is answered where it is not an answer itself."""
        self.ended = True
        if self.remote and not self._given_up:
            return partial(self._session.send, CLSE, self.local, self.remote)
        return None

    def next_to_send(self) -> bytes:
        """Take what may be sent now out of the outbox."""
        if self._credit <= 0 or self.ended or self._given_up:
            return b""
        data = bytes(self._outbox[: self._session.longest])
        del self._outbox[: len(data)]
        if data:
            self._credit = self._credit - len(data) if self._session.delayed else 0
        return data

    def _taken(self, size: int) -> int | None:
        """Note that the reader took `size` bytes; gives back how many the phone is to be told of, if any."""
        self._waiting -= size
        if not self._session.delayed:
            owed, self._owes = self._owes and self._waiting < WINDOW, self._owes and self._waiting >= WINDOW
            return 0 if owed and not self.ended else None
        self._untold += size
        if self._untold < WINDOW // 4 or self.ended:
            return None
        told, self._untold = self._untold, 0
        return told
