"""The annotations by which Retrofit makes requests, under other names: a shrinker renames them and leaves its messages.

What reads the annotations of a method asks of each whether it is one of Retrofit's own (`RequestFactory.Builder`,
`parseMethodAnnotation`; in older versions `ServiceMethod.Builder`), and complains where there are two.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.dex.instructions import DexCodeError, walk
from phone_audit.apk.dex.xrefs import candidates, verified

_MESSAGE: Final = b"Only one HTTP method is allowed. Found: %s and %s."
_INSTANCE_OF: Final = 0x20
_ANNOTATION: Final = 0x2000


def renamed_requests(indexes: Sequence[DexIndex]) -> frozenset[bytes]:
    """Return the annotations of a package that Retrofit asks for, as descriptors, whatever they are called."""
    asked = {name for index in indexes for row in _readers(index) for name in _asked_for(index, row)}
    return frozenset(name for name in asked if any(_is_annotation(index, name) for index in indexes))


def _readers(index: DexIndex) -> list[int]:
    """Return the methods of the classes whose code holds the message."""
    uses = verified(index, candidates(index, "string", set(index.strings_equal((_MESSAGE,)).values())))
    classes = {int(index.methods.class_def[use.row]) for use in uses}
    rows: list[int] = np.flatnonzero(np.isin(index.methods.class_def, sorted(classes))).tolist()
    return rows


def _asked_for(index: DexIndex, row: int) -> Iterator[bytes]:
    """Yield the classes of which a method asks whether an object is one."""
    code = index.code(row)
    try:
        for instruction in walk(code.units) if code is not None else ():
            if instruction.opcode == _INSTANCE_OF and instruction.index is not None:
                yield index.descriptor(instruction.index)
    except DexCodeError:
        return


def _is_annotation(index: DexIndex, name: bytes) -> bool:
    row = index.class_rows.get(index.type_ids.get(name, -1))
    return row is not None and bool(int(index.part.class_defs["access"][row]) & _ANNOTATION)
