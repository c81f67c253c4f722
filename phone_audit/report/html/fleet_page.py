"""The page of several phones: what became of each, how old their patches are, and who differs from most in what."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from phone_audit.model.finding import OUTCOMES
from phone_audit.model.results import Difference, Fleet, FleetGroup, FleetModel, FleetScan
from phone_audit.report.answer import WATCHED_HEADLINE
from phone_audit.report.canvas import Style
from phone_audit.report.draw_answer import WARNING
from phone_audit.report.draw_phones import asset_sentences, fleet_headline, may_be_watched
from phone_audit.report.html.ages import DAY, seconds_before
from phone_audit.report.html.templates import draw
from phone_audit.report.safe import shortened

_LONGEST: Final = 80
_LONGEST_TEXT: Final = 300
_LONGEST_ASSETS: Final = 1_500
_MOST_PHONES: Final = 2_000
_MOST_GROUPS: Final = 100
_MOST_COLUMNS: Final = 12
_MOST_MEMBERS: Final = 300
_RESULT: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,120}\.(?:html|json|txt)")
"""Names of results beside the page; anything else is text and no link."""
_AGES: Final = (
    (92 * DAY, "up to 3 months"), (183 * DAY, "up to 6 months"), (366 * DAY, "up to 1 year"),
    (731 * DAY, "up to 2 years"), (float("inf"), "older than 2 years"),
)  # fmt: skip
_UNKNOWN_AGE: Final = "not known"


@dataclass(frozen=True)
class Bar:
    """A bar of a chart: how many, and the share of the longest bar in percent."""

    name: str
    count: int
    share: float


@dataclass(frozen=True)
class GridLine:
    """A phone of a group: in how much it differs, and in each column what it has instead."""

    name: str
    differs: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class GroupGrid:
    """Phones that should be alike against what differs among them, those that differ most first.

    `columns` are what is compared, with what most have. `left` columns and `alike` phones are not shown. `has_most`
    tells whether more than half of them have anything in common there; else all that differs is counted.
    """

    title: str
    columns: tuple[tuple[str, str], ...]
    lines: tuple[GridLine, ...]
    left: int
    alike: int
    has_most: bool = True


def draw_fleet_page(fleet: Fleet, style: Style) -> Iterator[str]:
    phones = fleet.scans[:_MOST_PHONES]
    named = [*(_group(group) for group in fleet.groups), *(_model(model) for model in fleet.models)]
    grids = [grid for grid in named if grid is not None]
    yield from draw(
        "fleet.html",
        style,
        source=shortened(style.stated_in, _LONGEST_TEXT),
        headline=fleet_headline(fleet.scans),
        warning=WARNING if may_be_watched(fleet.scans) else "",
        phones=phones,
        is_result=_RESULT.fullmatch,
        watched=f"{WATCHED_HEADLINE}.",
        left=len(fleet.scans) - len(phones),
        has_assets=fleet.assets is not None,
        assets=[shortened(sentence, _LONGEST_ASSETS) for sentence in islice(asset_sentences(fleet), _MOST_GROUPS)],
        outcomes=_outcomes(fleet.scans),
        ages=_ages(fleet),
        grids=grids[:_MOST_GROUPS],
        grids_left=max(0, len(grids) - _MOST_GROUPS),
        run=fleet.run,
        tool=fleet.tool,
    )


def _outcomes(scans: Sequence[FleetScan]) -> tuple[Bar, ...]:
    counts = Counter(scan.outcome or "not read" for scan in scans)
    order = [*reversed(OUTCOMES), "not read"]
    return _bars(sorted(counts.items(), key=lambda one: (order.index(one[0]) if one[0] in order else 99, one[0])))


def _ages(fleet: Fleet) -> tuple[Bar, ...]:
    """Return how many phones have patches of which age when they were read; nothing where none states them."""
    counts = Counter(_age(scan.security_patch, fleet.run.started) for scan in fleet.scans if scan.outcome is not None)
    if not counts or set(counts) == {_UNKNOWN_AGE}:
        return ()
    return _bars([(name, counts[name]) for name in (*(name for _, name in _AGES), _UNKNOWN_AGE)])


def _age(level: str | None, reading: str) -> str:
    age = seconds_before(f"{level}T00:00:00Z", reading)
    return next((name for most, name in _AGES if age <= most), _UNKNOWN_AGE) if age is not None else _UNKNOWN_AGE


def _bars(counts: Sequence[tuple[str, int]]) -> tuple[Bar, ...]:
    most = max((count for _, count in counts), default=1) or 1
    return tuple(Bar(shortened(name, _LONGEST), count, round(100 * count / most, 1)) for name, count in counts)


def _group(group: FleetGroup) -> GroupGrid | None:
    title = f"The build {shortened(group.fingerprint, _LONGEST)}"
    return _grid(title, group.members, group.differs) if len(group.members) > 1 else None


def _model(model: FleetModel) -> GroupGrid | None:
    return _grid(f"The model {shortened(model.model, _LONGEST)}, with different builds", model.members, model.differs)


def _grid(title: str, members: Sequence[str], differs: Sequence[Difference]) -> GroupGrid:
    shown = differs[:_MOST_COLUMNS]
    values = [{odd.member: odd.value for odd in difference.odd} for difference in shown]
    has_most = not differs or any(difference.majority is not None for difference in differs)
    counting = [difference for difference in differs if difference.majority is not None or not has_most]
    apart = Counter(odd.member for difference in counting for odd in difference.odd)
    different = {odd.member for difference in differs for odd in difference.odd}
    ranked = sorted((member for member in members if member in different), key=lambda one: (-apart[one], one))
    lines = (
        GridLine(
            shortened(name, _LONGEST), apart[name], tuple(shortened(its.get(name, ""), _LONGEST) for its in values)
        )
        for name in ranked[:_MOST_MEMBERS]
    )
    return GroupGrid(
        title=title,
        columns=tuple((shortened(one.what, _LONGEST), _most_have(one)) for one in shown),
        lines=tuple(lines),
        left=max(0, len(differs) - _MOST_COLUMNS),
        alike=len(members) - len(ranked),
        has_most=has_most,
    )


def _most_have(difference: Difference) -> str:
    return "no majority" if difference.majority is None else shortened(difference.majority, _LONGEST) or "nothing"
