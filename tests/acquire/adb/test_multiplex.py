"""Several streams on one connection, from several threads, against phones that misbehave."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from phone_audit.acquire.adb import wire
from phone_audit.acquire.adb.multiplex import WINDOW
from phone_audit.acquire.adb.tcp import TcpLink, split_address
from phone_audit.acquire.adb.transports import DirectTransport, connect_directly
from phone_audit.errors import DeviceLostError, PhoneAuditError
from tests.acquire.listener import BANNER, Behaviour, eventually, greet, hold, listening, mark_in, message, packed

WINDOWED = BANNER.replace(b"features=shell_v2", b"features=shell_v2,delayed_ack")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "REPLY_TIMEOUT", 0.5)


@contextmanager
def connected(behaviour: Behaviour) -> Iterator[DirectTransport]:
    with listening(behaviour) as name:
        address = split_address(name)
        assert address is not None
        transport = connect_directly(TcpLink(name, *address), (), patience=0, on_wait=None)
        try:
            yield transport
        finally:
            transport.close()


def acked(size: int) -> bytes:
    return size.to_bytes(4, "little", signed=True)


def in_thread(action: Callable[[], Any]) -> Callable[[], Any]:
    """Start `action` in a thread; gives what waits for its outcome."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(action())
        except PhoneAuditError as error:
            outcome.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def wait() -> Any:
        thread.join(60)
        assert not thread.is_alive()
        return outcome[0]

    return wait


class Echo:
    """A phone whose programs say their name once, and again whenever something is written to them.

    Attributes:
        seen: every message that came, without those that open.
        silent: services that say nothing by themselves.
    """

    def __init__(self, *, delayed: bool = False) -> None:
        self.delayed = delayed
        self.seen: list[tuple[bytes, int, int, bytes]] = []
        self.windows: list[int] = []
        self.connection: socket.socket | None = None

    def __call__(self, connection: socket.socket) -> None:
        self.connection = connection
        greet(connection, WINDOWED if self.delayed else BANNER)
        while (got := message(connection))[0]:
            self.seen.append(got)
            command, local, _, data = got
            okay = packed(b"OKAY", 100 + local, local, acked(2**20) if self.delayed else b"")
            if command == b"OPEN":
                self.windows.append(got[2])
                name = data.rstrip(b"\0").removeprefix(b"exec:")
                connection.sendall(okay)
                if name.startswith(b"(eval "):  # a command of `shell`, which ends
                    said = b"done\n" + mark_in(name) + b"0\n"
                    connection.sendall(packed(b"WRTE", 100 + local, local, said) + packed(b"CLSE", 100 + local, local))
            elif command == b"WRTE":
                connection.sendall(okay + packed(b"WRTE", 100 + local, local, data))
            elif command == b"CLSE":
                connection.sendall(packed(b"CLSE", 100 + local, local))

    def say(self, local: int, data: bytes) -> None:
        assert self.connection is not None
        self.connection.sendall(packed(b"WRTE", 100 + local, local, data))


def soon() -> float:
    return time.monotonic() + 5


@pytest.mark.parametrize("delayed", [False, True])
def test_one_thread_waits_while_another_works(delayed: bool) -> None:
    phone = Echo(delayed=delayed)
    with connected(phone) as transport:
        quiet = transport.start("quiet")
        waiting = in_thread(lambda: quiet.read(soon()))
        for _ in range(20):
            assert transport.shell("id").output == b"done\n"
        phone.say(1, b"late")
        assert waiting() == b"late"
        quiet.close()
    assert set(phone.windows) == {WINDOW if delayed else 0}


@pytest.mark.parametrize("delayed", [False, True])
def test_many_threads_get_their_own(delayed: bool) -> None:
    with connected(Echo(delayed=delayed)) as transport:

        def talk(number: int) -> list[bytes]:
            program = transport.start(f"talk {number}")
            heard = []
            for turn in range(50):
                program.write(b"%d %d" % (number, turn))
                heard.append(program.read(soon()))
            program.close()
            return heard

        talks = [in_thread(lambda number=number: talk(number)) for number in range(6)]  # type: ignore[misc]
        assert [wait() for wait in talks] == [[b"%d %d" % (number, turn) for turn in range(50)] for number in range(6)]


def test_a_stream_that_nobody_reads_holds_up_nobody_and_is_told_to_wait() -> None:
    """Without delayed acknowledgements a phone sends on after each; they stop when much waits."""
    taken: list[int] = []

    def phone(connection: socket.socket) -> None:
        greet(connection)
        flood, local = message(connection)[1], 0
        connection.sendall(packed(b"OKAY", 7, flood))
        piece = packed(b"WRTE", 7, flood, b"z" * 2**18)
        connection.sendall(piece)
        while (got := message(connection))[0]:
            if got[0] == b"OPEN":
                local = got[1]
                said = b"done\n" + mark_in(got[3].rstrip(b"\0")) + b"0\n"
                connection.sendall(
                    packed(b"OKAY", 8, local) + packed(b"WRTE", 8, local, said) + packed(b"CLSE", 8, local)
                )
            elif got[0] == b"OKAY" and got[1] == flood:
                taken.append(2**18)
                connection.sendall(piece)

    with connected(phone) as transport:
        flood = transport.start("flood")
        for _ in range(30):
            assert transport.shell("id").output == b"done\n"
        assert sum(taken) <= WINDOW
        before = len(taken)
        total = 0
        while total < 2 * WINDOW:
            total += len(flood.read(soon()))
        assert eventually(lambda: len(taken) > before)


def test_a_window_is_given_back_as_it_is_read() -> None:
    told: list[int] = []
    total = 8 * WINDOW

    def phone(connection: socket.socket) -> None:
        greet(connection, WINDOWED)
        _, local, window, _ = message(connection)
        connection.sendall(packed(b"OKAY", 7, local, acked(2**20)))
        left = total
        while True:
            while window > 0 and left > 0:
                connection.sendall(packed(b"WRTE", 7, local, b"z" * 2**17))
                window -= 2**17
                left -= 2**17
            command, _, _, data = message(connection)
            if command != b"OKAY":
                break
            told.append(int.from_bytes(data, "little"))
            window += told[-1]
        connection.sendall(packed(b"CLSE", 7, local))

    with connected(phone) as transport:
        flood = transport.start("flood")
        got = 0
        while got < total:
            got += len(flood.read(soon()))
        flood.close()
    assert total - WINDOW // 4 <= sum(told) <= total
    assert len(told) < total // 2**17  # not one for each message


@pytest.mark.parametrize("banner", [BANNER, WINDOWED])
def test_a_phone_that_does_not_wait_is_not_believed(banner: bytes) -> None:
    def phone(connection: socket.socket) -> None:
        greet(connection, banner)
        local = message(connection)[1]
        connection.sendall(packed(b"OKAY", 7, local, acked(2**20) if banner is WINDOWED else b""))
        for _ in range(64):
            connection.sendall(packed(b"WRTE", 7, local, b"z" * 2**18))
        hold(connection)

    with connected(phone) as transport:
        transport.start("flood")
        with pytest.raises(DeviceLostError, match="not ADB"):
            transport.shell("id", timeout=5)


def test_what_is_written_waits_here_until_the_phone_takes_it() -> None:
    arrived: list[bytes] = []
    let = threading.Event()

    def phone(connection: socket.socket) -> None:
        greet(connection)
        local = message(connection)[1]
        connection.sendall(packed(b"OKAY", 7, local))
        while (got := message(connection))[0] == b"WRTE":
            arrived.append(got[3])
            let.wait(5)
            connection.sendall(packed(b"OKAY", 7, local) + packed(b"WRTE", 7, local, b"%d" % len(arrived)))

    with connected(phone) as transport:
        program = transport.start("read slowly")
        for number in range(1000):
            program.write(b"%d," % number)  # none of them waits
        assert arrived in ([], [b"0,"])
        let.set()
        heard = b""
        while heard != b"12":  # one alone, and the rest together
            heard += program.read(soon())
        assert b"".join(arrived) == b"".join(b"%d," % number for number in range(1000))


def test_windows_of_the_phone_are_kept_and_the_order_too() -> None:
    arrived: list[bytes] = []

    def phone(connection: socket.socket) -> None:
        greet(connection, WINDOWED)
        local = message(connection)[1]
        connection.sendall(packed(b"OKAY", 7, local, acked(100)))
        while (got := message(connection))[0] == b"WRTE":
            arrived.append(got[3])
            connection.sendall(packed(b"OKAY", 7, local, acked(len(got[3]))) + packed(b"WRTE", 7, local, got[3][:1]))

    with connected(phone) as transport:
        program = transport.start("read")
        for number in range(500):
            program.write(b"%d," % number)
        whole = b"".join(b"%d," % number for number in range(500))
        while sum(map(len, arrived)) < len(whole):
            program.read(soon())
        assert b"".join(arrived) == whole


def test_a_lost_phone_wakes_everybody() -> None:
    def phone(connection: socket.socket) -> None:
        greet(connection)
        for number in (1, 2, 3):
            connection.sendall(packed(b"OKAY", number, message(connection)[1]))
        time.sleep(0.3)

    with connected(phone) as transport:
        programs = [transport.start("wait") for _ in range(3)]
        waiting = [in_thread(lambda program=program: program.read(time.monotonic() + 60)) for program in programs]  # type: ignore[misc]
        outcomes = [wait() for wait in waiting]
    assert [type(outcome) for outcome in outcomes] == [DeviceLostError] * 3
    assert {str(outcome) for outcome in outcomes} == {str(outcomes[0])}


def test_closing_wakes_whoever_waits() -> None:
    with connected(Echo()) as transport:
        program = transport.start("wait")
        waiting = in_thread(lambda: program.read(time.monotonic() + 60))
        time.sleep(0.1)
        transport.close()
        error = waiting()
    assert isinstance(error, DeviceLostError)
    assert "this program closed the connection" in error.message


def test_what_came_before_the_end_is_handed_out_first() -> None:
    def phone(connection: socket.socket) -> None:
        greet(connection)
        local = message(connection)[1]
        connection.sendall(
            packed(b"OKAY", 7, local) + packed(b"WRTE", 7, local, b"one") + packed(b"WRTE", 7, local, b"two")
        )
        time.sleep(0.2)

    with connected(phone) as transport:
        program = transport.start("say")
        time.sleep(0.5)
        assert [program.read(soon()), program.read(soon())] == [b"one", b"two"]
        with pytest.raises(DeviceLostError):
            program.read(soon())


@pytest.mark.slow
def test_a_silent_program_is_waited_for_and_a_silent_phone_is_not() -> None:
    asked: list[bytes] = []
    dead = threading.Event()

    def phone(connection: socket.socket) -> None:
        greet(connection)
        local = message(connection)[1]
        connection.sendall(packed(b"OKAY", 7, local))
        while (got := message(connection))[0]:
            asked.append(got[3])
            if not dead.is_set():
                connection.sendall(packed(b"CLSE", 0, got[1]))

    with connected(phone) as transport:
        program = transport.start("sleep")
        with pytest.raises(TimeoutError):
            program.read(time.monotonic() + 1.7)
        assert set(asked) == {b"phone-audit:\0"}
        assert len(asked) > 1
        dead.set()
        with pytest.raises(DeviceLostError, match="no longer answers"):
            program.read(time.monotonic() + 60)


def test_a_busy_line_gives_an_answer_more_time() -> None:
    """An answer that stands behind much else comes late; the phone is not lost."""

    def phone(connection: socket.socket) -> None:
        greet(connection)
        flood = message(connection)[1]
        connection.sendall(packed(b"OKAY", 7, flood))
        late = message(connection)
        for _ in range(10):
            time.sleep(0.1)
            connection.sendall(packed(b"WRTE", 7, flood, b"z"))
        said = mark_in(late[3].rstrip(b"\0")) + b"0\n"
        connection.sendall(
            packed(b"OKAY", 8, late[1]) + packed(b"WRTE", 8, late[1], said) + packed(b"CLSE", 8, late[1])
        )
        hold(connection)

    with connected(phone) as transport:
        transport.start("flood")
        assert transport.shell("id").exit == 0


@pytest.mark.parametrize("banner", [BANNER, WINDOWED])
def test_a_phone_that_does_otherwise_than_its_banner_says_is_understood(banner: bytes) -> None:
    """It refuses a first stream that names a window, or names none; the second way is kept."""
    opened: list[int] = []

    def phone(connection: socket.socket) -> None:
        greet(connection, banner)
        while (got := message(connection))[0]:
            if got[0] != b"OPEN":
                continue
            opened.append(got[2])
            if (got[2] > 0) is (banner is WINDOWED):
                connection.sendall(packed(b"CLSE", 0, got[1]))
            else:
                said = mark_in(got[3].rstrip(b"\0")) + b"0\n"
                connection.sendall(
                    packed(b"OKAY", 7, got[1], acked(2**20) if got[2] else b"")
                    + packed(b"WRTE", 7, got[1], said)
                    + packed(b"CLSE", 7, got[1])
                )

    with connected(phone) as transport:
        assert [transport.shell("id").exit for _ in range(2)] == [0, 0]
    first, second, third = opened
    assert bool(first) is (banner is WINDOWED)
    assert second == third == WINDOW - first
