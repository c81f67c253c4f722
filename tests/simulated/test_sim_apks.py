"""The fixture APKs: what is checked in, and that the build gives it again."""

import importlib.util
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

from tests.kit import ROOT

FIXTURES = ROOT / "fixtures" / "apks"
PHONE = ROOT / "phone_audit" / "simulated" / "data" / "nokia7plus"
BUILT = FIXTURES / "built"
EVERY = sorted([*PHONE.glob("*.apk"), *BUILT.glob("*.apk")])
TOOLS = ("aapt", "smali", "apksigner")
MISSING = [name for name in TOOLS if shutil.which(name) is None]


def strings(apk: Path, dex: str = "classes.dex") -> bytes:
    with zipfile.ZipFile(apk) as archive:
        return archive.read(dex)


def test_the_registration_package_names_the_server_in_its_code() -> None:
    code = strings(PHONE / "com.qualcomm.qti.autoregistration.apk")
    for word in (b"http://zzhc.vnet.cn\0", b"getDeviceId\0", b"getSimSerialNumber\0", b"getMacAddress\0",
                 b"getCellLocation\0", b"POST\0"):  # fmt: skip
        assert word in code


def test_the_trackers_stand_in_the_second_dex() -> None:
    apk = PHONE / "com.example.weather.apk"
    assert b"Lcom/adjust/sdk/Adjust;\0" in strings(apk, "classes2.dex")
    assert b"https://app-measurement.com/a\0" in strings(apk, "classes2.dex")
    assert b"https://app.adjust.com" not in strings(apk)


def test_the_update_client_names_its_server() -> None:
    assert b"http://rebootv5.adsunflower.com/ps/fetch.do\0" in strings(BUILT / "com.adups.fota.sysoper.apk")


@pytest.mark.parametrize("apk", EVERY, ids=lambda path: path.name)
def test_an_apk_is_small_and_whole(apk: Path) -> None:
    assert apk.stat().st_size < 16 * 1024
    with zipfile.ZipFile(apk) as archive:
        assert archive.testzip() is None
        assert archive.read("AndroidManifest.xml")[:4] == b"\x03\x00\x08\x00"
        # a split has no code; framework-res.apk has none either
        code = [name for name in archive.namelist() if name.endswith(".dex")]
        assert bool(code) == (apk.name not in ("android.apk", "com.example.weather.config.xxhdpi.apk"))
        assert all(archive.read(name)[:4] == b"dex\n" for name in code)


@pytest.mark.skipif("apksigner" in MISSING, reason="apksigner is not installed (Debian package apksigner)")
@pytest.mark.parametrize(
    ("apk", "schemes"),
    [
        (PHONE / "com.android.settings.apk", (1,)),
        (PHONE / "com.qualcomm.qti.autoregistration.apk", (1, 2)),
        (PHONE / "com.example.weather.apk", (2, 3)),
        (PHONE / "org.example.notes.apk", (3,)),
        (BUILT / "com.example.debug.apk", (1, 2, 3)),
    ],
    ids=lambda value: value.name if isinstance(value, Path) else "",
)
def test_an_apk_is_signed_as_the_readme_says(apk: Path, schemes: tuple[int, ...]) -> None:
    with zipfile.ZipFile(apk) as archive:
        assert ("META-INF/CERT.RSA" in archive.namelist()) == (1 in schemes)
    found = {2: b"\x1a\x87\x09\x71", 3: b"\xc0\x68\x53\xf0"}  # ids of the signing block's pairs, little-endian
    assert [n for n, pair in found.items() if pair in apk.read_bytes()] == [n for n in schemes if n > 1]
    done = subprocess.run(["apksigner", "verify", str(apk)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_fixture_apks", FIXTURES / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look themselves up there
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.skipif(
    bool(MISSING), reason=f"not installed: {', '.join(MISSING)} (Debian libsmali-java, aapt, apksigner)"
)
def test_the_build_gives_the_same_bytes_again(build: ModuleType, tmp_path: Path) -> None:
    versions = build.tool_versions()
    if versions != (BUILT / "TOOLS").read_text():
        pytest.skip(f"built with other versions of the tools: {(BUILT / 'TOOLS').read_text()!r}, here {versions!r}")
    names = frozenset({"android.apk", "com.android.bluetooth.apk", "com.example.weather.apk", "com.example.debug.apk"})
    built = {place.name: (made.read_bytes(), place.read_bytes()) for made, place in build.build_all(names, tmp_path)}
    assert built.keys() == names
    assert [name for name, (made, kept) in built.items() if made != kept] == []


def test_nothing_else_lies_beside_the_apks() -> None:
    assert {path.name for path in PHONE.iterdir() if path.suffix != ".apk"} == {"profile.json"}
    assert {path.name for path in BUILT.iterdir() if path.suffix != ".apk"} == {"TOOLS"}


def test_every_apk_has_a_recipe(build: ModuleType, tmp_path: Path) -> None:
    assert sorted(place / recipe.file for recipe, place in build.recipes(tmp_path)) == EVERY
