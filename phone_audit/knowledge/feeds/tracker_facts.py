"""Class prefixes of imported lists as trackers that the analyser looks for, where the bundled list has none."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from phone_audit.knowledge.fact_schema import FactSource, TrackerFact
from phone_audit.knowledge.feeds.indicator import FeedHead
from phone_audit.knowledge.feeds.store import read_head, read_rows


def feed_trackers(files: Iterable[Path], known: Sequence[TrackerFact]) -> tuple[TrackerFact, ...]:
    """Return a tracker for each name that feeds list class prefixes for.

    Hosts of feeds are indicators and stay there. A prefix that a known tracker has, or that lies below one, is left
    out: that tracker is told more closely. Of several feeds the first one counts.

    Raises:
        KnowledgeError: a feed is broken.
    """
    covered = {prefix.rstrip(".") for tracker in known for prefix in tracker.code}
    found = []
    for path in files:
        head = read_head(path)
        if "code" in head.counts:
            facts = [*_of_feed(head, path, covered)]
            covered |= {prefix.rstrip(".") for fact in facts for prefix in fact.code}
            found += facts
    return tuple(found)


def _of_feed(head: FeedHead, path: Path, covered: set[str]) -> Iterator[TrackerFact]:
    by_name: dict[str, list[str]] = {}
    for row in read_rows(path):
        if row.kind == "code" and row.class_ == "tracker":
            by_name.setdefault(row.name, []).extend(value for value in row.values if not _is_covered(value, covered))
    for name, prefixes in sorted(by_name.items()):
        if prefixes:
            yield TrackerFact(
                id=f"{head.feed}:{name}", name=name, owner=None, categories=(), code=tuple(sorted(prefixes)), hosts=(),
                website=head.url, source=head.feed, matches=(), ignores=(),
            )  # fmt: skip


def _is_covered(prefix: str, covered: set[str]) -> bool:
    labels = prefix.rstrip(".").split(".")
    return any(".".join(labels[:count]) in covered for count in range(1, len(labels) + 1))


def feed_source(head: FeedHead) -> FactSource:
    """Return a feed as the source that a fact names."""
    return FactSource(
        id=head.feed, title=head.title, publisher=head.publisher, url=head.url, revision=head.revision, date=head.date,
        licence=head.licence,
    )  # fmt: skip
