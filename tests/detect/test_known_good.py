"""Packages that a baseline knows: the name counts with its signer or file, and never alone."""

import json
from pathlib import Path
from typing import Any

import pytest

from phone_audit.detect.known_good import known_good
from phone_audit.knowledge.files import DataFile
from phone_audit.knowledge.load import Knowledge, load_knowledge
from phone_audit.model.device import Package, PackageFile
from tests.judge.cases import apk_info, judge_scan, package, signer, snapshot

OURS, GOOGLE, TEST = "aa" * 32, "bb" * 32, "cc" * 32
FILE = "dd" * 32
SOURCE = {
    "id": "s", "title": "T", "publisher": "P", "url": "https://p.example/", "revision": "", "date": "2026-01-01",
    "licence": "fact",
}  # fmt: skip
_AOSP = {
    "id": "aosp", "name": "Made up", "kind": "platform", "packages": ["android", "com.android.a"],
    "api_levels": [33, 34], "source": "s",
}  # fmt: skip
BASELINES = {
    "sources": [SOURCE],
    "entries": [
        {"id": "google", "name": "Made up", "kind": "signer", "packages": ["com.google.a"], "signers": [GOOGLE],
         "source": "s"},
        _AOSP,
        {"id": "log", "name": "Made up", "kind": "file", "files": {FILE: "com.google.b"}, "source": "s"},
    ],
}  # fmt: skip
KEYS = {
    "sources": [SOURCE],
    "entries": [{"id": "t", "name": "T", "kind": "aosp-test-key", "sha256": TEST, "sha1": None, "source": "s"}],
}
KNOWN = Knowledge(
    (
        DataFile("baselines", 0, Path("b.json"), json.dumps(BASELINES).encode()),
        DataFile("keys", 0, Path("k.json"), json.dumps(KEYS).encode()),
    )
)
SYSTEM = package("android", signers=(OURS,))


def found(*packages: Package, sdk: str = "34", **more: Any) -> list[tuple[str, str, str, str]]:
    phone = snapshot({"ro.build.version.sdk": sdk}, packages)
    return [
        (item.package, item.baseline, item.by, item.sha256) for item in known_good(phone, more.get("apks", ()), KNOWN)
    ]


def aosp(**changes: Any) -> Package:
    return package("com.android.a", **({"signers": (OURS,)} | changes))


def test_a_name_with_its_signer() -> None:
    assert found(package("com.google.a", signers=(GOOGLE,))) == [("com.google.a", "google", "signer", GOOGLE)]


@pytest.mark.parametrize(
    "other",
    [
        package("com.google.a", signers=(OURS,)),
        package("com.google.a", signers=(GOOGLE, OURS)),
        package("com.google.a", signers=None),
        package("com.google.a", signers=()),
        package("com.google.ab", signers=(GOOGLE,)),
        package("com.google.b", signers=(GOOGLE,)),
    ],
)
def test_no_name_alone_and_no_signer_alone(other: Package) -> None:
    assert found(SYSTEM, other) == []


def test_the_signer_may_be_read_from_the_file() -> None:
    path = "/product/app/A.apk"
    listed = package("com.google.a", path, signers=None)
    assert found(listed, apks=[apk_info("com.google.a", path, signers=(signer(GOOGLE),))])
    assert not found(listed, apks=[apk_info("com.google.a", path, signers=(signer(OURS),))])
    assert not found(listed, apks=[apk_info("com.google.a", "/other.apk", signers=(signer(GOOGLE),))])
    both = package("com.google.a", path, signers=(GOOGLE,))
    assert not found(both, apks=[apk_info("com.google.a", path, signers=(signer(OURS),))])


def test_a_name_of_aosp_with_the_key_of_the_system() -> None:
    """The system package itself is signed with its own key, which proves nothing."""
    assert found(SYSTEM, aosp()) == [("com.android.a", "aosp", "platform", OURS)]


@pytest.mark.parametrize(
    ("system", "its", "sdk"),
    [
        (package("android", signers=(GOOGLE,)), aosp(), "34"),
        (package("android", signers=(OURS, GOOGLE)), aosp(), "34"),
        (package("android", signers=None), aosp(), "34"),
        (package("com.other", signers=(OURS,)), aosp(), "34"),
        (package("android", signers=(TEST,)), aosp(signers=(TEST,)), "34"),
        (SYSTEM, aosp(system=False), "34"),
        (SYSTEM, aosp(system=None), "34"),
        (SYSTEM, aosp(), "30"),
        (SYSTEM, aosp(), ""),
        (SYSTEM, aosp(signers=()), "34"),
        (SYSTEM, aosp(signers=(OURS, GOOGLE)), "34"),
    ],
)
def test_what_proves_nothing(system: Package, its: Package, sdk: str) -> None:
    assert found(system, its, sdk=sdk) == []


@pytest.mark.parametrize(
    ("name", "sha256", "known"),
    [("com.google.b", FILE, 1), ("com.google.b", OURS, 0), ("com.x", FILE, 0), ("com.google.b", None, 0)],
)
def test_a_file(name: str, sha256: str | None, known: int) -> None:
    file = PackageFile(path="/a.apk", sha256=sha256, hash_source="device" if sha256 else "none", size=1, role="base")
    assert len(found(package(name, files=(file,)))) == known


def test_a_file_is_not_the_package_where_another_one_is_unknown() -> None:
    base = PackageFile(path="/a.apk", sha256=FILE, hash_source="device", size=1, role="base")
    split = base.model_copy(update={"path": "/b.apk", "sha256": OURS, "role": "split"})
    assert found(package("com.google.b", files=(base, split))) == []
    hidden = split.model_copy(update={"role": "hidden-system"})
    assert found(package("com.google.b", files=(base, hidden))) == [("com.google.b", "log", "file", FILE)]


def test_a_known_package_is_judged_like_any_other() -> None:
    """Malware in a package that bears a name of AOSP and the maker's key is the case that this program is made for."""
    full = load_knowledge()
    name = next(
        fact.value for entry in full.incidents for fact in entry.packages if fact.standalone and fact.kind is None
    )
    listed = {"sources": [SOURCE], "entries": [{**_AOSP, "packages": [name]}]}
    files = (*full.files, DataFile("baselines", 1, Path("b.json"), json.dumps(listed).encode()))
    known = Knowledge(files, full.folders, full.indicators)
    phone = snapshot({"ro.build.version.sdk": "34"}, [SYSTEM, package(name, signers=(OURS,))])
    assert name in [item.package for item in known_good(phone, [], known)]
    with_it, without = (judge_scan(phone, [], [], "standard", facts) for facts in (known, full))
    assert with_it.verdict == without.verdict
    assert with_it.findings == without.findings != ()


def test_the_bundled_ones_hold_google_and_every_release() -> None:
    bundled = load_knowledge().baselines
    assert {level for fact in bundled for level in fact.api_levels} == {*range(24, 32), 33, 34, 35}
    assert {name for fact in bundled if fact.kind == "signer" for name in fact.packages} >= {"com.google.android.gms"}
    assert all("android" in fact.packages for fact in bundled if fact.kind == "platform")
