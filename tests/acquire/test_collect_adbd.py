"""The whole reading of the kit's phones through Debian's adbd, compared with what the kit knows to be true."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from phone_audit.acquire.adb.connect import open_transport
from phone_audit.acquire.asking import Reader
from phone_audit.acquire.collect import Acquired
from phone_audit.acquire.commands import Command
from phone_audit.acquire.packages.package_dump import PACKAGE_DUMP
from phone_audit.acquire.questions.identity import GETPROP
from phone_audit.acquire.questions.settings import GLOBAL_SETTINGS
from phone_audit.acquire.store.record import RecordingTransport
from phone_audit.acquire.store.replay import ReplayTransport
from phone_audit.acquire.text import shown
from phone_audit.acquire.transport import Answer, Transport
from phone_audit.model.device import Package, PackageFile, Snapshot
from tests.acquire.collecting import collect
from tests.acquire.fake_phone import QUIET
from tests.kit import AdbServer, Kit, Phone

pytestmark = [pytest.mark.adbd, pytest.mark.timeout(300)]

PROFILES = [
    "nokia7plus-bad",
    "nokia7plus-oreo",
    "cheap-mtk",
    "clean-pixel",
    "pixel-locked-profile",
    "hostile-names",
]
PATHS = ("/system/bin/sh", "/system/app", "/system/xbin/su", "/not/there")
MOST_COMMANDS = 50


def read(transport: Transport, into: Path, depth: str = "standard") -> Acquired:
    return collect(transport, depth=depth, users="all", into=into, on_progress=QUIET, paths=PATHS)  # type: ignore[arg-type]


def read_phone(phone: Phone, into: Path, *, via: str = "direct", depth: str = "quick") -> Acquired:
    transport = open_transport(phone.address, via=via)  # type: ignore[arg-type]
    try:
        return read(transport, into, depth)
    finally:
        transport.close()


def as_read(file: PackageFile) -> dict[str, Any]:
    return {"path": file.path, "sha256": file.sha256, "size": file.size}


def as_true(file: dict[str, Any]) -> dict[str, Any]:
    return {"path": shown(file["path"]), "sha256": file.get("sha256"), "size": file.get("size")}


def what_was_read(package: Package) -> dict[str, Any]:
    here = [user for user in package.users if user.installed]
    return {
        "uid": package.app_id,
        "users": [user.id for user in here],
        "system": package.system,
        "version": (package.version_code, package.version_name),
        "installer": {user.installer for user in package.users},
        "enabled": {user.enabled for user in package.users},
        "granted": [list(user.granted or ()) for user in here],
        "base": [as_read(file) for file in package.files if file.role == "base"],
        "splits": [as_read(file) for file in package.files if file.role == "split"],
    }


def what_is_true(fact: dict[str, Any]) -> dict[str, Any]:
    installer = fact["installer"]
    return {
        "uid": fact["uid"],
        "users": fact["users"],
        "system": fact["system"],
        "version": (fact["version_code"], shown(fact["version_name"])),
        "installer": {None if installer in (None, "null") else shown(installer)},
        "enabled": {not fact["disabled"]},
        "granted": [sorted(shown(permission) for permission in fact["granted"])] * len(fact["users"]),
        "base": [as_true(fact)],
        "splits": sorted((as_true(split) for split in fact["splits"]), key=lambda split: split["path"]),
    }


@pytest.mark.parametrize("profile", PROFILES)
def test_everything_is_read_as_it_is(kit: Kit, profile: str, tmp_path: Path) -> None:
    phone = kit.phone(profile)
    folder = tmp_path / "saved"
    recording = RecordingTransport(open_transport(phone.address, via="direct"), folder, depth="standard")
    acquired = read(recording, folder)
    recording.finish()
    recording.close()
    facts = {fact["name"]: fact for fact in phone.facts()["packages"]}
    assert [package.name for package in acquired.snapshot.packages] == sorted(facts)
    for package in acquired.snapshot.packages:
        assert what_was_read(package) == what_is_true(facts[package.name]), package.name
    check_hidden(phone, acquired)
    check_copies(acquired)
    check_few_commands(folder)
    replayed = read(ReplayTransport(folder), folder)
    assert replayed == acquired
    assert replayed.snapshot.model_dump_json() == acquired.snapshot.model_dump_json()


def check_hidden(phone: Phone, acquired: Acquired) -> None:
    """Every system package behind an update is read too."""
    hidden = {
        package["name"]: package["hidden_base"] for package in phone.truth["packages"] if package.get("hidden_base")
    }
    found = {
        package.name: file.path
        for package in acquired.snapshot.packages
        for file in package.files
        if file.role == "hidden-system" and file.hash_source == "device"
    }
    assert hidden
    assert found == hidden


def check_copies(acquired: Acquired) -> None:
    """Every file with a hash was copied, and nothing else."""
    hashed = {
        file.path: file.sha256
        for package in acquired.snapshot.packages
        for file in package.files
        if file.sha256 is not None
    }
    assert {apk.path: apk.sha256 for apk in acquired.apks} == hashed
    assert all(apk.local is not None and apk.local.stat().st_size == apk.size for apk in acquired.apks)


def check_few_commands(folder: Path) -> None:
    asked = [artifact["command"] for artifact in json.loads((folder / "manifest.json").read_text())["artifacts"]]
    assert sum(not command.startswith("pull:") for command in asked) < MOST_COMMANDS


def test_an_ordinary_phone_leaves_nothing_unread(pixel: Phone, tmp_path: Path) -> None:
    acquired = read_phone(pixel, tmp_path)
    assert acquired.snapshot.skipped == ()
    assert acquired.paths == {"/system/bin/sh": "file", "/system/app": "folder"}
    assert acquired.phone_clock_offset is not None
    assert abs(acquired.phone_clock_offset) < 30
    assert acquired.snapshot.serial == pixel.truth["device"]["serial"]


def test_a_locked_profile_is_noted(kit: Kit, tmp_path: Path) -> None:
    acquired = read_phone(kit.phone("pixel-locked-profile"), tmp_path)
    assert [(user.id, user.readable) for user in acquired.snapshot.users] == [(0, True), (11, False)]
    assert [(note.subject, note.code) for note in acquired.snapshot.skipped] == [("user 11", "user-locked")]


def test_what_a_hostile_phone_hides_is_noted(kit: Kit, tmp_path: Path) -> None:
    acquired = read_phone(kit.phone("hostile-names"), tmp_path)
    subjects = {note.code: note.subject.partition("/base.apk")[0] for note in acquired.snapshot.skipped}
    assert set(subjects) == {"device", "fifo", "folder", "missing", "unconfirmed-package"}
    assert subjects["unconfirmed-package"] == "com.hostile.injected"
    assert acquired.snapshot.properties["ro.debuggable"] == "0"
    assert acquired.snapshot.properties["ro.hostile.newline"] == "one]\n[ro.debuggable]: [1"
    assert acquired.snapshot.model_dump_json().encode("utf-8")


@pytest.mark.stock_adb
def test_the_same_through_an_adb_server(pixel: Phone, adb_server: AdbServer, tmp_path: Path) -> None:
    direct = read_phone(pixel, tmp_path / "direct")
    with adb_server.connected(pixel.address):
        served = read_phone(pixel, tmp_path / "served", via="server")
    assert standing(served) == standing(direct)


def standing(acquired: Acquired) -> Snapshot:
    """What does not change between two readings: not the counters, nor which computers may debug the phone."""
    copies = {"users": {"__all__": {"appops", "traffic"}}}
    left = acquired.snapshot.model_dump(exclude={"packages": {"__all__": copies}})
    for package in left["packages"]:
        for user in package["users"]:
            user.update(appops=None, traffic=None)
    left["device_time"] = None
    left["state"] = [item for item in left["state"] if item["key"] != "adb_keys"]
    return Snapshot.model_validate(left)


@pytest.mark.parametrize(
    ("match", "fault", "code"),
    [
        ("^dumpsys package", ["hang=30"], "cut-off"),
        ("^dumpsys package", ["endless=1", "stdout=endless line\n"], "cut-off"),
        ("^dumpsys package", ["exit=20", "stderr=cmd: Can't find service: package"], "command-failed"),
        ("^pm list packages", ["exit=255", "stderr=Error: java.lang.SecurityException"], "user-locked"),
        ("^pm list packages", ["hang=30"], "cut-off"),
        ("^pm list users", ["exit=255", "stderr=Error"], "command-failed"),
        ("^settings list", ["endless=1", "stdout=a=b\n"], "cut-off"),
        ("^getprop", ["exit=1", "stderr=no"], "command-failed"),
    ],
)
def test_a_dead_service_does_not_stop_the_rest(
    oreo: Phone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, match: str, fault: list[str], code: str
) -> None:
    ask = Reader.try_ask

    def short(reader: Reader, command: Command, *, subject: str = "") -> Answer | None:
        if command in (GETPROP, GLOBAL_SETTINGS, PACKAGE_DUMP):
            command = replace(command, timeout=2.0, limit=2**20)
        elif command.text.startswith("pm list packages"):
            command = replace(command, timeout=1.0)
        return ask(reader, command, subject=subject)

    monkeypatch.setattr(Reader, "try_ask", short)
    with oreo.fault(match, *fault):
        acquired = read_phone(oreo, tmp_path)
    assert code in {note.code for note in acquired.snapshot.skipped}
    facts = oreo.facts()["packages"]
    paths = {file.path for package in acquired.snapshot.packages for file in package.files}
    assert {fact["path"] for fact in facts} <= paths
    hashed = [file for package in acquired.snapshot.packages for file in package.files if file.sha256]
    assert len(hashed) >= len(facts)


def test_a_phone_that_is_unplugged_leaves_what_it_said(nokia: Phone, tmp_path: Path) -> None:
    with nokia.proxy("--cut", 3_000_000) as address:
        transport = open_transport(address, via="direct")
        folder = tmp_path / "saved"
        recording = RecordingTransport(transport, folder, depth="standard")
        acquired = read(recording, folder)
        recording.finish()
        recording.close()
    assert ("phone", "device-lost") in [(note.subject, note.code) for note in acquired.snapshot.skipped]
    assert len(acquired.snapshot.packages) == len(nokia.facts()["packages"])
    assert 0 < len(acquired.apks) < len(acquired.snapshot.packages)
    assert read(ReplayTransport(folder), folder) == acquired
