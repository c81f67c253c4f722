"""An APK whose code lies beside it has the record that it would have with the code inside."""

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from fixtures.oat.vdex import oat, vdex
from phone_audit.apk.read_apk import read_apk
from phone_audit.apk.worker.pool import WorkerPool
from phone_audit.apk.worker.tasks import ApkInput
from phone_audit.model.apk import ApkFile, ApkInfo
from phone_audit.model.device import CompiledFile, CompiledRole
from tests.apk.facts import knowledge
from tests.apk.oat.samples import annotated, plain, trust
from tests.apk.packages import manifest
from tests.apk.zips import Part, make_zip

KNOWLEDGE = knowledge()
APK = "/system/app/Fixture/Fixture.apk"
FORMS: dict[str, tuple[CompiledRole, Callable[[Sequence[bytes]], bytes]]] = {
    "006": ("vdex", lambda dexes: vdex("006", dexes)),
    "010": ("vdex", lambda dexes: vdex("010", dexes)),
    "019": ("vdex", lambda dexes: vdex("019", dexes)),
    "021": ("vdex", lambda dexes: vdex("021", dexes)),
    "027": ("vdex", lambda dexes: vdex("027", dexes, quick=False)),
    "019 compact": ("vdex", lambda dexes: vdex("019", dexes, compacted=True)),
    "021 compact": ("vdex", lambda dexes: vdex("021", dexes, compacted=True)),
    "027 compact": ("vdex", lambda dexes: vdex("027", dexes, quick=False, compacted=True)),
    "oat": ("odex", oat),
}
CODE = (
    "endpoints", "trackers", "behaviours", "flows_complete", "flows_followed", "obfuscation", "network_policy",
    "has_code", "package", "permissions", "components", "app_name",
)  # fmt: skip


def beside(tmp_path: Path, content: bytes, role: CompiledRole = "vdex") -> CompiledFile:
    local = tmp_path / f"code.{role}"
    local.write_bytes(content)
    path = f"/system/app/Fixture/oat/arm64/Fixture.{role}"
    return CompiledFile(path, local, len(content), hashlib.sha256(content).hexdigest(), role)


def read(tmp_path: Path, dexes: Sequence[bytes], files: Sequence[CompiledFile] = (), name: str = "base") -> ApkInfo:
    """Read a package with these DEX files inside."""
    parts = [Part(f"classes{number or ''}.dex", dex) for number, dex in zip(("", 2, 3, 4), dexes, strict=False)]
    path = tmp_path / "file.apk"
    path.write_bytes(make_zip([_says_code(manifest(name)), *parts]))
    return read_apk(path, shown_as=APK, knowledge=KNOWLEDGE, compiled=files)


def _says_code(part: Part) -> Part:
    """Turn hasCode="false", the only flag of the base fixture, into "true"."""
    at = part.content.index(b"\x08\0\0\x12") + 4
    return replace(part, content=part.content[:at] + b"\xff\xff\xff\xff" + part.content[at + 4 :])


def code_of(info: ApkInfo) -> str:
    """Return what the code says, without the name of the file in which it stands, and the place in it."""
    found = json.dumps(info.model_dump(mode="json", include=set(CODE)), indent=1)
    return re.sub(r'oat/arm64/Fixture\.[ov]dex!|"offset": \d+', "", found)


@pytest.mark.parametrize("form", FORMS)
def test_says_the_same(tmp_path: Path, form: str) -> None:
    dexes = [plain("http://collect.example.net/up"), trust(), annotated()]
    role, write = FORMS[form]
    file = beside(tmp_path, write(dexes), role)
    outside, inside = read(tmp_path, [], [file]), read(tmp_path, dexes)
    assert code_of(outside) == code_of(inside)
    assert outside.skipped == inside.skipped
    assert inside.endpoints
    assert inside.behaviours
    assert file.local is not None
    sha1, md5 = (hashlib.new(name, file.local.read_bytes()).hexdigest() for name in ("sha1", "md5"))
    listed = ApkFile(path=file.path, sha256=file.sha256, size=file.size, role=file.role, sha1=sha1, md5=md5)
    assert outside.files == (*outside.files[:1], listed)
    where = {seen.where for one in outside.endpoints or () for by in one.held_by for seen in by.evidence}
    assert f"oat/arm64/Fixture.{role}!classes.dex" in where


def test_code_inside_counts_and_what_lies_beside_is_not_read(tmp_path: Path) -> None:
    file = beside(tmp_path, vdex("019", [plain("http://beside.example.net/")]))
    info = read(tmp_path, [plain("http://inside.example.net/")], [file])
    assert [one.host for one in info.endpoints or ()] == ["inside.example.net"]
    assert [one.role for one in info.files] == ["base"]


DECOYS = [Part("classes0.dex", plain("http://decoy.example.net/")), Part("CLASSES.DEX"), Part("classes-x.dex")]


def read_decoy(tmp_path: Path, decoy: Part, files: Sequence[CompiledFile]) -> ApkInfo:
    path = tmp_path / "file.apk"
    path.write_bytes(make_zip([_says_code(manifest("base")), decoy]))
    return read_apk(path, shown_as=APK, knowledge=KNOWLEDGE, compiled=files)


@pytest.mark.parametrize("decoy", DECOYS)
def test_what_android_does_not_load_hides_no_code_that_lies_beside(tmp_path: Path, decoy: Part) -> None:
    info = read_decoy(tmp_path, decoy, [beside(tmp_path, vdex("019", [plain("http://beside.example.net/")]))])
    hosts = {one.host for one in info.endpoints or ()}
    assert hosts == {"beside.example.net", *(["decoy.example.net"] if decoy.content else [])}
    assert [one.role for one in info.files] == ["base", "vdex"]
    assert "no-code" not in [one.code for one in info.skipped]


@pytest.mark.parametrize("decoy", DECOYS)
def test_what_android_does_not_load_is_read_and_yet_no_code(tmp_path: Path, decoy: Part) -> None:
    info = read_decoy(tmp_path, decoy, ())
    assert "no-code" in [one.code for one in info.skipped]
    assert info.endpoints is not None
    assert [one.host for one in info.endpoints] == (["decoy.example.net"] if decoy.content else [])


def test_files_beside_that_hold_no_code(tmp_path: Path) -> None:
    """As on Android 10 and later, where they only help the APK; without any code in either, that is said."""
    info = read(tmp_path, [], [beside(tmp_path, vdex("021", [], quick=False))])
    assert [(one.subject, one.step, one.code) for one in info.skipped if one.step == "dex"] == [(APK, "dex", "no-code")]
    assert (info.endpoints, [one.role for one in info.files]) == (None, ["base"])


def test_what_could_not_be_read_names_the_file(tmp_path: Path) -> None:
    info = read(tmp_path, [], [beside(tmp_path, b"not what it should be")])
    subject = f"{APK}!oat/arm64/Fixture.vdex"
    assert (subject, "not-a-code-file") in [(one.subject, one.code) for one in info.skipped]
    assert (APK, "no-code") in [(one.subject, one.code) for one in info.skipped]


def test_workers_read_them_too(tmp_path: Path) -> None:
    """Files beside belong to the record, so that equal APKs with other code are not taken for the same."""
    paths = [tmp_path / "one.apk", tmp_path / "two.apk"]
    for path in paths:
        path.write_bytes(make_zip([manifest("base")]))
    (tmp_path / "a").mkdir()
    files = [
        beside(tmp_path / "a", vdex("010", [plain("http://a.example.net/")])),
        beside(tmp_path, vdex("019", [plain("http://b.example.net/")])),
    ]
    items = [ApkInput(path, APK, compiled=(file,)) for path, file in zip(paths, files, strict=True)]
    with WorkerPool(1, timeout=60, memory_mb=1500) as pool:
        infos = [info for info, _ in pool.analyse(items)]
    assert [[one.host for one in info.endpoints or ()] for info in infos] == [["a.example.net"], ["b.example.net"]]
