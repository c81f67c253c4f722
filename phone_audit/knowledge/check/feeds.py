"""Feed files of a knowledge folder: where they come from, and every value as it has to be for a look-up to find it."""

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from phone_audit.files.short_repr import short_repr
from phone_audit.knowledge.check.facts import check_source
from phone_audit.knowledge.feeds.indicator import FeedHead, FeedRow
from phone_audit.knowledge.feeds.store import LineError, feed_files, feed_lines, read_line
from phone_audit.knowledge.feeds.values import NoValueError, read
from phone_audit.knowledge.files import FEED_FOLDER, Report
from phone_audit.knowledge.schema.facts import FactSource

_UNSTATED = "not stated"


def check_feeds(folder: Path, reporter: Callable[[str, str], Report], *, bundled: bool) -> list[FeedHead]:
    """Report faults of the feed files, and give the heads of those that can be read.

    Those that come with the package (`bundled`) have their licence stated and beside them.

    Raises:
        KnowledgeError: a file cannot be read at all.
    """
    heads = []
    for path in feed_files(folder):
        name = f"{FEED_FOLDER}/{path.name}"
        lines = feed_lines(path)
        try:
            head = read_line(FeedHead, next(lines, b""))
        except LineError as error:
            reporter(name, "line 1")(error.place, error.what)
            continue
        heads.append(head)
        _check_head(head, path, reporter(name, head.feed), bundled=bundled)
        _check_rows(lines, head, name, reporter)
    return heads


def _check_head(head: FeedHead, path: Path, report: Report, *, bundled: bool) -> None:
    if path.stem != head.feed:
        report("feed", f"the file is called {path.name}; both have to be the same")
    if not bundled:
        return
    source = FactSource(
        id=head.feed, title=head.title, publisher=head.publisher, url=head.url, revision=head.revision, date=head.date,
        licence="" if head.licence == _UNSTATED else head.licence,
    )  # fmt: skip
    check_source(source, report)
    if not path.with_name(f"LICENSE.{head.feed}").is_file():
        report("licence", f"there is no LICENSE.{head.feed} beside it; write licence and attribution there")


def _check_rows(
    lines: Iterable[bytes | None], head: FeedHead, name: str, reporter: Callable[[str, str], Report]
) -> None:
    counts: Counter[str] = Counter()
    seen: Counter[tuple[str, str, str]] = Counter()
    for number, line in enumerate(lines, 2):
        if line is not None and not line.strip():
            continue
        report = reporter(name, f"line {number}")
        try:
            row = read_line(FeedRow, line)
        except LineError as error:
            report(error.place, error.what)
            continue
        if not row.name.strip():
            report("name", "missing; say what the values belong to")
        counts[row.kind] += len(row.values)
        for place, value in enumerate(row.values):
            seen[row.kind, value, str((row.name, row.class_, row.weight, row.note))] += 1
            _check_value(row, place, value, report)
    report = reporter(name, head.feed)
    if dict(counts) != {kind: count for kind, count in head.counts.items() if count}:
        report("counts", f"the file holds {dict(sorted(counts.items()))}; write that")
    for (kind, value, _), times in seen.items():
        if times > 1:
            report(kind, f"{value} stands {times} times; keep one of them")


def _check_value(row: FeedRow, place: int, value: str, report: Report) -> None:
    try:
        found = read(row.kind, value)
    except NoValueError as fault:
        report(f"values[{place}]", f"{fault}; correct it or leave it out")
        return
    if found != (row.kind, value):
        report(f"values[{place}]", f"{short_repr(value)} is looked up as {found[0]} {short_repr(found[1])}; write that")
