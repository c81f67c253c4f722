"""The USB link over a handle that a test controls: what a real bus does and the kit's does not."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import usb1

from phone_audit.acquire.adb import states, usb_link
from phone_audit.acquire.adb.usb_devices import UsbPhone
from phone_audit.acquire.adb.usb_link import UsbLink
from phone_audit.errors import DeviceBusyError, DeviceLostError, DevicePermissionError

PHONE = UsbPhone("S1", None, 0x2E04, 1, (3, 2), 1, 0x81, 0x02, 512)


class Transfer:
    """A read that is asked for; `Handle.run` completes it."""

    def __init__(self, handle: "Handle") -> None:
        self._handle = handle
        self._status: int = usb1.TRANSFER_COMPLETED
        self._data = b""

    def setBulk(self, endpoint: int, size: int, callback: Callable[["Transfer"], None]) -> None:  # noqa: N802
        assert endpoint == PHONE.read_endpoint
        self.size = size
        self._callback = callback

    def submit(self) -> None:
        if self._handle.refuses is not None:
            raise self._handle.refuses
        self._handle.sizes.append(self.size)
        self._handle.asked.append(self)

    def complete(self, status: int, data: bytes) -> None:
        self._status, self._data = status, data
        self._callback(self)

    def getStatus(self) -> int:  # noqa: N802
        return self._status

    def getActualLength(self) -> int:  # noqa: N802
        return len(self._data)

    def getBuffer(self) -> bytearray:  # noqa: N802
        return bytearray(self._data.ljust(self.size, b"?"))


class Handle:
    """An open device: gives what is in `incoming`, and remembers what it was sent and asked.

    Attributes:
        incoming: transfers of the phone, or the status with which a read ends.
        asked: reads that are under way.
        sizes: bytes of each read that was asked for.
        refuses: why no read can be asked for.
    """

    def __init__(self, *incoming: bytes | int) -> None:
        self.incoming = list(incoming)
        self.asked: list[Transfer] = []
        self.refuses: Exception | None = None
        self.sent: list[bytes] = []
        self.sizes: list[int] = []
        self.cleared: list[int] = []
        self.log: list[str] = []
        self.write_errors: list[Exception] = []

    def claimInterface(self, number: int) -> None:  # noqa: N802
        self.log.append(f"claim {number}")

    def releaseInterface(self, number: int) -> None:  # noqa: N802
        self.log.append(f"release {number}")
        raise usb1.USBErrorNoDevice

    def close(self) -> None:
        self.log.append("close")

    def getTransfer(self) -> Transfer:  # noqa: N802
        return Transfer(self)

    def run(self, seconds: float) -> None:
        """Complete one read as a bus does: a transfer that is longer goes on in the next read."""
        assert seconds > 0
        if not self.incoming or not self.asked:
            time.sleep(min(seconds, 0.01))
            return
        transfer, data = self.asked.pop(0), self.incoming.pop(0)
        if isinstance(data, int):
            transfer.complete(data, b"")
            return
        if data[transfer.size :]:
            self.incoming.insert(0, data[transfer.size :])
        transfer.complete(usb1.TRANSFER_COMPLETED, data[: transfer.size])

    def bulkWrite(self, endpoint: int, data: bytes, timeout: int) -> int:  # noqa: N802
        assert endpoint == PHONE.write_endpoint
        assert timeout > 0
        if self.write_errors:
            raise self.write_errors.pop(0)
        self.sent.append(bytes(data))
        return len(data)

    def clearHalt(self, endpoint: int) -> None:  # noqa: N802
        self.cleared.append(endpoint)


@pytest.fixture
def link(monkeypatch: pytest.MonkeyPatch) -> Callable[..., UsbLink]:
    """Opens a link on a handle; the device list holds another device as well."""

    def opened(handle: Handle, fails: type[usb1.USBError] | None = None, **more: Any) -> UsbLink:
        def open_it() -> Handle:
            if fails is not None:
                raise fails
            return handle

        def device(*ports: int) -> SimpleNamespace:
            return SimpleNamespace(getBusNumber=lambda: 1, getPortNumberList=lambda: list(ports), open=open_it)

        @contextlib.contextmanager
        def context() -> Iterator[SimpleNamespace]:
            try:
                yield SimpleNamespace(
                    getDeviceIterator=lambda skip_on_error: [device(3), device(3, 2)], handleEventsTimeout=handle.run
                )
            finally:
                handle.log.append("context")

        monkeypatch.setattr(usb_link, "usb_context", context)
        return UsbLink(PHONE, **more)

    return opened


def soon() -> float:
    return time.monotonic() + 0.2


def test_what_another_program_left_unread_is_dropped(link: Callable[..., UsbLink]) -> None:
    handle = Handle(b"old header", b"old data" * 64, b"old data" * 64 + b"end")
    opened = link(handle)
    handle.incoming.append(b"new")
    assert opened.read(24, soon()) == b"new"


def test_whole_packets_are_asked_for_and_one_ahead(link: Callable[..., UsbLink]) -> None:
    """A packet that does not fit would be lost; a header follows, and its read waits before it comes."""
    handle = Handle()
    opened = link(handle)
    handle.incoming += [b"first"]
    assert opened.read(24, soon()) == b"first"
    while handle.asked:
        handle.incoming += [b"x"]
        opened.read(24, soon())
    handle.sizes.clear()
    handle.incoming += [b"h" * 24, b"y" * 700, b"H" * 24]
    assert opened.read(24, soon()) == b"h" * 24
    assert handle.sizes == [512]
    assert opened.read(700, soon()) == b"y" * 700
    assert handle.sizes == [512, 1024, 512]
    assert opened.read(24, soon()) == b"H" * 24
    assert handle.sizes == [512, 1024, 512]


def test_data_that_come_in_other_pieces_than_were_asked_for_stay_in_order(link: Callable[..., UsbLink]) -> None:
    handle = Handle()
    opened = link(handle)
    sent = bytes(range(256)) * 40
    handle.incoming += [sent[at : at + 1500] for at in range(0, len(sent), 1500)]
    got = b""
    while len(got) < len(sent):
        piece = opened.read(min(2000, len(sent) - len(got)), soon())
        assert 0 < len(piece) <= 2000
        got += piece
    assert got == sent


def test_more_than_was_wanted_waits_for_the_next_read(link: Callable[..., UsbLink]) -> None:
    handle = Handle()
    opened = link(handle)
    handle.incoming.append(b"header and data")
    assert opened.read(6, soon()) == b"header"
    assert opened.read(100, soon()) == b" and data"


def test_empty_packets_and_pauses_are_waited_through(link: Callable[..., UsbLink]) -> None:
    handle = Handle()
    opened = link(handle)
    with pytest.raises(TimeoutError):
        opened.read(24, time.monotonic() + 0.05)
    handle.incoming += [b"", b"", b"data"]
    assert opened.read(24, soon()) == b"data"
    with pytest.raises(TimeoutError):
        opened.read(24, time.monotonic())


def test_whole_packets_are_followed_by_an_empty_one(link: Callable[..., UsbLink]) -> None:
    handle = Handle()
    opened = link(handle)
    for size in (24, 511, 512, 513, 1024):
        opened.write(b"x" * size)
    assert [len(data) for data in handle.sent] == [24, 511, 512, 0, 513, 1024, 0]


def test_a_stall_of_an_earlier_program_is_cleared_once(link: Callable[..., UsbLink]) -> None:
    handle = Handle(usb1.TRANSFER_STALL, usb1.TRANSFER_STALL, b"data")
    opened = link(handle)
    assert handle.cleared == [PHONE.read_endpoint]
    handle.incoming.append(usb1.TRANSFER_STALL)
    with pytest.raises(DeviceLostError, match="S1 is gone: USB broke down"):
        opened.read(24, soon())
    handle.write_errors.append(usb1.USBErrorPipe())
    with pytest.raises(DeviceLostError):
        opened.write(b"x")
    handle = Handle()
    opened = link(handle)
    handle.write_errors.append(usb1.USBErrorPipe())
    opened.write(b"x")
    assert (handle.cleared, handle.sent) == ([PHONE.write_endpoint], [b"x"])


@pytest.mark.parametrize(
    ("status", "error", "why"),
    [
        (usb1.TRANSFER_NO_DEVICE, usb1.USBErrorNoDevice(), "it was unplugged"),
        (usb1.TRANSFER_ERROR, usb1.USBErrorIO(), "USB broke down"),
        (usb1.TRANSFER_OVERFLOW, usb1.USBErrorOverflow(), "USB broke down"),
    ],
)
def test_a_bus_that_breaks_is_a_lost_phone(
    link: Callable[..., UsbLink], status: int, error: Exception, why: str
) -> None:
    handle = Handle()
    opened = link(handle)
    handle.incoming.append(status)
    with pytest.raises(DeviceLostError, match=why):
        opened.read(24, soon())
    for _ in list(handle.asked):
        handle.incoming.append(b"x")
        opened.read(24, soon())
    handle.refuses = error
    with pytest.raises(DeviceLostError, match=why):
        opened.read(24, soon())
    handle.write_errors.append(error)
    with pytest.raises(DeviceLostError, match=why):
        opened.write(b"x")


def test_a_phone_that_takes_nothing_is_lost(link: Callable[..., UsbLink]) -> None:
    handle = Handle()
    opened = link(handle)
    handle.write_errors.append(usb1.USBErrorTimeout())
    with pytest.raises(DeviceLostError, match="it takes no data"):
        opened.write(b"x")


def test_everything_is_let_go_in_order_also_when_the_phone_is_gone(link: Callable[..., UsbLink]) -> None:
    handle = Handle()
    opened = link(handle)
    opened.close()
    opened.close()
    assert handle.log == ["claim 1", "release 1", "close", "context"]
    for use in (lambda: opened.read(24, soon()), lambda: opened.write(b"x")):
        with pytest.raises(DeviceLostError, match="this program closed"):
            use()


def test_closing_waits_for_whoever_reads(link: Callable[..., UsbLink]) -> None:
    handle = Handle()
    opened = link(handle)
    outcome: list[Exception] = []

    def read() -> None:
        try:
            opened.read(24, time.monotonic() + 60)
        except DeviceLostError as error:
            outcome.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    time.sleep(0.05)
    opened.close()
    thread.join(60)
    assert len(outcome) == 1


@pytest.mark.parametrize(
    ("fails", "kind"),
    [
        (usb1.USBErrorAccess, DevicePermissionError),
        (usb1.USBErrorBusy, DeviceBusyError),
        (usb1.USBErrorNoDevice, DeviceLostError),
    ],
)
def test_a_phone_that_cannot_be_opened(
    link: Callable[..., UsbLink], fails: type[usb1.USBError], kind: type[Exception]
) -> None:
    handle = Handle()
    with pytest.raises(kind):
        link(handle, fails)
    assert handle.log == ["context"]


def test_the_hint_for_a_busy_phone_names_the_server_only_where_one_runs(
    link: Callable[..., UsbLink], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(states, "adb_servers", lambda: ())
    for server_runs in (True, False):
        with pytest.raises(DeviceBusyError) as caught:
            link(Handle(), usb1.USBErrorBusy, server_runs=server_runs)
        assert ("--via server" in caught.value.hint) is server_runs
