"""A phone's ADB interface on USB, through libusb."""

import contextlib
import ctypes
import functools
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import libusb_package
import usb1

from phone_audit.acquire.adb.link import WRITE_TIMEOUT
from phone_audit.acquire.adb.states import busy, debugging_off, in_mode, lost, no_permission, no_usb, only_charging
from phone_audit.acquire.adb.usb_kinds import may_be_charging
from phone_audit.acquire.adb.usb_reading import Incoming
from phone_audit.errors import AcquireError

ADB = (0xFF, 0x42, 0x01)
"""USB class, subclass and protocol of an ADB interface (AOSP adb/adb.h)."""

FASTBOOT = (0xFF, 0x42, 0x03)
MTP = (0x06, 0x01, 0x01)

_BULK = 2
_SLICE = 0.5  # seconds one read keeps `close` waiting
_LARGEST_READ = 2**20
_SYSFS = Path("/sys/bus/usb/devices")


@dataclass(frozen=True)
class UsbPhone:
    """One ADB interface on the bus.

    Attributes:
        serial: the serial number, or `usb:BUS-PORTS` where it cannot be read.
        model: what the device calls itself, or None.
        vendor: USB vendor id.
        bus: number of the bus.
        ports: the ports from the root hub to the phone.
        interface: number of the interface.
        read_endpoint: address of the bulk endpoint from the phone.
        write_endpoint: address of the bulk endpoint to the phone.
        packet: bytes of the largest packet of these endpoints.
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


@dataclass(frozen=True)
class UsbSight:
    """What is on the bus.

    Attributes:
        phones: those with USB debugging.
        others: what looks like a phone and cannot be talked to: its name, its model, and what is in the way.
    """

    phones: tuple[UsbPhone, ...] = ()
    others: tuple[tuple[str, str | None, AcquireError], ...] = ()


def look() -> UsbSight:
    """Look at the bus without opening any phone.

    Raises:
        NoDeviceError: USB cannot be used on this computer.
    """
    phones: list[UsbPhone] = []
    others: list[tuple[str, str | None, AcquireError]] = []
    with _context() as context:
        for device in context.getDeviceIterator(skip_on_error=True):
            kinds = {_kind(setting) for setting in device.iterSettings()}
            name, model = _text(device, "serial") or _place_name(device), _text(device, "product")
            if found := _adb_interface(device, name, model):
                phones.append(found)
            elif FASTBOOT in kinds:
                others.append((name, model, in_mode(name, "fastboot")))
            elif MTP in kinds:
                others.append((name, model, debugging_off(model or name)))
            elif may_be_charging(device.getVendorID(), kinds):
                others.append((name, model, only_charging(model or name)))
    return UsbSight(tuple(sorted(_told_apart(phones), key=lambda phone: phone.serial)), tuple(others))


def find(serial: str) -> UsbPhone:
    """Find a phone again that was there before.

    Raises:
        DeviceLostError: it is not on the bus.
    """
    for phone in look().phones:
        if phone.serial == serial:
            return phone
    raise lost(serial, "it was unplugged")


class UsbLink:
    """An open ADB interface; see `Link`."""

    def __init__(self, phone: UsbPhone, *, server_runs: bool = False) -> None:
        """Open and claim the interface.

        Args:
            phone: as `look` found it.
            server_runs: an adb server runs on this computer; for the hint when the interface is held.

        Raises:
            DevicePermissionError: the operating system does not let this user open it.
            DeviceBusyError: another program holds it.
            DeviceLostError: it is gone.
        """
        self.name = phone.serial
        self._phone = phone
        self._resources = contextlib.ExitStack()
        self._reading, self._writing = threading.Lock(), threading.Lock()
        self._closed = False
        self._heard = False
        self._rest = b""
        try:
            with self._resources:
                context = self._resources.enter_context(_context())
                self._handle = self._open(context, server_runs)
                self._incoming = Incoming(context, self._handle, phone.read_endpoint, phone.packet)
                self._flush()
                self._resources = self._resources.pop_all()
        except usb1.USBError as error:
            raise lost(self.name, _reason(error)) from error

    def read(self, want: int, deadline: float) -> bytes:
        """See `Link.read`."""
        if self._rest:
            data, self._rest = self._rest[:want], self._rest[want:]
            return data
        while (left := deadline - time.monotonic()) > 0:
            with self._reading:
                data = self._transfer_in(min(want, _LARGEST_READ), min(left, _SLICE))
            if data:  # an empty packet only ends a transfer
                self._heard = True
                self._rest = data[want:]
                return data[:want]
        raise TimeoutError

    def write(self, data: bytes) -> None:
        """See `Link.write`.

        A phone reads 16 KB at a time and goes on only after a packet that is not full. So a transfer of whole packets
        is followed by an empty one, which adb sends as well (AOSP client/usb_linux.cpp) and adb_shell does not.
        """
        with self._writing:
            self._transfer_out(data)
            if len(data) % self._phone.packet == 0:
                self._transfer_out(b"")

    def close(self) -> None:
        """See `Link.close`."""
        self._closed = True
        with self._reading, self._writing:  # whoever is inside libusb comes out
            self._resources.close()

    def _open(self, context: usb1.USBContext, server_runs: bool) -> usb1.USBDeviceHandle:
        phone = self._phone
        try:
            for device in context.getDeviceIterator(skip_on_error=True):
                if _place(device) == (phone.bus, phone.ports):
                    handle = device.open()
                    self._resources.callback(handle.close)
                    handle.claimInterface(phone.interface)
                    self._resources.callback(_release, handle, phone.interface)
                    return handle
        except usb1.USBErrorAccess as error:
            raise no_permission(phone.serial, phone.vendor) from error
        except usb1.USBErrorBusy as error:
            raise busy(phone.serial, server_runs) from error
        raise lost(phone.serial, "it was unplugged")

    def _flush(self) -> None:
        """Drop what the phone still had to say to a program that ended without a word."""
        with contextlib.suppress(TimeoutError):
            for _ in range(64):
                self.read(_LARGEST_READ, time.monotonic() + 0.02)

    def _transfer_in(self, want: int, seconds: float) -> bytes:
        if self._closed:
            raise lost(self.name, "this program closed the connection")
        try:
            return self._incoming.read(want, time.monotonic() + seconds) or b""
        except usb1.USBErrorPipe as error:
            self._restart(self._phone.read_endpoint, error)
            return b""
        except usb1.USBError as error:
            raise lost(self.name, _reason(error)) from error

    def _transfer_out(self, data: bytes) -> None:
        if self._closed:
            raise lost(self.name, "this program closed the connection")
        try:
            sent = self._handle.bulkWrite(self._phone.write_endpoint, data, timeout=_milliseconds(WRITE_TIMEOUT))
        except usb1.USBErrorPipe as error:
            self._restart(self._phone.write_endpoint, error)
            self._transfer_out(data)
            return
        except usb1.USBError as error:
            raise lost(self.name, _reason(error)) from error
        if sent != len(data):
            raise lost(self.name, "it stopped taking data")

    def _restart(self, endpoint: int, error: usb1.USBError) -> None:
        """Clear an endpoint that another program left stalled; one that stalls later has lost data."""
        if self._heard:
            raise lost(self.name, _reason(error)) from error
        self._heard = True
        self._incoming.begin_anew()
        try:
            self._handle.clearHalt(endpoint)
        except usb1.USBError as failed:
            raise lost(self.name, _reason(failed)) from failed


def _release(handle: usb1.USBDeviceHandle, interface: int) -> None:
    with contextlib.suppress(usb1.USBError):  # a phone that is unplugged has none
        handle.releaseInterface(interface)


@functools.cache
def _load_library() -> None:
    """Load the libusb that comes with `libusb-package`, before the system's is taken, which may not be there."""
    path = libusb_package.get_library_path()
    if path is not None:
        usb1.loadLibrary(ctypes.CDLL(str(path), use_errno=True))


@contextlib.contextmanager
def _context() -> Iterator[usb1.USBContext]:
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


def _told_apart(phones: list[UsbPhone]) -> Iterator[UsbPhone]:
    """Some makers give all their phones one serial number; then the place on the bus is the name."""
    times = Counter(phone.serial for phone in phones)
    for phone in phones:
        yield phone if times[phone.serial] == 1 else replace(phone, serial=f"usb:{phone.bus}-{_dotted(phone.ports)}")


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
        bus, ports = _place(device)
        number = setting.getNumber()
        return UsbPhone(name, model, device.getVendorID(), bus, ports, number, inward[0], outward[0], packet)
    return None


def _kind(setting: usb1.USBInterfaceSetting) -> tuple[int, int, int]:
    return setting.getClass(), setting.getSubClass(), setting.getProtocol()


def _place(device: usb1.USBDevice) -> tuple[int, tuple[int, ...]]:
    return device.getBusNumber(), tuple(device.getPortNumberList())


def _place_name(device: usb1.USBDevice) -> str:
    bus, ports = _place(device)
    return f"usb:{bus}-{_dotted(ports)}"


def _dotted(ports: tuple[int, ...]) -> str:
    return ".".join(map(str, ports))


def _text(device: usb1.USBDevice, what: str) -> str | None:
    """A text of the device: from Linux's own record, which asks for no permission, or from the device itself."""
    bus, ports = _place(device)
    with contextlib.suppress(OSError):
        record = _SYSFS / f"{bus}-{_dotted(ports)}" / what
        return record.read_text("utf-8", "replace").strip() or None
    with contextlib.suppress(usb1.USBError):
        text = device.getSerialNumber() if what == "serial" else device.getProduct()
        return text or None
    return None


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))  # 0 would mean for ever


def _reason(error: usb1.USBError) -> str:
    if isinstance(error, usb1.USBErrorNoDevice | usb1.USBErrorNotFound):
        return "it was unplugged"
    if isinstance(error, usb1.USBErrorTimeout):
        return "it takes no data"
    return f"USB broke down ({error})"
