"""Parquet: a row for each APK or phone. The columns are the fields of its record, which are its model's.

A field that is an object gives a column for each of its fields, `run_seconds` for `run.seconds`; lists stay lists. What
a result says beside its rows is JSON in the metadata of the file, under the key `phone-audit`.
"""

import io
import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

import pyarrow  # noqa: TID251
from pyarrow.parquet import ParquetWriter  # noqa: TID251
from pydantic_core import PydanticSerializationError

from phone_audit.files.bounds import MB
from phone_audit.model.apk import Apk, Apks
from phone_audit.model.base import Frozen, published_name
from phone_audit.model.results import Fleet, FleetScan, Scan
from phone_audit.report.canvas import Style
from phone_audit.report.formats import kind_of
from phone_audit.report.json_v1 import render_json_line

REST: Final = "phone-audit"
STATED_IN: Final = "stated_in"
ROWS: Final[Mapping[str, type[Frozen]]] = {"scan": Scan, "fleet": FleetScan, "apks": Apk, "apk": Apk}
"""What a row of each kind of document is."""
_MOST_ROWS: Final = 4_096
_MOST_BYTES: Final = 4 * MB
"""Of one group of rows, which is held in memory: as JSON, without its last row."""
_PLAIN: Final = {str: pyarrow.string(), int: pyarrow.int64(), float: pyarrow.float64(), bool: pyarrow.bool_()}
_LARGEST: Final = 2**63 - 1


def render_parquet(document: Frozen, style: Style) -> Iterator[bytes]:
    """Yield the result a group of rows at a time, so that the records of a folder need not be in memory together."""
    rows, rest = _rows(document)
    yield from render_rows(rows, ROWS[kind_of(document)], rest, style.stated_in or None)


def render_rows(
    rows: Iterable[Frozen], row: type[Frozen], rest: Frozen | None = None, stated_in: str | None = None
) -> Iterator[bytes]:
    """Yield a table of records of one kind, and what is said beside them, a group of rows at a time."""
    schema = schema_of(row).with_metadata({REST: render_json_line(rest)} if rest else None)
    sink = io.BytesIO()
    with ParquetWriter(sink, schema, compression="zstd") as writer:
        for group in _groups(rows, row, {STATED_IN: stated_in}):
            writer.write_batch(_batch(group, schema), _MOST_ROWS)
            yield _taken(sink)
    yield _taken(sink)


def schema_of(row: type[Frozen]) -> pyarrow.Schema:
    """Return the columns of a row: the fields of its model, and the file that states it."""
    fields = [pyarrow.field("_".join(place), _type(kind)) for place, kind in _columns(row)]
    return pyarrow.schema([*fields, pyarrow.field(STATED_IN, pyarrow.string())])


def _rows(document: Frozen) -> tuple[Iterable[Frozen], Frozen | None]:
    """Return the rows, and what the document says beside them."""
    match document:
        case Apks():
            return document.apks, document.model_copy(update={"apks": ()})
        case Fleet():
            return document.scans, document.model_copy(update={"scans": ()})
        case _:
            return (document,), None


def _groups(rows: Iterable[Frozen], row: type[Frozen], more: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    """Yield the cells of the rows in groups of a bounded size."""
    places = [place for place, _ in _columns(row)]
    group: list[dict[str, Any]] = []
    size = 0
    for one in rows:
        values = one.model_dump(warnings=False)
        group.append({"_".join(place): _cell(values, place) for place in places} | more)
        size += _size(one)
        if len(group) == _MOST_ROWS or size >= _MOST_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


def _size(one: Frozen) -> int:
    """Return about how many bytes a row takes."""
    try:
        return len(one.model_dump_json(warnings=False))
    except PydanticSerializationError:  # a text that UTF-8 cannot hold
        return len(repr(one))


def _batch(rows: Sequence[dict[str, Any]], schema: pyarrow.Schema) -> pyarrow.RecordBatch:
    try:
        return pyarrow.RecordBatch.from_pylist(rows, schema)
    except (OverflowError, UnicodeEncodeError, pyarrow.ArrowInvalid):
        return pyarrow.RecordBatch.from_pylist(_writable(rows, pyarrow.list_(pyarrow.struct(list(schema)))), schema)


def _writable(value: Any, kind: pyarrow.DataType) -> Any:
    """Return the same with what Parquet has no place for replaced, such as a package can claim.

    A number beyond 64 bits becomes the largest of them; a part of a text that is no character is written out.
    """
    match value:
        case dict() if pyarrow.types.is_map(kind):
            return [(_writable(name, kind.key_type), _writable(item, kind.item_type)) for name, item in value.items()]
        case dict():
            return {field.name: _writable(value.get(field.name), field.type) for field in kind}
        case list() | tuple():
            return [_writable(item, kind.value_type) for item in value]
        case int() if abs(value) > _LARGEST:
            return _writable(_LARGEST if value > 0 else -_LARGEST, kind)
        case int() if pyarrow.types.is_floating(kind):
            return float(value)
        case str():
            return value.encode("utf-8", "backslashreplace").decode()
        case _:
            return value


def _columns(model: type[Frozen], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield where in a record the value of each column stands, and what it is."""
    for name, annotation in _published(model):
        place, kind = (*above, name), _without_null(annotation)
        if _is_model(kind):
            yield from _columns(kind, place)
        else:
            yield place, kind


def _published(model: type[Frozen]) -> Iterator[tuple[str, Any]]:
    for name, field in model.model_fields.items():
        if not field.exclude:
            yield published_name(name), field.annotation


def _cell(values: Any, place: Sequence[str]) -> Any:
    for name in place:
        values = None if values is None else values[name]
    return values


def _type(annotation: Any) -> pyarrow.DataType:
    """Return the type of a column for that of a field."""
    kind = _without_null(annotation)
    if _is_model(kind):
        return pyarrow.struct([(name, _type(field)) for name, field in _published(kind)])
    if get_origin(kind) is tuple:
        return pyarrow.list_(_type(get_args(kind)[0]))
    if get_origin(kind) is dict:
        return pyarrow.map_(pyarrow.string(), _type(get_args(kind)[1]))
    return pyarrow.string() if get_origin(kind) is Literal else _PLAIN[kind]


def _without_null(annotation: Any) -> Any:
    """Return what a field holds where it is not null: every column can be."""
    while get_origin(annotation) in (Annotated, Union, types.UnionType):
        annotation = next(kind for kind in get_args(annotation) if kind is not type(None))
    return annotation


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Frozen)


def _taken(sink: io.BytesIO) -> bytes:
    """Return what was written since the last time."""
    data = sink.getvalue()
    sink.seek(0)
    sink.truncate()
    return data
