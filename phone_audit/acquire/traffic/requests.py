"""The beginning of a TCP connection: the name in a TLS ClientHello, the host and the line of an HTTP request.

TLS: RFC 8446, 4.1.2 and RFC 6066, 3 (server_name). HTTP/1: RFC 9112. What is read is what the client says; with
Encrypted Client Hello that is the name of the front alone.
"""

import re
import struct
from typing import Final, Literal, NamedTuple

from phone_audit.model.stated import is_host

_REQUEST: Final = re.compile(rb"([A-Z]{3,10}) ([^ \r\n]{1,8192}) HTTP/1\.[01]\r?\n")
_HOST: Final = re.compile(rb"\r?\nhost:[ \t]*([^\r\n]{1,300})", re.IGNORECASE)
_METHODS: Final = (b"GET ", b"POST ", b"PUT ", b"HEAD ", b"DELETE ", b"OPTIONS ", b"PATCH ", b"CONNECT ", b"PROPFIND ")
_HANDSHAKE: Final = b"\x16\x03"
_HELLO, _SERVER_NAME = 1, 0


class HttpRequest(NamedTuple):
    """One request. `host` is None where it states none; `line` is the method and the path before any `?`."""

    host: str | None
    port: int | None
    line: str
    method: str


def kind_of(head: bytes) -> Literal["tls", "http", "other"]:
    """Tell by its first bytes what a connection speaks."""
    if head.startswith(_HANDSHAKE):
        return "tls"
    return "http" if starts_request(head) else "other"


def starts_request(data: bytes) -> bool:
    """Tell whether bytes begin like an HTTP request."""
    return data.startswith(_METHODS)


def parse_request(head: bytes) -> HttpRequest | None:
    """Read the first request in these bytes; None where its head is not whole enough to hold its line."""
    line = _REQUEST.match(head)
    if line is None:
        return None
    target = line[2].decode("ascii", "replace")
    end = head.find(b"\r\n\r\n")
    header = _HOST.search(head, line.end() - 2, len(head) if end < 0 else end)
    named = header[1].decode("ascii", "replace").strip() if header else ""
    method = line[1].decode("ascii")
    if method == "CONNECT":
        named, path = target, ""
    elif "://" in target[:12]:
        named, slash, path = target.partition("://")[2].partition("/")
        path = slash + path
    else:
        path = target
    host, port = _place(named)
    return HttpRequest(host, port, f"{method} {path.partition('?')[0]}".strip(), method)


def _place(text: str) -> tuple[str | None, int | None]:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or len(port) > 5 or (":" in host and not host.endswith("]")):
        host, port = text, ""
    host = host.strip("[]").lower().removesuffix(".")
    return (host if is_host(host) else None), int(port) if port else None


def server_name(head: bytes) -> str | None:
    """Return the name that a ClientHello asks for; None where it states none, or not in these bytes."""
    try:
        return _server_name(_handshake(head))
    except (struct.error, IndexError):
        return None


def hello_is_whole(head: bytes) -> bool:
    """Tell whether a ClientHello that begins here is here to its end."""
    body = _handshake(head)
    return len(body) >= 4 and len(body) >= 4 + int.from_bytes(body[1:4])


def _handshake(head: bytes) -> bytes:
    """Join the records that a handshake message was cut into."""
    parts, at = [], 0
    while at + 5 <= len(head) and head[at] == 0x16:
        size = int.from_bytes(head[at + 3 : at + 5])
        parts.append(head[at + 5 : at + 5 + size])
        at += 5 + size
    return b"".join(parts)


def _server_name(body: bytes) -> str | None:
    if body[0] != _HELLO:
        return None
    at = 4 + 2 + 32
    at += 1 + body[at]
    at += 2 + struct.unpack_from(">H", body, at)[0]
    at += 1 + body[at]
    end = at + 2 + struct.unpack_from(">H", body, at)[0]
    at += 2
    while at + 4 <= min(end, len(body)):
        kind, size = struct.unpack_from(">HH", body, at)
        if kind == _SERVER_NAME:
            length = struct.unpack_from(">H", body, at + 7)[0]
            name = body[at + 9 : at + 9 + length].decode("ascii", "replace").lower()
            return name if is_host(name) else None
        at += 4 + size
    return None
