"""Parquet: read back by pyarrow and by DuckDB, everything is there as it was, and few rows are in memory at a time."""

import io
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, overload

import duckdb
import pyarrow
import pytest
from pyarrow import parquet

from phone_audit.model.apk import Apk, Apks
from phone_audit.model.base import Frozen
from phone_audit.model.results import FleetScan
from phone_audit.report import parquet as report_parquet
from phone_audit.report.canvas import Style
from phone_audit.report.json_v1 import render_json
from phone_audit.report.parquet import REST, ROWS, render_parquet, schema_of
from tests.documents import SKIPPED, apk, apks, finding, scan
from tests.report.test_draw_phones import fleet, row
from tests.report.test_indicators import endpoint

PAGE = (Path(__file__).parents[2] / "docs" / "parquet.md").read_text("utf-8")
BLOCK = re.search(r"<!-- recipes -->\n```sql\n(.*?)```", PAGE, re.DOTALL)
RECIPES = [part.strip() for part in re.sub(r"(?m)^--.*\n", "", BLOCK[1] if BLOCK else "").split(";")][:-1]
TOLD: tuple[list[tuple[Any, ...]], ...] = (
    [("known-bad", "com.a", "b.apk"), ("nothing-found", "com.a", "c.apk")],
    [("t.example", 1)],
    [("c.apk", "truncated", "The file ends too early.")],
    [("known-bad-batch", "com.a", 2)],
    [("03-Pixel_8-3", "A-3", "No phone.")],
    [("known-bad",)],
)
ODD = ("=1+1\x1b[2J\u202e", "", "a\x00b", "'; DROP TABLE x; --", "漢字é\U0001f600", "\ufeff\u200b\r\n", "x" * 70_000)


def written(document: Frozen, style: Style = Style()) -> bytes:  # noqa: B008 - frozen
    return b"".join(render_parquet(document, style))


def read(data: bytes) -> pyarrow.Table:
    return parquet.read_table(io.BytesIO(data))


def answers(question: str) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = duckdb.connect().execute(question).fetchall()
    return rows


def nested(cells: dict[str, Any], model: type[Frozen]) -> Any:
    """Put the cells of a row together again, as JSON has them."""
    values: dict[str, Any] = {}
    for place, _ in report_parquet._columns(model):
        holder = values
        for step in place[:-1]:
            holder = holder.setdefault(step, {})
        holder[place[-1]] = cells["_".join(place)]
    return values


def without_nothing(value: Any) -> Any:
    """Return a JSON value with null in the place of objects in which all is null: columns do not tell them apart."""
    if isinstance(value, dict):
        kept = {name: without_nothing(item) for name, item in value.items()}
        return kept if any(item is not None for item in kept.values()) else None
    return [without_nothing(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", ODD)
def test_a_record_comes_back_whole_and_its_names_exactly(name: str) -> None:
    record = apk(name, "known-bad", (SKIPPED,)).model_copy(
        update={"app_name": name, "permissions": (name,), "findings": (finding(name),)}
    )
    (cells,) = read(written(record)).to_pylist()
    assert cells.pop("stated_in") is None
    assert without_nothing(nested(cells, Apk)) == without_nothing(json.loads(render_json(record)))


@pytest.mark.parametrize("name", ODD)
def test_duckdb_reads_the_same_names(name: str, tmp_path: Path) -> None:
    record = apk(name).model_copy(update={"app_name": name, "findings": (finding(name),)})
    (tmp_path / "a.parquet").write_bytes(written(apks(record)))
    asked = f"SELECT path, app_name, f.subject.name FROM '{tmp_path}/a.parquet', UNNEST(findings) AS t(f)"
    assert answers(asked) == [(name, name, name)]


def test_what_a_result_says_beside_its_rows_is_metadata() -> None:
    folder = apks(apk("a.apk"), outcome="known-bad")
    table = read(written(folder, Style(stated_in="r.json")))
    rest = json.loads(table.schema.metadata[REST.encode()])
    assert rest == json.loads(render_json(folder)) | {"apks": []}
    assert table["stated_in"].to_pylist() == ["r.json"]
    assert not read(written(scan())).schema.metadata


@pytest.mark.parametrize("number", [2**63 - 1, 2**63, 2**64 + 5, -(2**70), 10**399])
def test_a_number_beyond_64_bits_costs_no_other_row(number: int) -> None:
    odd = apk("b.apk").model_copy(update={"version_code": number})
    table = read(written(apks(apk("a.apk"), odd)))
    assert table["version_code"].to_pylist() == [1, max(-(2**63) + 1, min(2**63 - 1, number))]
    (cells,) = read(written(scan().model_copy(update={"apks": (odd,)}))).to_pylist()
    assert abs(cells["apks"][0]["version_code"]) == 2**63 - 1


class Counted(Sequence[Apk]):
    """Records that are made when somebody asks for them, and counted."""

    def __init__(self, size: int) -> None:
        self.size, self.made = size, 0

    def __len__(self) -> int:
        return self.size

    @overload
    def __getitem__(self, place: int) -> Apk: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[Apk, ...]: ...

    def __getitem__(self, place: int | slice) -> Apk | tuple[Apk, ...]:
        raise NotImplementedError

    def __iter__(self) -> Iterator[Apk]:
        for number in range(self.size):
            self.made += 1
            yield apk(f"{number:04}.apk")


@pytest.mark.promise("records-bounded")
@pytest.mark.parametrize(("rows", "size"), [(24, 10**9), (10**9, 1)])
def test_groups_of_rows_are_bounded_and_written_as_records_come(
    rows: int, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_parquet, "_MOST_ROWS", rows)
    monkeypatch.setattr(report_parquet, "_MOST_BYTES", size)
    records = Counted(100)
    folder: Apks = apks().model_copy(update={"apks": records})
    pieces = render_parquet(folder, Style())
    data, taken = next(pieces), records.made
    data += b"".join(pieces)
    assert taken == (24 if size > 1 else 1)
    groups = parquet.ParquetFile(io.BytesIO(data)).metadata
    sizes = [groups.row_group(at).num_rows for at in range(groups.num_row_groups)]
    assert sizes == ([1] * 100 if size == 1 else [24] * 4 + [4])
    assert [cell.as_py() for cell in read(data)["path"]] == [f"{number:04}.apk" for number in range(100)]


def word(kind: pyarrow.DataType) -> str:
    """Return what a column holds, as the page says it."""
    if pyarrow.types.is_list(kind):
        return f"list of {word(kind.value_type)}"
    if pyarrow.types.is_struct(kind):
        return "{" + ", ".join(field.name for field in kind) + "}"
    return {"string": "text", "int64": "integer", "double": "number", "bool": "boolean"}[str(kind)]


@pytest.mark.parametrize("model", [Apk, FleetScan])
def test_the_page_names_every_column(model: type[Frozen]) -> None:
    rows = "".join(f"| `{field.name}` | {word(field.type)} |\n" for field in schema_of(model))
    table = f"<!-- {model.__name__} -->\n\n| column | holds |\n|---|---|\n{rows}"
    assert table in PAGE, table


@pytest.mark.parametrize("model", list(dict.fromkeys(ROWS.values())))
def test_columns_have_names_of_their_own(model: type[Frozen]) -> None:
    names = schema_of(model).names
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(("recipe", "told"), [*zip(RECIPES, TOLD, strict=True)])
def test_recipes(recipe: str, told: list[tuple[Any, ...]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched = endpoint("t.example").model_copy(update={"use": "fetched"})
    bad = apk("b.apk", "known-bad").model_copy(update={"endpoints": (fetched,)})
    folder = apks(bad, apk("c.apk", skipped=(SKIPPED,)), outcome="known-bad")
    lab = tmp_path / "lab"
    lab.mkdir()
    (tmp_path / "apks.parquet").write_bytes(written(folder))
    for number in (1, 2):
        (lab / f"0{number}-Pixel_8-{number}.parquet").write_bytes(written(scan("known-bad")))
    unread = row(3, outcome=None, error="No phone.", asset="A-3")
    (lab / "fleet.parquet").write_bytes(written(fleet(scans=(row(1), row(2), unread))))
    monkeypatch.chdir(tmp_path)
    assert answers(recipe) == told


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("version_code", 2**70, 2**63 - 1), ("flows_followed", 10**400, float(2**63)),
        ("min_sdk", -(10**400), 1 - 2**63),
        ("package", "\ud800x", "\\ud800x"), ("app_name", "a\udcff", "a\\udcff"),
    ],
    ids=["integer", "number", "negative", "surrogate", "byte"],
)  # fmt: skip
def test_what_parquet_cannot_hold_is_replaced(field: str, value: object, shown: object) -> None:
    document = apks(apk().model_copy(update={field: value}), apk("b.apk"))
    assert read(written(document))[field][0].as_py() == shown


def test_the_name_of_a_file_that_is_no_text(tmp_path: Path) -> None:
    assert read(written(apks(apk()), Style(stated_in="\udcff.json")))["stated_in"][0].as_py() == "\\udcff.json"
