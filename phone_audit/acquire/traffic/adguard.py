"""The query log of AdGuard Home: one JSON object a line, or its export as CSV.

Members of the object as AdguardTeam/AdGuardHome writes them (`internal/querylog/entry.go`): `T` time, `QH` the name
asked for, `IP` who asked, `Answer` the DNS message of the answer in Base64. Columns of the export are those of
`internal/querylog/csv.go`.
"""

import base64
from typing import Any, BinaryIO, Final

from phone_audit.acquire.traffic.dns import parse_dns
from phone_audit.acquire.traffic.logs import add_look_up, text_lines
from phone_audit.acquire.traffic.tally import Tally, address_text
from phone_audit.files.bounded_json import JsonError, checked, parse
from phone_audit.files.bounds import QUERY_LINE, BoundsError

HEAD: Final = "ans_dnssec,ans_rcode,"


def read_adguard(stream: BinaryIO, tally: Tally) -> None:
    for line in text_lines(stream, tally):
        if not line.strip():
            continue
        row = _object(line)
        name = row.get("QH")
        if not isinstance(name, str):
            tally.unseen["unread-line"] += 1
            continue
        add_look_up(tally, name, str(row.get("T", "")), _address(row.get("Answer")))


def _object(line: str) -> dict[str, Any]:
    try:
        found = parse(checked(line.encode(), QUERY_LINE))
    except (JsonError, BoundsError):
        return {}
    return found if isinstance(found, dict) else {}


def _address(answer: Any) -> str | None:
    if not isinstance(answer, str):
        return None
    try:
        message = parse_dns(base64.b64decode(answer))
    except ValueError:
        return None
    return address_text(message.addresses[0]) if message and message.addresses else None
