"""Which entries of an archive a sample is taken of, to see whether they look encrypted."""

from collections.abc import Iterable
from typing import Final

from phone_audit.apk.zip.directory import Entry

MIN_SIZE: Final = 16 * 2**10
"""Smaller files are not looked at: keys and signatures are short and rightly random."""
MAX_FILES: Final = 64
"""Files of one archive of which a sample is taken, the largest first."""

_INCOMPRESSIBLE: Final = 0.98
"""What a packed file has of its size at least, if its bytes are random."""
_PLACES: Final = ("assets/", "lib/", "res/raw/", "classes")
_MODULES: Final = ("assets", "lib")


def sampled(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries that are large, of a kind to hold code or data, and that packing has not made smaller."""
    large = sorted(filter(_is_candidate, entries), key=lambda entry: (-entry.size, entry.header_offset))
    return large[:MAX_FILES]


def _is_candidate(entry: Entry) -> bool:
    return entry.size >= MIN_SIZE and entry.compressed >= _INCOMPRESSIBLE * entry.size and _is_looked_at(entry.name)


def _is_looked_at(name: str) -> bool:
    if "/" not in name or name.startswith(_PLACES):
        return name != "resources.arsc"
    return name.split("/", 2)[1] in _MODULES  # of an app bundle: base/assets/…
