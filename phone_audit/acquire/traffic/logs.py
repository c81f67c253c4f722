"""What the readers of logs share: lines within bounds, rows of CSV, times."""

import csv
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import BinaryIO, Final

from phone_audit.acquire.traffic.tally import Place, Tally, host_of
from phone_audit.files.bounded_lines import read_lines
from phone_audit.files.bounds import TRAFFIC_LINE, BoundsError

_BOM: Final = "\ufeff"
_ISO: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?")
_SECONDS: Final = re.compile(r"\d{9,10}(?:\.\d{1,9})?")
_MOST_DECIMALS: Final = re.compile(r"([.,]\d{1,6})\d*")
NO_ZONE: Final = re.compile(r".*[T ][\d:.,]+")


def text_lines(stream: BinaryIO, tally: Tally) -> Iterator[str]:
    """Yield the lines without their ends; one that is too long is counted as not understood.

    Raises a BoundsError where there are more of them than are read.
    """
    first, records = True, tally.records
    for line in read_lines(stream, TRAFFIC_LINE):
        if records.taken >= records.most:
            raise BoundsError(f"it has more than {records.most:,} lines")
        records.taken += 1
        if line is None:
            tally.unseen["unread-line"] += 1
            continue
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        yield text.removeprefix(_BOM) if first else text
        first = False


def csv_rows(stream: BinaryIO, tally: Tally) -> Iterator[dict[str, str]]:
    """Yield the rows of a table by the names of its head, in lower case.

    A row with more cells than the head has them joined by `surplus_in`; a row that is none is counted.
    """
    head: Sequence[str] = ()
    for line in text_lines(stream, tally):
        cells = cells_of(line)
        if cells is None:
            tally.unseen["unread-line"] += 1
        elif not head:
            head = [name.strip().lower() for name in cells]
        elif line.strip():
            yield dict(zip(head, cells, strict=False))


def cells_of(line: str) -> list[str] | None:
    """Return the cells of one line of CSV; None for what is none. No cell goes over several lines in such logs."""
    try:
        return next(csv.reader([line]), [])
    except csv.Error:
        return None


def seconds_of(text: str) -> float | None:
    """Return a time in seconds since 1970: RFC 3339 with a zone, or such seconds themselves; None for anything else.

    Example:
        >>> seconds_of("2026-11-28T10:00:00+01:00"), seconds_of("1581907991.5"), seconds_of("Oct 26 10:01:01")
        (1795856400.0, 1581907991.5, None)
    """
    text = text.strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    if not _ISO.fullmatch(text) or NO_ZONE.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(_MOST_DECIMALS.sub(r"\1", text).replace(",", ".")).timestamp()
    except (ValueError, OverflowError):
        return None


def add_look_up(tally: Tally, name: str, time: str = "", address: str | None = None) -> bool:
    """Count a look-up in a log, and tell whether its name is one."""
    host = host_of(name)
    if host is None:
        return False
    tally.at(seconds_of(time))
    tally.add(Place(host, address, None, "dns"))
    return True
