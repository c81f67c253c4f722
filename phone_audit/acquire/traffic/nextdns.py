"""The log that NextDNS gives for download: CSV with `timestamp`, `domain`, `query_type` and who asked.

NextDNS publishes no description of the file; the names of its columns are those that programs that read it state, of
which `timestamp` and `domain` are used here.
"""

from typing import BinaryIO

from phone_audit.acquire.traffic.logs import add_look_up, csv_rows
from phone_audit.acquire.traffic.tally import Tally


def read_nextdns(stream: BinaryIO, tally: Tally) -> None:
    for row in csv_rows(stream, tally):
        add_look_up(tally, row.get("domain", ""), row.get("timestamp", ""))
