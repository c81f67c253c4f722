"""The numbers of the views that a password is typed into: of those that `R$id` names so.

The class that the build makes for an app's resources holds the number of each view in a field of the view's name; a
shrinker may have taken it out. Source: Android developer guide, "App resources overview".
"""

from collections.abc import Iterator, Sequence
from typing import Final

from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.xml.password_views import PASSWORD_NAME

_IDS: Final = b"R$id;"
_INT: Final = 0x04
"""VALUE_INT of an encoded_value; the upper bits of its byte are the number of bytes behind it, less one."""
_MOST: Final = 1 << 14
"""Views of one class that are looked at."""


def password_ids(indexes: Sequence[DexIndex]) -> frozenset[int]:
    """Return the numbers of the views whose names say that a password is typed there."""
    return frozenset(
        number
        for index in indexes
        for name, number in index.type_ids.items()
        if name.endswith((b"/" + _IDS, b"L" + _IDS)) and (row := index.class_rows.get(number)) is not None
        for number in _of_class(index, row)
    )


def _of_class(index: DexIndex, row: int) -> Iterator[int]:
    """Yield the values of the static fields of one class that have such a name."""
    fields = sorted(index.declared_fields(row))[:_MOST]
    for field, value in zip(fields, _values(index, row), strict=False):
        if field < index.field_ids.size and PASSWORD_NAME.search(index.raw_string(int(index.field_ids["name"][field]))):
            yield value


def _values(index: DexIndex, row: int) -> Iterator[int]:
    """Yield the initial values of static fields, in their order, up to the first one that is no number."""
    at = int(index.part.class_defs["static_values"][row])
    data = bytes(index.data[at : at + 5 + 5 * _MOST]) if at else b""
    begin = next((place + 1 for place, byte in enumerate(data[:5]) if byte < 0x80), len(data))
    while begin < len(data) and data[begin] & 0x1F == _INT:
        size = (data[begin] >> 5) + 1
        yield int.from_bytes(data[begin + 1 : begin + 1 + size], "little", signed=True)
        begin += 1 + size
