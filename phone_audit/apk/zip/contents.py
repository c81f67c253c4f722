"""What kind of archive it is, which entries hold its code, and of which a sample is taken."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from phone_audit.apk.zip.archive import Archive
from phone_audit.apk.zip.code_location import FIRST_DEX
from phone_audit.apk.zip.directory import Entry

MANIFEST = "AndroidManifest.xml"
RESOURCES = "resources.arsc"
BUNDLE_MANIFEST = "base/manifest/AndroidManifest.xml"
BUNDLE_RESOURCES = "base/resources.pb"
_MODULE_MANIFEST = re.compile(r"([^/]+)/manifest/AndroidManifest\.xml")
_OTHER_DEX = re.compile(r"classes[^/]*\.dex", re.IGNORECASE)
_BUNDLE_DEX = re.compile(r"[^/]+/dex/classes\d*\.dex")
_DEX = ".dex"
_LIBRARY_CODE = "classes.jar"
MIN_SAMPLE_SIZE: Final = 16 * 2**10
"""Smaller files are not looked at: keys and signatures are short and rightly random."""
MAX_SAMPLES: Final = 64
"""Files of one archive of which a sample is taken, the largest first."""

_INCOMPRESSIBLE: Final = 0.98
"""What a packed file has of its size at least, if its bytes are random."""
_PLACES: Final = ("assets/", "lib/", "res/raw/", "classes")
_MODULES: Final = ("assets", "lib")


@dataclass(frozen=True, slots=True)
class CodeEntries:
    """`dex` in load order, by name; `java` tells whether there is Java bytecode, which is not read.

    `compiled` are DEX files that lie outside the archive, by name. `loaded` tells whether Android loads any of `dex`.
    """

    dex: tuple[tuple[str, Entry], ...]
    java: bool
    compiled: tuple[tuple[str, bytes | memoryview], ...] = ()
    loaded: bool = True


def is_container(archive: Archive) -> bool:
    """Tell whether it holds APKs and is none itself."""
    if archive.find(MANIFEST) or archive.find(BUNDLE_MANIFEST) or archive.find(FIRST_DEX):
        return False
    return any(is_member(entry) for entry in archive.entries)


def is_member(entry: Entry) -> bool:
    return entry.name.lower().endswith(".apk")


def is_library(archive: Archive) -> bool:
    """Tell whether it holds Java bytecode and no DEX: what is built into a package, and none itself."""
    entries = code_entries(archive)
    return entries.java and not entries.dex


def feature_modules(archive: Archive) -> tuple[str, ...]:
    """Return the names of the modules of a bundle beside its base, sorted."""
    found = (_MODULE_MANIFEST.fullmatch(entry.name) for entry in archive.entries)
    return tuple(sorted({module[1] for module in found if module} - {"base"}))


def code_entries(archive: Archive) -> CodeEntries:
    """Find the code: first the files that Android loads, then other `classes*.dex`, which code can load by itself.

    Android loads `classes.dex`, `classes2.dex` and so on up to the first gap (AOSP
    `art/libdexfile/dex/art_dex_file_loader.cc`). An entry that stands there twice is read twice, the second as
    `classes.dex#2`.
    """
    named = [entry for entry in archive.entries if entry.name[-4:].lower() == _DEX]
    found = [entry for entry in named if _OTHER_DEX.fullmatch(entry.name) or _BUNDLE_DEX.fullmatch(entry.name)]
    loaded = _loaded({entry.name for entry in found})
    ordered = sorted(found, key=lambda entry: (loaded.get(entry.name, len(loaded)), entry.name))
    java = any(entry.name.endswith(".class") or entry.name == _LIBRARY_CODE for entry in archive.entries)
    bundle = not archive.find(MANIFEST) and any(_BUNDLE_DEX.fullmatch(entry.name) for entry in found)
    first = any(entry.name == FIRST_DEX and entry.size for entry in found)
    return CodeEntries(tuple(_numbered(ordered)), java, loaded=bundle or first)


def _loaded(names: set[str]) -> dict[str, int]:
    order: dict[str, int] = {}
    name = FIRST_DEX
    while name in names:
        order[name] = len(order)
        name = f"classes{len(order) + 1}.dex"
    return order


def _numbered(entries: list[Entry]) -> list[tuple[str, Entry]]:
    seen: dict[str, int] = {}
    numbered = []
    for entry in entries:
        seen[entry.name] = seen.get(entry.name, 0) + 1
        numbered.append((entry.name if seen[entry.name] == 1 else f"{entry.name}#{seen[entry.name]}", entry))
    return numbered


def sampled(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries that are large, of a kind to hold code or data, and that packing has not made smaller."""
    packed = (e for e in entries if e.size >= MIN_SAMPLE_SIZE and e.compressed >= _INCOMPRESSIBLE * e.size)
    candidates = (entry for entry in packed if _may_hold_code(entry.name))
    return sorted(candidates, key=lambda entry: (-entry.size, entry.header_offset))[:MAX_SAMPLES]


def _may_hold_code(name: str) -> bool:
    if "/" not in name or name.startswith(_PLACES):
        return name != "resources.arsc"
    return name.split("/", 2)[1] in _MODULES  # of an app bundle: base/assets/…
