"""What Pi-hole keeps of look-ups: the log of its dnsmasq, its API's answer in JSON, its database's table as CSV.

The log (`/var/log/pihole/pihole.log`) has dnsmasq's lines `query[TYPE] NAME from CLIENT` and `reply NAME is ADDRESS`
(dnsmasq, `src/cache.c`, `log_query`), with `SERIAL CLIENT/PORT` before them where `log-queries=extra` is set; routers
write the same. The JSON is that of `/api/queries` (pi-hole/FTL, `api/docs/content/specs/queries.yaml`: `queries`, each
with `time` and `domain`), or that of version 5 (`data`, lists of time, type, domain, client). The CSV is any table with
columns `timestamp` and `domain` (pi-hole/docs, `database/query-database`).
"""

import re
from typing import Any, BinaryIO, Final

from phone_audit.acquire.traffic.logs import add_look_up, text_lines
from phone_audit.acquire.traffic.tally import Place, Tally, address_of, address_text, host_of
from phone_audit.files.bounded_json import parse, read_checked
from phone_audit.files.bounds import QUERY_LOG

QUERY: Final = re.compile(
    r"dnsmasq\[\d{1,10}\]: (?:\d{1,10} \S{1,60} )?query\[[A-Za-z0-9=_-]{1,20}\] (\S{1,255}) from \S"
)
REPLY: Final = re.compile(r"dnsmasq\[\d{1,10}\]: (?:\d{1,10} \S{1,60} )?(?:reply|cached) (\S{1,255}) is (\S{2,45})$")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)")
_MOST_ADDRESSES: Final = 50_000


def read_dnsmasq(stream: BinaryIO, tally: Tally) -> None:
    """Count the look-ups of a log; lines that speak of other things are passed over."""
    addresses: dict[str, str] = {}
    for line in text_lines(stream, tally):
        reply = REPLY.search(line)
        if reply is not None:
            address = address_of(reply[2])
            if address is not None and any(address) and len(addresses) < _MOST_ADDRESSES:
                addresses.setdefault(reply[1].lower(), address_text(address))
            continue
        query = QUERY.search(line)
        if query is not None:
            time = _TIME.match(line)
            add_look_up(tally, query[1], time[0] if time else "")
    for name, address_shown in addresses.items():
        host = host_of(name)
        if host is not None:
            tally.tell_address(Place(host, None, None, "dns"), address_shown)


def read_pihole_json(stream: BinaryIO, tally: Tally) -> None:
    """Count the look-ups of an answer of the API; a JsonError or a BoundsError where it is none."""
    whole = parse(read_checked(stream, QUERY_LOG))
    rows = whole.get("queries", whole.get("data")) if isinstance(whole, dict) else None
    for row in rows if isinstance(rows, list) else ():
        name, time = _of_row(row)
        if not (isinstance(name, str) and add_look_up(tally, name, str(time))):
            tally.unseen["unread-line"] += not isinstance(name, str)


def _of_row(row: Any) -> tuple[Any, Any]:
    if isinstance(row, dict):
        return row.get("domain"), row.get("time", "")
    if isinstance(row, list) and len(row) > 2:
        return row[2], row[0]
    return None, ""
