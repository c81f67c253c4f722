"""The numbers of the views that something known is typed into, and the fields that hold these numbers.

The class that the build makes for an app's resources, `R$id`, holds the number of each view in a field of the view's
name: code names the field, or the compiler put the number in its place. A password is told by the name too. A shrinker
may have taken the names out. Source: Android developer guide, "App resources overview".
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.xml.hints import NOT_OF_A_PERSON
from phone_audit.apk.xml.named_views import EITHER, kind_of_name
from phone_audit.apk.xml.typed_views import HIDDEN_TEXT

_IDS: Final = b"R$id;"
_INT: Final = 0x04
"""VALUE_INT of an encoded_value; the upper bits of its byte are the number of bytes behind it, less one."""
_MOST: Final = 1 << 14
"""Views of one class that are looked at."""


class ViewFields(NamedTuple):
    """What is typed into views: the data by the number of the view, and these numbers by class and name of a field."""

    data: Mapping[int, str]
    numbers: Mapping[str, int]


def view_fields(indexes: Sequence[DexIndex], views: Mapping[int, str]) -> ViewFields:
    """Return the views that something known is typed into.

    Args:
        indexes: the parts of the DEX files of one package.
        views: what its resources say, the data by the number of the view.
    """
    data = dict(views)
    numbers: dict[str, int] = {}
    for index in indexes:
        for name, number in index.type_ids.items():
            if name.endswith((b"/" + _IDS, b"L" + _IDS)) and (row := index.class_rows.get(number)) is not None:
                for field, value in _of_class(index, row):
                    said = kind_of_name(index.raw_string(int(index.field_ids["name"][field]))) or ""
                    may_be = {None, HIDDEN_TEXT} if said.startswith(EITHER) else {None, HIDDEN_TEXT, NOT_OF_A_PERSON}
                    if said.startswith("password") and data.get(value) in may_be:
                        data[value] = "password"
                    if value in data:
                        numbers[index.field_name(field)] = value
    return ViewFields({view: kind for view, kind in data.items() if kind != NOT_OF_A_PERSON}, numbers)


def _of_class(index: DexIndex, row: int) -> Iterator[tuple[int, int]]:
    """Yield the static fields of one class with their values."""
    fields = sorted(index.declared_fields(row))[:_MOST]
    for field, value in zip(fields, _values(index, row), strict=False):
        if field < index.field_ids.size:
            yield field, value


def _values(index: DexIndex, row: int) -> Iterator[int]:
    """Yield the initial values of static fields, in their order, up to the first one that is no number."""
    at = int(index.part.class_defs["static_values"][row])
    data = bytes(index.data[at : at + 5 + 5 * _MOST]) if at else b""
    begin = next((place + 1 for place, byte in enumerate(data[:5]) if byte < 0x80), len(data))
    while begin < len(data) and data[begin] & 0x1F == _INT:
        size = (data[begin] >> 5) + 1
        yield int.from_bytes(data[begin + 1 : begin + 1 + size], "little", signed=True)
        begin += 1 + size
