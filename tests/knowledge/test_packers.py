"""What the names of entries tell of packers, and the check of the facts."""

from pathlib import Path
from typing import Any

import pytest

from phone_audit.knowledge.check.folder import check_folder
from phone_audit.knowledge.packers import PackerIndex
from phone_audit.knowledge.schema.facts import PackerFact
from tests.knowledge.folders import write_facts


def packer(**changes: Any) -> dict[str, Any]:
    return {
        "id": "p-1",
        "name": "Wrapper",
        "owner": None,
        "hides": "code",
        "files": ["libwrap.so", "libwrap_*.so", "assets/wrap.dat", "assets/wrapped/", "lib/armeabi*/wrap.dex"],
        "weak_files": ["libload.so", "assets/data.bin"],
        "classes": ["com.wrapper.stub"],
        "sources": ["s"],
        "matches": ["lib/x86/libwrap.so", "com.wrapper.stub.App", "lib/x86/libload.so + assets/data.bin"],
        "ignores": ["lib/x86/libwrapper.so", "com.wrapper.stubs.App", "assets/data.bin"],
        **changes,
    }


def found(*names: str, **changes: Any) -> dict[str, tuple[str, ...]]:
    return PackerIndex([PackerFact.model_validate(packer(**changes))]).of_files(names)


@pytest.mark.parametrize(
    "name",
    [
        "lib/arm64-v8a/libwrap.so",
        "assets/libwrap.so",
        "assets/deep/libwrap.so",
        "libwrap.so",
        "lib/x86/libwrap_x86.so",
        "assets/wrap.dat",
        "assets/wrapped/a/b",
        "lib/armeabi-v7a/wrap.dex",
        "base/lib/x86/libwrap.so",
        "feature/assets/wrap.dat",
        "base/assets/wrapped/a",
    ],
)
def test_one_name_is_enough(name: str) -> None:
    assert found("classes.dex", name) == {"p-1": (name,)}


@pytest.mark.parametrize(
    "name",
    [
        "lib/x86/libwrap.so.bak",
        "lib/x86/xlibwrap.so",
        "lib/x86/libwrap_a/b.so",
        "assets/deep/wrap.dat",
        "assets/wrapped",
        "other/assets/wrapped2/a",
        "a/b/assets/wrap.dat",
        "lib/x86/wrap.dex",
        "res/raw/libwrap.so",
        "META-INF/libwrap.so",
        "",
    ],
)
def test_near_names(name: str) -> None:
    assert found(name) == {}


def test_of_weak_names_two_different_ones_are_needed() -> None:
    assert found("lib/x86/libload.so", "lib/armeabi/libload.so") == {}
    assert found("lib/x86/libload.so", "assets/data.bin") == {"p-1": ("lib/x86/libload.so", "assets/data.bin")}


def test_a_weak_name_is_shown_beside_a_strong_one() -> None:
    assert found("assets/data.bin", "assets/wrap.dat") == {"p-1": ("assets/wrap.dat", "assets/data.bin")}


def test_no_packers() -> None:
    assert PackerIndex(()).of_files(["lib/x86/libwrap.so", "assets/a"]) == {}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"files": ["lib wrap.so"]}, "files[0]: 'lib wrap.so' is no path inside a package"),
        ({"files": ["assets/a*"]}, "files[0]: 'assets/a*' would meet too much; name more of it"),
        ({"weak_files": ["libload.so"]}, "weak_files: one weak name alone is never enough"),
        ({"classes": ["wrapper"]}, "classes[0]: 'wrapper' is no prefix of class names"),
        ({"sources": []}, "sources: missing"),
        ({"ignores": []}, "ignores: missing"),
        ({"matches": ["assets/other"]}, "matches[0]: 'assets/other' is not met"),
        ({"matches": ["com.wrapper.App"]}, "matches[0]: 'com.wrapper.App' is not met"),
        ({"ignores": ["assets/wrap.dat"]}, "ignores[0]: 'assets/wrap.dat' is met"),
        ({"sources": ["elsewhere"]}, "source: there is no source 'elsewhere' at the head of this file; add it"),
    ],
)
def test_a_fault_is_said(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    problems = check_folder(write_facts(tmp_path, "packers", packer(**changes))).problems
    assert any(f"packers/facts.json: p-1: {said}" in str(problem) for problem in problems), problems


def test_no_fault(tmp_path: Path) -> None:
    assert check_folder(write_facts(tmp_path, "packers", packer())).problems == []
