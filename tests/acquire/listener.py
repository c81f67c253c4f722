"""Something that answers on a loopback port: what a test wants the other side to say."""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator

HEADER = struct.Struct("<6I")
BANNER = b"device::ro.product.name=x;ro.product.model=Fake Phone;ro.product.device=y;features=shell_v2\0"

Behaviour = Callable[[socket.socket], None]


def packed(command: bytes, arg0: int = 0, arg1: int = 0, data: bytes = b"") -> bytes:
    """One ADB message."""
    word = int.from_bytes(command, "little")
    return HEADER.pack(word, arg0, arg1, len(data), sum(data), word ^ 0xFFFFFFFF) + data


def exactly(connection: socket.socket, size: int) -> bytes:
    """Read so many bytes, or fewer where the other side hangs up."""
    got = b""
    while len(got) < size and (piece := connection.recv(size - len(got))):
        got += piece
    return got


def message(connection: socket.socket) -> tuple[bytes, int, int, bytes]:
    """Read one ADB message; the command is empty where the other side hung up."""
    header = exactly(connection, HEADER.size)
    if len(header) < HEADER.size:
        return b"", 0, 0, b""
    _, arg0, arg1, size, _, _ = HEADER.unpack(header)
    return header[:4], arg0, arg1, exactly(connection, size)


def greet(connection: socket.socket, banner: bytes = BANNER, payload: int = 2**20) -> None:
    """Accept whoever connects, without a key."""
    assert message(connection)[0] == b"CNXN"
    connection.sendall(packed(b"CNXN", 0x01000001, payload, banner))


def hold(connection: socket.socket) -> None:
    """Read until the other side hangs up."""
    while connection.recv(2**16):
        pass


def opened(connection: socket.socket, remote: int) -> tuple[int, bytes]:
    """Wait for the next OPEN, accept it as stream `remote`, and give back the other side's id and the service."""
    while (got := message(connection))[0] != b"OPEN":
        assert got[0], "the other side hung up"
    connection.sendall(packed(b"OKAY", remote, got[1]))
    return got[1], got[3].rstrip(b"\0")


def mark_in(service: bytes) -> bytes:
    """The word that a script prints before its exit status."""
    return service.rpartition(b"; echo ")[2].removesuffix(b"$?")


@contextlib.contextmanager
def listening(*behaviours: Behaviour) -> Iterator[str]:
    """Serve one connection after the other, the last behaviour again and again; gives HOST:PORT.

    A behaviour that fails makes the test fail.
    """
    failures: list[BaseException] = []
    open_ones: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_serve, args=(server, behaviours, open_ones, failures), daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{server.getsockname()[1]}"
        finally:
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            for connection in open_ones:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            thread.join(60)
    assert not thread.is_alive()
    assert not failures, failures


def _serve(
    server: socket.socket,
    behaviours: tuple[Behaviour, ...],
    open_ones: list[socket.socket],
    failures: list[BaseException],
) -> None:
    number = 0
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        open_ones.append(connection)
        with connection:
            try:
                behaviours[min(number, len(behaviours) - 1)](connection)
            except OSError:
                pass  # the code under test hung up
            except BaseException as error:  # noqa: BLE001 - handed to the test, which fails
                failures.append(error)
        number += 1


def say(data: bytes) -> Behaviour:
    """Answer with `data`, and then wait."""

    def behave(connection: socket.socket) -> None:
        connection.recv(2**16)
        connection.sendall(data)
        hold(connection)

    return behave


def silence(connection: socket.socket) -> None:
    """Say nothing."""
    hold(connection)


def hang_up(connection: socket.socket) -> None:
    """End the connection without a word."""


def eventually(condition: Callable[[], bool], seconds: float = 60) -> bool:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True
