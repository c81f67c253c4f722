"""Which APKs have their code elsewhere."""

import os
from pathlib import Path

import pytest

from phone_audit.apk.zip import directory as zip_index
from phone_audit.apk.zip.code_location import files_near, lacks_code
from phone_audit.model.device import CompiledFile
from phone_audit.model.parts import Parts
from tests.apk.packages import fixture
from tests.apk.zips import Part, make_zip


@pytest.mark.parametrize(
    ("names", "lacks"),
    [
        (["AndroidManifest.xml", "classes.dex"], False),
        (["AndroidManifest.xml", "classes2.dex"], True),
        (["AndroidManifest.xml", "classes0.dex", "CLASSES.DEX"], True),
        (["AndroidManifest.xml", "x/dex/classes.dex"], True),
        (["AndroidManifest.xml", "assets/classes.dex", "res/x.xml"], True),
        (["AndroidManifest.xml"], True),
    ],
)
def test_by_the_names_of_the_entries(tmp_path: Path, names: list[str], lacks: bool) -> None:
    path = tmp_path / "x.apk"
    path.write_bytes(
        make_zip([Part("res/large.png", bytes(200_000), deflate=False), *(Part(name, b"x") for name in names)])
    )
    size = path.stat().st_size
    assert lacks_code(path, None) is lacks
    assert lacks_code(path, Parts.of([(size - 70_000, size)])) is lacks


def test_an_empty_file_is_no_code(tmp_path: Path) -> None:
    path = tmp_path / "x.apk"
    path.write_bytes(make_zip([Part("AndroidManifest.xml", b"x"), Part("classes.dex")]))
    assert lacks_code(path, None)


@pytest.mark.parametrize("content", [b"", b"nothing of the kind", fixture("policy")[:500]])
def test_what_is_damaged_lacks_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.apk"
    path.write_bytes(content)
    assert not lacks_code(path, None)


def test_without_the_directory_nothing_is_said(tmp_path: Path) -> None:
    path = tmp_path / "x.apk"
    path.write_bytes(fixture("policy"))
    assert not lacks_code(path, Parts.of([(0, 50)]))
    assert not lacks_code(tmp_path / "gone", None)


def test_a_directory_larger_than_an_honest_one_is_not_looked_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.apk"
    path.write_bytes(make_zip([Part("classes.dex", b"x"), *(Part(f"{n:060000}") for n in range(200))]))
    monkeypatch.setattr(zip_index, "Entry", None)
    assert lacks_code(path, None)


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
