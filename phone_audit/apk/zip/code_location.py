"""Which APKs have their code elsewhere, and the file beside an APK on this computer that holds it."""

import mmap
from pathlib import Path
from typing import Final

from phone_audit.apk.zip.directory import Sliceable, records
from phone_audit.apk.zip.partial_archive import PartialBytes
from phone_audit.errors import ApkError
from phone_audit.model.device import ARCHITECTURES, COMPILED_ROLES, CompiledFile
from phone_audit.model.parts import Parts

FIRST_DEX: Final = "classes.dex"
"""The first DEX file that Android loads; without it none of the others is loaded."""
_FOLDER: Final = "oat"


def lacks_code(path: Path, parts: Parts | None) -> bool:
    """Tell whether an APK holds no DEX file that Android would load; a damaged one is not said to lack anything.

    Android begins with `classes.dex`, so that other names, and one that is empty, count for nothing. A directory that
    is larger than that of any honest package is not looked through here: what lies beside such a file is read too.
    `parts` says what of the file is here; None: all of it.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            view: Sliceable = data if parts is None else PartialBytes(data, parts)
            return not any(entry.name == FIRST_DEX and entry.size for entry in records(view, small=True))
    except ApkError as error:
        return error.code == "too-many-entries"
    except (OSError, ValueError):
        return False


def files_near(path: Path, shown_as: str) -> tuple[CompiledFile, ...]:
    """Return the file that holds the code of an APK if it does not, named as `shown_as` is; or nothing.

    It is `oat/ARCH/NAME.vdex` of the first architecture that has one, or else the `.odex` file.
    """
    try:
        folder = path.parent / _FOLDER
        if not folder.is_dir():
            return ()
        there = sorted(one.name for one in folder.iterdir() if one.is_dir())
    except (OSError, ValueError):
        return ()
    names = [name for name in ARCHITECTURES if name in there] + [name for name in there if name not in ARCHITECTURES]
    for role in COMPILED_ROLES:
        for name in names:
            found = folder / name / f"{path.stem}.{role}"
            if found.is_file():
                place = f"{shown_as.rpartition('/')[0]}/" if "/" in shown_as else ""
                shown = f"{place}{_FOLDER}/{name}/{found.name}"
                return (CompiledFile(shown, found, found.stat().st_size, None, role),)
    return ()
