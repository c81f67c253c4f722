"""CSV with hashes, addresses or packages in it: columns by whatever name, the algorithm of a hash by its length."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from phone_audit.knowledge.feeds.csv_text import table
from phone_audit.knowledge.feeds.indicator import About, Indicator, Kind, Rejected
from phone_audit.knowledge.feeds.values import DIGESTS, row, shown

Row = Indicator | Rejected

_NAMES: Final = re.compile(r"(malware[ _]?)?(name|family|familia|app|threat|signature|description|software)")
_HASHES: Final = re.compile(r"md5|sha-?\d+|hash")
_COLUMNS: Final[Mapping[str, Kind]] = {
    "package": "package", "package name": "package", "package_name": "package", "ip": "address",
    "ip address": "address", "domain": "host", "host": "host", "hostname": "host", "url": "url", "path": "path",
}  # fmt: skip
_LONGEST_HEAD: Final = 2**16
_HEX: Final = re.compile(r"[0-9A-Fa-f]+")


def read_csv(data: bytes, about: About) -> Iterator[Row]:
    """Yield the indicators of each line: what is a hash by its look, other columns by their names.

    The first column whose name says so (name, family, app, description …) names what they belong to. A file without a
    head, of hashes only, is read too.
    """
    data = _with_head(data)
    for number, line in enumerate(table(data), 2):
        if isinstance(line, Rejected):
            yield line
            continue
        name = next((value for key, value in line.items() if value and _NAMES.fullmatch(key)), "") or about.name
        found = list(_cells(line, About(name[:200], about.class_, about.weight, about.note)))
        yield from found
        if not found and any(line.values()):
            yield Rejected(shown(f"line {number}: {' '.join(line.values())}"), "no column of it is known")


def _cells(line: Mapping[str, str], about: About) -> Iterator[Row]:
    for key, value in line.items():
        if not value:
            continue
        if len(value) in DIGESTS and _HEX.fullmatch(value):
            yield row("certificate" if "cert" in key or "signer" in key else "hash", value, about)
        elif _HASHES.fullmatch(key) or key.endswith("_hash") or "sha256" in key:
            yield row("hash", value, about)
        elif key in _COLUMNS:
            yield row(_COLUMNS[key], value, about)


def _with_head(data: bytes) -> bytes:
    """Put a head above a file that begins with a hash."""
    first = data[:_LONGEST_HEAD].partition(b"\n")[0].decode("utf-8-sig", "replace").replace("\0", "")
    delimiter = max(",;\t|", key=first.count)
    cells = [cell.strip(' "\r') for cell in first.split(delimiter)]
    if any(len(cell) in DIGESTS and _HEX.fullmatch(cell) for cell in cells):
        return delimiter.join(f"column {number}" for number in range(len(cells))).encode() + b"\n" + data
    return data
