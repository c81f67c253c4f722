"""The trackers of one package, and what its manifest tells them, in a few lines."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from phone_audit.model.apk import Tracker
from phone_audit.report.safe import shortened
from phone_audit.report.text_code import some

_MOST_SWITCHES: Final = 8
_LENGTH: Final = 200


def tracker_lines(trackers: Sequence[Tracker], *, brief: bool = False) -> list[str]:
    """Name the trackers and how far each is there, then the switches that the manifest sets for them.

    Args:
        trackers: those of one package.
        brief: leaves the switches out.
    """
    if not trackers:
        return []
    names = "trackers: " + some([f"{tracker.name} ({tracker.tier})" for tracker in trackers])
    return [names] if brief else [names, *islice(_switches(trackers), _MOST_SWITCHES)]


def _switches(trackers: Sequence[Tracker]) -> Iterator[str]:
    for tracker in trackers:
        for one in tracker.opt_out:
            meaning = f": it {one.meaning}" if one.meaning else ""
            yield shortened(f"manifest for {tracker.name}: {one.shown}{meaning}", _LENGTH)
