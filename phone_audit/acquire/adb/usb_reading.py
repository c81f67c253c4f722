"""Bulk reads from a USB phone, of which the next is asked for before the last one is there.

So the bus is not idle while data are worked on. Whatever is asked for is a number of whole packets: a phone ends each
transfer with a packet that is not full, or fills what was asked for, so that nothing it sends can be lost.
"""

import time
from collections import deque
from dataclasses import dataclass

import usb1

_SLICE = 0.05  # seconds inside libusb: Ctrl-C does not reach it there, nor what another thread has received for us
_ERRORS = {
    usb1.TRANSFER_STALL: usb1.USBErrorPipe,
    usb1.TRANSFER_NO_DEVICE: usb1.USBErrorNoDevice,
    usb1.TRANSFER_OVERFLOW: usb1.USBErrorOverflow,
}


@dataclass(eq=False)
class _Asked:
    """One read. `again` is set where the phone was told to begin anew after it was asked for."""

    transfer: usb1.USBTransfer
    size: int
    done: bool = False
    again: bool = False


class Incoming:
    """The reads of one endpoint, in their order."""

    def __init__(self, context: usb1.USBContext, handle: usb1.USBDeviceHandle, endpoint: int, packet: int) -> None:
        self._context = context
        self._handle = handle
        self._endpoint = endpoint
        self._packet = packet
        self._asked: deque[_Asked] = deque()
        self._spare: list[usb1.USBTransfer] = []

    def read(self, want: int, deadline: float) -> bytes | None:
        """Return what the phone sends next, empty for an empty packet, None where nothing came until `deadline`.

        More than `want` bytes come where they share a packet.

        Raises:
            USBError: the bus or the phone broke down.
        """
        if not self._asked:
            self._ask(-(-want // self._packet) * self._packet)
        if self._asked[-1].size > self._packet:
            self._ask(self._packet)  # a header follows the data of a message
        first = self._asked[0]
        while not first.done:
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            self._context.handleEventsTimeout(min(left, _SLICE))
        self._asked.popleft()
        return self._received(first)

    def begin_anew(self) -> None:
        """The endpoint was cleared: what fails of the reads that were asked for before means nothing any more."""
        for asked in self._asked:
            asked.again = True

    def _ask(self, size: int) -> None:
        transfer = self._spare.pop() if self._spare else self._handle.getTransfer()
        asked = _Asked(transfer, size)

        def done(_: usb1.USBTransfer) -> None:
            asked.done = True

        transfer.setBulk(self._endpoint, size, done)
        transfer.submit()
        self._asked.append(asked)

    def _received(self, asked: _Asked) -> bytes:
        transfer = asked.transfer
        self._spare.append(transfer)
        status = transfer.getStatus()
        if status == usb1.TRANSFER_COMPLETED or (status == usb1.TRANSFER_STALL and asked.again):
            return bytes(memoryview(transfer.getBuffer())[: transfer.getActualLength()])
        raise _ERRORS.get(status, usb1.USBErrorIO)()
