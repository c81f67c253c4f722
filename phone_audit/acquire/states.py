"""Every state of a phone that a user meets: its sentence and its next step, the same for each way in."""

from phone_audit.errors import (
    DeviceBusyError,
    DeviceLostError,
    DeviceOfflineError,
    DevicePermissionError,
    NoDeviceError,
    ProtocolError,
    SeveralDevicesError,
    UnauthorizedError,
)

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


def no_phone(beside: str = "") -> NoDeviceError:
    """No phone at all. `beside` are sentences on what was seen instead."""
    return NoDeviceError(f"No phone was found. {beside}".strip(), hint=DEBUGGING_ON)


def debugging_off(name: str) -> NoDeviceError:
    """A device that offers its files over USB, and nothing else."""
    return NoDeviceError(f"{name} is plugged in, and if it is a phone, its USB debugging is off.", hint=DEBUGGING_ON)


def no_usb(why: str) -> NoDeviceError:
    """Libusb cannot be used on this computer."""
    return NoDeviceError(
        f"USB cannot be used on this computer ({why}).",
        hint="Reach the phone through a running adb server (--via server), or on the network as HOST:PORT.",
    )


def not_among(name: str, seen: list[str]) -> NoDeviceError:
    """A phone was named, and others may be there."""
    if not seen:
        return NoDeviceError(
            f"No phone was found, and so none called {name}.",
            hint=f"{DEBUGGING_ON} A phone on the network is written HOST:PORT.",
        )
    return NoDeviceError(
        f"No phone is called {name}.", hint=f"These are there: {', '.join(seen)}. Name one of them, as it stands here."
    )


def not_on_usb(seen: list[str]) -> NoDeviceError:
    """`usb` was asked for, and there are others only."""
    return NoDeviceError(
        "No phone is attached by USB.", hint=f"{DEBUGGING_ON} Or name one that is there: {', '.join(seen)}."
    )


def several(seen: list[str]) -> SeveralDevicesError:
    """More than one phone, and none was named."""
    return SeveralDevicesError(
        f"{len(seen)} phones are there: {', '.join(seen)}.", hint="Name one of them, or unplug the others."
    )


def waiting(name: str) -> str:
    """The sentence for the person while the phone shows its dialog."""
    return f"Look at the screen of {name}: unlock it and tap 'Allow' in the dialog 'Allow USB debugging?'."


def unauthorized(name: str) -> UnauthorizedError:
    """The phone does not know this computer's key."""
    return UnauthorizedError(f"The phone {name} has not accepted this computer's key.", hint=ACCEPT)


def refused(name: str) -> UnauthorizedError:
    """The phone ended the connection instead of accepting the key."""
    return UnauthorizedError(f"The phone {name} refused this computer's key.", hint=ACCEPT)


def offline(name: str) -> DeviceOfflineError:
    """Listed by the adb server, which gets no answer."""
    return DeviceOfflineError(
        f"The phone {name} is offline: the adb server knows it, but gets no answer.",
        hint="Unlock it, unplug it and plug it in again; or switch USB debugging off and on again.",
    )


def in_mode(name: str, mode: str) -> DeviceOfflineError:
    """Attached, but not started normally."""
    return DeviceOfflineError(
        f"The phone {name} is in {MODES.get(mode, f'the state {mode!r}')}, where it cannot be read.",
        hint="Restart it normally, wait until it shows its home screen, and try again.",
    )


def no_permission(name: str, vendor: int | None) -> DevicePermissionError:
    """The operating system does not let this user open the USB device. `vendor` is the USB vendor id, where known."""
    match = f'ATTR{{idVendor}}=="{vendor:04x}"' if vendor is not None else 'ENV{ID_USB_INTERFACES}=="*:ff4201:*"'
    rule = f'SUBSYSTEM=="usb", {match}, MODE="0660", GROUP="plugdev", TAG+="uaccess"'
    return DevicePermissionError(
        f"This user may not open the USB device of the phone {name}.",
        hint=(
            f"On Linux, add this udev rule: echo '{rule}' | sudo tee /etc/udev/rules.d/51-android.rules"
            " && sudo udevadm control --reload-rules; then unplug the phone and plug it in again."
        ),
    )


def busy(name: str, server_runs: bool) -> DeviceBusyError:
    """Another program holds the USB interface."""
    if server_runs:
        hint = "An adb server runs here and may hold it: add --via server, or end it with 'adb kill-server' and retry."
    else:
        hint = "Close other programs that use the phone (Android Studio, scrcpy, a virtual machine) and try again."
    return DeviceBusyError(f"Another program holds the phone {name}.", hint=hint)


def lost(name: str, why: str) -> DeviceLostError:
    """Gone half-way. `why` is the end of a sentence: what was seen."""
    return DeviceLostError(
        f"The phone {name} is gone: {why}.",
        hint="Check the cable or the network, keep the phone unlocked, and start again.",
    )


def refuses_connections(name: str, why: str) -> NoDeviceError:
    """Nothing listens at HOST:PORT, or it cannot be reached."""
    return NoDeviceError(
        f"No phone answers at {name}: {why}.",
        hint="Check address and port. On the phone's side: 'adb tcpip 5555' over USB once, or wireless debugging.",
    )


def no_adbd(name: str, what: str) -> ProtocolError:
    """Something else answers at HOST:PORT. `what` names it."""
    return ProtocolError(f"What answers at {name} is no phone: {what}.", hint="Check the address and the port.")


def wants_pairing(name: str) -> UnauthorizedError:
    """A port of Android's wireless debugging, which talks only to a computer paired by code."""
    return UnauthorizedError(
        f"The phone {name} wants a computer that was paired with it by code (wireless debugging).",
        hint=f"Pair it with 'adb pair', then 'adb connect {name}', and add --via server.",
    )


def no_server() -> NoDeviceError:
    """`--via server` was asked for, and there is none."""
    return NoDeviceError(
        "No adb server runs on this computer.",
        hint="Start one with 'adb start-server', or leave --via server out.",
    )
