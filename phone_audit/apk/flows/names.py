"""What the method_ids of a package say, and which of them have a name and a prototype."""

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from phone_audit.apk.dex.index import DexIndex

_MAX_SAME_NAME: Final = 200
_FEW: Final = 3
"""Prototypes that are rather looked up than sorted out by their short form."""
_TYPE: Final = re.compile(r"\[*(?:L[^;]*;|.)")


class Named(NamedTuple):
    """What a method_id says."""

    owner: bytes
    name: str
    proto: str


class Names:
    """Looks up method_ids by the number of the part that holds them, or by name; what is found is kept.

    Attributes:
        cut: whether there were too many of one name.
    """

    def __init__(self, indexes: Sequence[DexIndex]) -> None:
        self._indexes = indexes
        self.cut = False
        self._named: dict[tuple[int, int], Named] = {}
        self._protos: dict[tuple[int, int], str] = {}
        self._numbers: dict[tuple[int, str, str], list[int]] = {}
        self._texts: dict[tuple[int, int], str] = {}
        self._strings: dict[tuple[int, str], int] = {}

    def named(self, part: int, number: int) -> Named:
        """Return what a method_id says."""
        known = self._named.get((part, number))
        if known is None:
            known = self._named[part, number] = self._read_named(part, number)
        return known

    def _read_named(self, part: int, number: int) -> Named:
        owners, names, kinds = self._columns[part]
        if number >= names.size:
            return Named(b"?", "?", "()V")
        return Named(
            self._indexes[part].descriptor(int(owners[number])),
            self._text(part, int(names[number])),
            self._proto(part, int(kinds[number])),
        )

    def called(self, part: int, number: int) -> tuple[bytes, str, bytes]:
        """Return class, name and type of the result of a method_id, without the rest of its prototype."""
        index = self._indexes[part]
        owners, names, kinds = self._columns[part]
        if number >= names.size:
            return b"?", "?", b"V"
        returns = self._results[part]
        kind = int(kinds[number])
        result = index.descriptor(int(returns[kind])) if kind < returns.size else b"?"
        return index.descriptor(int(owners[number])), self._text(part, int(names[number])), result

    @cached_property
    def _results(self) -> list[NDArray[np.uint32]]:
        """For each part the type index of the result of each prototype."""
        return [index.proto_ids["return"] for index in self._indexes]

    def _text(self, part: int, number: int) -> str:
        known = self._texts.get((part, number))
        if known is None:
            known = self._texts[part, number] = self._indexes[part].string(number)
            self._strings.setdefault((part, known), number)
        return known

    def _proto(self, part: int, number: int) -> str:
        known = self._protos.get((part, number))
        if known is None:
            known = self._protos[part, number] = self._indexes[part].prototype(number)
        return known

    def of_class(self, part: int, kind: int, name: str) -> list[int]:
        """Return the method_ids of one class with this name.

        Android only loads tables of method_ids that go by class.
        """
        owners, names, _ = self._columns[part]
        first, end = np.searchsorted(owners, (kind, kind + 1)).tolist()
        found: list[int] = (first + np.flatnonzero(names[first:end] == self._name_id(part, name))).tolist()
        return found

    def same_name(self, part: int, name: str, proto: str) -> list[int]:
        """Return the method_ids of one part with this name and prototype."""
        key = (part, name, proto)
        if key not in self._numbers:
            if any(kind not in self._indexes[part].type_ids for kind in _types(proto)):
                return []
            _, names, kinds = self._columns[part]
            of_name = np.flatnonzero(names == self._name_id(part, name))
            numbers, of_each = of_name.tolist(), kinds[of_name].tolist()
            protos = self._same_proto(part, set(of_each), proto)
            same = [number for number, kind in zip(numbers, of_each, strict=True) if kind in protos]
            self.cut |= len(same) > _MAX_SAME_NAME
            self._numbers[key] = same[:_MAX_SAME_NAME]
        return self._numbers[key]

    def _same_proto(self, part: int, numbers: set[int], proto: str) -> set[int]:
        """Return those numbers of prototypes that are this one; more than one only where the table is damaged."""
        table = self._indexes[part].proto_ids
        if len(numbers) > _FEW:
            shorty = table["shorty"] == self._name_id(part, _shorty(proto))
            numbers &= set(np.flatnonzero(shorty).tolist())
        return {number for number in numbers if self._proto(part, number) == proto}

    def _name_id(self, part: int, name: str) -> int:
        """Return the string index of a name, -1 where the part does not hold it."""
        key = (part, name)
        if key not in self._strings:
            found = self._indexes[part].strings_equal([name.encode("utf-8", "surrogatepass")])
            self._strings[key] = next(iter(found.values()), -1)
        return self._strings[key]

    @cached_property
    def _columns(self) -> list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]]:
        """For each part the class of each method_id, the string index of its name, and its prototype."""
        tables = (index.method_ids for index in self._indexes)
        columns = ("class", "name", "type")
        return [tuple(ids[column].astype(np.int64) for column in columns) for ids in tables]  # type: ignore[misc]


def _types(proto: str) -> list[bytes]:
    """Return the descriptors of what a method is handed."""
    return [one.encode("utf-8", "surrogatepass") for one in _TYPE.findall(proto[1 : proto.rfind(")")])]


def _shorty(proto: str) -> str:
    """Return the short form of a prototype.

    The result first, one letter for each. Source: dex-format, "shorty_item".
    """
    parameters, _, result = proto.removeprefix("(").rpartition(")")
    return "".join("L" if one[0] in "L[" else one[0] for one in (result, *_TYPE.findall(parameters)) if one)
