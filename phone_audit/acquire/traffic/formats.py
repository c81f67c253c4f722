"""The formats of recorded traffic, each with what tells it by its beginning and what reads it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Final

from phone_audit.acquire.traffic import adguard, pcapdroid, pihole
from phone_audit.acquire.traffic.budget import CONNECTION, LOOK_UP, PACKET, RecordCost
from phone_audit.acquire.traffic.conversations import Conversations
from phone_audit.acquire.traffic.identifier_search import IdentifierSearch
from phone_audit.acquire.traffic.logs import add_look_up, csv_rows
from phone_audit.acquire.traffic.pcap import PCAP_MAGICS, PCAPNG_MAGIC, read_pcap, read_pcapng
from phone_audit.acquire.traffic.tally import Tally

Reader = Callable[[BinaryIO, Tally, IdentifierSearch], None]


@dataclass(frozen=True)
class TrafficFormat:
    """One format, by its name in results and in sentences.

    `fits` tells by the first bytes whether a file is one, `read` counts what it holds, `cost` is that of a packet, line
    or row. `not_seen` says what such a file never shows; empty for captures of packets.
    """

    name: str
    called: str
    fits: Callable[[bytes], bool]
    read: Reader
    cost: RecordCost
    not_seen: str = ""


def _read_pcap(stream: BinaryIO, tally: Tally, search: IdentifierSearch) -> None:
    Conversations(search, tally, {}).read(read_pcap(stream, tally.records))


def _read_pcapng(stream: BinaryIO, tally: Tally, search: IdentifierSearch) -> None:
    packages: dict[int, str] = {}
    Conversations(search, tally, packages).read(read_pcapng(stream, packages, tally.records))


def _log(read: Callable[[BinaryIO, Tally], None]) -> Reader:
    """Return the reader of a log, which holds nothing to search."""
    return lambda stream, tally, _: read(stream, tally)


def _table(name: str, *times: str) -> Reader:
    """Return the reader of look-ups in CSV, by the column of the name and the columns that may hold the time."""

    def read(stream: BinaryIO, tally: Tally, _: IdentifierSearch) -> None:
        for row in csv_rows(stream, tally):
            add_look_up(tally, row.get(name, ""), next((row[time] for time in times if time in row), ""))

    return read


def _begins(*words: str) -> Callable[[bytes], bool]:
    """Tell by the first line, without regard to case."""
    return lambda data: _first_line(data).startswith(tuple(word.lower() for word in words))


def _has_columns(*names: str) -> Callable[[bytes], bool]:
    """Tell by the names of a table's columns."""

    def fits(data: bytes) -> bool:
        columns = [cell.strip().strip('"') for cell in _first_line(data).split(",")]
        return all(set(columns) & set(name.split("|")) for name in names)

    return fits


def _first_line(data: bytes) -> str:
    text = data.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
    return text.partition(b"\n")[0][:4096].decode("utf-8", "replace").strip().lower()


def _matches(pattern: bytes) -> Callable[[bytes], bool]:
    compiled = re.compile(pattern)
    return lambda data: compiled.search(data) is not None


_NO_PACKETS: Final = (
    "A log of look-ups shows which names were asked for, not whether anything was sent there, and not by which app."
)
_NO_CONTENT: Final = "A list of connections shows whom each app talked to, not what was sent."
FORMATS: Final = (
    TrafficFormat("pcap", "captured packets (pcap)", lambda data: data[:4] in PCAP_MAGICS, _read_pcap, PACKET),
    TrafficFormat("pcapng", "captured packets (pcapng)", lambda data: data[:4] == PCAPNG_MAGIC, _read_pcapng, PACKET),
    TrafficFormat(
        "pcapdroid-csv", "PCAPdroid's list of connections (CSV)", _begins(pcapdroid.HEAD),
        _log(pcapdroid.read_pcapdroid), CONNECTION, _NO_CONTENT,
    ),
    TrafficFormat(
        "adguard-csv", "AdGuard Home's exported log (CSV)", _begins(adguard.HEAD), _table("qname", "time"),
        LOOK_UP, _NO_PACKETS,
    ),
    TrafficFormat(
        "adguard-json", "AdGuard Home's query log (querylog.json)", _matches(rb'^\s*\{[^\n]{0,4000}"QH":'),
        _log(adguard.read_adguard), LOOK_UP, _NO_PACKETS,
    ),
    TrafficFormat(
        "nextdns-csv", "NextDNS's log (CSV)", _has_columns("timestamp", "domain", "query_type"),
        _table("domain", "timestamp"), LOOK_UP, _NO_PACKETS,  # undocumented; columns as programs that read it state
    ),
    TrafficFormat(
        "pihole-csv", "Pi-hole's queries (CSV)", _has_columns("timestamp|time", "domain"),
        _table("domain", "timestamp", "time"), LOOK_UP, _NO_PACKETS,
    ),
    TrafficFormat(
        "pihole-json", "Pi-hole's queries (JSON)", _matches(rb'^\s*\{\s*"(?:queries|data)":\s*\['),
        _log(pihole.read_pihole_json), LOOK_UP, _NO_PACKETS,
    ),
    TrafficFormat(
        "dnsmasq", "the log of dnsmasq (Pi-hole, routers)", _matches(rb"dnsmasq\[\d{1,10}\]: "),
        _log(pihole.read_dnsmasq), LOOK_UP, _NO_PACKETS,
    ),
)  # fmt: skip
"""In the order in which they are tried."""


def format_of(beginning: bytes) -> TrafficFormat | None:
    """Return the format of a file by its first bytes; None where it is none of these."""
    return next((one for one in FORMATS if one.fits(beginning)), None)
