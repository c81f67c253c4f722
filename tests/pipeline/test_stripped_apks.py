"""An unpacked firmware whose APKs were stripped: `apks` reads the code beside them."""

import io
import zipfile
from importlib.resources import files
from pathlib import Path

import pytest

from fixtures.oat.vdex import oat, vdex
from phone_audit.apk.records import empty_record
from phone_audit.model.apk import Apk, ApkFile, ApkInfo
from phone_audit.model.device import CompiledFile, joint_hash
from phone_audit.model.finding import Skipped
from phone_audit.pipeline.apks import scan_apks
from phone_audit.pipeline.options import Budget
from phone_audit.pipeline.record_cache import RecordCache

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


BASE, VDEX, OTHER = "a1" * 32, "b2" * 32, "c3" * 32


def beside(sha256: str | None) -> CompiledFile:
    return CompiledFile("/system/app/x/oat/arm64/x.vdex", None, 5, sha256, "vdex")


def info(*skipped: Skipped) -> ApkInfo:
    files = [ApkFile(path="x", sha256=BASE, size=1, role="base"), ApkFile(path="y", sha256=VDEX, size=5, role="vdex")]
    return empty_record("x", skipped, sha256=BASE, size=1, files=tuple(files))


def test_one_hash_for_all_files() -> None:
    assert joint_hash(BASE, ()) == BASE
    joint = joint_hash(BASE, [beside(VDEX)])
    assert joint not in (None, BASE, VDEX, joint_hash(BASE, [beside(OTHER)]), joint_hash(OTHER, [beside(VDEX)]))
    assert joint_hash(None, ()) is None
    assert joint_hash(None, [beside(VDEX)]) is None
    assert joint_hash(BASE, [beside(VDEX), beside(None)]) is None


def test_a_record_is_found_by_that_hash_alone(tmp_path: Path) -> None:
    cache = RecordCache(tmp_path, "knowledge")
    joint, other = (joint_hash(BASE, [beside(sha256)]) for sha256 in (VDEX, OTHER))
    assert joint is not None
    assert other is not None
    cache.put(joint, "whole", info(), 1.0)
    found = cache.get(joint, "whole")
    assert found is not None
    assert found.info == info()
    assert (cache.get(BASE, "whole"), cache.get(other, "whole")) == (None, None)
    for wrong in (BASE, other):
        cache.put(wrong, "whole", info(), 1.0)  # as if somebody had moved it there
        assert cache.get(wrong, "whole") is None


def test_that_an_apk_is_stripped_is_remembered(tmp_path: Path) -> None:
    cache = RecordCache(tmp_path / "cache", "knowledge")
    cache.note_stripped(BASE)
    cache.put(BASE, "whole", empty_record("x", (), sha256=BASE), 1.0)
    cache.note_stripped(BASE)
    assert (cache.is_stripped(BASE), cache.is_stripped(VDEX)) == (True, False)


def test_a_record_without_the_code_that_it_should_have_is_not_kept(tmp_path: Path) -> None:
    cache = RecordCache(tmp_path, "knowledge")
    lacking = Skipped(subject="x", step="dex", code="no-code", reason="It may lie beside it.")
    cache.put(BASE, "whole", empty_record("x", [lacking], sha256=BASE), 1.0)
    assert cache.get(BASE, "whole") is None
