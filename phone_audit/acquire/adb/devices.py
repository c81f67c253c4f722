"""The phones that can be seen, their state, and what to do about a state that blocks."""

from dataclasses import dataclass
from typing import Literal

from phone_audit.acquire.adb import direct, states, usb
from phone_audit.acquire.adb.keys import existing_keys
from phone_audit.acquire.adb.server import AdbServer, Listed, find_server, trouble
from phone_audit.errors import (
    AcquireError,
    DeviceBusyError,
    DeviceLostError,
    DeviceModeError,
    DevicePermissionError,
    NoDeviceError,
    UnauthorizedError,
)
from phone_audit.model.device import DeviceState

Via = Literal["auto", "direct", "server"]

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
        sight: what is on USB, without the phones in `listed`.
        no_usb: why USB could not be looked at, or None.
    """

    server: AdbServer | None
    listed: tuple[Listed, ...]
    sight: usb.UsbSight
    no_usb: AcquireError | None

    @property
    def beside(self) -> str:
        """Sentences on what was seen that is no usable phone."""
        return " ".join([error.message for _, _, error in self.sight.others] + [str(self.no_usb or "")]).strip()


def survey(via: Via) -> Survey:
    """Look at the running adb server and at USB, as far as `via` allows.

    Raises:
        NoDeviceError: `server` was asked for, and none is running.
    """
    running = find_server() if via != "direct" else None
    if running is None and via == "server":
        raise states.no_server()
    listed = running.phones() if running else ()
    sight, no_usb = usb.UsbSight(), None
    if via != "server":
        try:
            sight = usb.look()
        except NoDeviceError as error:
            no_usb = error
    held = {phone.serial for phone in listed}
    free = tuple(phone for phone in sight.phones if phone.serial not in held)
    others = tuple(other for other in sight.others if other[0] not in held)
    return Survey(running, listed, usb.UsbSight(free, others), no_usb)


SETTLING = ("offline", "connecting", "authorizing")
"""States of an adb server's phone that pass, or in which it gets no answer."""


def in_sight(via: Via, *, settled: bool = False) -> tuple[str, ...]:
    """Return the serials of the phones that are there, sorted; none is opened.

    Args:
        via: through which way in to look.
        settled: leave out those that an adb server is not yet, or no longer, in touch with, and those in another mode.

    Raises:
        NoDeviceError: `server` was asked for, and none is running.
        ProtocolError: what runs in its place is no adb server.
    """
    seen = survey(via)
    listed = [phone.serial for phone in seen.listed if not settled or phone.state not in (*SETTLING, *states.MODES)]
    return tuple(sorted({*listed, *(phone.serial for phone in seen.sight.phones)}))


def list_devices(*, via: Via = "auto") -> tuple[DeviceState, ...]:
    """List the phones in sight, sorted by serial.

    A phone on USB is asked for its state; it shows no dialog, and no key is made.

    Raises:
        NoDeviceError: `server` was asked for, and none is running.
        ProtocolError: what runs in its place is no adb server.
    """
    seen = survey(via)
    found = [_listed_state(phone) for phone in seen.listed]
    found += [_usb_state(phone, seen.server is not None) for phone in seen.sight.phones]
    found += [_blocked(name, "direct", model, error) for name, model, error in seen.sight.others]
    return tuple(sorted(found, key=lambda state: (state.serial, state.via)))


def _listed_state(phone: Listed) -> DeviceState:
    if phone.state == "device":
        return _ready(phone.serial, "server", phone.model)
    return _blocked(phone.serial, "server", phone.model, trouble(phone.serial, phone.state), phone.state)


def _usb_state(phone: usb.UsbPhone, server_runs: bool) -> DeviceState:
    try:
        link = usb.UsbLink(phone, server_runs=server_runs)
        transport = direct.connect(link, existing_keys(), patience=0, on_wait=None)
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
