"""Which APKs have their code elsewhere."""

from pathlib import Path

import pytest

from phone_audit.apk.oat.lacking import lacks_code
from phone_audit.apk.zip import directory as zip_index
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
