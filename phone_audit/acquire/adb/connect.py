"""The phones that can be seen, what to do about a state that blocks, pairing, and the way to the one that is meant."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from phone_audit import errors
from phone_audit.acquire.adb import states, usb_devices, usb_link
from phone_audit.acquire.adb.keys import existing_keys, load_keys
from phone_audit.acquire.adb.server import AdbServer, ListedPhone, find_server
from phone_audit.acquire.adb.tcp import TcpLink, split_address
from phone_audit.acquire.adb.transports import ServerTransport, connect_directly
from phone_audit.acquire.adb.usb_devices import UsbPhone
from phone_audit.acquire.adb.usb_link import UsbLink
from phone_audit.acquire.transport import LiveTransport, OnWait
from phone_audit.model.device import DeviceState

Via = Literal["auto", "direct", "server"]

CODE_LENGTH = 6

_SETTLING = ("offline", "connecting", "authorizing")
"""States of an adb server's phone that pass, or in which it gets no answer."""

_WORDS: tuple[tuple[type[errors.AcquireError], str], ...] = (
    (errors.UnauthorizedError, "unauthorized"),
    (errors.DevicePermissionError, "no permissions"),
    (errors.DeviceBusyError, "busy"),
    (errors.DeviceLostError, "gone"),
    (errors.NoDeviceError, "no debugging"),
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
    usb_error: errors.AcquireError | None

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

    Raises a NoDeviceError where `server` was asked for and none runs, a ProtocolError where something else runs there.
    """
    running = find_server() if via != "direct" else None
    if running is None and via == "server":
        raise states.no_server()
    listed = running.phones() if running else ()
    usb, usb_error = usb_devices.UsbScan(), None
    if via != "server":
        try:
            usb = usb_devices.scan_bus()
        except errors.NoDeviceError as error:
            usb_error = error
    held = {phone.serial for phone in listed}
    free = tuple(phone for phone in usb.phones if phone.serial not in held)
    others = tuple(other for other in usb.others if other.name not in held)
    return Survey(running, listed, usb_devices.UsbScan(free, others), usb_error)


def list_devices(*, via: Via = "auto") -> tuple[DeviceState, ...]:
    """List the phones in sight, sorted by serial; raises as `survey`.

    A phone on USB is asked for its state; it shows no dialog, and no key is made.
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
    except errors.AcquireError as error:
        return _blocked(phone.serial, "direct", phone.model, error)
    transport.close()
    return _ready(phone.serial, "direct", transport.model or phone.model)


def _ready(serial: str, via: str, model: str | None) -> DeviceState:
    return DeviceState(
        serial=serial, state="device", usable=True, via=via, model=model, message=f"{serial} can be scanned.", hint=""
    )


def _blocked(
    serial: str, via: str, model: str | None, error: errors.AcquireError, state: str | None = None
) -> DeviceState:
    mode = error.mode if isinstance(error, errors.DeviceModeError) else None
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
        raise errors.UsageError(
            f"{address!r} is not HOST:PORT.",
            "Take it from the phone's dialog 'Pair device with pairing code'; its port differs from the one for scans.",
        )
    server = find_server()
    if server is None:
        raise states.no_server_to_pair()
    return server


def pair(server: AdbServer, address: str, code: str) -> str:
    """Pair through the adb server, which keeps the proof, and return a sentence on what to do next.

    `address` and the six digits of `code` are those of the phone's dialog.

    Raises:
        UsageError: the code is none.
        UnauthorizedError: the phone did not accept it, or is not there.
        ProtocolError: the server does not answer as one.
    """
    digits = code.replace(" ", "")
    if not (len(digits) == CODE_LENGTH and digits.isascii() and digits.isdigit()):
        raise errors.UsageError("A pairing code has six digits.", "Type it as the phone's dialog shows it.")
    said = server.pair(address, digits)
    if not said.startswith("Successfully paired"):
        raise states.not_paired(address, said)
    host = address.rpartition(":")[0]
    return (
        f"Paired with {address}. The main screen of the phone's wireless debugging shows another port: "
        f"phone-audit scan {host}:PORT --via server"
    )


PATIENCE_VARIABLE = "PHONE_AUDIT_PATIENCE"
PATIENCE = 60.0
"""Seconds to wait until the person has accepted this computer's key on the phone's screen."""


def open_transport(
    target: str | None, *, via: Via = "auto", on_wait: OnWait | None = None, patience: float | None = None
) -> LiveTransport:
    """Open the one phone that `target` names.

    Args:
        target: None for the one phone that is there; `usb` for the one on USB; a serial, as `list_devices` shows it;
            or HOST:PORT.
        via: `direct` talks to the phone itself; `server` through a running adb server; `auto` takes the server where it
            holds the phone, and else the direct way.
        on_wait: told once when the person must look at the phone's screen.
        patience: seconds to wait for the person; `$PHONE_AUDIT_PATIENCE` or 60 when None.

    Raises:
        AcquireError: the phone cannot be used; each state has its own subclass, sentence and hint.
        UsageError: `$PHONE_AUDIT_PATIENCE` is no number.
    """
    seconds = _patience() if patience is None else patience
    if target is not None and (address := split_address(target)):
        return _open_address(target, address, via, seconds, on_wait)
    seen = survey(via)
    chosen = _choose(seen, target)
    if isinstance(chosen, ListedPhone):
        asked = chosen.server.wait_for(chosen.serial, seconds, on_wait)
        return ServerTransport(chosen.server, chosen.serial, asked=asked)
    link = UsbLink(chosen, server_runs=(seen.server or find_server()) is not None)

    def redial() -> UsbLink:
        return UsbLink(usb_devices.find_again(chosen.serial))

    return connect_directly(link, load_keys(), patience=seconds, on_wait=on_wait, redial=redial)


def _patience() -> float:
    text = os.environ.get(PATIENCE_VARIABLE, str(PATIENCE))
    try:
        return float(text)
    except ValueError as error:
        raise errors.UsageError(f"{PATIENCE_VARIABLE} is {text!r}, which is not a number of seconds.") from error


def _open_address(
    name: str, address: tuple[str, int], via: Via, patience: float, on_wait: OnWait | None
) -> LiveTransport:
    server = find_server() if via != "direct" else None
    if via == "server":
        if server is None:
            raise states.no_server()
        return _open_listed(server, name, patience, on_wait)
    if server is not None and server.state_of(name) not in (None, "offline"):
        return _open_listed(server, name, patience, on_wait)
    dial = partial(TcpLink, name, *address)
    return connect_directly(dial(), load_keys(), patience=patience, on_wait=on_wait, redial=dial)


def _open_listed(server: AdbServer, address: str, patience: float, on_wait: OnWait | None) -> LiveTransport:
    """Use HOST:PORT through the server, which is asked to connect where it has not, and to let go afterwards."""
    was_there = server.state_of(address) is not None
    transport = ServerTransport(server, address, disconnect=not was_there)
    try:
        if not was_there:
            server.connect(address)
        transport.asked = server.wait_for(address, patience, on_wait)
    except BaseException:
        transport.close()
        raise
    return transport


def _choose(seen: Survey, target: str | None) -> ListedPhone | UsbPhone:
    everyone: list[ListedPhone | UsbPhone] = [*seen.listed, *seen.usb.phones]
    if target is None:
        among = everyone
    elif target == "usb":
        among = [phone for phone in everyone if isinstance(phone, UsbPhone) or phone.usb]
    else:
        among = [phone for phone in everyone if phone.serial == target]
    if not among:
        raise _missing(seen, target, [phone.serial for phone in everyone])
    if len(among) > 1:  # an old connection over the network that no longer answers is not meant
        among = [phone for phone in among if isinstance(phone, UsbPhone) or phone.state != "offline"] or among
    if len(among) > 1:
        raise states.several([phone.serial for phone in among])
    return among[0]


def _missing(seen: Survey, target: str | None, there: list[str]) -> errors.AcquireError:
    if target is None or (target == "usb" and not there):
        return states.no_phone(seen.unusable)
    if target == "usb":
        return states.not_on_usb(there)
    for name, _, error in seen.usb.others:
        if name == target:
            return error
    return states.not_among(target, there)
