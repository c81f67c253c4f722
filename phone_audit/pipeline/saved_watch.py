"""Watches that are kept in a folder: beside a saved acquisition of the same phone, they go into its scan."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from phone_audit.acquire.questions.identity import GETPROP
from phone_audit.acquire.store.layout import is_saved
from phone_audit.acquire.store.replay import ReplayTransport
from phone_audit.acquire.text import decode
from phone_audit.errors import CommandError, SnapshotError, UsageError
from phone_audit.files.atomic_write import DRAFT, create_file
from phone_audit.files.bounded_json import JsonError, read_checked
from phone_audit.files.bounds import WATCH, BoundsError
from phone_audit.files.open_regular import open_inside
from phone_audit.model.apk import Endpoint
from phone_audit.model.base import read_document
from phone_audit.model.text import parse_getprop
from phone_audit.model.watch import Observation, Watch
from phone_audit.pipeline.apk_records import AnalysedApk
from phone_audit.report.json_v1 import render_json

NAME = re.compile(r"watch-\d{8}T\d{6}Z(?:-\d{1,4})?\.json")
_SERIALS = ("ro.serialno", "ro.boot.serialno")


def prepare_folder(folder: Path, properties: dict[str, str]) -> None:
    """Make the folder, or make sure that a saved acquisition in it is of this phone.

    Raises:
        UsageError: it holds something else, or the acquisition of another phone.
        SnapshotError: it cannot be written, or the acquisition is damaged.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        names = [path.name for path in folder.iterdir() if not DRAFT.fullmatch(path.name)]
        others = [name for name in names if not NAME.fullmatch(name)]
    except OSError as error:
        raise _cannot_write(folder, error) from error
    if is_saved(folder):
        if not _is_of(ReplayTransport(folder), properties):
            raise UsageError(
                f"{folder} is a saved acquisition of another phone.",
                "Name the folder that `scan --save` made of this phone, or a new one.",
            )
    elif others:
        raise UsageError(f"{folder} holds other files, {sorted(others)[0]} among them.", "Name a new folder.")
    else:
        folder.chmod(0o700)


def save_watch(folder: Path, watch: Watch) -> Path:
    """Write the watch into the folder, whole or not at all, and give its path.

    Raises:
        SnapshotError: it cannot be written.
    """
    stem = "watch-" + re.sub(r"[-:]", "", watch.run.started)
    names = (f"{stem}.json", *(f"{stem}-{number}.json" for number in range(1, 10_000)))
    data = render_json(watch).encode("utf-8", "backslashreplace")
    try:
        for name in names:
            try:
                create_file(folder / name, data)
            except FileExistsError:
                continue
            break
    except OSError as error:
        raise _cannot_write(folder, error) from error
    return folder / name


def saved_observations(folder: Path) -> tuple[Observation, ...]:
    """Return what all watches in the folder saw, sorted. Raises a SnapshotError where one of them is damaged."""
    if not folder.is_dir():
        return ()
    names = sorted(path.name for path in folder.iterdir() if NAME.fullmatch(path.name))
    found = [one for name in names for one in _read(folder, name).observations]
    return tuple(sorted(found, key=lambda one: (one.uid, one.protocol, one.place, one.first_seen)))


def with_observed(apks: Sequence[AnalysedApk], observations: Sequence[Observation]) -> tuple[AnalysedApk, ...]:
    """Mark the endpoints in the code that were seen on the wire.

    Only where it is shown to be the same, and only for a package that shares its uid with nobody.
    """
    seen: dict[str, set[str]] = {}
    for one in observations:
        if one.joined_by != "app-only" and one.host is not None and len(one.packages) == 1:
            seen.setdefault(one.packages[0], set()).add(one.host)
    return mark_observed(apks, seen)


def mark_observed(apks: Sequence[AnalysedApk], seen: Mapping[str, set[str]]) -> tuple[AnalysedApk, ...]:
    """Mark the endpoints in the code of packages among the hosts that each was seen to talk to."""
    return tuple(_marked(apk, seen.get(apk.info.package or "", set())) for apk in apks)


def _marked(apk: AnalysedApk, hosts: set[str]) -> AnalysedApk:
    endpoints = apk.info.endpoints
    if not hosts or endpoints is None or not any(one.host.lower() in hosts for one in endpoints):
        return apk
    marked: tuple[Endpoint, ...] = tuple(
        one.model_copy(update={"observed": True}) if one.host.lower() in hosts else one for one in endpoints
    )
    return replace(apk, info=apk.info.model_copy(update={"endpoints": marked}))


def _is_of(replay: ReplayTransport, properties: dict[str, str]) -> bool:
    """Tell whether the acquisition is of a phone with one of these serial numbers; an unknown one fits none."""
    try:
        saved = parse_getprop(decode(replay.shell(GETPROP.text).output))
    except CommandError:
        return False
    mine = {properties[name] for name in _SERIALS if properties.get(name)}
    return not mine.isdisjoint(saved[name] for name in _SERIALS if saved.get(name))


def _read(folder: Path, name: str) -> Watch:
    try:
        with open_inside(folder, name) as file:
            return read_document(Watch, read_checked(file, WATCH))
    except OSError as error:
        raise SnapshotError(
            f"{folder / name} cannot be read: {error.strerror}.", "Remove it, or copy the whole folder again."
        ) from error
    except BoundsError as error:
        raise SnapshotError(f"{folder / name} was not read: {error}, which no watch does.", "Remove it.") from error
    except (JsonError, ValidationError) as error:
        raise SnapshotError(
            f"{folder / name} is no saved watch.", "Remove it, or copy the whole folder again."
        ) from error


def _cannot_write(folder: Path, error: OSError) -> SnapshotError:
    return SnapshotError(
        f"{folder} cannot be written: {error.strerror or error}.", "Name a folder that you may write to."
    )
