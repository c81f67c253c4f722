"""The handshake with a phone, through adb_shell, and what stands on top of it; the only file that imports adb_shell.

adb_shell 0.4.4 knows the order of the handshake: who speaks when, which keys are tried, when the phone asks its owner.
What it lacks, where that is made good, and the thread at https://github.com/JeffLIrion/adb_shell, where there is one:

* It cannot say which version and features this computer has (no thread). So the phone would sum up every byte, and only
  one message could be under way in a stream. `_Bridge` raises the version in the greeting; the features stand where
  adb_shell puts its own name. It ends that text with a zero byte, which the phone takes for a part of the last feature:
  so an empty one comes last.
* A time limit loses what had arrived, and counts for the link and not the command (issues/209); a service that the
  phone refuses is waited for in vain; whatever a hostile phone sends is kept: `multiplex`.
* A command has no exit status (issues/217): `stream_transport`.
* One thread at a time, and one file a round trip (pull/172 lets streams lie beside each other, and no more):
  `multiplex`, `pulling`.
* Nagle's algorithm holds back each acknowledgement on TCP (no thread; it costs 72 % of the cable): `tcp`.
* Nothing follows a USB transfer of whole packets, so the phone waits for ever, as with a command of 505 characters.
  Empty writes were taken out as a whole (issues/127, pull/128): `usb_link`.
* A failed USB read is reported as a failed write, a refused key as a read that timed out (no thread): `usb_link`,
  and here.
* A running adb server holds the phone (issues/213): `connect` goes through it.
* No TLS and no pairing (issues/175, issues/206): the phone's wish is told from silence here, and `server` is the way.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from phone_audit.acquire.adb import states, wire
from phone_audit.acquire.adb.keys import AdbKey
from phone_audit.acquire.adb.wire import CNXN, HEADER, STLS, Link, Message, NotAdbError, Wire
from phone_audit.acquire.transport import Handshake, OnWait
from phone_audit.errors import DeviceLostError

# adb_shell opens a libusb as soon as it is imported, the system's; where that fails, TCP would be gone as well.
sys.modules.setdefault("adb_shell.transport.usb_transport", None)  # type: ignore[arg-type]
from adb_shell import exceptions  # noqa: E402, TID251
from adb_shell.adb_device import AdbDevice  # noqa: E402, TID251
from adb_shell.transport.base_transport import BaseTransport  # noqa: E402, TID251

DELAYED_ACK = "delayed_ack"
FEATURES = (DELAYED_ACK,)
"""What this side can do, of what a phone asks about (AOSP adb/transport.cpp, `supported_features`)."""

_VERSION = 0x01000001  # A_VERSION: without check sums
_SMALLEST_PAYLOAD = 4096  # what the first phones took, and every later one does


@dataclass(frozen=True)
class Greeting:
    """A phone that let this computer in: the wire for messages from now on, and what the phone showed of itself.

    `model` is as its banner names it; `features` are what both sides can do; `longest` counts the bytes of the longest
    message that the phone takes.
    """

    wire: Wire
    model: str | None
    handshake: Handshake
    features: frozenset[str]
    longest: int


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
            self._rest = self.last = _summed_up(self.wire.receive(time.monotonic() + transport_timeout_s))
            if self.last.startswith(STLS):
                raise states.wants_pairing(self.wire.name)
        taken, self._rest = self._rest[:numbytes], self._rest[numbytes:]
        return taken

    def bulk_write(self, data: bytes, transport_timeout_s: float) -> int:
        if data.startswith(CNXN):
            word, _, *rest = HEADER.unpack(data)
            data = HEADER.pack(word, _VERSION, *rest)
        self.wire.link.write(data)
        return len(data)


class _Signer:
    """An `AdbKey` under the names that adb_shell calls. `shown` gets each key as it is shown to the phone."""

    def __init__(self, key: AdbKey, shown: list[AdbKey]) -> None:
        self._key = key
        self._shown = shown

    def Sign(self, token: bytes) -> bytes:  # noqa: N802
        self._shown.append(self._key)
        return self._key.sign(token)

    def GetPublicKey(self) -> bytes:  # noqa: N802
        self._shown.append(self._key)
        return self._key.public


def shake_hands(link: Link, keys: Sequence[AdbKey], patience: float, on_wait: OnWait | None) -> Greeting:
    """Do the handshake on an open link.

    A phone that knows none of the keys is asked to accept the first; with a patience of 0 seconds it does not even ask.
    `on_wait` is told when the person must look at its screen.

    Raises:
        UnauthorizedError: the phone has not accepted a key, or wants pairing.
        DeviceOfflineError: it is in another mode, such as recovery.
        ProtocolError: what answers is no phone.
        DeviceLostError: it went away.
    """
    bridge = _Bridge(Wire(link))
    shown: list[AdbKey] = []
    name = link.name

    def dialog(_: object) -> None:
        if patience <= 0:
            raise states.unauthorized(name)
        bridge.asked = True
        if on_wait is not None:
            on_wait(states.waiting(name), patience)

    banner = f"features={','.join(FEATURES)},"
    device = AdbDevice(bridge, default_transport_timeout_s=wire.REPLY_TIMEOUT, banner=banner)
    try:
        device.connect(
            rsa_keys=[_Signer(key, shown) for key in keys],
            auth_timeout_s=patience,
            read_timeout_s=max(patience, wire.REPLY_TIMEOUT),
            auth_callback=dialog,
        )
    except NotAdbError as error:
        raise states.no_adbd(name, str(error)) from error
    except (TimeoutError, exceptions.AdbTimeoutError) as error:
        if bridge.asked:
            raise states.unauthorized(name) from error
        raise states.no_adbd(name, f"it says nothing for {wire.REPLY_TIMEOUT:.0f} seconds") from error
    except exceptions.DeviceAuthError as error:
        raise states.unauthorized(name) from error
    except (exceptions.InvalidResponseError, exceptions.InvalidChecksumError, ValueError) as error:
        raise states.no_adbd(name, "its messages are damaged") from error
    except DeviceLostError as error:
        if bridge.asked:
            raise states.refused(name) from error
        raise
    accepted = shown[-1].fingerprint if shown else None  # the phone answers to the last one
    return _understood(bridge, accepted)


def _summed_up(message: Message) -> bytes:
    """Put in the check sum, which a phone leaves out from version 0x01000001 on, and adb_shell looks for."""
    word, arg0, arg1, size, check, magic = HEADER.unpack(message.header)
    return HEADER.pack(word, arg0, arg1, size, check or sum(message.data), magic) + message.data


def _understood(bridge: _Bridge, accepted: str | None) -> Greeting:
    """Read the phone's CNXN message; raises as `shake_hands` where it is in another mode, or no phone."""
    wire, greeting = bridge.wire, bridge.last
    _, _, payload, *_ = HEADER.unpack_from(greeting)
    banner = greeting[HEADER.size :].rstrip(b"\0").decode("utf-8", "replace")
    kind, _, properties = banner.partition("::")
    if kind in states.MODES:
        raise states.in_mode(wire.name, kind)
    if kind != "device":
        raise states.no_adbd(wire.name, "it speaks ADB, but does not say that it is a phone")
    said = dict(item.partition("=")[::2] for item in properties.split(";"))
    features = frozenset(said.get("features", "").split(",")).intersection(FEATURES)
    model = said.get("ro.product.model") or None
    longest = max(payload, _SMALLEST_PAYLOAD)
    return Greeting(wire, model, Handshake(banner, accepted, bridge.asked), features, longest)
