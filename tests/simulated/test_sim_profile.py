"""Profiles: read, refused, and true to the APKs that they name."""

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from phone_audit.errors import UsageError
from phone_audit.simulated.profile import SimulatedPackage, load_profile, profile_names
from tests.kit import ROOT

KEYS = ROOT / "fixtures" / "apks" / "keys"
PROFILE = load_profile("nokia7plus")


def test_the_nokia_is_the_affected_build() -> None:
    assert profile_names() == ("nokia7plus",)
    assert PROFILE.properties["ro.build.fingerprint"] == (
        "Nokia/Onyx_00WW/B2N_sprout:9/PPR1.180610.011/00WW_3_22C:user/release-keys"
    )
    assert PROFILE.properties["ro.product.device"] == "B2N_sprout"
    assert PROFILE.properties["ro.product.name"] == "Onyx_00WW"
    assert PROFILE.properties["ro.build.display.id"] == "00WW_3_22C"


def test_no_two_packages_share_a_name_or_a_place() -> None:
    names = [package.name for package in PROFILE.packages]
    places = [path for package in PROFILE.packages for path in (package.base_path, *package.split_paths.values())]
    assert len(set(names)) == len(names) == 27
    assert len(set(places)) == len(places)


def test_a_shared_user_has_one_number() -> None:
    numbers: dict[str, set[int]] = {}
    for package in PROFILE.packages:
        numbers.setdefault(package.shared_user or package.name, set()).add(package.app_id)
    assert all(len(found) == 1 for found in numbers.values())


def test_every_file_of_the_folder_is_used() -> None:
    assert set(PROFILE.apks()) == {path.name for path in PROFILE.folder.glob("*.apk")}


def test_only_what_was_asked_for_is_granted() -> None:
    for package in PROFILE.packages:
        assert set(package.granted) <= set(package.permissions) & set(PROFILE.runtime_permissions), package.name


def test_signature_hashes_are_those_of_the_certificates() -> None:
    # android.content.pm.Signature.hashCode: Arrays.hashCode of the DER bytes
    for name, expected in PROFILE.signers.items():
        pem = (KEYS / f"{name}.x509.pem").read_text()
        value = 1
        for byte in base64.b64decode("".join(pem.splitlines()[1:-1])):
            value = (31 * value + (byte - 256 if byte > 127 else byte)) & 0xFFFFFFFF
        assert expected == f"{value:x}", name


def badging(file: Path) -> str:
    return subprocess.run(["aapt", "dump", "badging", str(file)], capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(shutil.which("aapt") is None, reason="aapt is not installed (Debian package aapt)")
@pytest.mark.parametrize("package", PROFILE.packages, ids=lambda package: package.name)
def test_an_apk_says_what_the_profile_says(package: SimulatedPackage) -> None:
    said = badging(PROFILE.folder / package.apk)
    head = f"package: name='{package.name}' versionCode='{package.version_code}' versionName='{package.version_name}'"
    assert said.startswith(head)
    assert f"sdkVersion:'{package.min_sdk}'" in said
    assert f"targetSdkVersion:'{package.target_sdk}'" in said
    assert f"application-label:'{package.label}'" in said
    assert re.findall(r"^uses-permission: name='([^']*)'", said, re.MULTILINE) == list(package.permissions)
    assert ("application-debuggable" in said) == package.debuggable
    tree = subprocess.run(
        ["aapt", "dump", "xmltree", str(PROFILE.folder / package.apk), "AndroidManifest.xml"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert re.findall(r"E: (activity|service|receiver|provider) ", tree) == [one.kind for one in package.components]
    shared = re.search(r'sharedUserId\(0x0101000b\)="([^"]*)"', tree)
    assert (shared[1] if shared else None) == package.shared_user


@pytest.mark.skipif(shutil.which("aapt") is None, reason="aapt is not installed (Debian package aapt)")
def test_the_firmware_holds_the_older_version() -> None:
    package = PROFILE.package("com.android.documentsui")
    assert package is not None
    assert package.hidden_system is not None
    said = badging(PROFILE.folder / package.hidden_system.apk)
    assert said.startswith("package: name='com.android.documentsui' versionCode='28' versionName='9'")


def test_a_profile_may_lie_anywhere(tmp_path: Path) -> None:
    text = (PROFILE.folder / "profile.json").read_text()
    (tmp_path / "profile.json").write_text(text)
    for file in PROFILE.folder.glob("*.apk"):
        (tmp_path / file.name).write_bytes(b"")
    assert load_profile(tmp_path) == PROFILE.model_copy(update={"folder": tmp_path})


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(UsageError, match="no simulated phone 'nokia9'") as caught:
        load_profile("nokia9")
    assert caught.value.hint == "Known are: nokia7plus."


@pytest.mark.parametrize("change", [{"sdk": 27}, {"nonsense": 1}, {"packages": [{"name": "x"}]}, {"daemon": None}])
def test_a_damaged_profile_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    told = json.loads((PROFILE.folder / "profile.json").read_text())
    (tmp_path / "profile.json").write_text(json.dumps({**told, **change}))
    with pytest.raises(UsageError, match="is damaged"):
        load_profile(tmp_path)


def test_a_profile_that_is_no_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "profile.json").write_bytes(b"\xff\x00")
    with pytest.raises(UsageError, match="is damaged"):
        load_profile(tmp_path)


def test_a_profile_that_names_a_missing_apk_is_refused(tmp_path: Path) -> None:
    (tmp_path / "profile.json").write_text((PROFILE.folder / "profile.json").read_text())
    with pytest.raises(UsageError, match=r"names android\.apk, which is not there"):
        load_profile(tmp_path)
