"""Code beside an APK on this computer."""

import os
from pathlib import Path

from phone_audit.apk.oat.nearby import files_near
from phone_audit.model.device import CompiledFile


def _put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"12345")


def test_the_vdex_of_the_first_architecture(tmp_path: Path) -> None:
    _put(tmp_path, "x.apk", "oat/arm/x.vdex", "oat/arm64/x.vdex", "oat/arm64/x.odex", "oat/arm64/y.vdex")
    path = tmp_path / "oat/arm64/x.vdex"
    assert files_near(tmp_path / "x.apk", "app/x/x.apk") == (
        CompiledFile("app/x/oat/arm64/x.vdex", path, 5, None, "vdex"),
    )
    assert [one.path for one in files_near(tmp_path / "x.apk", "x.apk")] == ["oat/arm64/x.vdex"]


def test_other_architectures_and_odex_files(tmp_path: Path) -> None:
    _put(tmp_path, "x.apk", "oat/mips/x.vdex", "oat/arm64/x.odex", "oat/arm64/y.odex")
    assert [one.path for one in files_near(tmp_path / "x.apk", "x.apk")] == ["oat/mips/x.vdex"]
    assert [(one.path, one.role) for one in files_near(tmp_path / "y.apk", "y.apk")] == [("oat/arm64/y.odex", "odex")]


def test_nothing_there(tmp_path: Path) -> None:
    _put(tmp_path, "x.apk", "oat/x.vdex", "deep/oat")
    os.mkfifo(tmp_path / "oat/pipe")
    assert files_near(tmp_path / "x.apk", "x.apk") == ()
    assert files_near(tmp_path / "deep/x.apk", "x.apk") == ()
    assert files_near(tmp_path / "gone/x.apk", "x.apk") == ()
    assert files_near(Path("a\0b/x.apk"), "x.apk") == ()
