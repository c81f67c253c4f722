"""What an earlier run saved of a phone: all, so that it need not be read again, or a beginning that can be used."""

from pathlib import Path

from phone_audit.acquire.saved.layout import ANSWERS, APKS, is_saved
from phone_audit.acquire.saved.replay import ReplayTransport
from phone_audit.errors import PhoneAuditError, SnapshotError

MARK = ".interrupted"


def saved_whole(folder: Path) -> bool:
    """Tell whether the folder holds an acquisition that was read to its end."""
    if not is_saved(folder):
        return False
    try:
        return not ReplayTransport(folder).broke_off
    except PhoneAuditError:
        return False


def interrupted(folder: Path) -> bool:
    """Tell whether the folder holds the beginning of an acquisition: the phone went away, or the program was ended."""
    if is_saved(folder):
        return not saved_whole(folder)
    return (folder / ANSWERS).is_dir() and (folder / APKS).is_dir()


def begun_before(save: Path | None, serial: str) -> tuple[Path, ...]:
    """Make way for a new acquisition of a phone, and give the beginnings of earlier ones, which stay as they are.

    Args:
        save: the folder in which it is to be kept; None where nothing is.
        serial: of the phone, as its transport names it.

    Raises:
        SnapshotError: the folder holds the beginning of another phone's.
    """
    if save is None:
        return ()
    if is_saved(save) and interrupted(save) and _serial(save) not in (None, serial):
        raise SnapshotError(
            f"{save} holds the beginning of an acquisition of another phone.", "Name a folder for this one."
        )
    set_aside(save)
    return set_aside_before(save)


def _serial(folder: Path) -> str | None:
    try:
        return ReplayTransport(folder).serial or None
    except PhoneAuditError:
        return None


def set_aside(folder: Path) -> Path | None:
    """Move the beginning of an acquisition out of the way, unchanged, and give its new place.

    None where there is none. Nothing else is ever moved.

    Raises:
        SnapshotError: it cannot be moved.
    """
    if not interrupted(folder):
        return None
    number = 1
    while (aside := folder.with_name(f"{folder.name}{MARK}-{number}")).exists():
        number += 1
    try:
        folder.rename(aside)
    except OSError as error:
        raise SnapshotError(
            f"{folder} holds an interrupted acquisition and cannot be moved: {error.strerror or error}.",
            "Name another folder.",
        ) from error
    return aside


def set_aside_before(folder: Path) -> tuple[Path, ...]:
    """Return the beginnings of acquisitions that were moved out of the way of this folder, the latest first."""
    return tuple(sorted(folder.parent.glob(f"{_literal(folder.name)}{MARK}-*"), reverse=True))


def _literal(name: str) -> str:
    return "".join(f"[{char}]" if char in "*?[" else char for char in name)
