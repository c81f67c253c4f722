"""The lines are those of a kernel 4.4 (Android 9) and 6.1 (Android 14), with addresses from documentation ranges."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.acquire.live.socket_tables import Connection, parse_tables, remote_address

HEAD_TCP = (
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"
    "                                                     \n"
)
HEAD_TCP6 = (
    "  sl  local_address                         remote_address                        "
    "st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
)
HEAD_UDP = (
    "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
    "inode ref pointer drops"
    "            \n"
)
HEAD_UDP6 = HEAD_TCP6[:-1] + " ref pointer drops\n"

NATIVE = (
    "   0: 1701A8C0:9C40 146433C6:01BB 01 00000000:00000000 02:00000A3C 00000000 10138        0 48211 2 "
    "0000000000000000 22 4 30 10 -1                     \n"
)
LISTENS = (
    "   1: 00000000:15B3 00000000:0000 0A 00000000:00000000 00:00000000 00000000  2000        0 31337 1 "
    "0000000000000000 100 0 0 10 0                      \n"
)
CLOSED = (
    "   2: 1701A8C0:9C41 4D7100CB:270F 06 00000000:00000000 03:00001770 00000000     0        0 0 3 0000000000000000"
    "                                      \n"
)
OWN = (
    "   3: 0100007F:9C42 0100007F:1F90 01 00000000:00000000 00:00000000 00000000 10140        0 5 1 0000000000000000"
    "                                      \n"
)
JAVA = (
    "   0: 0000000000000000FFFF00001701A8C0:B2F1 0000000000000000FFFF00004D7100CB:270F 01 "
    "00000000:00000000 00:00000000 "
    "00000000  1001        0 50123 1 0000000000000000 20 4 30 10 -1\n"
)
WORK = (
    "   1: B80D0120010042A0FF1BC1A856341234:B2F2 B80D0120650300000000000009000000:01BB 02 "
    "00000001:00000000 01:00000064 "
    "00000000 1010223        0 50124 2 0000000000000000 100 0 0 2 -1\n"
)
QUIC = (
    "  711: 1701A8C0:BB80 156433C6:01BB 01 00000000:00000000 00:00000000 00000000 10138        0 "
    "48219 2 0000000000000000 0"
    "             \n"
)
MDNS = (
    " 5353: 00000000:14E9 00000000:0000 07 00000000:00000000 00:00000000 00000000 10122        0 "
    "20111 2 0000000000000000 0"
    "         \n"
)


def test_all_four_tables() -> None:
    text = HEAD_TCP + NATIVE + LISTENS + CLOSED + OWN + HEAD_TCP6 + JAVA + WORK + HEAD_UDP + QUIC + MDNS + HEAD_UDP6
    tables = parse_tables(text)
    assert tables.connections == (
        Connection("tcp", 0x9C40, "198.51.100.20", 443, 10138, 48211),
        Connection("tcp", 0x9C41, "203.0.113.77", 9999, None, 0),
        Connection("tcp", 0xB2F1, "203.0.113.77", 9999, 1001, 50123),
        Connection("tcp", 0xB2F2, "2001:db8:0:365::9", 443, 1010223, 50124),
        Connection("udp", 0xBB80, "198.51.100.21", 443, 10138, 48219),
    )
    assert tables.read == {"tcp", "tcp6", "udp", "udp6"}
    assert tables.unconnected == {10122}
    assert (tables.refused, tables.unknown) == ({}, 0)


@pytest.mark.parametrize("before", ["cat: ", "", "toybox: cat: "])
def test_a_table_that_may_not_be_read(before: str) -> None:
    tables = parse_tables(f"{before}/proc/net/tcp: Permission denied\n" + HEAD_TCP6 + JAVA)
    assert tables.refused == {"tcp": "Permission denied"}
    assert tables.read == {"tcp6"}
    assert [one.uid for one in tables.connections] == [1001]


def test_lines_without_a_header_belong_to_no_table() -> None:
    assert parse_tables(NATIVE).connections == ()
    assert parse_tables(NATIVE + "nonsense\n").unknown == 2


def test_a_line_that_is_cut_is_counted_and_costs_only_itself() -> None:
    tables = parse_tables(HEAD_TCP + NATIVE[:60] + "\n" + NATIVE)
    assert (len(tables.connections), tables.unknown) == (1, 1)


@pytest.mark.parametrize(
    ("digits", "address"),
    [
        ("0100007F", "127.0.0.1"),
        ("B80D01200000000000000000BC000000", "2001:db8::bc"),
        ("00000000000000000000000001000000", "::1"),
        ("000080FE00000000FF0BC1A8563412FE", "fe80::a8c1:bff:fe12:3456"),
    ],
)
def test_addresses(digits: str, address: str) -> None:
    assert remote_address(digits) == address


@given(
    st.lists(st.sampled_from([HEAD_TCP, HEAD_UDP6, NATIVE, JAVA, CLOSED, "cat: /proc/net/udp: x\n", "x\n"])).map(
        "".join
    ),
    st.integers(0, 400),
)
def test_cut_anywhere(text: str, at: int) -> None:
    whole = parse_tables(text).connections
    assert parse_tables(text[:at]).connections == whole[: len(parse_tables(text[:at]).connections)]
