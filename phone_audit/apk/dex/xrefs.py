"""Which methods use a string, a type, a field or a method.

The code area is searched as arrays for an instruction that could name one of the numbers asked for; what is found is
verified by walking the instructions of the method that holds it.
"""

from collections.abc import Collection, Container, Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from phone_audit.apk.dex.descriptors import java_name
from phone_audit.apk.dex.index import CODE_HEADER, Code, DexIndex
from phone_audit.apk.dex.instructions import step_to
from phone_audit.apk.dex.methods import Kind as Kind
from phone_audit.model.finding import Evidence, EvidenceKind

_BLOCK: Final = 1 << 12
MAX_USES: Final = 1_000
"""Instructions that are listed of one number unless more are asked for."""


class Use(NamedTuple):
    """One instruction that names one of the numbers asked for: where it begins, in code units and in bytes of the file.

    `row` is that of `DexIndex.methods`; where several methods share one code_item, the first.
    """

    id: int
    row: int
    unit: int
    offset: int


class Candidates(NamedTuple):
    """Places that look like uses, ascending; nothing is verified yet.

    They are offsets in bytes, the numbers that stand there, and rows of `DexIndex.bodies`.
    """

    offsets: NDArray[np.int64]
    ids: NDArray[np.int64]
    bodies: NDArray[np.int64]


_NONE: Final = Candidates(*(np.empty(0, dtype=np.int64) for _ in range(3)))


def users_of(index: DexIndex, kind: Kind, ids: Collection[int], most: int = MAX_USES) -> dict[int, list[Use]]:
    """Return for each number the instructions that name it, in the order in which they stand.

    The time is bounded by the bytes of the file, and the answer by `most` instructions a number.
    """
    found: dict[int, list[Use]] = {number: [] for number in sorted(ids)}
    full: set[int] = set()
    for use in verified(index, candidates(index, kind, ids), full):
        found[use.id].append(use)
        if len(found[use.id]) == most:
            full.add(use.id)
    return found


def evidence_in(index: DexIndex, row: int, offset: int, value: str, kind: EvidenceKind = "call") -> Evidence:
    """Return the evidence that something stands in a row of `DexIndex.methods`, at an offset in bytes."""
    class_, method = java_name(index.row_class(row)), index.row_name(row)
    return Evidence(kind=kind, where=index.name, value=value, class_=class_, method=method, offset=offset)


def candidates(index: DexIndex, kind: Kind, ids: Collection[int]) -> Candidates:
    """Search the code area for places that could be instructions naming one of the numbers."""
    numbers = np.fromiter(ids, dtype=np.int64)
    if not numbers.size:
        return _NONE
    places = index.places(kind)
    wanted = np.zeros(int(numbers.max()) + 2, dtype=np.bool_)
    wanted[numbers] = True
    hits = np.flatnonzero(np.take(wanted, places.ids, mode="clip"))
    return inside(index, places.offsets[hits].astype(np.int64), places.ids[hits].astype(np.int64))


def verified(index: DexIndex, places: Candidates, full: Container[int] = ()) -> Iterator[Use]:
    """Yield the candidates, by ascending offset, that are instructions, lazily: what is not taken is not walked.

    Within one method the walk goes on where it stopped, so no code unit is walked twice. Numbers in `full`, to which
    the caller may add meanwhile, are passed over.
    """
    if not places.offsets.size:
        return
    bodies = index.bodies
    current, row, at = -1, -1, 0
    code: Code | None = None
    for low in range(0, places.offsets.size, _BLOCK):
        columns = (column[low : low + _BLOCK].tolist() for column in places)
        for offset, number, body in zip(*columns, strict=True):
            if number in full:
                continue
            if body != current:
                current, at = body, 0
                code = index.code_at(int(bodies.code[body]))
                row = int(bodies.rows[bodies.first[body]])
            if code is None:
                continue
            unit = (offset - code.offset) // 2
            at = step_to(code.units, unit, at)
            if at == unit:
                yield Use(number, row, unit, offset)


def inside(index: DexIndex, offsets: NDArray[np.int64], numbers: NDArray[np.int64]) -> Candidates:
    """Keep those that stand among the instructions of a method.

    Of code_items that lie on top of each other, which Android refuses to load, the later one counts.
    """
    bodies = index.bodies
    body = np.searchsorted(bodies.code, offsets, side="right") - 1
    begin = bodies.code[body] + CODE_HEADER
    inside = (body >= 0) & (offsets >= begin) & (offsets < begin + 2 * bodies.units[body])
    return Candidates(offsets[inside], numbers[inside], body[inside])
