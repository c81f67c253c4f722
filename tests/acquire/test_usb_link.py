"""The USB link over a handle that a test controls: what a real bus does and the kit's does not."""

import contextlib
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import usb1

from phone_audit.acquire import usb
from phone_audit.acquire.usb import UsbLink, UsbPhone
from phone_audit.errors import DeviceBusyError, DeviceLostError, DevicePermissionError

PHONE = UsbPhone("S1", None, 0x2E04, 1, (3, 2), 1, 0x81, 0x02, 512)


class Handle:
    """An open device: gives what is in `incoming`, and remembers what it was sent and asked."""

    def __init__(self, *incoming: bytes | Exception) -> None:
        self.incoming = list(incoming)
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

    def bulkRead(self, endpoint: int, size: int, timeout: int) -> bytearray:  # noqa: N802
        assert endpoint == PHONE.read_endpoint
        assert timeout > 0
        self.sizes.append(size)
        if not self.incoming:
            raise nothing()
        data = self.incoming.pop(0)
        if isinstance(data, Exception):
            raise data
        return bytearray(data)

    def bulkWrite(self, endpoint: int, data: bytes, timeout: int) -> int:  # noqa: N802
        assert endpoint == PHONE.write_endpoint
        assert timeout > 0
        if self.write_errors:
            raise self.write_errors.pop(0)
        self.sent.append(bytes(data))
        return len(data)

    def clearHalt(self, endpoint: int) -> None:  # noqa: N802
        self.cleared.append(endpoint)


def nothing(received: bytes = b"") -> usb1.USBErrorTimeout:
    error = usb1.USBErrorTimeout()
    error.received = bytearray(received)
    return error


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
                yield SimpleNamespace(getDeviceIterator=lambda skip_on_error: [device(3), device(3, 2)])
            finally:
                handle.log.append("context")

        monkeypatch.setattr(usb, "_context", context)
        return UsbLink(PHONE, **more)

    return opened


def soon() -> float:
    return time.monotonic() + 0.2


def test_what_another_program_left_unread_is_dropped(link: Callable[..., UsbLink]) -> None:
    handle = Handle(b"old header", b"old data" * 64, nothing())
    opened = link(handle)
    handle.incoming.append(b"new")
    assert opened.read(24, soon()) == b"new"


def test_there_is_always_room_for_a_whole_packet(link: Callable[..., UsbLink]) -> None:
    handle = Handle()
    opened = link(handle)
    handle.sizes.clear()
    handle.incoming += [b"x" * 24, b"y" * 512, b"z" * 513, b"w" * 100]
    for want in (24, 512, 513, 2**30):
        opened.read(want, soon())
    assert handle.sizes == [512, 512, 1024, 2**20]


def test_empty_packets_and_pauses_are_waited_through(link: Callable[..., UsbLink]) -> None:
    handle = Handle()
    opened = link(handle)
    handle.incoming += [b"", nothing(), b"", b"data"]
    assert opened.read(24, soon()) == b"data"
    with pytest.raises(TimeoutError):
        opened.read(24, time.monotonic())


def test_what_came_before_a_pause_is_kept(link: Callable[..., UsbLink]) -> None:
    handle = Handle()
    opened = link(handle)
    handle.incoming.append(nothing(b"half"))
    assert opened.read(24, soon()) == b"half"


def test_whole_packets_are_followed_by_an_empty_one(link: Callable[..., UsbLink]) -> None:
    handle = Handle()
    opened = link(handle)
    for size in (24, 511, 512, 513, 1024):
        opened.write(b"x" * size)
    assert [len(data) for data in handle.sent] == [24, 511, 512, 0, 513, 1024, 0]


def test_a_stall_of_an_earlier_program_is_cleared_once(link: Callable[..., UsbLink]) -> None:
    handle = Handle(usb1.USBErrorPipe(), b"data", nothing())
    opened = link(handle)
    assert handle.cleared == [PHONE.read_endpoint]
    handle.incoming.append(usb1.USBErrorPipe())
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
    ("error", "why"),
    [
        (usb1.USBErrorNoDevice(), "it was unplugged"),
        (usb1.USBErrorIO(), "USB broke down"),
        (usb1.USBErrorOverflow(), "USB broke down"),
    ],
)
def test_a_bus_that_breaks_is_a_lost_phone(link: Callable[..., UsbLink], error: Exception, why: str) -> None:
    handle = Handle()
    opened = link(handle)
    handle.incoming.append(error)
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


def test_the_hint_for_a_busy_phone_names_the_server_only_where_one_runs(link: Callable[..., UsbLink]) -> None:
    for server_runs in (True, False):
        with pytest.raises(DeviceBusyError) as caught:
            link(Handle(), usb1.USBErrorBusy, server_runs=server_runs)
        assert ("--via server" in caught.value.hint) is server_runs
