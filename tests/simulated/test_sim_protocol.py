"""Messages: bytes to values and back, and everything that is none."""

import struct
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.errors import ProtocolError
from phone_audit.simulated.connection import Message, checksum, encode, read_message
from tests.simulated.wire import packed

LARGEST = 4096


def read(data: bytes, *, checked: bool = True) -> Message:
    return read_message(BytesIO(data).read, largest=LARGEST, checked=checked)


def test_a_message_is_packed_as_the_protocol_says() -> None:
    # AOSP protocol.txt: six words, little-endian, the last one the complement of the first
    assert encode(Message(b"WRTE", 3, 4, b"\x01\xff"), checked=True) == bytes.fromhex(
        "57525445 03000000 04000000 02000000 00010000 a8adabba 01ff"
    )


def test_without_checksums_the_field_is_zero() -> None:
    assert encode(Message(b"WRTE", 3, 4, b"\x01\xff"), checked=False)[16:20] == b"\0\0\0\0"


@given(
    st.sampled_from([b"CNXN", b"AUTH", b"OPEN", b"OKAY", b"WRTE", b"CLSE"]),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**32 - 1),
    st.binary(max_size=64),
    st.booleans(),
)
def test_what_is_packed_is_read_back(command: bytes, arg0: int, arg1: int, payload: bytes, checked: bool) -> None:
    message = Message(command, arg0, arg1, payload)
    assert read(encode(message, checked=checked), checked=checked) == message


def test_a_wrong_magic_is_refused() -> None:
    data = packed(b"OKAY", 1, 2)
    with pytest.raises(ProtocolError, match="magic"):
        read(data[:20] + struct.pack("<I", 0))


def test_an_unknown_command_is_refused() -> None:
    with pytest.raises(ProtocolError, match="unknown message"):
        read(packed(b"STLS", 0x01000000, 0))


def test_a_longer_payload_than_agreed_is_refused_before_it_is_read() -> None:
    header = packed(b"WRTE", 1, 1, b"x" * (LARGEST + 1))[:24]
    with pytest.raises(ProtocolError, match="announces 4097 bytes"):
        read(header)


def test_a_wrong_checksum_counts_only_where_checksums_are_used() -> None:
    data = packed(b"WRTE", 1, 1, b"abc", checksum=5)
    assert read(data, checked=False).payload == b"abc"
    with pytest.raises(ProtocolError, match="checksum"):
        read(data, checked=True)


def test_the_checksum_is_the_sum_of_the_bytes() -> None:
    assert checksum(b"\xff\xff\x02") == 512
