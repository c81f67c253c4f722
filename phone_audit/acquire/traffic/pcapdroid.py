"""The list of connections that PCAPdroid exports as CSV: each with the uid and the package whose it was.

Columns as the app writes them (emanuele-f/PCAPdroid, `adapters/ConnectionsAdapter.java` and `values/strings.xml`,
`connections_csv_fields`): nothing is quoted, so a name of an app with a comma in it gives a row more cells.
"""

from typing import BinaryIO, Final

from phone_audit.acquire.traffic.logs import cells_of, seconds_of, text_lines
from phone_audit.acquire.traffic.tally import Place, Tally, address_of, address_text, host_of, is_own_network
from phone_audit.model.stated import is_package
from phone_audit.model.traffic import TrafficProtocol

HEAD: Final = "IPProto,SrcIP,SrcPort,DstIp,DstPort,UID,App,"
_LARGEST_PORT: Final = 65_535
_COLUMNS: Final = (
    "ipproto", "srcip", "srcport", "dstip", "dstport", "uid", "app", "packagename", "proto", "status", "info",
)  # fmt: skip
_FIRST: Final = 7
"""Columns up to the name of the app."""
_PROTOCOLS: Final[dict[str, TrafficProtocol]] = {
    "DNS": "dns", "TLS": "tls", "HTTPS": "tls", "HTTP": "http", "QUIC": "quic",
}  # fmt: skip
"""What its library nDPI calls a protocol, the first word of it."""
_CLEARTEXT: Final = {"tls": False, "quic": False, "http": True}


def read_pcapdroid(stream: BinaryIO, tally: Tally) -> None:
    width = 0
    for line in text_lines(stream, tally):
        cells = cells_of(line) or []
        if not width:
            width = len(cells)
            continue
        if not line.strip():
            continue
        if len(cells) > width:
            more = len(cells) - width
            cells = [*cells[: _FIRST - 1], ",".join(cells[_FIRST - 1 : _FIRST + more]), *cells[_FIRST + more :]]
        if len(cells) < len(_COLUMNS) or not _add(dict(zip(_COLUMNS, cells, strict=False)), tally):
            tally.unseen["unread-line"] += 1
            continue
        for cell in cells[-3:]:
            tally.at(seconds_of(cell))


def _add(row: dict[str, str], tally: Tally) -> bool:
    """Count one row; False where it is none."""
    address = address_of(row["dstip"])
    port, uid = _number(row["dstport"], _LARGEST_PORT), _number(row["uid"], 2**31)
    if address is None or port is None:
        return False
    name = row["packagename"]
    package = name if is_package(name) and "." in name else None
    host = host_of(row["info"])
    word = row["proto"].partition(".")[0].upper()
    protocol = _PROTOCOLS.get(word) or ("udp" if row["ipproto"] == "17" else "tcp")
    if protocol == "dns":
        if host is not None:
            tally.add(Place(host, None, None, "dns", package, uid))
    elif not is_own_network(address):
        place = Place(host, address_text(address), port, protocol, package, uid)
        tally.add(place, cleartext=_CLEARTEXT.get(protocol))
    return True


def _number(text: str, largest: int) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 11 and int(text) <= largest else None
