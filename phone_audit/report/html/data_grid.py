"""Apps and kinds of private data: what was seen sent, what code leads out, and what code can read."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from phone_audit.model.apk import Apk
from phone_audit.model.apps import App
from phone_audit.model.results import Scan
from phone_audit.report.draw_code import READS, in_words, reads
from phone_audit.report.safe import shortened

_MOST_APPS: Final = 30
_MOST_KINDS: Final = 18
_LONGEST: Final = 50
SENT, LED_OUT, READ = "sent", "led-out", "read"
_RANKS: Final = {SENT: 0, LED_OUT: 1, READ: 2}
_ORDER: Final = {words: at for at, (words, _) in enumerate(READS)}
_KINDS: Final = {"mac": "hardware addresses"}
"""Kinds of data whose name is not the end of the id of what reads them."""


@dataclass(frozen=True)
class GridRow:
    """An app, and for each kind of data the strongest thing that is known; empty where nothing is."""

    app: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class DataGrid:
    """Apps against kinds of data, and how many apps are not shown."""

    kinds: tuple[str, ...]
    rows: tuple[GridRow, ...]
    left: int


def data_grid(scan: Scan) -> DataGrid:
    """Return the grid: apps that send first, then those that can read most."""
    known = _by_app(scan)
    present = {kind for cells in known.values() for kind in cells}
    kinds = tuple(sorted(present, key=lambda kind: (_ORDER.get(kind, len(_ORDER)), kind))[:_MOST_KINDS])
    ranked = sorted(known, key=lambda app: (*_weight(known[app]), app))
    rows = tuple(
        GridRow(shortened(app, _LONGEST), tuple(known[app].get(kind, "") for kind in kinds))
        for app in ranked[:_MOST_APPS]
    )
    return DataGrid(kinds, rows, max(0, len(ranked) - _MOST_APPS))


def _weight(cells: dict[str, str]) -> tuple[int, ...]:
    values = list(cells.values())
    return tuple(-values.count(state) for state in _RANKS)


def _by_app(scan: Scan) -> dict[str, dict[str, str]]:
    """Return app → kind of data → the strongest thing that is known of it; what reads nothing is left out."""
    names: dict[str, str] = {}
    known: dict[str, dict[str, str]] = {}
    for app in scan.apps:
        names.setdefault(app.package, app.name)
        _take(known.setdefault(app.package, {}), _of_destinations(app))
    for apk in scan.apks:
        if apk.package in names:
            _take(known[apk.package], _of_code(apk))
    bearers = Counter(names.values())
    return {
        names[package] if bearers[names[package]] == 1 else f"{names[package]} ({package})": cells
        for package, cells in sorted(known.items())
        if cells
    }


def _take(cells: dict[str, str], found: Iterable[tuple[str, str]]) -> None:
    for kind, state in found:
        if kind not in cells or _RANKS[state] < _RANKS[cells[kind]]:
            cells[kind] = state


def _of_destinations(app: App) -> Iterable[tuple[str, str]]:
    for one in app.destinations:
        state = SENT if one.by == "capture" else LED_OUT
        yield from ((_words(kind), state) for kind in one.data)


def _words(kind: str) -> str:
    return _KINDS.get(kind) or in_words([f"read.{kind}"])[0]


def _of_code(apk: Apk) -> Iterable[tuple[str, str]]:
    ids = [one.id for one in apk.behaviours or () if one.told and reads(one.id)]
    yield from ((words, READ) for words in in_words(ids))
