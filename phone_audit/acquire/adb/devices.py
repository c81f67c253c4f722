"""The phones that can be seen, what to do about a state that blocks, and pairing with one of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from phone_audit.acquire.adb import states, usb_devices, usb_link
from phone_audit.acquire.adb.keys import existing_keys
from phone_audit.acquire.adb.server import AdbServer, ListedPhone, find_server
from phone_audit.acquire.adb.tcp import split_address
from phone_audit.acquire.adb.transports import connect_directly
from phone_audit.errors import (
    AcquireError,
    DeviceBusyError,
    DeviceLostError,
    DeviceModeError,
    DevicePermissionError,
    NoDeviceError,
    UnauthorizedError,
    UsageError,
)
from phone_audit.model.device import DeviceState

Via = Literal["auto", "direct", "server"]

CODE_LENGTH = 6

_SETTLING = ("offline", "connecting", "authorizing")
"""States of an adb server's phone that pass, or in which it gets no answer."""

_WORDS: tuple[tuple[type[AcquireError], str], ...] = (
    (UnauthorizedError, "unauthorized"),
    (DevicePermissionError, "no permissions"),
    (DeviceBusyError, "busy"),
    (DeviceLostError, "gone"),
    (NoDeviceError, "no debugging"),
)


@dataclass(frozen=True)
class Survey:
    """Everything that is in sight, before anything is opened.

    Attributes:
        server: the running adb server, or None.
        listed: the phones it holds.
        usb: what is on USB, without the phones in `listed`.
        usb_error: why USB could not be looked at, or None.
    """

    server: AdbServer | None
    listed: tuple[ListedPhone, ...]
    usb: usb_devices.UsbScan
    usb_error: AcquireError | None

    @property
    def serials(self) -> tuple[str, ...]:
        """The serials of the phones that are there, sorted."""
        return self._with_usb(self.listed)

    @property
    def settled_serials(self) -> tuple[str, ...]:
        """As `serials`, without phones that an adb server is not in touch with, or that are in another mode."""
        unsettled = (*_SETTLING, *states.MODES)
        return self._with_usb(phone for phone in self.listed if phone.state not in unsettled)

    def _with_usb(self, listed: Iterable[ListedPhone]) -> tuple[str, ...]:
        return tuple(sorted({phone.serial for phone in listed} | {phone.serial for phone in self.usb.phones}))

    @property
    def unusable(self) -> str:
        """Sentences on what was seen that is no usable phone."""
        sentences = [device.error.message for device in self.usb.others]
        return " ".join([*sentences, str(self.usb_error or "")]).strip()


def survey(via: Via) -> Survey:
    """Look at the running adb server and at USB, as far as `via` allows; no phone is opened.

    Raises:
        NoDeviceError: `server` was asked for, and none is running.
        ProtocolError: what runs in its place is no adb server.
    """
    running = find_server() if via != "direct" else None
    if running is None and via == "server":
        raise states.no_server()
    listed = running.phones() if running else ()
    usb, usb_error = usb_devices.UsbScan(), None
    if via != "server":
        try:
            usb = usb_devices.scan_bus()
        except NoDeviceError as error:
            usb_error = error
    held = {phone.serial for phone in listed}
    free = tuple(phone for phone in usb.phones if phone.serial not in held)
    others = tuple(other for other in usb.others if other.name not in held)
    return Survey(running, listed, usb_devices.UsbScan(free, others), usb_error)


def list_devices(*, via: Via = "auto") -> tuple[DeviceState, ...]:
    """List the phones in sight, sorted by serial.

    A phone on USB is asked for its state; it shows no dialog, and no key is made.

    Raises:
        NoDeviceError: `server` was asked for, and none is running.
        ProtocolError: what runs in its place is no adb server.
    """
    seen = survey(via)
    found = [_listed_state(phone) for phone in seen.listed]
    found += [_usb_state(phone, seen.server is not None) for phone in seen.usb.phones]
    found += [_blocked(name, "direct", model, error) for name, model, error in seen.usb.others]
    return tuple(sorted(found, key=lambda state: (state.serial, state.via)))


def _listed_state(phone: ListedPhone) -> DeviceState:
    if phone.state == "device":
        return _ready(phone.serial, "server", phone.model)
    return _blocked(phone.serial, "server", phone.model, states.listed_as(phone.serial, phone.state), phone.state)


def _usb_state(phone: usb_devices.UsbPhone, server_runs: bool) -> DeviceState:
    try:
        link = usb_link.UsbLink(phone, server_runs=server_runs)
        transport = connect_directly(link, existing_keys(), patience=0, on_wait=None)
    except AcquireError as error:
        return _blocked(phone.serial, "direct", phone.model, error)
    transport.close()
    return _ready(phone.serial, "direct", transport.model or phone.model)


def _ready(serial: str, via: str, model: str | None) -> DeviceState:
    return DeviceState(
        serial=serial, state="device", usable=True, via=via, model=model, message=f"{serial} can be scanned.", hint=""
    )


def _blocked(serial: str, via: str, model: str | None, error: AcquireError, state: str | None = None) -> DeviceState:
    mode = error.mode if isinstance(error, DeviceModeError) else None
    word = state or mode or next((word for kind, word in _WORDS if isinstance(error, kind)), "offline")
    return DeviceState(
        serial=serial, state=word, usable=False, via=via, model=model, message=error.message, hint=error.hint
    )


def server_for_pairing(address: str) -> AdbServer:
    """Return the running adb server, before the person is asked for a code.

    Raises:
        UsageError: the address is none.
        NoDeviceError: no adb server is running; none is ever started.
    """
    if split_address(address) is None:
        raise UsageError(
            f"{address!r} is not HOST:PORT.",
            "Take it from the phone's dialog 'Pair device with pairing code'; its port differs from the one for scans.",
        )
    server = find_server()
    if server is None:
        raise states.no_server_to_pair()
    return server


def pair(server: AdbServer, address: str, code: str) -> str:
    """Pair through the adb server, which keeps the proof, and return a sentence on what to do next.

    Args:
        server: the running adb server.
        address: HOST:PORT, as the phone's dialog shows it.
        code: the six digits that the dialog shows.

    Raises:
        UsageError: the code is none.
        UnauthorizedError: the phone did not accept it, or is not there.
        ProtocolError: the server does not answer as one.
    """
    digits = code.replace(" ", "")
    if not (len(digits) == CODE_LENGTH and digits.isascii() and digits.isdigit()):
        raise UsageError("A pairing code has six digits.", "Type it as the phone's dialog shows it.")
    said = server.pair(address, digits)
    if not said.startswith("Successfully paired"):
        raise states.not_paired(address, said)
    host = address.rpartition(":")[0]
    return (
        f"Paired with {address}. The main screen of the phone's wireless debugging shows another port: "
        f"phone-audit scan {host}:PORT --via server"
    )
