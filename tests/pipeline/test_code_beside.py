"""An unpacked firmware whose APKs were stripped: `apks` reads the code beside them."""

import io
import zipfile
from importlib.resources import files
from pathlib import Path

import pytest

from fixtures.oat.vdex import oat, vdex
from phone_audit.model.apk import Apk
from phone_audit.pipeline.apks import scan_apks
from phone_audit.pipeline.options import Budget

APK = files("phone_audit.simulated") / "data" / "nokia7plus" / "com.qualcomm.qti.autoregistration.apk"


def stripped(apk: bytes) -> tuple[bytes, list[bytes]]:
    """Return an APK without its DEX files, and those."""
    content = io.BytesIO()
    dexes = []
    with zipfile.ZipFile(io.BytesIO(apk)) as old, zipfile.ZipFile(content, "w") as new:
        for entry in old.infolist():
            if entry.filename.endswith(".dex"):
                dexes.append(old.read(entry))
            else:
                new.writestr(entry, old.read(entry))
    return content.getvalue(), dexes


def hosts(apk: Apk) -> list[str] | None:
    return None if apk.endpoints is None else [one.host for one in apk.endpoints]


@pytest.fixture
def original() -> bytes:
    return APK.read_bytes()


@pytest.mark.parametrize("form", ["vdex", "odex"])
def test_an_unpacked_firmware(tmp_path: Path, original: bytes, form: str) -> None:
    content, dexes = stripped(original)
    folder = tmp_path / "system/app/Registration"
    (folder / "oat/arm64").mkdir(parents=True)
    (folder / "Registration.apk").write_bytes(content)
    code = vdex("019", dexes, compacted=True) if form == "vdex" else oat(dexes)
    (folder / f"oat/arm64/Registration.{form}").write_bytes(code)
    (tmp_path / "whole.apk").write_bytes(original)
    whole, found = scan_apks([folder, tmp_path / "whole.apk"], budget=Budget(jobs=1))
    assert hosts(found)
    assert (hosts(found), found.package, found.outcome) == (hosts(whole), whole.package, whole.outcome)
    assert [Path(file.path).name for file in found.files] == ["Registration.apk", f"Registration.{form}"]


def test_without_its_code_nothing_is_called_found_nothing(tmp_path: Path, original: bytes) -> None:
    (tmp_path / "x.apk").write_bytes(stripped(original)[0])
    (apk,) = scan_apks([tmp_path], budget=Budget(jobs=1))
    assert (hosts(apk), [one.code for one in apk.skipped if one.step == "dex"]) == (None, ["no-code"])
    assert apk.outcome != "nothing-found"
