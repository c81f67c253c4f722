"""What a client says in one connection, byte by byte or at once, is heard alike and in time that grows with it."""

from collections.abc import Callable

import pytest

from phone_audit.acquire.traffic.connection import Connection, Message
from phone_audit.acquire.traffic.identifier_search import IdentifierSearch
from tests.steps import LINEAR, growth


def hello(host: bytes) -> bytes:
    name = b"\0\0" + (len(host) + 5).to_bytes(2) + (len(host) + 3).to_bytes(2) + b"\0" + len(host).to_bytes(2) + host
    body = b"\x03\x03" + bytes(32) + b"\0" + b"\0\x02\x13\x01" + b"\x01\0" + len(name).to_bytes(2) + name
    message = b"\x01" + len(body).to_bytes(3) + body
    return b"\x16\x03\x01" + len(message).to_bytes(2) + message


def heard(*pieces: bytes) -> list[Message]:
    connection = Connection(IdentifierSearch([]), 443, answered=True)
    return [message for piece in pieces for message in connection.hear(piece)] + list(connection.end())


@pytest.mark.parametrize("size", [1, 7, 60, 100, 1000])
def test_a_greeting_in_pieces_is_read_like_a_whole_one(size: int) -> None:
    whole = hello(b"x.example")
    pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
    assert [(one.protocol, one.name) for one in heard(*pieces)] == [("tls", "x.example")]


def test_a_greeting_of_empty_records_costs_no_more_than_its_bytes() -> None:
    def made(size: int) -> Callable[[], object]:
        said = b"\x16\x03\x01\x00\x00" * size
        return lambda: heard(*(said[at : at + 1] for at in range(len(said))))

    assert growth(made, 200) < LINEAR
