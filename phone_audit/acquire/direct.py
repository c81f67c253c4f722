"""Straight to a phone's adbd over TCP or USB; the only file that imports adb_shell.

adb_shell does the handshake. Its streams are not used: they lose what had arrived when a command overruns its time,
wait in vain for a service that the phone refuses, and keep whatever a hostile phone sends.
"""

import contextlib
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence

from phone_audit.acquire import states
from phone_audit.acquire.keys import AdbKey
from phone_audit.acquire.link import Link
from phone_audit.acquire.streamed import ServiceRefusedError, StreamTransport
from phone_audit.acquire.wire import CLSE, HEADER, OKAY, OPEN, STLS, WRTE, Message, NotAdbError, Wire
from phone_audit.errors import CommandError, DeviceLostError

# adb_shell opens a libusb as soon as it is imported, the system's; where that fails, TCP would be gone as well.
sys.modules.setdefault("adb_shell.transport.usb_transport", None)  # type: ignore[arg-type]
from adb_shell import exceptions  # noqa: E402, TID251
from adb_shell.adb_device import AdbDevice  # noqa: E402, TID251
from adb_shell.transport.base_transport import BaseTransport  # noqa: E402, TID251

REPLY_TIMEOUT = 10.0
"""Seconds in which a phone acknowledges: its main loop does so whatever its commands do."""

_SMALLEST_PAYLOAD = 4096  # what the first phones took, and every later one does


class _Bridge(BaseTransport):  # type: ignore[misc]
    """Shows a wire to adb_shell, which sees whole, valid messages only."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.asked = False
        self.last = b""
        self._rest = b""

    def connect(self, transport_timeout_s: float | None) -> None:
        """The link is open already."""

    def close(self) -> None:
        """The link is closed by its owner."""

    def bulk_read(self, numbytes: int, transport_timeout_s: float) -> bytes:
        if not self._rest:
            self._rest = self.last = self.wire.receive_raw(time.monotonic() + transport_timeout_s)
            if self.last.startswith(STLS):
                raise states.wants_pairing(self.wire.name)
        taken, self._rest = self._rest[:numbytes], self._rest[numbytes:]
        return taken

    def bulk_write(self, data: bytes, transport_timeout_s: float) -> int:
        self.wire.link.write(data)
        return len(data)


class _Signer:
    """An `AdbKey` under the names that adb_shell calls."""

    def __init__(self, key: AdbKey) -> None:
        self.Sign = key.sign
        self._public = key.public

    def GetPublicKey(self) -> bytes:  # noqa: N802
        return self._public


def connect(
    link: Link, keys: Sequence[AdbKey], *, patience: float, on_wait: Callable[[str], None] | None
) -> "DirectTransport":
    """Do the handshake on an open link; close the link when it fails.

    Args:
        link: an open link.
        keys: this computer's keys; the phone is asked to accept the first when it knows none.
        patience: seconds to wait until the person has accepted the key; with 0 the phone does not even ask.
        on_wait: gets a sentence when the person must look at the phone's screen.

    Raises:
        UnauthorizedError: the phone has not accepted a key, or wants pairing.
        DeviceOfflineError: it is in another mode, such as recovery.
        ProtocolError: what answers is no phone.
        DeviceLostError: it went away.
    """
    bridge = _Bridge(Wire(link))
    try:
        return _shake_hands(bridge, keys, patience, on_wait)
    except BaseException:
        link.close()
        raise


def _shake_hands(
    bridge: _Bridge, keys: Sequence[AdbKey], patience: float, on_wait: Callable[[str], None] | None
) -> "DirectTransport":
    name = bridge.wire.name

    def dialog(_: object) -> None:
        if patience <= 0:
            raise states.unauthorized(name)
        bridge.asked = True
        if on_wait is not None:
            on_wait(states.waiting(name))

    device = AdbDevice(bridge, default_transport_timeout_s=REPLY_TIMEOUT, banner="phone-audit")
    try:
        device.connect(
            rsa_keys=[_Signer(key) for key in keys],
            auth_timeout_s=patience,
            read_timeout_s=max(patience, REPLY_TIMEOUT),
            auth_callback=dialog,
        )
    except NotAdbError as error:
        raise states.no_adbd(name, str(error)) from error
    except (TimeoutError, exceptions.AdbTimeoutError) as error:
        if bridge.asked:
            raise states.unauthorized(name) from error
        raise states.no_adbd(name, f"it says nothing for {REPLY_TIMEOUT:.0f} seconds") from error
    except exceptions.DeviceAuthError as error:
        raise states.unauthorized(name) from error
    except (exceptions.InvalidResponseError, exceptions.InvalidChecksumError, ValueError) as error:
        raise states.no_adbd(name, "its messages are damaged") from error
    except DeviceLostError as error:
        if bridge.asked:
            raise states.refused(name) from error
        raise
    return DirectTransport(bridge.wire, bridge.last)


class DirectTransport(StreamTransport):
    """A phone without an adb server between; see `Transport`.

    Attributes:
        model: the model as the phone's banner names it, or None.
    """

    def __init__(self, wire: Wire, greeting: bytes) -> None:
        """Take over a wire after the handshake.

        Args:
            wire: carries messages.
            greeting: the phone's CNXN message, whole.

        Raises:
            DeviceOfflineError: the phone is in another mode.
            ProtocolError: it does not say that it is a phone.
        """
        super().__init__(wire.name, "direct")
        _, _, payload, *_ = HEADER.unpack_from(greeting)
        kind, _, properties = greeting[HEADER.size :].rstrip(b"\0").decode("utf-8", "replace").partition("::")
        if kind in states.MODES:
            raise states.in_mode(wire.name, kind)
        if kind != "device":
            raise states.no_adbd(wire.name, "it speaks ADB, but does not say that it is a phone")
        self.model = dict(item.partition("=")[::2] for item in properties.split(";")).get("ro.product.model") or None
        self._longest = max(payload, _SMALLEST_PAYLOAD)
        self._wire = wire
        self._last_id = 0
        self._gone: DeviceLostError | None = None

    def open(self, service: bytes) -> "DirectStream":
        """See `StreamTransport.open`."""
        self.confirm()
        if len(service) >= self._longest:
            raise CommandError(f"A command of {len(service)} bytes is too long for this phone ({self._longest}).")
        self._last_id += 1
        self.send(OPEN, self._last_id, 0, service + b"\0")
        deadline = time.monotonic() + REPLY_TIMEOUT
        while True:
            message = self.receive(self._last_id, deadline, "it no longer answers")
            if message.command == OKAY:
                return DirectStream(self, self._last_id, message.arg0)
            if message.command == CLSE:
                raise ServiceRefusedError(service)

    def close(self) -> None:
        """See `Transport.close`."""
        self._gone = self._gone or states.lost(self.serial, "this program closed the connection")
        self._wire.link.close()

    def confirm(self) -> None:
        """Raise where the phone is gone."""
        if self._gone is not None:
            raise self._gone

    def send(self, command: bytes, arg0: int, arg1: int, data: bytes = b"") -> None:
        """Send one message."""
        try:
            self._wire.send(command, arg0, arg1, data)
        except DeviceLostError as error:
            self._gone = error
            raise

    def receive(self, local: int, deadline: float, silent: str | None = None) -> Message:
        """Give back the next message of stream `local`, and forget those of streams that were given up.

        Args:
            local: our id of the stream.
            deadline: a time of `time.monotonic()`.
            silent: what silence until then says about the phone; None where it may be silent.

        Raises:
            TimeoutError: silence, and it may be.
            DeviceLostError: the phone is gone, is silent where it must not be, or sends other things than ADB.
        """
        try:
            while (message := self._wire.receive(deadline)).arg1 != local:
                pass
        except TimeoutError:
            if silent is None:
                raise
            self._gone = states.lost(self.serial, silent)
            raise self._gone from None
        except NotAdbError as error:
            self._gone = states.lost(self.serial, "it sent something that is not ADB")
            raise self._gone from error
        except DeviceLostError as error:
            self._gone = error
            raise
        return message


class DirectStream:
    """One ADB stream; see `Stream`."""

    def __init__(self, transport: DirectTransport, local: int, remote: int) -> None:
        self._transport = transport
        self._local = local
        self._remote = remote
        self._arrived: deque[bytes] = deque()
        self._may_write = True
        self._ended = False

    def read(self, deadline: float) -> bytes:
        """See `Stream.read`."""
        while not self._arrived:
            if self._ended:
                return b""
            self._take(self._transport.receive(self._local, deadline))
        return self._arrived.popleft()

    def write(self, data: bytes) -> None:
        """See `Stream.write`."""
        deadline = time.monotonic() + REPLY_TIMEOUT
        while not self._may_write and not self._ended:
            self._take(self._transport.receive(self._local, deadline, "it no longer answers"))
        if not self._ended:
            self._may_write = False
            self._transport.send(WRTE, self._local, self._remote, data)

    def close(self) -> None:
        """See `Stream.close`."""
        if self._ended:
            return
        self._ended = True
        deadline = time.monotonic() + REPLY_TIMEOUT
        with contextlib.suppress(DeviceLostError):  # `confirm` and the next `open` tell
            self._transport.send(CLSE, self._local, self._remote)
            while self._transport.receive(self._local, deadline, "it no longer answers").command != CLSE:
                pass

    def confirm(self) -> None:
        """See `Stream.confirm`."""
        self._transport.confirm()

    def _take(self, message: Message) -> None:
        if message.command == WRTE:
            self._transport.send(OKAY, self._local, self._remote)
            if message.data:
                self._arrived.append(message.data)
        elif message.command == OKAY:
            self._may_write = True
        elif message.command == CLSE:
            self._ended = True
            self._transport.send(CLSE, self._local, self._remote)
