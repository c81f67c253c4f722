"""The table that `--assets` names → which asset each phone of a fleet is."""

import csv
import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from phone_audit.acquire.text import shown
from phone_audit.errors import UsageError
from phone_audit.files.bounded_lines import read_utf8_lines
from phone_audit.files.bounds import ASSETS_LINE, ASSETS_SIZE
from phone_audit.files.short_repr import short_repr
from phone_audit.model.results import FleetAssets
from phone_audit.pipeline.list_file import read_list
from phone_audit.pipeline.phone_names import pseudonyms

_HINT: Final = "It is CSV with a head: serial,asset, and further columns such as owner."
_DELIMITERS: Final = (",", ";", "\t")
"""What spreadsheets put between cells, by their language."""
_MOST_COLUMNS: Final = 12


@dataclass(frozen=True)
class Asset:
    """A row: the serial number of a phone, what its owner calls it, and further cells as `head: cell`."""

    serial: str
    name: str
    notes: tuple[str, ...]


class AssetList:
    """Which asset is which phone; `file` is what the list is called in results."""

    def __init__(self, file: str, assets: Sequence[Asset]) -> None:
        self._file = file
        self._assets = assets
        self._by_serial = {asset.serial: asset for asset in assets if asset.serial}
        names = pseudonyms(self._by_serial)
        self._by_pseudonym = {names[serial]: asset for serial, asset in self._by_serial.items() if serial in names}

    def find(self, target: str, name: str | None) -> Asset | None:
        """Return the asset of a phone by its pseudonym, or by the serial number by which it was reached."""
        return (self._by_pseudonym.get(name) if name else None) or self._by_serial.get(target)

    def summary(self, found: Collection[Asset]) -> FleetAssets:
        """Return what a fleet says of the list, once it is known which assets were found."""
        known = frozenset(found)
        missing = [asset.name or "one without a name" for asset in self._assets if asset not in known]
        return FleetAssets(file=self._file, missing=tuple(sorted(missing)))


def read_assets(path: Path) -> AssetList:
    """Read a table of assets; cells are text whatever they look like.

    Raises:
        UsageError: it cannot be read, has no such columns, or names a serial number twice; the message names the line.
    """
    rows = _rows(path, read_list(path, ASSETS_SIZE, UsageError, _HINT))
    if not rows:
        raise UsageError(f"{path} is empty.", _HINT)
    (_, head), *body = rows
    head = [name.lower() for name in head]
    if not {"serial", "asset"} <= set(head) or len(set(head)) < len(head) or len(head) > _MOST_COLUMNS:
        raise UsageError(f"{path} has no head with the columns serial and asset, each once.", _HINT)
    return AssetList(shown(path.name), _assets(path, head, body))


def _rows(path: Path, data: bytes) -> list[tuple[int, list[str]]]:
    """Return the cells of each line that has any, and its number; none goes over several lines."""
    rows: list[tuple[int, list[str]]] = []
    delimiter = ""
    for number, line in enumerate(read_utf8_lines(io.BytesIO(data), ASSETS_LINE), 1):
        if line is None:
            raise UsageError(f"Line {number} of {path} has more than {ASSETS_LINE:,} bytes.", _HINT)
        text = line.decode("utf-8", "replace").removeprefix("\ufeff").strip("\r\n")
        delimiter = delimiter or max(_DELIMITERS, key=text.count)
        try:
            cells = [cell.strip() for cell in next(csv.reader([text], delimiter=delimiter, strict=True), [])]
        except csv.Error as error:
            raise UsageError(f"Line {number} of {path} is no line of CSV: {error}.", _HINT) from error
        if any(cells):
            rows.append((number, cells))
    return rows


def _assets(path: Path, head: Sequence[str], rows: Sequence[tuple[int, list[str]]]) -> list[Asset]:
    assets: list[Asset] = []
    lines: dict[str, int] = {}
    for number, cells in rows:
        if len(cells) > len(head):
            raise UsageError(f"Line {number} of {path} has {len(cells)} cells, and the head {len(head)}.", _HINT)
        row = dict(zip(head, cells, strict=False))
        serial, name = row.pop("serial", ""), row.pop("asset", "")
        first = lines.setdefault(serial, number) if serial else number
        if first != number:
            raise UsageError(
                f"Lines {first} and {number} of {path} name the same serial number, {short_repr(serial)}.",
                "Leave one of them.",
            )
        notes = tuple(f"{column}: {cell}" for column, cell in row.items() if cell)
        assets.append(Asset(serial, name, notes))
    return assets
