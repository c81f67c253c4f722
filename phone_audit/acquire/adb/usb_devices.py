"""The phones on USB, through libusb: by what their interfaces offer, and by their makers."""

import contextlib
import ctypes
import functools
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import libusb_package
import usb1

from phone_audit.acquire.adb.states import debugging_off, in_mode, lost, no_usb, only_charging
from phone_audit.errors import AcquireError

Kind = tuple[int, int, int]
"""Class, subclass and protocol of a USB interface."""

ADB = (0xFF, 0x42, 0x01)
"""An ADB interface (AOSP adb/adb.h)."""

FASTBOOT = (0xFF, 0x42, 0x03)
MTP = (0x06, 0x01, 0x01)

_BULK = 2
_SYSFS = Path("/sys/bus/usb/devices")

PHONE_MAKERS = frozenset(
    {
        0x04E8,  # Samsung
        0x05C6,  # Qualcomm, as it comes from the factory
        0x0BB4,  # HTC, and many makers without a number of their own
        0x0E8D,  # MediaTek
        0x0FCE,  # Sony
        0x1004,  # LG
        0x109B,  # Hisense
        0x12D1,  # Huawei
        0x1782,  # Unisoc
        0x18D1,  # Google
        0x19D2,  # ZTE
        0x1BBB,  # TCL, Alcatel
        0x22B8,  # Motorola
        0x22D9,  # OPPO, realme
        0x2717,  # Xiaomi
        0x2A45,  # Meizu
        0x2A70,  # OnePlus
        0x2AE5,  # Fairphone
        0x2D95,  # vivo
        0x2E04,  # HMD (Nokia)
    }
)
"""USB vendor ids of those who mainly make phones; a maker of keyboards and disks as well counts only where nothing else
fits (AOSP's former system/core/adb/usb_vendors.cpp; 51-android.rules of M0Rf30/android-udev-rules)."""

_NO_PHONE = frozenset({0x01, 0x03, 0x07, 0x08, 0x09, 0x0B, 0x0E})
"""Classes of audio, keyboards and mice, printers, disks, hubs, card readers, cameras."""

_VENDOR, _NETWORK = 0xFF, 0xE0


@dataclass(frozen=True)
class UsbPhone:
    """One ADB interface on the bus.

    `serial` is `usb:BUS-PORTS` where it cannot be read, `model` what the device calls itself; `ports` lead from the
    root hub to the phone. The endpoints are addresses of bulk ones, whose largest packet has `packet` bytes.
    """

    serial: str
    model: str | None
    vendor: int
    bus: int
    ports: tuple[int, ...]
    interface: int
    read_endpoint: int
    write_endpoint: int
    packet: int


class UnusableDevice(NamedTuple):
    """What looks like a phone and cannot be talked to; `error` says what is in the way."""

    name: str
    model: str | None
    error: AcquireError


@dataclass(frozen=True)
class UsbScan:
    """What is on the bus: phones with USB debugging, and others."""

    phones: tuple[UsbPhone, ...] = ()
    others: tuple[UnusableDevice, ...] = ()


def scan_bus() -> UsbScan:
    """Look at the bus without opening any phone; a NoDeviceError where USB cannot be used on this computer."""
    phones: list[UsbPhone] = []
    others: list[UnusableDevice] = []
    with usb_context() as context:
        for device in context.getDeviceIterator(skip_on_error=True):
            kinds = {_kind(setting) for setting in device.iterSettings()}
            name, model = _text(device, "serial") or _bus_name(*place(device)), _text(device, "product")
            if found := _adb_interface(device, name, model):
                phones.append(found)
            elif FASTBOOT in kinds:
                others.append(UnusableDevice(name, model, in_mode(name, "fastboot")))
            elif MTP in kinds:
                others.append(UnusableDevice(name, model, debugging_off(model or name)))
            elif may_be_charging(device.getVendorID(), kinds):
                others.append(UnusableDevice(name, model, only_charging(model or name)))
    return UsbScan(tuple(sorted(_with_unique_names(phones), key=lambda phone: phone.serial)), tuple(others))


def find_again(serial: str) -> UsbPhone:
    """Find a phone again that was there before; a DeviceLostError where it is not on the bus."""
    for phone in scan_bus().phones:
        if phone.serial == serial:
            return phone
    raise lost(serial, "it was unplugged")


@functools.cache
def _load_library() -> None:
    """Load the libusb that comes with `libusb-package`, before the system's is taken, which may not be there."""
    path = libusb_package.get_library_path()
    if path is not None:
        usb1.loadLibrary(ctypes.CDLL(str(path), use_errno=True))


@contextlib.contextmanager
def usb_context() -> Iterator[usb1.USBContext]:
    try:
        _load_library()
        context = usb1.USBContext()
        context.open()
    except (OSError, usb1.USBError) as error:
        raise no_usb(str(error)) from error
    try:
        yield context
    finally:
        context.close()


def may_be_charging(vendor: int, kinds: Collection[Kind]) -> bool:
    """Tell whether a device is a phone that offers no files and no debugging.

    Example:
        >>> may_be_charging(0x18D1, []), may_be_charging(0x04E8, [(0x08, 6, 0x50)])
        (True, False)
    """
    if vendor not in PHONE_MAKERS or any(kind[0] in _NO_PHONE for kind in kinds):
        return False
    return all(kind[0] in (_VENDOR, _NETWORK, 0x02, 0x0A) for kind in kinds)


def _with_unique_names(phones: list[UsbPhone]) -> Iterator[UsbPhone]:
    """Some makers give all their phones one serial number; then the place on the bus is the name."""
    times = Counter(phone.serial for phone in phones)
    for phone in phones:
        yield phone if times[phone.serial] == 1 else replace(phone, serial=_bus_name(phone.bus, phone.ports))


def _adb_interface(device: usb1.USBDevice, name: str, model: str | None) -> UsbPhone | None:
    for setting in device.iterSettings():
        if _kind(setting) != ADB:
            continue
        bulk = [end for end in setting.iterEndpoints() if end.getAttributes() & 3 == _BULK]
        inward = [end.getAddress() for end in bulk if end.getAddress() & usb1.ENDPOINT_DIR_MASK]
        outward = [end.getAddress() for end in bulk if not end.getAddress() & usb1.ENDPOINT_DIR_MASK]
        packet = max((end.getMaxPacketSize() for end in bulk), default=0)
        if not (inward and outward and packet):
            continue
        bus, ports = place(device)
        number = setting.getNumber()
        return UsbPhone(name, model, device.getVendorID(), bus, ports, number, inward[0], outward[0], packet)
    return None


def _kind(setting: usb1.USBInterfaceSetting) -> Kind:
    return setting.getClass(), setting.getSubClass(), setting.getProtocol()


def place(device: usb1.USBDevice) -> tuple[int, tuple[int, ...]]:
    return device.getBusNumber(), tuple(device.getPortNumberList())


def _bus_name(bus: int, ports: tuple[int, ...]) -> str:
    return f"usb:{bus}-{'.'.join(map(str, ports))}"


def _text(device: usb1.USBDevice, what: str) -> str | None:
    """A text of the device: from Linux's own record, which asks for no permission, or from the device itself."""
    with contextlib.suppress(OSError):
        record = _SYSFS / _bus_name(*place(device)).removeprefix("usb:") / what
        return record.read_text("utf-8", "replace").strip() or None
    with contextlib.suppress(usb1.USBError):
        text = device.getSerialNumber() if what == "serial" else device.getProduct()
        return text or None
    return None
