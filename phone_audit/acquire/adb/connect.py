"""Finds the one phone that is meant, and the way to it."""

import os
from collections.abc import Callable
from functools import partial

from phone_audit.acquire.adb import states, usb_devices
from phone_audit.acquire.adb.devices import Survey, Via, survey
from phone_audit.acquire.adb.keys import load_keys
from phone_audit.acquire.adb.server import AdbServer, ListedPhone, find_server
from phone_audit.acquire.adb.tcp import TcpLink, split_address
from phone_audit.acquire.adb.transports import ServerTransport, connect_directly
from phone_audit.acquire.adb.usb_devices import UsbPhone
from phone_audit.acquire.adb.usb_link import UsbLink
from phone_audit.acquire.transport import LiveTransport
from phone_audit.errors import AcquireError, UsageError

PATIENCE = 60.0
"""Seconds to wait until the person has accepted this computer's key on the phone's screen."""

OnWait = Callable[[str], None]


def open_transport(
    target: str | None, *, via: Via = "auto", on_wait: OnWait | None = None, patience: float | None = None
) -> LiveTransport:
    """Open the one phone that `target` names.

    Args:
        target: None for the one phone that is there; `usb` for the one on USB; a serial, as `list_devices` shows it;
            or HOST:PORT.
        via: `direct` talks to the phone itself; `server` through a running adb server; `auto` takes the server where it
            holds the phone, and else the direct way.
        on_wait: gets a sentence, once, when the person must look at the phone's screen.
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
    text = os.environ.get("PHONE_AUDIT_PATIENCE", str(PATIENCE))
    try:
        return float(text)
    except ValueError as error:
        raise UsageError(f"PHONE_AUDIT_PATIENCE is {text!r}, which is not a number of seconds.") from error


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


def _missing(seen: Survey, target: str | None, there: list[str]) -> AcquireError:
    if target is None or (target == "usb" and not there):
        return states.no_phone(seen.unusable)
    if target == "usb":
        return states.not_on_usb(there)
    for name, _, error in seen.usb.others:
        if name == target:
            return error
    return states.not_among(target, there)
