"""Every profile of the device kit, read through the real adbd at full depth, against what the kit knows to be true.

`pytest -s` prints a line for each profile: what was compared, and `no difference`.

The kit puts two packages of the Nokia profiles at one path twice; the file there is that of one of them. A signer is
true where it is that of any package at the path.
"""

import contextlib
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from phone_audit.acquire.adb.connect import open_transport
from phone_audit.acquire.collect import Acquired
from phone_audit.acquire.text import shown
from phone_audit.apk.signature.signers import read_signing
from phone_audit.apk.zip.archive import Archive
from phone_audit.errors import ApkError
from phone_audit.model.device import Package
from tests.acquire.collecting import collect
from tests.acquire.fake_phone import QUIET
from tests.kit import Kit

pytestmark = [pytest.mark.adbd, pytest.mark.timeout(300)]

PROFILES = [
    "nokia7plus-bad",
    "nokia7plus-oreo",
    "cheap-mtk",
    "clean-pixel",
    "pixel-locked-profile",
    "hostile-names",
]
HOSTILE = "hostile-names"


def read_whole(kit: Kit, profile: str, into: Path) -> Acquired:
    transport = open_transport(kit.phone(profile).address, via="direct")
    try:
        return collect(transport, depth="deep", users="all", into=into, on_progress=QUIET)
    finally:
        transport.close()


def signers_of(acquired: Acquired) -> dict[str, set[str]]:
    """The certificates of every copied APK, by its path on the phone; nothing of a file that is no APK."""
    found = {}
    for apk in acquired.apks:
        assert apk.local is not None, "nothing is known before it was read"
        with contextlib.suppress(ApkError):
            archive = Archive(memoryview(apk.local.read_bytes()))
            found[apk.path] = {signer.sha256 for signer in read_signing(archive, None, lambda sha256: None)[1]}
    return found


def what_was_read(package: Package, signers: dict[str, set[str]]) -> dict[str, Any]:
    base = [file for file in package.files if file.role == "base"]
    here = [user for user in package.users if user.installed]
    return {
        "uid": package.app_id,
        "users": [user.id for user in here],
        "system": package.system,
        "version code": package.version_code,
        "version name": package.version_name,
        "path": [file.path for file in base],
        "size": [file.size for file in base],
        "hash": [file.sha256 for file in base],
        "splits": sorted((file.path, file.sha256) for file in package.files if file.role == "split"),
        "signers": set().union(*(signers.get(file.path, set()) for file in base)),
        "granted": [list(user.granted or ()) for user in here],
        "installer": {user.installer for user in package.users},
        "enabled": {user.enabled for user in package.users},
    }


def what_is_true(fact: dict[str, Any]) -> dict[str, Any]:
    readable = fact["sha256"] is not None
    signed = readable and fact["leads_to"] is None
    return {
        "uid": fact["uid"],
        "users": fact["users"],
        "system": fact["system"],
        "version code": fact["version_code"],
        "version name": shown(fact["version_name"]),
        "path": [shown(fact["path"])],
        "size": [fact["size"]] if readable else [None],
        "hash": [fact["sha256"]],
        "splits": sorted((shown(split["path"]), split["sha256"]) for split in fact["splits"]),
        "signers": {fact["signer_sha256"]} if signed else set(),
        "granted": [sorted(shown(permission) for permission in fact["granted"])] * len(fact["users"]),
        "installer": {None if fact["installer"] in (None, "null") else shown(fact["installer"])},
        "enabled": {not fact["disabled"]},
    }


def differences(acquired: Acquired, facts: dict[str, Any]) -> Iterator[str]:
    """Each difference as a sentence."""
    true = {fact["name"]: fact for fact in facts["packages"]}
    read = {package.name: package for package in acquired.snapshot.packages}
    yield from (f"{name} was not read" for name in sorted(true.keys() - read.keys()))
    yield from (f"{name} is not on the phone" for name in sorted(read.keys() - true.keys()))
    signers = signers_of(acquired)
    at_path: Mapping[str, set[str]] = defaultdict(set)
    for fact in true.values():
        at_path[fact["path"]].add(fact["signer_sha256"])
    for name in sorted(true.keys() & read.keys()):
        said, so = what_was_read(read[name], signers), what_is_true(true[name])
        if said["signers"] and said["signers"] <= at_path[true[name]["path"]]:
            so["signers"] = said["signers"]
        yield from (f"{name}: {what} is {so[what]}, read as {said[what]}" for what in so if said[what] != so[what])


@pytest.mark.parametrize("profile", PROFILES)
def test_no_difference(kit: Kit, profile: str, tmp_path: Path) -> None:
    acquired = read_whole(kit, profile, tmp_path)
    phone = kit.phone(profile)
    found = list(differences(acquired, phone.facts()))
    modules = {module.name: module.version_code for module in acquired.snapshot.modules}
    true_modules = dict(module.split("=") for module in phone.truth["apex"]) if phone.truth["sdk"] >= 29 else {}
    unknown = acquired.snapshot.not_understood
    sys.stdout.write(
        f"{profile}: {len(acquired.snapshot.packages)} packages, {len(acquired.apks)} APKs, {len(modules)} modules, "
        f"{sum(counted.lines for counted in unknown)} lines not understood, "
        f"{'; '.join(found) or 'no difference'}\n"
    )
    assert found == []
    assert modules == {name: int(code) for name, code in true_modules.items()}
    assert bool(unknown) == (profile == HOSTILE), unknown


def test_a_phone_without_pm_is_read_all_the_same(kit: Kit, tmp_path: Path) -> None:
    phone = kit.phone("nokia7plus-oreo")
    with phone.fault("^pm list packages", "exit=127", "stderr=/system/bin/sh: pm: not found\n"):
        acquired = read_whole(kit, "nokia7plus-oreo", tmp_path)
    assert list(differences(acquired, phone.facts())) == []
    assert not [note for note in acquired.snapshot.skipped if note.step == "list"]
