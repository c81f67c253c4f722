"""An open ADB interface of a phone on USB.

The next bulk read is asked for before the last one is there, so that the bus is not idle while data are worked on.
Whatever is asked for is a number of whole packets: a phone ends each transfer with a packet that is not full, or fills
what was asked for, so that nothing it sends can be lost.
"""

import contextlib
import threading
import time
from collections import deque
from dataclasses import dataclass

import usb1

from phone_audit.acquire.adb.states import busy, lost, no_permission
from phone_audit.acquire.adb.usb_devices import UsbPhone, place, usb_context
from phone_audit.acquire.adb.wire import WRITE_TIMEOUT

_LARGEST_READ = 2**20
_CLOSE_SLICE = 0.5  # seconds one read keeps `close` waiting
_EVENT_SLICE = 0.05  # seconds inside libusb, where neither Ctrl-C reaches nor what another thread received for us
_ERRORS = {
    usb1.TRANSFER_STALL: usb1.USBErrorPipe,
    usb1.TRANSFER_NO_DEVICE: usb1.USBErrorNoDevice,
    usb1.TRANSFER_OVERFLOW: usb1.USBErrorOverflow,
}


class UsbLink:
    """An open ADB interface; see `Link`."""

    def __init__(self, phone: UsbPhone, *, server_runs: bool = False) -> None:
        """Open and claim the interface of a phone that `scan_bus` found.

        `server_runs`: an adb server runs on this computer; for the hint when the interface is held.

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
                context = self._resources.enter_context(usb_context())
                self._handle = self._open(context, server_runs)
                self._reader = BulkReader(context, self._handle, phone.read_endpoint, phone.packet)
                self._flush()
                self._resources = self._resources.pop_all()
        except usb1.USBError as error:
            raise lost(self.name, _reason(error)) from error

    def read(self, want: int, deadline: float) -> bytes:
        if self._rest:
            data, self._rest = self._rest[:want], self._rest[want:]
            return data
        while (left := deadline - time.monotonic()) > 0:
            with self._reading:
                data = self._transfer_in(min(want, _LARGEST_READ), min(left, _CLOSE_SLICE))
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
        self._closed = True
        with self._reading, self._writing:  # whoever is inside libusb comes out
            self._resources.close()

    def _open(self, context: usb1.USBContext, server_runs: bool) -> usb1.USBDeviceHandle:
        phone = self._phone
        try:
            for device in context.getDeviceIterator(skip_on_error=True):
                if place(device) == (phone.bus, phone.ports):
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
            return self._reader.read(want, time.monotonic() + seconds) or b""
        except usb1.USBErrorPipe as error:
            self._restart(self._phone.read_endpoint, error)
            return b""
        except usb1.USBError as error:
            raise lost(self.name, _reason(error)) from error

    def _transfer_out(self, data: bytes) -> None:
        if self._closed:
            raise lost(self.name, "this program closed the connection")
        try:
            sent = self._handle.bulkWrite(self._phone.write_endpoint, data, timeout=int(WRITE_TIMEOUT * 1000))
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
        self._reader.restarted()
        try:
            self._handle.clearHalt(endpoint)
        except usb1.USBError as failed:
            raise lost(self.name, _reason(failed)) from failed


def _release(handle: usb1.USBDeviceHandle, interface: int) -> None:
    with contextlib.suppress(usb1.USBError):  # a phone that is unplugged has none
        handle.releaseInterface(interface)


@dataclass(eq=False)
class _Read:
    """One read. `restarted` is set where the phone was told to begin anew after it was asked for."""

    transfer: usb1.USBTransfer
    size: int
    done: bool = False
    restarted: bool = False


class BulkReader:
    """The reads of one endpoint, in their order."""

    def __init__(self, context: usb1.USBContext, handle: usb1.USBDeviceHandle, endpoint: int, packet: int) -> None:
        self._context = context
        self._handle = handle
        self._endpoint = endpoint
        self._packet = packet
        self._pending: deque[_Read] = deque()
        self._spare: list[usb1.USBTransfer] = []

    def read(self, want: int, deadline: float) -> bytes | None:
        """Return what the phone sends next, empty for an empty packet, None where nothing came until `deadline`.

        More than `want` bytes come where they share a packet. Raises a USBError where the bus or the phone broke down.
        """
        if not self._pending:
            self._ask(-(-want // self._packet) * self._packet)
        if self._pending[-1].size > self._packet:
            self._ask(self._packet)  # a header follows the data of a message
        first = self._pending[0]
        while not first.done:
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            self._context.handleEventsTimeout(min(left, _EVENT_SLICE))
        self._pending.popleft()
        return self._received(first)

    def restarted(self) -> None:
        """The endpoint was cleared: what fails of the reads that were asked for before means nothing any more."""
        for pending in self._pending:
            pending.restarted = True

    def _ask(self, size: int) -> None:
        transfer = self._spare.pop() if self._spare else self._handle.getTransfer()
        pending = _Read(transfer, size)

        def done(_: usb1.USBTransfer) -> None:
            pending.done = True

        transfer.setBulk(self._endpoint, size, done)
        transfer.submit()
        self._pending.append(pending)

    def _received(self, pending: _Read) -> bytes:
        transfer = pending.transfer
        self._spare.append(transfer)
        status = transfer.getStatus()
        if status == usb1.TRANSFER_COMPLETED or (status == usb1.TRANSFER_STALL and pending.restarted):
            return bytes(memoryview(transfer.getBuffer())[: transfer.getActualLength()])
        raise _ERRORS.get(status, usb1.USBErrorIO)()


def _reason(error: usb1.USBError) -> str:
    if isinstance(error, usb1.USBErrorNoDevice | usb1.USBErrorNotFound):
        return "it was unplugged"
    if isinstance(error, usb1.USBErrorTimeout):
        return "it takes no data"
    return f"USB broke down ({error})"
