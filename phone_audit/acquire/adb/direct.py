"""Straight to a phone's adbd over TCP or USB."""

from collections.abc import Callable, Sequence

from phone_audit.acquire.adb import handshake, states
from phone_audit.acquire.adb.adb_stream import DirectStream
from phone_audit.acquire.adb.keys import AdbKey
from phone_audit.acquire.adb.multiplex import Session
from phone_audit.acquire.adb.stream_transport import StreamTransport
from phone_audit.acquire.adb.wire import Link
from phone_audit.acquire.transport import Handshake


def connect(
    link: Link,
    keys: Sequence[AdbKey],
    *,
    patience: float,
    on_wait: Callable[[str], None] | None,
    redial: Callable[[], Link] | None = None,
) -> "DirectTransport":
    """Do the handshake on an open link; close the link when it fails.

    Args:
        link: an open link.
        keys: this computer's keys; the phone is asked to accept the first when it knows none.
        patience: seconds to wait until the person has accepted the key; with 0 the phone does not even ask.
        on_wait: gets a sentence when the person must look at the phone's screen.
        redial: opens a link to the same phone anew; None where a phone that is lost stays lost.

    Raises:
        AcquireError: as `handshake.shake_hands`.
    """

    def greet(link: Link) -> handshake.Greeting:
        try:
            return handshake.shake_hands(link, keys, patience, on_wait)
        except BaseException:
            link.close()
            raise

    return DirectTransport(greet(link), (lambda: greet(redial())) if redial else None)


class DirectTransport(StreamTransport):
    """A phone without an adb server between; see `Transport`.

    Attributes:
        model: the model as the phone's banner names it, or None.
        handshake: what the phone showed at first.
    """

    def __init__(
        self, greeting: handshake.Greeting, greet_again: Callable[[], handshake.Greeting] | None = None
    ) -> None:
        """Take over a connection after the handshake; `greet_again` makes another to the same phone."""
        super().__init__(greeting.wire.name, "direct")
        self.model = greeting.model
        self.handshake = Handshake(greeting.banner, greeting.host_key, greeting.asked)
        self._greet_again = greet_again
        self._session = _session(greeting)

    def open(self, service: bytes) -> DirectStream:
        """See `StreamTransport.open`."""
        return self._session.open(service)

    def confirm(self) -> None:
        """See `StreamTransport.confirm`."""
        self._session.confirm()

    def connect_again(self) -> None:
        """See `StreamTransport.connect_again`."""
        if self._greet_again is None:
            raise states.lost(self.serial, "there is no way back to it")
        self._session.close()
        greeting = self._greet_again()
        session = _session(greeting)
        if greeting.banner != self.handshake.banner or (greeting.asked and not self.handshake.asked):
            session.close()
            raise states.lost(self.serial, "another phone is in its place")
        self._session = session
        if self._closed:  # meanwhile, by another thread
            session.close()

    def close(self) -> None:
        """See `Transport.close`."""
        self._closed = True
        self._session.close()


def _session(greeting: handshake.Greeting) -> Session:
    return Session(greeting.wire, greeting.longest, delayed=handshake.DELAYED_ACK in greeting.features)
