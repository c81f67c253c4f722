"""How many records of recorded traffic are read: a budget of work, the same on every machine.

A small file that unpacks to millions of records is not worth minutes. So each byte of a file as it lies there pays for
a share of a record, and what honest files need beyond that is paid from a sum that all files of a run have together.
"""

from dataclasses import dataclass
from typing import Final

from phone_audit.files.bounds import TRAFFIC_RECORDS

FREE_WORK: Final = 2_000_000
"""Work of one run that no byte has to pay for; a unit is what an empty packet costs, some seven microseconds."""
MOST_WORK: Final = 12_000_000
"""Work of all files of one run."""


@dataclass(frozen=True)
class RecordCost:
    """A record of a format: its units of work, and the bytes that an honest one has at least, packed as it may be."""

    work: int
    size: int


PACKET: Final = RecordCost(work=1, size=40)
"""Most of a packet is encrypted and cannot be packed; a mere acknowledgement has 54 bytes with its Ethernet head."""
LOOK_UP: Final = RecordCost(work=2, size=6)
"""A line of a log of look-ups has some 80 bytes, packed eight or more."""
CONNECTION: Final = RecordCost(work=4, size=16)
"""A row of PCAPdroid has some 120 bytes with times and counts of its own, packed twenty or more."""


@dataclass
class Records:
    """How many records of one file are read at most, and how many were."""

    most: int = TRAFFIC_RECORDS
    taken: int = 0


class TrafficBudget:
    """What is left for the files of one run."""

    def __init__(self) -> None:
        self._free = FREE_WORK
        self._left = MOST_WORK

    def records(self, cost: RecordCost, size: int) -> Records:
        """Return how many records may be read of a file of so many bytes."""
        free = min(self._free // cost.work + size // cost.size, self._left // cost.work)
        return Records(min(free, TRAFFIC_RECORDS))

    def take(self, cost: RecordCost, size: int, records: Records) -> None:
        """Take off what was read of a file."""
        self._left -= records.taken * cost.work
        self._free -= max(0, records.taken - size // cost.size) * cost.work
