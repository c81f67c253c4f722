"""A file of recorded traffic → what it shows. Whatever it holds, reading it ends, and what was not read is said."""

import zlib
from collections.abc import Sequence
from pathlib import Path

from phone_audit.acquire.traffic.budget import TrafficBudget
from phone_audit.acquire.traffic.formats import FORMATS, TrafficFormat, format_of
from phone_audit.acquire.traffic.identifier_search import IdentifierSearch
from phone_audit.acquire.traffic.pcap import DamagedCaptureError
from phone_audit.acquire.traffic.tally import Tally
from phone_audit.acquire.traffic.traffic_file import TrafficFile, opened
from phone_audit.errors import UsageError
from phone_audit.files.bounded_json import JsonError
from phone_audit.files.bounds import BoundsError
from phone_audit.model.device import PhoneIdentifier
from phone_audit.model.finding import Skipped
from phone_audit.model.traffic import TrafficLog
from phone_audit.model.wording import listed


def check_traffic(paths: Sequence[Path]) -> None:
    """Refuse files that are no recorded traffic, before a phone is asked anything.

    Raises a UsageError where one cannot be opened, or has none of the formats.
    """
    for path in paths:
        with opened(path) as source:
            _format(source)


def read_traffic(
    path: Path, identifiers: Sequence[PhoneIdentifier] = (), budget: TrafficBudget | None = None
) -> TrafficLog:
    """Read a capture or a log that the user named; a UsageError where it cannot be opened, or has none of the formats.

    The identifiers of the phone that is looked at are searched for in what was sent in the clear. `budget` is what is
    left for the files of a run; without it the file is the only one.
    """
    with opened(path) as source:
        form = _format(source)
        budget = budget or TrafficBudget()
        tally, search = Tally(budget.records(form.cost, source.size)), IdentifierSearch(identifiers)
        skipped = _read(source, form, tally, search)
        budget.take(form.cost, source.size, tally.records)
        tally.unseen["unsearched"] += search.unsearched
        first, last = tally.times
        return TrafficLog(
            file=source.name,
            sha256=source.sha256(),
            format=form.name,
            first=first,
            last=last,
            hosts=tally.hosts(search),
            not_seen=(*((form.not_seen,) if form.not_seen else ()), *tally.not_seen()),
            skipped=skipped,
        )


def _format(source: TrafficFile) -> TrafficFormat:
    try:
        form = format_of(source.beginning())
    except (zlib.error, OSError) as error:
        raise UsageError(f"{source.name} cannot be unpacked.", "Copy the file again.") from error
    if form is None:
        known = listed([one.called for one in FORMATS], len(FORMATS), last="or")
        raise UsageError(f"{source.name} is no recorded traffic that can be read here.", f"What can be read: {known}.")
    return form


def _read(source: TrafficFile, form: TrafficFormat, tally: Tally, search: IdentifierSearch) -> tuple[Skipped, ...]:
    """Count what the file holds; returns where it could not be read to its end, and why."""
    try:
        form.read(source.stream, tally, search)
    except DamagedCaptureError as error:
        return (_unread(source, "damaged", f"The file {error}; what stands before that was read."),)
    except (zlib.error, OSError, EOFError):
        return (_unread(source, "damaged", "The file cannot be unpacked to its end; what stands before was read."),)
    except JsonError:
        return (_unread(source, "damaged", "The file is no whole JSON."),)
    except BoundsError as error:
        return (_unread(source, "too-large", f"Reading ended early: {error}."),)
    return ()


def _unread(source: TrafficFile, code: str, reason: str) -> Skipped:
    return Skipped(subject=source.name, step="read", code=code, reason=reason)
