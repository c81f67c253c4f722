"""Every state of a phone that a user meets: its sentence and its next step, the same for each way in."""

import contextlib
import itertools
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from phone_audit import errors

ADB_SERVER_PORT = 5037

_MOST_NAMED = 3
_PROC = Path("/proc")
_USB = re.compile(r"/dev/bus/usb/\d{3}/\d{3}")
_SOCKET = re.compile(r"tcp:(?:[^:]*:)?(\d{1,5})")

DEBUGGING_ON = (
    "Plug the phone in with a data cable and unlock it. Switch on USB debugging: Settings > About phone, tap the build "
    "number seven times; then Settings > System > Developer options > USB debugging."
)
ACCEPT = (
    "Unlock the phone and tap 'Allow' in its dialog 'Allow USB debugging?'. Where there is no dialog: switch USB "
    "debugging off and on again, or tap 'Revoke USB debugging authorizations' in the developer options, and retry."
)
MODES = {
    "recovery": "recovery mode",
    "sideload": "sideload mode (waiting for an update)",
    "rescue": "rescue mode",
    "bootloader": "its bootloader (fastboot)",
    "fastboot": "its bootloader (fastboot)",
    "host": "the wrong role (it acts as the USB host)",
}
"""Names of modes, as an adb server lists them and as a phone's own banner begins."""


def no_phone(unusable: str = "") -> errors.NoDeviceError:
    """No phone at all. `unusable` are sentences on what was seen instead."""
    return errors.NoDeviceError(f"No phone was found. {unusable}".strip(), hint=DEBUGGING_ON)


def debugging_off(name: str) -> errors.NoDeviceError:
    """A device that offers its files over USB, and nothing else."""
    return errors.NoDeviceError(
        f"{name} is plugged in, and if it is a phone, its USB debugging is off.", hint=DEBUGGING_ON
    )


def no_usb(why: str) -> errors.NoDeviceError:
    return errors.NoDeviceError(
        f"USB cannot be used on this computer ({why}).",
        hint="Reach the phone through a running adb server (--via server), or on the network as HOST:PORT.",
    )


def not_among(name: str, seen: list[str]) -> errors.NoDeviceError:
    """A phone was named, and others may be there."""
    if not seen:
        return errors.NoDeviceError(
            f"No phone was found, and so none called {name}.",
            hint=f"{DEBUGGING_ON} A phone on the network is written HOST:PORT.",
        )
    return errors.NoDeviceError(
        f"No phone is called {name}.", hint=f"These are there: {', '.join(seen)}. Name one of them, as it stands here."
    )


def not_on_usb(seen: list[str]) -> errors.NoDeviceError:
    """`usb` was asked for, and there are others only."""
    return errors.NoDeviceError(
        "No phone is attached by USB.", hint=f"{DEBUGGING_ON} Or name one that is there: {', '.join(seen)}."
    )


def several(seen: list[str]) -> errors.SeveralDevicesError:
    return errors.SeveralDevicesError(
        f"{len(seen)} phones are there: {', '.join(seen)}.", hint="Name one of them, or scan them all with --all."
    )


def waiting(name: str) -> str:
    """The sentence for the person while the phone shows its dialog."""
    return f"Look at the screen of {name}: unlock it and tap 'Allow' in the dialog 'Allow USB debugging?'."


def unauthorized(name: str) -> errors.UnauthorizedError:
    return errors.UnauthorizedError(f"The phone {name} has not accepted this computer's key.", hint=ACCEPT)


def refused(name: str) -> errors.UnauthorizedError:
    """The phone ended the connection instead of accepting the key."""
    return errors.UnauthorizedError(f"The phone {name} refused this computer's key.", hint=ACCEPT)


def listed_as(name: str, state: str | None) -> errors.AcquireError:
    """A phone that an adb server lists in a state in which it cannot use it, or no longer lists (None)."""
    if state is None:
        return lost(name, "the adb server no longer lists it")
    if state in MODES:
        return in_mode(name, state)
    if state == "no permissions":
        return no_permission(name, None)
    if state == "unauthorized":
        return unauthorized(name)
    if state == "authorizing":
        return errors.UnauthorizedError(
            f"The phone {name} has not yet answered whether it trusts this computer.", hint=ACCEPT
        )
    if state == "connecting":
        return errors.DeviceOfflineError(
            f"The adb server is still connecting to the phone {name}.",
            hint="Wait some seconds and try again; where it stays so, unplug the phone and plug it in again.",
        )
    if state == "detached":
        return errors.DeviceOfflineError(
            f"The adb server was told to let go of the phone {name}.",
            hint=f"Add --via direct, or give it back to the server with 'adb -s {name} attach'.",
        )
    return errors.DeviceOfflineError(
        f"The phone {name} is offline: the adb server knows it, but gets no answer.",
        hint="Unlock it, unplug it and plug it in again; or switch USB debugging off and on again.",
    )


def only_charging(name: str) -> errors.NoDeviceError:
    """A device of a maker of phones that offers neither files nor debugging."""
    return errors.NoDeviceError(
        f"{name} is plugged in and offers no data: as far as can be seen it is a phone that only charges.",
        hint=f"{DEBUGGING_ON} A locked phone may offer nothing until it is unlocked.",
    )


def in_mode(name: str, mode: str) -> errors.DeviceModeError:
    return errors.DeviceModeError(
        f"The phone {name} is in {MODES.get(mode, f'the state {mode!r}')}, where it cannot be read.",
        mode="bootloader" if mode == "fastboot" else mode,
        hint="Restart it normally, wait until it shows its home screen, and try again.",
    )


def no_permission(name: str, vendor: int | None) -> errors.DevicePermissionError:
    """The operating system does not let this user open the USB device. `vendor` is the USB vendor id, where known."""
    match = f'ATTR{{idVendor}}=="{vendor:04x}"' if vendor is not None else 'ENV{ID_USB_INTERFACES}=="*:ff4201:*"'
    rule = f'SUBSYSTEM=="usb", {match}, MODE="0660", GROUP="plugdev", TAG+="uaccess"'
    return errors.DevicePermissionError(
        f"This user may not open the USB device of the phone {name}.",
        hint=(
            "On Linux, add this udev rule, then unplug the phone and plug it in again:\n"
            f"{errors.TO_TYPE}echo '{rule}' | sudo tee /etc/udev/rules.d/51-android.rules && "
            "sudo udevadm control --reload-rules"
        ),
    )


def busy(name: str, server_runs: bool) -> errors.DeviceBusyError:
    other = next(iter(adb_servers()), None)
    if server_runs:
        hint = "An adb server runs here and may hold it: add --via server, or end it with 'adb kill-server' and retry."
    elif other is not None:
        hint = (
            f"Another adb server runs here, on port {other.port} (process {other.number}), and may hold it: set "
            f"ANDROID_ADB_SERVER_PORT={other.port} and add --via server."
        )
    elif users := usb_users():
        named = ", ".join(f"{user.name} (process {user.number})" for user in users[:_MOST_NAMED])
        hint = f"These programs have a USB device open: {named}. Close the one that uses the phone and try again."
    else:
        hint = "Close other programs that use the phone (Android Studio, scrcpy, a virtual machine) and try again."
    return errors.DeviceBusyError(f"Another program holds the phone {name}.", hint=hint)


def lost(name: str, why: str) -> errors.DeviceLostError:
    """Gone half-way. `why` is the end of a sentence: what was seen."""
    return errors.DeviceLostError(
        f"The phone {name} is gone: {why}.",
        hint="Check the cable or the network, keep the phone unlocked, and start again.",
    )


def unresponsive(name: str, seconds: float) -> errors.UnresponsiveError:
    """There, but it lets us wait again and again. `seconds` is the time that was lost."""
    return errors.UnresponsiveError(
        f"The phone {name} kept this computer waiting for {seconds:.0f} seconds in all for answers that never came, so "
        "reading stopped. A loose cable or port can cause this, and so can a weak network.",
        hint="Try another cable or port, keep the phone unlocked, and start again.",
    )


def refuses_connections(name: str, why: str) -> errors.NoDeviceError:
    """Nothing listens at HOST:PORT, or it cannot be reached."""
    return errors.NoDeviceError(
        f"No phone answers at {name}: {why}.",
        hint="Check address and port. On the phone's side: 'adb tcpip 5555' over USB once, or wireless debugging.",
    )


def no_adbd(name: str, what: str) -> errors.ProtocolError:
    """Something else answers at HOST:PORT. `what` names it."""
    return errors.ProtocolError(
        f"What answers at {name} is not a phone: {what}.", hint="Check the address and the port."
    )


def wants_pairing(name: str) -> errors.UnauthorizedError:
    """A port of Android's wireless debugging, which talks only to a computer paired by code."""
    return errors.UnauthorizedError(
        f"The phone {name} only accepts a computer that was paired with it by code (wireless debugging).",
        hint=(
            "Pair it once: on the phone, Wireless debugging > Pair device with pairing code; here, phone-audit devices "
            f"--pair HOST:PORT as its dialog shows them. Then scan {name} --via server."
        ),
    )


def not_paired(address: str, said: str) -> errors.UnauthorizedError:
    """The adb server could not pair. `said` is its own answer."""
    return errors.UnauthorizedError(
        f"The phone at {address} was not paired; the adb server reports {said!r}.",
        hint=(
            "On the phone: Developer options > Wireless debugging > Pair device with pairing code. Its dialog shows "
            "code, address and port, new ones each time; it must stay open, and both must be in the same network."
        ),
    )


def no_server_to_pair() -> errors.NoDeviceError:
    return errors.NoDeviceError(
        "No adb server runs on this computer, and only an adb server can pair by code.",
        hint="Start one with 'adb start-server' (Android platform tools 30 or later), then try again.",
    )


def no_server() -> errors.NoDeviceError:
    return errors.NoDeviceError(
        "No adb server runs on this computer.", hint="Start one with 'adb start-server', or leave --via server out."
    )


@dataclass(frozen=True)
class Process:
    """A process of this computer that may hold a phone. `port` is that of an adb server, None for any other program."""

    number: int
    name: str
    port: int | None = None


def adb_servers(proc: Path = _PROC) -> tuple[Process, ...]:
    """Return the adb servers that run here, as far as this user may see them (proc(5)), by process."""
    return tuple(
        Process(process, words[0].rpartition("/")[2], _port(words))
        for process, words in _processes(proc)
        if "fork-server" in words and "server" in words and "adb" in words[0].rpartition("/")[2]
    )


def usb_users(proc: Path = _PROC) -> tuple[Process, ...]:
    """Return the programs of this user that have a USB device open, this one left out, by process."""
    return tuple(
        Process(process, words[0].rpartition("/")[2])
        for process, words in _processes(proc)
        if process != os.getpid() and any(_USB.fullmatch(place) for place in _open_files(proc / str(process)))
    )


def _processes(proc: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the words of the command line of each process."""
    with contextlib.suppress(OSError):
        for process in sorted(int(entry.name) for entry in proc.iterdir() if entry.name.isdigit()):
            with contextlib.suppress(OSError):
                words = (proc / str(process) / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")[:-1]
                if words:
                    yield process, words


def _open_files(process: Path) -> Iterator[str]:
    with contextlib.suppress(OSError):
        for entry in (process / "fd").iterdir():
            with contextlib.suppress(OSError):
                yield str(entry.readlink())


def _port(words: list[str]) -> int:
    """The port stands behind -L (tcp:5037, tcp:localhost:5037) or -P (AOSP adb/client/commandline.cpp)."""
    for flag, value in itertools.pairwise(words):
        if flag == "-P" and value.isdigit():
            return int(value)
        if flag == "-L" and (found := _SOCKET.fullmatch(value)):
            return int(found[1])
    return ADB_SERVER_PORT
