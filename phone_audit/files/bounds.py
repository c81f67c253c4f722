"""How much of a file that somebody else may have written is read: every bound at one place, each with its reason.

A file within its bounds costs at most about forty times its bytes, or some 100 bytes for each value; one beyond them is
refused before anything is built from it.
"""

from dataclasses import dataclass
from typing import Final

MB: Final = 2**20


class BoundsError(ValueError):
    """A file is larger, deeper or fuller than any honest one; the message is a sentence without a full stop."""


@dataclass(frozen=True)
class JsonBounds:
    """What a JSON text may hold.

    Attributes:
        size: bytes.
        values: numbers, texts, words, lists and objects; an empty list or object counts twice.
        depth: lists and objects inside one another. Ours go down to about 12, those of other tools to about 20.
        digits: of one number in a row. A 64-bit number has 20; Python refuses to read more than 4,300.
    """

    size: int
    values: int
    depth: int = 64
    digits: int = 400


RESULT: Final = JsonBounds(size=512 * MB, values=12_000_000)
"""A result for `report`. A phone with 400 analysed packages gives tens of MB, a folder of 20,000 APKs some 260 MB with
9 million values; each value costs about 200 bytes of memory, so that the largest takes 2.5 GB."""

MANIFEST: Final = JsonBounds(size=16 * MB, values=1_000_000)
"""The manifest of a saved acquisition: seven values and about 300 bytes for each answer and file, some 3,000 of a full
phone; this is enough for fifteen times as many."""

ANSWER: Final = 64 * MB
"""One answer in a saved acquisition: it was cut at as much when the phone gave it."""

SAVED_HASHES: Final = JsonBounds(size=64 * MB, values=2_000_000)
"""The hashes of one phone's files, in a saved acquisition or remembered here: three values and about 200 bytes a file,
of at most some 100,000 files."""

PARTS_HEAD: Final = JsonBounds(size=1 * MB, values=200_000)
"""The line that says which parts of a file are held: three values a range, of which a file has some hundred."""

WATCH: Final = JsonBounds(size=256 * MB, values=5_000_000)
"""A saved watch: about 30 values and 1 KB an observation; a day of a busy phone has some thousand."""

RECORD: Final = JsonBounds(size=64 * MB, values=2_000_000)
"""One APK's record in the cache: real ones have up to some MB."""

ANSWERED_RECORD: Final = JsonBounds(size=16 * MB, values=500_000)
"""One APK's record as the process that read it answers. It bounds its records at 3 MB, but it had hostile bytes in it,
so that it may not do so any more. The largest record of real packages has 214 KB and 8,000 values."""

ANNOUNCED: Final = JsonBounds(size=4096, values=100)
"""What that process says before the record: the name of a step, how long it took; and what is remembered of a file."""

FOREIGN: Final = JsonBounds(size=32 * MB, values=1_000_000)
"""A file of another tool: some 15 values an APK."""

KNOWLEDGE: Final = JsonBounds(size=32 * MB, values=300_000)
"""One knowledge file; the largest that comes with the package has 240 KB and 15,000 values. Each field that has no
place there costs 1 KB to tell."""

PROFILE: Final = JsonBounds(size=16 * MB, values=300_000)
"""What the simulated phone of the demo and of the tests is."""

OWN_LIST: Final = JsonBounds(size=4 * MB, values=100_000)
"""A short list that the user or this program writes: update sources, the versions that stand, digests of feeds."""

FEED: Final = JsonBounds(size=256 * MB, values=5_000_000)
"""A feed to import. The largest known ones have some tens of MB and less than a million values."""

FEED_ROW: Final = JsonBounds(size=8 * MB, values=10_000)
"""One line of an imported feed: at most 500 values of at most 2,048 characters, and the head."""

FEED_FILE: Final = 256 * MB
"""Bytes of one feed to import, whatever its format."""

FEED_LINE: Final = 64 * 2**10
"""Bytes of one line of a block list, a CSV or another text feed; a value has at most 2,048 characters."""

YAML_SIZE: Final = 4 * MB
YAML_NODES: Final = 500_000
YAML_DEPTH: Final = 32
"""A YAML feed: the only known one has 95 KB and 8,000 nodes, four deep."""

ACCEPTED_SIZE: Final = 1 * MB
"""A list of accepted findings: some 300 bytes an entry, of which a careful person writes a few dozen."""

ASSETS_SIZE: Final = 4 * MB
ASSETS_LINE: Final = 4096
"""A table of assets: some 60 bytes a phone, which is enough for as many phones as anyone has."""

CERTIFICATES_SIZE: Final = 4 * MB
"""A file of authorities for `db update --ca-file`; that of a whole system has 250 KB."""

PROPERTIES_SIZE: Final = 8 * MB
PROPERTIES_LINE: Final = 64 * 2**10
"""A property file or a list of build identifiers; the longest property of a real phone has some KB."""

PHONE_TEXT_LINE: Final = 1 * MB
"""One line of a phone's answer that another tool saved; the longest real ones, settings that hold Base64, have some
tens of KB."""

KNOWLEDGE_FOLDER: Final = 256 * MB
"""All files of one knowledge folder, which are held together; those of the package have 2 MB."""

CAPTURE: Final = 4096 * MB
"""Recorded traffic: one file, and what it unpacks to. A busy home has some GB a day."""

CAPTURE_PACKET: Final = 1 * MB
"""One packet of a capture, or one block that is read; the largest snapshot length that tools write is 256 KB."""

TRAFFIC_LINE: Final = 64 * 2**10
"""One line of a query log: AdGuard Home puts whole DNS answers into it, of at most 64 KB each, mostly of 100 bytes."""

TRAFFIC_RECORDS: Final = 10_000_000
"""Packets of a capture or lines of a log, however large it is; see `acquire/traffic/budget.py` for what fewer bytes pay
for. Packed, 28 million lines have 1 MB."""

QUERY_LOG: Final = JsonBounds(size=64 * MB, values=2_000_000)
"""The queries that Pi-hole gives as one JSON text: some twenty values each."""

QUERY_LINE: Final = JsonBounds(size=TRAFFIC_LINE, values=2_000)
"""One query of AdGuard Home: about thirty values."""
