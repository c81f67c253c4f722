"""Feeds made up for tests, and the Indicators that hold them."""

import copy
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from phone_audit.knowledge.feeds.index import Indicators
from phone_audit.knowledge.feeds.indicator import About, FeedHead, Indicator, Kind, ThreatClass, Weight
from phone_audit.knowledge.feeds.store import write_feed
from phone_audit.knowledge.files import FEED_FOLDER


def item(
    kind: Kind, value: str, name: str = "SpyOne", class_: ThreatClass = "stalkerware", weight: Weight = "strong"
) -> Indicator:
    return Indicator(kind, value, About(name, class_, weight))


def head(feed: str = "lab", indicators: Iterable[Indicator] = (), **changes: Any) -> FeedHead:
    fields: dict[str, Any] = {
        "feed": feed, "format": "values", "title": f"The list {feed}", "publisher": "A lab",
        "url": "https://lab.example/list", "date": "2026-01-31", "licence": "MIT",
        "imported": "2026-02-01T00:00:00Z", "input_sha256": "0" * 64,
        "counts": dict(Counter(one.kind for one in indicators)), "left_out": {},
    }  # fmt: skip
    return FeedHead(**(fields | changes))


def keep(folder: Path, *indicators: Indicator, feed: str = "lab", **changes: Any) -> Path:
    """Write a feed into a knowledge folder, and give its file."""
    path = folder / FEED_FOLDER / f"{feed}.jsonl"
    write_feed(path, head(feed, indicators, **changes), indicators)
    return path


def indicators_of(folder: Path, *indicators: Indicator, feed: str = "lab") -> Indicators:
    """Return the indicators of one feed."""
    return Indicators([keep(folder, *indicators, feed=feed)])


def with_one_changed(document: Any, wrong: object) -> Iterator[object]:
    """Yield the document with each of its parts replaced in turn."""
    yield wrong
    places = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for place, part in list(places):
        for changed in with_one_changed(part, wrong):
            whole = copy.copy(document)
            whole[place] = changed
            yield whole
