"""What a client says in one TCP connection: whom it asks for, and which identifiers it sends in the clear."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from phone_audit.acquire.traffic import requests
from phone_audit.acquire.traffic.identifier_search import LONGEST_SPELLING, IdentifierHit, IdentifierSearch
from phone_audit.acquire.traffic.masks import masked_request

_WRAP: Final = 2**32
_WINDOW: Final = 2**20
_MOST_WAITING: Final = 32
_MOST_BYTES: Final = 256 * 2**10


class OrderedBytes:
    """Gives the bytes of a direction in order.

    A segment that comes early waits for those before it, within bounds; beyond them there is a gap; `gaps` counts them.
    """

    def __init__(self) -> None:
        self.gaps = 0
        self._next: int | None = None
        self._waiting: dict[int, bytes] = {}
        self.held = 0

    def begin(self, sequence: int) -> None:
        """Note where the connection begins (its SYN)."""
        self._next = (sequence + 1) % _WRAP

    def feed(self, sequence: int, payload: bytes) -> Iterator[bytes]:
        """Take a segment; yields what is in order now."""
        if self._next is None:
            self._next = sequence
        ahead = (sequence - self._next) % _WRAP
        if ahead >= _WRAP // 2:  # sent before, as a whole or in part
            payload = payload[_WRAP - ahead :]
            ahead = 0
        if not payload:
            return
        if ahead == 0:
            yield self._taken(payload)
        elif ahead > _WINDOW:
            yield from self.rest()
            self.gaps += 1
            self._next = sequence
            yield self._taken(payload)
        else:
            self._wait(sequence, payload)
        yield from self._ready()
        if len(self._waiting) > _MOST_WAITING or self.held > _MOST_BYTES:
            yield from self.rest()

    def rest(self) -> Iterator[bytes]:
        """Yield what waits, over the gaps in it."""
        while self._waiting:
            self.gaps += 1
            start = self._next or 0
            self._next = min(self._waiting, key=lambda sequence: (sequence - start) % _WRAP)
            yield from self._ready()

    def _taken(self, payload: bytes) -> bytes:
        self._next = ((self._next or 0) + len(payload)) % _WRAP
        return payload

    def _wait(self, sequence: int, payload: bytes) -> None:
        before = self._waiting.get(sequence, b"")
        if len(payload) > len(before):
            self._waiting[sequence] = payload
            self.held += len(payload) - len(before)

    def _ready(self) -> Iterator[bytes]:
        """Yield what waited for exactly this, and what overlaps it."""
        found = True
        while found and self._waiting:
            found = False
            for sequence in list(self._waiting):
                behind = ((self._next or 0) - sequence) % _WRAP
                if behind < _WRAP // 2:
                    payload = self._waiting.pop(sequence)
                    self.held -= len(payload)
                    if behind < len(payload):
                        yield self._taken(payload[behind:])
                    found = True


HEAD: Final = 16 * 2**10
"""Bytes of a request, or of another message, that are looked at together."""
_ENOUGH: Final = 10
"""Bytes by which it is told what a connection speaks."""
_CLEAR_PORTS: Final = frozenset({20, 21, 23, 25, 80, 110, 119, 143, 389, 1883, 8000, 8080})
"""Ports on which nothing is encrypted by custom."""
_SEALED_BEGINNINGS: Final = (b"SSH-", b"\x15\x03", b"\x17\x03")


@dataclass(frozen=True)
class Message:
    """A part of what a client said that counts once: a TLS connection, a request, another connection.

    `name` is the host that it asks for; `cleartext` None where what is said is not understood.
    """

    protocol: Literal["tls", "http", "tcp"]
    name: str | None = None
    port: int | None = None
    cleartext: bool | None = None
    request: str = ""
    found: frozenset[IdentifierHit] = frozenset()


@dataclass
class Connection:
    """One TCP connection, seen from its client; `answered`: the other end did, or the client went on as if it had."""

    search: IdentifierSearch
    port: int
    ordered: OrderedBytes = field(default_factory=OrderedBytes)
    answered: bool = False
    uid: int | None = None
    _buffer: bytearray = field(default_factory=bytearray)
    _kind: Literal["tls", "http", "other", "sealed", ""] = ""
    _request: requests.HttpRequest | None = None
    _begun: bool = False
    _told: bool = False
    _look_at: int = 0
    _found: set[IdentifierHit] = field(default_factory=set)

    @property
    def held(self) -> int:
        return len(self._buffer) + self.ordered.held

    def hear(self, data: bytes) -> Iterator[Message]:
        """Take bytes in order; yields what is said completely with them."""
        if self._kind == "sealed":
            return
        if self._kind == "http" and self._begun and requests.starts_request(data):
            yield from self._end_message()
        self._buffer += data
        if not self._kind and len(self._buffer) >= _ENOUGH:
            self._kind = self._told_kind()
        if self._kind == "tls" and self._hello_ends():
            yield from self._hello()
        elif self._kind in ("http", "other"):
            self._begun = True
            if len(self._buffer) >= HEAD:
                self._look(keep=LONGEST_SPELLING)

    def _hello_ends(self) -> bool:
        """Tell whether all of the greeting is here, or more than is read; it is looked at again once it has grown."""
        size = len(self._buffer)
        if size >= HEAD:
            return True
        if size < self._look_at:
            return False
        self._look_at = size + size // 4 + 1
        return requests.hello_is_whole(bytes(self._buffer))

    def end(self) -> Iterator[Message]:
        if not self._kind and self._buffer:
            self._kind = self._told_kind()
            self._begun = True
        if self._kind == "tls":
            yield from self._hello()
        elif self._kind == "sealed" and not self._told:
            self._told = True
            yield Message("tcp", cleartext=False)
        elif self._kind in ("http", "other"):
            yield from self._end_message()
        elif self.answered and not self._told:
            self._told = True
            yield Message("tcp")

    def _told_kind(self) -> Literal["tls", "http", "other", "sealed"]:
        head = bytes(self._buffer)
        if head.startswith(_SEALED_BEGINNINGS):
            self._buffer.clear()
            return "sealed"
        return requests.kind_of(head)

    def _hello(self) -> Iterator[Message]:
        """End the reading of a TLS connection: what follows is encrypted."""
        name = requests.server_name(bytes(self._buffer))
        self._kind = "sealed"
        self._told = True
        self._buffer.clear()
        yield Message("tls", name, cleartext=False)

    def _look(self, keep: int = 0) -> None:
        data = bytes(self._buffer)
        if self._request is None and self._kind == "http":
            self._request = requests.parse_request(data)
        self._found |= self.search.find(data)
        del self._buffer[: len(self._buffer) - keep]

    def _end_message(self) -> Iterator[Message]:
        if not self._begun:
            return
        self._look()
        request, found = self._request, frozenset(self._found)
        self._request, self._begun = None, False
        self._found.clear()
        if self._kind == "other":
            if not self._told:
                clear = True if found or self.port in _CLEAR_PORTS else None
                yield Message("tcp", cleartext=clear, found=found)
            self._told = True
        elif request is None:
            yield Message("http", cleartext=True, found=found)
        elif request.method == "CONNECT":
            self._kind, self._told = "sealed", True
            yield Message("tls", request.host, request.port, cleartext=None)
        else:
            line = masked_request(request.line, self.search)
            yield Message("http", request.host, cleartext=True, request=line, found=found)
