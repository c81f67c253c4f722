"""The dump of the package service, where nobody can ask the phone again which packages it has."""

import re
from collections.abc import Iterable
from dataclasses import replace

from phone_audit.acquire.asking import Reader
from phone_audit.acquire.importers.imported import ImportedAcquisition
from phone_audit.acquire.packages.package_block import DumpedPackage
from phone_audit.acquire.packages.package_dump import LONG_VERSION, PACKAGE_DUMP, PackageDump, parse_package_dump
from phone_audit.acquire.text import decode

HEADER = re.compile(r"^ +Package \[(.+)\] \([0-9a-f]+\):$(?:\n +compat name=(.+)$)?", re.MULTILINE)
MOST_NOTES = 100
PRETENDED = "Text written by a package stands where the dump has its own lines: it may invent packages or hide them."
OUTSIDE = (
    "The dump names this package where none is expected; text of another package may have invented "
    "it. It was judged all the same."
)
UNLISTED = "dumpsys names this package but the list of packages does not. It was judged by what the dump says."
DOUBTED = "dumpsys names this package but the list of packages does not: text of another package may have invented it."


def dump_of(reader: Reader, text: str, imported: ImportedAcquisition) -> PackageDump:
    """Read the dump. A package that it names anywhere is judged, unless a whole list lacks it and text can pretend it.

    Args:
        reader: gets a note of every package that is not beyond doubt.
        text: the answer, decoded.
        imported: the tool's own list, and further dumps.
    """
    headers = list(dict.fromkeys(name for one in (text, *map(decode, imported.further)) for name in headers_of(one)))
    listed = {package.name for package in imported.packages} if imported.whole else set()
    dump = parse_package_dump(text, listed or None)
    doubted = bool(dump.strange.get(LONG_VERSION) or dump.pretended or _broken(dump))
    if listed:
        unlisted = [name for name in headers if name not in listed]
        _note(reader, unlisted, DOUBTED if doubted else UNLISTED)
        dump = dump if doubted or not unlisted else _with(parse_package_dump(text, listed | set(unlisted)), unlisted)
    else:
        elsewhere = [name for name in headers if name not in dump.packages and name not in dump.hidden]
        _note(reader, elsewhere, OUTSIDE)
        dump = _with(dump, elsewhere)
        if doubted:
            reader.skip(PACKAGE_DUMP.text, "list", "contradiction", PRETENDED)
    if not dump.packages:
        reader.skip(PACKAGE_DUMP.text, "list", "no-package-dump", "The package service named no package.")
    return dump


def _broken(dump: PackageDump) -> bool:
    """Tell whether a package lacks what stands below the version name of others: another may begin inside that name."""
    blocks = [block for its in dump.packages.values() for block in its if block.version_name is not None]
    return len({bool(block.splits) for block in blocks}) > 1


def headers_of(text: str) -> Iterable[str]:
    """Return the names in all headers of packages, wherever they stand; of a static library the one it is known by."""
    return (match[2] or match[1] for match in HEADER.finditer(text))


def _note(reader: Reader, names: list[str], reason: str) -> None:
    for name in names[:MOST_NOTES]:
        reader.skip(name, "list", "unconfirmed-package", reason)
    if len(names) > MOST_NOTES:
        more = f"dumpsys names {len(names) - MOST_NOTES} more packages that may not exist."
        reader.skip(PACKAGE_DUMP.text, "list", "unconfirmed-package", more)


def _with(dump: PackageDump, names: list[str]) -> PackageDump:
    """Add packages of which nothing but the name is known, where the dump has no block of them."""
    bare = {name: (DumpedPackage(name),) for name in names if name not in dump.packages and name not in dump.hidden}
    return replace(dump, packages={**dump.packages, **bare})
