"""Pairing by code through the adb server, which is asked and never started or ended."""

import contextlib
import os
import socket
import threading
from collections.abc import Iterator

import pytest

from phone_audit.acquire.adb.connect import pair, server_for_pairing
from phone_audit.acquire.adb.states import adb_servers
from phone_audit.errors import NoDeviceError, ProtocolError, UnauthorizedError, UsageError
from tests.kit import AdbServer

ADDRESS = "192.0.2.7:37099"


@contextlib.contextmanager
def saying(monkeypatch: pytest.MonkeyPatch, answer: bytes) -> Iterator[list[bytes]]:
    """An adb server that answers a question for its version, and then the request for pairing as given."""
    asked: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(listener.getsockname()[1]))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                with listener.accept()[0] as connection:
                    request = connection.recv(4)
                    request = connection.recv(int(request, 16)) if request else b""
                    asked.append(request)
                    connection.sendall(b"OKAY00040029" if request == b"host:version" else answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield asked
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(60)


def said(text: str) -> bytes:
    return f"{len(text):04x}{text}".encode()


SUCCESS = f"Successfully paired to {ADDRESS} [guid=adb-B2N-x]"


@pytest.mark.parametrize("answer", [b"OKAY" + said(SUCCESS), b"OKAYOKAY" + said(SUCCESS)])
def test_a_code_that_is_right(monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
    with saying(monkeypatch, answer) as asked:
        sentence = pair(server_for_pairing(ADDRESS), ADDRESS, "012 345")
    assert sentence.startswith(f"Paired with {ADDRESS}.")
    assert "192.0.2.7:PORT --via server" in sentence
    assert asked[-1] == f"host:pair:012345:{ADDRESS}".encode()


@pytest.mark.parametrize(
    "answer",
    [
        b"OKAY" + said("Failed: Wrong password or connection was dropped."),
        b"OKAYFAIL" + said("Failed: Wrong password or connection was dropped."),
        b"FAIL" + said("Failed: Wrong password or connection was dropped."),
    ],
)
def test_a_code_that_is_wrong(monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
    with saying(monkeypatch, answer), pytest.raises(UnauthorizedError, match="Wrong password") as caught:
        pair(server_for_pairing(ADDRESS), ADDRESS, "012345")
    assert "Pair device with pairing code" in caught.value.hint


@pytest.mark.parametrize("answer", [b"", b"OKAY", b"OKAYzzzz", b"OKAY00ff", b"HTTP/1.1 400 Bad Request\r\n"])
def test_a_server_that_is_none(monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
    with saying(monkeypatch, answer), pytest.raises((ProtocolError, UnauthorizedError)):
        pair(server_for_pairing(ADDRESS), ADDRESS, "012345")


@pytest.mark.parametrize("code", ["", "12345", "1234567", "12345a", "١٢٣٤٥٦"])
def test_what_is_no_code_is_not_sent(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    with saying(monkeypatch, b"") as asked, pytest.raises(UsageError, match="six digits"):
        pair(server_for_pairing(ADDRESS), ADDRESS, code)
    assert asked == [b"host:version"]


def test_no_server_and_no_address_are_told_before_a_code_is_asked_for() -> None:
    with pytest.raises(NoDeviceError, match="only an adb server can pair by code") as caught:
        server_for_pairing(ADDRESS)
    assert "adb start-server" in caught.value.hint
    with pytest.raises(UsageError, match="is not HOST:PORT"):
        server_for_pairing("phone")


@pytest.mark.stock_adb
def test_the_stock_server_says_that_nobody_is_there_and_lives_on(adb_server: AdbServer) -> None:
    (before,) = [found for found in adb_servers() if found.port == adb_server.port]
    with pytest.raises(UnauthorizedError, match="Unable to start pairing client"):
        pair(server_for_pairing("127.0.0.1:1"), "127.0.0.1:1", "123456")
    assert before in adb_servers()
    os.kill(before.number, 0)
