"""Finds the code beside an APK that lies on this computer as it does on a phone, as in an unpacked firmware."""

from pathlib import Path

from phone_audit.model.device import ARCHITECTURES, COMPILED_ROLES, CompiledFile

_FOLDER = "oat"


def files_near(path: Path, shown_as: str) -> tuple[CompiledFile, ...]:
    """Return the file that holds the code of an APK if it does not; nothing where there is none.

    It is `oat/ARCH/NAME.vdex` of the first architecture that has one, or else the `.odex` file.

    Args:
        path: the APK.
        shown_as: its name in the record; the file is called accordingly.
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
