"""The sources of an incident: where they are, when they were printed, and what may rest on which."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Final
from urllib.parse import urlsplit

from phone_audit.files.short_repr import short_repr
from phone_audit.knowledge.files import Report
from phone_audit.knowledge.schema.incident import Fact, IncidentEntry, IncidentSource

SHORTEST_REASON: Final = 15
"""Characters; a shorter one explains nothing."""
_OR_WHY: Final = "or say under lacks why not"
_PRINTED = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")
_REPOSITORY = re.compile(r"https?://(?:www\.)?(?:github|gitlab)\.com/[^/]+/[^/]+/?")


def check_sources(entry: IncidentEntry, report: Report) -> None:
    numbers = [source.n for source in entry.sources]
    if not numbers:
        report("sources", "missing; name the publication that the facts were read in")
    if len(set(numbers)) != len(numbers):
        report("sources", "a number stands twice; give each source its own n")
    for place, source in enumerate(entry.sources):
        if not source.title.strip() or not source.publisher.strip():
            report(f"sources[{place}]", "needs title and publisher")
        excused = len(source.lacks or "") >= SHORTEST_REASON
        for field, fault in (*_wrong(source), *(() if excused else _lacking(source))):
            report(f"sources[{place}].{field}", fault)


def _wrong(source: IncidentSource) -> Iterator[tuple[str, str]]:
    """Yield what no reason excuses."""
    if source.url and not source.url.startswith(("http://", "https://")):
        yield "url", f"{short_repr(source.url)} is no address; write http(s)://… or leave it empty"
    if source.date and printed_fault(source.date):
        yield "date", f"{short_repr(source.date)} {printed_fault(source.date)}"


def _lacking(source: IncidentSource) -> Iterator[tuple[str, str]]:
    """Yield what may be lacking where the source says why."""
    parts = urlsplit(source.url)
    if not source.url:
        yield "url", f"missing; write where it can be read, {_OR_WHY}"
    elif not parts.path.strip("/") and not parts.query:
        yield "url", f"{source.url} is a home page; write the address of the page, {_OR_WHY}"
    elif source.kind != "primary" and _REPOSITORY.fullmatch(source.url):
        yield "url", f"{source.url} is a whole repository; write the address of the file, {_OR_WHY}"
    if not source.date:
        yield "date", f"missing; write it as printed, 2019, 2019-03 or 2019-03-21, {_OR_WHY}"


def printed_fault(text: str) -> str | None:
    """Tell why a date as printed is refused; None if it is a year, a month or a day.

    Example:
        >>> printed_fault("2019-03"), printed_fault("2019-02-30")
        (None, 'is no date; write 2019, 2019-03 or 2019-03-21')
    """
    try:
        first = _PRINTED.fullmatch(text) and date.fromisoformat(f"{text}-01-01"[:10])
    except ValueError:
        first = None
    return None if first else "is no date; write 2019, 2019-03 or 2019-03-21"


def is_later(text: str, today: date) -> bool:
    """Tell whether a date as printed lies behind a day; of a month or year its beginning counts."""
    return printed_fault(text) is None and f"{text}-01-01"[:10] > today.isoformat()


def check_origin(fact: Fact, place: str, entry: IncidentEntry, report: Report) -> None:
    """Report a fact that rests on no source of its incident, or on one that accuses nobody."""
    known = {source.n: source for source in entry.sources}
    if not fact.value or fact.value != fact.value.strip():
        report(f"{place}.value", "missing, or with space around it")
    if fact.confidence == "sourced" and fact.source is None:
        report(f"{place}.source", "missing; name the number of the source, or write recalled as confidence")
    for field, number in (("source", fact.source), ("value_source", fact.value_source)):
        if number is not None and number not in known:
            report(f"{place}.{field}", f"there is no source {number} in this entry")
    rests_on = known.get(fact.source or 0)
    if rests_on and rests_on.kind == "list":
        text = f"{rests_on.publisher} lists names and accuses nobody; name who published the case, this as value_source"
        report(f"{place}.source", text)
