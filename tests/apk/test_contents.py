"""Which entries hold code, in the order in which Android loads them."""

import pytest

from phone_audit.apk.zip.archive import Archive
from phone_audit.apk.zip.contents import code_entries, is_container
from tests.apk.zips import Part, make_zip


def archive(*names: str) -> Archive:
    return Archive(memoryview(make_zip([Part(name, b"x") for name in names])))


def dex(*names: str) -> list[str]:
    return [name for name, _ in code_entries(archive(*names)).dex]


def test_load_order_goes_by_number_up_to_the_first_gap() -> None:
    names = ["classes10.dex", "classes9.dex", "classes2.dex", "classes.dex", "classes3.dex"]
    assert dex(*names) == ["classes.dex", "classes2.dex", "classes3.dex", "classes10.dex", "classes9.dex"]


def test_ten_files_are_not_ordered_as_text() -> None:
    names = ["classes.dex", *(f"classes{number}.dex" for number in range(2, 13))]
    assert dex(*reversed(names)) == names


def test_names_that_android_does_not_load_come_last() -> None:
    assert dex("classes_extra.dex", "Classes2.dex", "classes1.dex", "classes.dex") == [
        "classes.dex",
        "Classes2.dex",
        "classes1.dex",
        "classes_extra.dex",
    ]


def test_what_is_no_code() -> None:
    assert dex("assets/classes.dex", "classes.dex.bak", "xclasses.dex", "lib/arm64-v8a/libx.so") == []


def test_the_code_of_a_bundle() -> None:
    assert dex("feature/dex/classes.dex", "base/dex/classes2.dex", "base/dex/other.dex") == [
        "base/dex/classes2.dex",
        "feature/dex/classes.dex",
    ]


@pytest.mark.parametrize(
    ("names", "loaded"),
    [
        (["AndroidManifest.xml", "classes.dex"], True),
        (["AndroidManifest.xml", "classes2.dex", "classes0.dex", "CLASSES.DEX"], False),
        (["AndroidManifest.xml", "x/dex/classes.dex"], False),
        (["base/manifest/AndroidManifest.xml", "base/dex/classes.dex"], True),
        (["AndroidManifest.xml"], False),
    ],
)
def test_whether_android_loads_any_of_it(names: list[str], loaded: bool) -> None:
    assert code_entries(archive(*names)).loaded is loaded


@pytest.mark.parametrize(("name", "java"), [("a/B.class", True), ("classes.jar", True), ("libs/x.jar", False)])
def test_java_bytecode(name: str, java: bool) -> None:
    assert code_entries(archive(name)).java is java


@pytest.mark.parametrize(
    ("names", "container"),
    [
        (["base.apk"], True),
        (["manifest.json", "icon.png", "splits/base-master.APK"], True),
        (["AndroidManifest.xml", "assets/a.apk"], False),
        (["base/manifest/AndroidManifest.xml", "a.apk"], False),
        (["classes.dex", "a.apk"], False),
        (["a.txt"], False),
    ],
)
def test_containers(names: list[str], container: bool) -> None:
    assert is_container(archive(*names)) is container
