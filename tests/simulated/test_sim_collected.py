"""The acquisition reads the simulated phone as any other: nothing is skipped, nothing is against the protocol."""

import hashlib
from pathlib import Path

import pytest

from phone_audit.acquire.adb.connect import open_transport
from phone_audit.acquire.collect import Acquired
from phone_audit.model.device import DEPTHS, Depth
from tests.acquire.collecting import collect
from tests.kit import AdbServer
from tests.simulated.keys import Policy
from tests.simulated.lab_phone import LabPhone


def read(phone: LabPhone, into: Path, depth: Depth = "deep") -> Acquired:
    transport = open_transport(phone.address, via="direct")
    try:
        return collect(transport, depth=depth, users="all", into=into, on_progress=lambda *_: None)
    finally:
        transport.close()


@pytest.mark.parametrize("auth", ["off", "accept"])
def test_everything_is_read(tmp_path: Path, auth: Policy) -> None:
    with LabPhone("nokia7plus", auth=auth) as phone:
        acquired = read(phone, tmp_path)
        assert phone.complaints == []
    snapshot, profile = acquired.snapshot, phone.profile
    assert snapshot.skipped == ()
    assert snapshot.properties == profile.properties
    assert snapshot.build.display_id == "00WW_3_22C"
    assert {package.name: package.app_id for package in snapshot.packages} == {
        package.name: package.app_id for package in profile.packages
    }
    for package in snapshot.packages:
        told = profile.package(package.name)
        assert told is not None
        assert (package.version_code, package.version_name) == (told.version_code, told.version_name)
        assert package.system == told.system
        assert package.users[0].enabled == (not told.disabled)
        assert package.users[0].installer == told.installer


def test_every_apk_is_the_one_of_the_profile(tmp_path: Path) -> None:
    with LabPhone("nokia7plus") as phone:
        acquired = read(phone, tmp_path)
        expected = {
            hashlib.sha256((phone.profile.folder / file).read_bytes()).hexdigest() for file in phone.profile.apks()
        }
    assert {apk.sha256 for apk in acquired.apks} == expected
    files = [file for package in acquired.snapshot.packages for file in package.files]
    assert {file.hash_source for file in files} == {"device"}
    assert sorted(file.path for file in files if file.role != "base") == [
        "/data/app/com.example.weather-4kQ8sT0yHn2ZrVb7LwXc1A==/split_config.xxhdpi.apk",
        "/system/priv-app/DocumentsUI/DocumentsUI.apk",
    ]


@pytest.mark.parametrize("depth", DEPTHS)
def test_no_depth_skips_anything(tmp_path: Path, depth: Depth) -> None:
    with LabPhone("nokia7plus") as phone:
        assert read(phone, tmp_path, depth).snapshot.skipped == ()


@pytest.mark.stock_adb
def test_the_same_is_read_through_an_adb_server(tmp_path: Path, adb_server: AdbServer) -> None:
    with LabPhone("nokia7plus") as phone, adb_server.connected(phone.address):
        transport = open_transport(phone.address, via="server")
        try:
            served = collect(transport, depth="deep", users="all", into=tmp_path, on_progress=lambda *_: None)
        finally:
            transport.close()
        direct = read(phone, tmp_path)
        assert phone.complaints == []
    assert served.snapshot.packages == direct.snapshot.packages


def test_a_pulled_cable_keeps_what_was_read(tmp_path: Path) -> None:
    with LabPhone("nokia7plus", cut_after=120_000) as phone:
        acquired = read(phone, tmp_path)
    assert [skipped.code for skipped in acquired.snapshot.skipped][-1:] == ["device-lost"]
    assert len(acquired.snapshot.packages) == 27
