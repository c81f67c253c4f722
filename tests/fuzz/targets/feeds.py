"""Lists of other people, in every format that can be imported, and what is kept of them."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from phone_audit.errors import KnowledgeError, UsageError
from phone_audit.knowledge.feeds.formats import FORMATS, recognised
from phone_audit.knowledge.feeds.importing import FeedDetails, read_feed
from phone_audit.knowledge.feeds.stix_pattern import PatternError, comparisons
from phone_audit.knowledge.feeds.store import read_head, read_rows
from phone_audit.knowledge.feeds.text import FeedError
from phone_audit.knowledge.feeds.yaml_text import read_yaml
from tests.fuzz.target import Target, promise, written

NAMES: Final = (*FORMATS, "auto")
_SUFFIX: Final = {"auto": ".txt"} | {name: (one.suffixes[0] or ".txt") for name, one in FORMATS.items()}
_LONGEST: Final = 2048
_NOW: Final = datetime(2026, 1, 31, tzinfo=UTC)
_SAID: Final = FeedDetails("lab", "A list", "A lab", "https://lab.example", "1", "2026-01-31", "MIT")


def feeds(data: bytes) -> None:
    """Import a feed; the first byte says in which format."""
    if not data:
        return
    name = NAMES[data[0] % len(NAMES)]
    path = written(data[1:], f"feed{_SUFFIX[name]}")
    recognised(path.name, data[1:])
    with suppress(KnowledgeError, UsageError):
        imported = read_feed(name, path, _SAID, lambda: _NOW)
        promise(all(len(one.value) <= _LONGEST for one in imported.indicators), "a value is longer than any can be")
        promise(all(len(one.row) <= _LONGEST for one in imported.rejected), "what was left out is told at length")


def yaml(data: bytes) -> None:
    """Read YAML."""
    with suppress(FeedError):
        read_yaml(data)


def stix_pattern(data: bytes) -> None:
    """Take a STIX pattern apart."""
    with suppress(PatternError):
        comparisons(data.decode("utf-8", "replace"))


def kept_feeds(data: bytes) -> None:
    """Read a feed as it is kept."""
    path = written(data, "kept.jsonl")
    with suppress(KnowledgeError):
        read_head(path)
    with suppress(KnowledgeError):
        sum(1 for _ in read_rows(path))


TARGETS: Final = {
    "feeds": Target(
        feeds,
        ("phone_audit.knowledge.feeds",),
        (
            b'{"', b'":[', b'"type":"bundle"', b'"objects":[', b'"pattern":"[domain-name:value=', b'"indicates"',
            b"0.0.0.0 a.example", b"||a.example^", b"sha256,", b"packages:", b"- name: ", b"  - ", b"/.*\\*", b"\\d+",
            b'<item>', b"</string-array>", b'"trackers"', b'"code_signature"', b'"values"', b"\xff\xfe", b"\r\n",
        ),
    ),
    "yaml": Target(
        yaml,
        ("phone_audit.knowledge.feeds.text", "phone_audit.knowledge.feeds.yaml_text"),
        (b"&a ", b"*a", b"<<: ", b"- ", b": ", b"[", b"{", b"!!python/object:", b"!!binary ", b"|\n", b"? ", b"---\n"),
    ),
    "stix_pattern": Target(
        stix_pattern,
        ("phone_audit.knowledge.feeds.stix_pattern",),
        (b"[", b"]", b"(", b")", b" AND ", b" OR ", b" = '", b" IN (", b"file:hashes.'SHA-256'", b" FOLLOWEDBY "),
    ),
    "kept_feeds": Target(
        kept_feeds,
        ("phone_audit.knowledge.feeds.store",),
        (b'{"feed":', b'"kind":"host"', b'"values":[', b'"name":', b'"class_":"malware"', b"\n"),
    ),
}  # fmt: skip
