"""Captured frames → the places that were looked up and talked to."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from phone_audit.acquire.traffic.connection import Connection, Message
from phone_audit.acquire.traffic.dns import parse_dns
from phone_audit.acquire.traffic.identifier_search import IdentifierSearch
from phone_audit.acquire.traffic.packets import ACK, FIN, RST, SYN, TCP, Segment, UnreadFrameError, segment_of
from phone_audit.acquire.traffic.pcap import Frame
from phone_audit.acquire.traffic.tally import Place, Tally, address_text, host_of, is_own_network

MOST_CONNECTIONS: Final = 20_000
"""Connections that are followed at the same time."""
MOST_HELD: Final = 32 * 2**20
"""Bytes of theirs that are held."""
MOST_NAMES: Final = 50_000
"""Addresses whose names are remembered."""
_DNS, _MULTICAST_DNS, _DNS_OVER_TLS, _HTTPS = 53, 5353, 853, 443
_NOT_LOOKED_UP: Final = (_MULTICAST_DNS, 5355, 137)


class _Key(NamedTuple):
    """A connection by its two ends, the client first."""

    client: bytes
    client_port: int
    server: bytes
    server_port: int


class Conversations:
    """Follows the connections of a capture, and counts in `tally` what is seen.

    `packages`: uid → package, as the capture names them; may be filled while frames are read.
    """

    def __init__(self, search: IdentifierSearch, tally: Tally, packages: Mapping[int, str]) -> None:
        self._search = search
        self._tally = tally
        self._packages = packages
        self._open: OrderedDict[_Key, Connection] = OrderedDict()
        self._ended: OrderedDict[_Key, None] = OrderedDict()
        self._datagrams: OrderedDict[_Key, int | None] = OrderedDict()
        self._names: OrderedDict[bytes, str] = OrderedDict()
        self._own: dict[bytes, bool] = {}
        self._held = 0

    def read(self, frames: Iterable[Frame]) -> None:
        """Take all frames; whatever stops them, what was seen until then counts."""
        try:
            for frame in frames:
                try:
                    segment = segment_of(frame.link, frame.data)
                except UnreadFrameError as error:
                    self._tally.unseen[str(error)] += 1
                    continue
                self._tally.at(frame.time)
                self._take(segment, frame.uid)
        finally:
            while self._open:
                self._close(next(iter(self._open)))

    def _take(self, segment: Segment, uid: int | None) -> None:
        if segment.protocol == TCP:
            self._take_tcp(segment, uid)
        elif _DNS in (segment.source_port, segment.target_port):
            self._take_dns(segment.payload, uid)
        else:
            self._take_udp(segment, uid)

    def _take_dns(self, payload: bytes, uid: int | None) -> None:
        message = parse_dns(payload)
        host = host_of(message.name) if message else None
        if message is None or host is None:
            return
        if not message.answer:
            self._tally.add(Place(host, None, None, "dns", *self._whose(uid)))
        for address in message.addresses:
            self._names[address] = host
            self._names.move_to_end(address)
        while len(self._names) > MOST_NAMES:
            self._names.popitem(last=False)

    def _take_udp(self, segment: Segment, uid: int | None) -> None:
        key, from_client = self._key(segment)
        if self._is_own(key.server) or key.server_port in _NOT_LOOKED_UP or not from_client:
            return
        new = key not in self._datagrams
        self._datagrams[key] = uid
        self._datagrams.move_to_end(key)
        if len(self._datagrams) > MOST_CONNECTIONS:
            self._datagrams.popitem(last=False)
        place = Place(self._names.get(key.server), address_text(key.server), key.server_port, "udp", *self._whose(uid))
        if key.server_port == _HTTPS:
            if new:
                self._tally.unseen["quic"] += 1
                self._tally.add(replace(place, protocol="quic"), cleartext=False)
            return
        found = self._search.find(segment.payload) if segment.payload else set()
        if new or found:
            self._tally.add(place, times=int(new), cleartext=True if found else None, sent=found)

    def _take_tcp(self, segment: Segment, uid: int | None) -> None:
        key, from_client = self._key(segment)
        if self._is_own(key.server):
            return
        connection = self._connection(key, segment)
        if connection is None:
            return
        connection.uid = uid if connection.uid is None else connection.uid
        if not from_client:
            connection.answered = connection.answered or not segment.flags & RST
        elif segment.payload and not segment.flags & SYN:
            connection.answered = True
            self._hear(key, connection, segment)
        if segment.flags & (RST | FIN) and (from_client or segment.flags & RST):
            self._close(key)
            self._ended[key] = None
            if len(self._ended) > MOST_CONNECTIONS:
                self._ended.popitem(last=False)
        while len(self._open) > MOST_CONNECTIONS or self._held > MOST_HELD:
            self._tally.unseen["connections"] += 1
            self._close(next(iter(self._open)))

    def _connection(self, key: _Key, segment: Segment) -> Connection | None:
        begins = segment.flags & SYN and not segment.flags & ACK
        connection = self._open.get(key)
        if connection is not None and begins and connection.answered:
            self._close(key)
            connection = None
        if connection is None:
            if not begins and (key in self._ended or not (segment.payload or segment.flags & SYN)):
                return None
            connection = self._open[key] = Connection(self._search, key.server_port)
        if begins:
            self._ended.pop(key, None)
            connection.ordered.begin(segment.sequence)
        self._open.move_to_end(key)
        return connection

    def _hear(self, key: _Key, connection: Connection, segment: Segment) -> None:
        before = connection.held
        for data in connection.ordered.feed(segment.sequence, segment.payload):
            self._count(key, connection, connection.hear(data))
        self._held += connection.held - before

    def _count(self, key: _Key, connection: Connection, messages: Iterable[Message]) -> None:
        for one in messages:
            host = one.name or self._names.get(key.server)
            port = one.port or key.server_port
            place = Place(host, address_text(key.server), port, one.protocol, *self._whose(connection.uid))
            if port == _DNS_OVER_TLS:
                self._tally.unseen["hidden-dns"] += 1
            self._tally.add(place, cleartext=one.cleartext, sent=one.found, request=one.request)

    def _close(self, key: _Key) -> None:
        connection = self._open.pop(key)
        self._held -= connection.held
        for data in connection.ordered.rest():
            self._count(key, connection, connection.hear(data))
        self._count(key, connection, connection.end())
        self._tally.unseen["lost"] += connection.ordered.gaps

    def _whose(self, uid: int | None) -> tuple[str | None, int | None]:
        return (None if uid is None else self._packages.get(uid)), uid

    def _is_own(self, address: bytes) -> bool:
        own = self._own.get(address)
        if own is None:
            if len(self._own) >= MOST_NAMES:
                self._own.clear()
            own = self._own[address] = is_own_network(address)
        return own

    def _key(self, segment: Segment) -> tuple[_Key, bool]:
        """Return the ends with the client first, and whether it is the client that speaks.

        The client is who asks for a connection; where that was not seen, who is in the network at home, else who has
        the higher port.
        """
        there = _Key(segment.source, segment.source_port, segment.target, segment.target_port)
        back = _Key(segment.target, segment.target_port, segment.source, segment.source_port)
        if there in self._open or there in self._datagrams:
            return there, True
        if back in self._open or back in self._datagrams or back in self._ended:
            return back, False
        if segment.flags & SYN:
            return (back, False) if segment.flags & ACK else (there, True)
        here_own, there_own = self._is_own(segment.source), self._is_own(segment.target)
        if here_own != there_own:
            return (there, True) if here_own else (back, False)
        return (there, True) if segment.source_port >= segment.target_port else (back, False)
