"""Many ADB streams over one connection, for any number of threads.

There is no thread that reads: whoever waits for something reads for everybody until his own has come, and then leaves
the reading to another. So one stream costs no change of threads, nothing is read that nobody waits for, and a stream
whose reader is slow holds up nobody: what may wait for it is bounded, and then its program on the phone stands still.

Sources: AOSP packages/modules/adb: protocol.txt, docs/dev/delayed_ack.md, sockets.cpp (`available_send_bytes`).
"""

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial

from phone_audit.acquire.adb import states, wire
from phone_audit.acquire.adb.stream import ServiceRefusedError
from phone_audit.acquire.adb.wire import CLSE, MAX_PAYLOAD, OKAY, OPEN, WRTE, Message, NotAdbError, Wire
from phone_audit.errors import CommandError, DeviceLostError

_NO_SERVICE = b"phone-audit:"
_ACKED_SIZE = 4
_PATIENCE = 6  # times the time for a reply that a phone may have while it talks about other streams

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

    `local` is our number of it, `remote` the phone's, 0 until the phone has opened it; `ended`: the phone has closed
    it.
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
        self._session.confirm()

    # what follows is called with the lock held

    def received(self, data: bytes) -> Reaction | None:
        """Take a message with data; a NotAdbError where the phone does not wait for acknowledgements."""
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


class Session:
    """The streams of one connection.

    Attributes:
        name: as the user would name the phone.
        lock: guards everything here and in the streams; never held while something is sent or received.
        gone: why the connection ended, or None.
        delayed: both sides know delayed acknowledgements: a sender goes on until the window is full.
        longest: bytes of the longest message that the phone takes.
    """

    def __init__(self, wire: Wire, longest: int, *, delayed: bool) -> None:
        """Take over a wire after the handshake."""
        self.name = wire.name
        self.lock = threading.Lock()
        self.gone: DeviceLostError | None = None
        self.delayed = delayed
        self.longest = longest
        self._wire = wire
        self._changed = threading.Condition(self.lock)
        self._sending = threading.Lock()  # taken before `lock`: one message at a time, those of a stream in order
        self._agreeing = threading.Lock()  # taken before both: until the first stream is open
        self._agreed = False
        self._someone_reads = False
        self._streams: dict[int, DirectStream] = {}
        self._last_id = 0
        self._last_heard = 0.0

    def open(self, service: bytes) -> DirectStream:
        if len(service) >= self.longest:
            raise CommandError(f"A command of {len(service)} bytes is too long for this phone ({self.longest}).")
        stream = self._open(service) if self._agreed else self._open_first(service)
        if stream.remote == 0:
            raise ServiceRefusedError(service)
        return stream

    def close(self) -> None:
        """End the connection; whoever waits learns it. A second call does nothing."""
        self._end(states.lost(self.name, "this program closed the connection"))
        self._wire.link.close()

    def confirm(self) -> None:
        """Raise where the phone is gone."""
        if self.gone is not None:
            raise self.gone

    def send(self, command: bytes, arg0: int, arg1: int, data: bytes = b"") -> None:
        with self._sending:
            self._send(command, arg0, arg1, data)

    def acknowledge(self, stream: DirectStream, size: int) -> None:
        """Tell the phone that `size` bytes of a stream were taken."""
        self.send(OKAY, stream.local, stream.remote, size.to_bytes(_ACKED_SIZE, "little") if self.delayed else b"")

    def flush(self, stream: DirectStream) -> None:
        """Send what waits in a stream and may be sent."""
        with self._sending:
            while True:
                with self.lock:
                    data = stream.next_to_send()
                if not data:
                    return
                self._send(WRTE, stream.local, stream.remote, data)

    def wait(self, ready: Ready, deadline: float) -> None:
        """Read for everybody until `ready`, which is asked with the lock held.

        Raises:
            TimeoutError: it was not so at `deadline`, a time of `time.monotonic()`.
            DeviceLostError: the phone is gone, or sends other things than ADB.
        """
        while True:
            with self._changed:
                while not ready():
                    self.confirm()
                    if not self._someone_reads:
                        break
                    if not self._changed.wait(max(0.0, deadline - time.monotonic())) and not ready():
                        raise TimeoutError
                else:
                    return
                self._someone_reads = True
            try:
                self._read_until(ready, deadline)
            finally:
                with self._changed:
                    self._someone_reads = False
                    self._changed.notify_all()

    def wait_for_reply(self, ready: Ready) -> None:
        """Wait for what a phone does at once; a DeviceLostError where it does not.

        While it talks to other streams it has more time.
        """
        started = time.monotonic()
        while True:
            heard = min(max(started, self._last_heard), started + (_PATIENCE - 1) * wire.REPLY_TIMEOUT)
            if heard + wire.REPLY_TIMEOUT <= time.monotonic():
                self._end(states.lost(self.name, "it no longer answers"))
                self.confirm()
            try:
                self.wait(ready, heard + wire.REPLY_TIMEOUT)
            except TimeoutError:
                continue
            return

    def look_for_life(self) -> None:
        """Ask a phone that has said nothing for long for what none has: it refuses at once, a cable half out does not.

        Raises a DeviceLostError where it does not answer.
        """
        if time.monotonic() - self._last_heard >= wire.REPLY_TIMEOUT:
            self._open(_NO_SERVICE).close()

    def _open(self, service: bytes) -> DirectStream:
        with self.lock:
            self.confirm()
            self._last_id += 1
            stream = self._streams[self._last_id] = DirectStream(self, self._last_id)
        self.send(OPEN, stream.local, WINDOW if self.delayed else 0, service + b"\0")
        self.wait_for_reply(lambda: stream.remote != 0 or stream.ended)
        return stream

    def _open_first(self, service: bytes) -> DirectStream:
        """Open a stream, where it is refused in the other way of acknowledging: a phone may do more than it says.

        One that knows windows refuses a stream that names none, and the other way round (AOSP adb.cpp, A_OPEN).
        """
        with self._agreeing:
            stream = self._open(service)
            if stream.remote == 0 and not self._agreed:
                self.delayed = not self.delayed
                stream = self._open(service)
                if stream.remote == 0:
                    self.delayed = not self.delayed
            self._agreed = self._agreed or stream.remote != 0
        return stream

    def _read_until(self, ready: Ready, deadline: float) -> None:
        try:
            done = False
            while not done:
                self.confirm()
                message = self._wire.receive(deadline)
                with self._changed:
                    stream = self._streams.get(message.arg1)
                    reaction = self._give(stream, message) if stream else None
                    done = ready()
                    self._changed.notify_all()
                if reaction:
                    with contextlib.suppress(DeviceLostError):  # what arrived is handed out first
                        reaction()
        except NotAdbError as error:
            self._end(states.lost(self.name, "it sent something that is not ADB"), error)
            self.confirm()
        except DeviceLostError as error:
            self._end(error)
            self.confirm()

    def _give(self, stream: DirectStream, message: Message) -> Reaction | None:
        """Hand a message to its stream. Lock held."""
        self._last_heard = time.monotonic()
        if message.command == WRTE:
            return stream.received(message.data)
        if message.command == OKAY:
            return stream.acknowledged(message.arg0, _acked(message.data) if self.delayed else None)
        if message.command == CLSE:
            del self._streams[stream.local]
            return stream.ended_by_phone()
        return None

    def _send(self, command: bytes, arg0: int, arg1: int, data: bytes) -> None:
        self.confirm()
        try:
            self._wire.send(command, arg0, arg1, data)
        except DeviceLostError as error:
            self._end(error)
            self.confirm()

    def _end(self, why: DeviceLostError, cause: Exception | None = None) -> None:
        with self._changed:
            if self.gone is None:
                self.gone = why
                if cause is not None:
                    self.gone.__cause__ = cause
            self._changed.notify_all()


def _acked(data: bytes) -> int:
    """The size in an acknowledgement, where both sides agreed on sizes."""
    if len(data) != _ACKED_SIZE:
        raise NotAdbError("its acknowledgements are damaged")
    return int.from_bytes(data, "little", signed=True)
