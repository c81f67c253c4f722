"""A socket of which one thread reads, another writes and a third closes."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from phone_audit.acquire.adb.tcp import receive, send_all


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    here, there = socket.socketpair()
    here.setblocking(False)
    with here, there:
        yield here, there


def test_a_reader_and_a_writer_have_their_own_time(pair: tuple[socket.socket, socket.socket]) -> None:
    here, there = pair
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(receive(here, 100, time.monotonic() + 100)))
    reader.start()
    with pytest.raises(TimeoutError):
        send_all(here, bytes(10**7), time.monotonic() + 0.2)  # nobody takes it
    assert reader.is_alive()
    there.sendall(b"late")
    reader.join(60)
    assert got == [b"late"]


def test_what_is_there_comes_at_once_and_no_more_than_is_wanted(pair: tuple[socket.socket, socket.socket]) -> None:
    here, there = pair
    there.sendall(b"abcdef")
    assert receive(here, 4, time.monotonic() + 1) == b"abcd"
    assert receive(here, 4, time.monotonic() + 1) == b"ef"
    with pytest.raises(TimeoutError):
        receive(here, 4, time.monotonic())
    there.shutdown(socket.SHUT_WR)
    assert receive(here, 4, time.monotonic() + 1) == b""


def test_much_is_sent_whole(pair: tuple[socket.socket, socket.socket]) -> None:
    here, there = pair
    data = bytes(range(256)) * 20_000
    got = bytearray()

    def take() -> None:
        while len(got) < len(data):
            got.extend(there.recv(100_000))

    taker = threading.Thread(target=take)
    taker.start()
    send_all(here, data, time.monotonic() + 10)
    taker.join(60)
    assert bytes(got) == data


def test_a_closed_socket_is_an_error_of_the_system(pair: tuple[socket.socket, socket.socket]) -> None:
    here, _ = pair
    here.close()
    for use in (lambda: receive(here, 4, time.monotonic() + 1), lambda: send_all(here, b"x", time.monotonic() + 1)):
        with pytest.raises((ConnectionAbortedError, OSError), match=r"^$|Bad file descriptor") as caught:
            use()
        assert not isinstance(caught.value, TimeoutError)
