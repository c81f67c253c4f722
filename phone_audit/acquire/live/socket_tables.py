"""`/proc/net/{tcp,tcp6,udp,udp6}` of a phone → who is connected to whom.

The lines are those of Linux `net/ipv4/tcp_ipv4.c`, `net/ipv6/tcp_ipv6.c` and `udp.c` (`get_tcp4_sock` and its
siblings): addresses as 32-bit words in the byte order of the machine, which on every phone is little-endian. A socket
of Java code is of IPv6 also towards IPv4; its address is `::ffff:a.b.c.d`, and is given here as IPv4.
"""

import re
import struct
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import Literal

from phone_audit.acquire.text import lines_of

Protocol = Literal["tcp", "udp"]

TABLES = ("tcp", "tcp6", "udp", "udp6")
PATHS = tuple(f"/proc/net/{name}" for name in TABLES)

HEADER = re.compile(r"\s*sl\s+local_address\s+rem(?:ote)?_address\s+st .*")
LINE = re.compile(
    r"\s*\d+: (?:[0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) ([0-9A-F]{2})"
    r" [0-9A-F]+:[0-9A-F]+ [0-9A-F]{2}:[0-9A-F]+ [0-9A-F]+ +(\d{1,10}) +\d+ (\d{1,20}) .*"
)
REFUSED = re.compile(r"(?:\w+: )*/proc/net/(\w+): (.*)")

TIME_WAIT = 6
LISTEN = 10
"""Numbers of `include/net/tcp_states.h`."""


@dataclass(frozen=True)
class Connection:
    """A socket with a remote end.

    Attributes:
        protocol: tcp or udp.
        local_port: with `inode`, what tells two connections to one place apart.
        address: the remote one, as text.
        port: the remote one.
        uid: whose socket it is; None where it is closed and belongs to nobody any more (TIME_WAIT).
        inode: of the socket; 0 where it belongs to nobody.
    """

    protocol: Protocol
    local_port: int
    address: str
    port: int
    uid: int | None
    inode: int


@dataclass(frozen=True)
class SocketTables:
    """What was read at one moment.

    Attributes:
        connections: those that lead away from the phone.
        read: the tables that were read, by file name.
        refused: file name → what the phone said instead.
        unconnected: UDP sockets that name no remote end, so that nothing shows whom they talk to, by uid.
        unknown: lines that were not understood.
    """

    connections: tuple[Connection, ...]
    read: frozenset[str]
    refused: dict[str, str]
    unconnected: frozenset[int]
    unknown: int


def parse_tables(text: str) -> SocketTables:
    """Read what `cat` prints of the four files, in any order, with its errors in between; each begins with its header.

    Sockets that listen, and those towards the phone itself, are left out.
    """
    connections: list[Connection] = []
    refused: dict[str, str] = {}
    read: set[str] = set()
    unconnected: set[int] = set()
    unknown = 0
    protocol: Protocol | None = None
    for line in lines_of(text):
        match = LINE.fullmatch(line)
        if match and protocol:
            address = remote_address(match[2])
            uid, inode, state, port = int(match[5]), int(match[6]), int(match[4], 16), int(match[3], 16)
            if protocol == "udp" and not port:
                unconnected.add(uid)
            elif port and state != LISTEN and not _is_own(address):
                gone = state == TIME_WAIT
                connections.append(Connection(protocol, int(match[1], 16), address, port, None if gone else uid, inode))
        elif HEADER.fullmatch(line):
            protocol = "udp" if "drops" in line else "tcp"
            read.add(f"{protocol}{'6' if 'remote_address' in line else ''}")
        elif error := REFUSED.fullmatch(line):
            refused[error[1]] = error[2]
        elif line.strip():
            unknown += 1
    return SocketTables(tuple(connections), frozenset(read), refused, frozenset(unconnected), unknown)


@lru_cache(maxsize=4096)
def remote_address(digits: str) -> str:
    """Return the address that 8 or 32 hexadecimal digits of the table stand for.

    Example:
        >>> remote_address("4D7100CB"), remote_address("0000000000000000FFFF00004D7100CB")
        ('203.0.113.77', '203.0.113.77')
    """
    words = [int(digits[at : at + 8], 16) for at in range(0, len(digits), 8)]
    raw = struct.pack(f"<{len(words)}I", *words)
    if len(raw) == 4:
        return str(IPv4Address(raw))
    address = IPv6Address(raw)
    return str(address.ipv4_mapped or address)


def _is_own(address: str) -> bool:
    return address.startswith("127.") or address in ("::1", "0.0.0.0", "::")  # noqa: S104 - compared, not bound
