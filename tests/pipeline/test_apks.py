"""Folders: what in them is an APK, which records flow as they are made, and which wait for one another."""

import zipfile
import zlib
from pathlib import Path

import pytest

from phone_audit.apk.zip import directory as zip_index
from phone_audit.model.apk import Apk
from phone_audit.pipeline import folder_files
from phone_audit.pipeline.apk_records import SpooledApks
from phone_audit.pipeline.apks import audit_apks, scan_apks
from phone_audit.pipeline.options import Budget
from tests.apk.apk_signer import Signer, key, signed
from tests.apk.packages import dex, fixture, manifest, package
from tests.apk.zips import Part, make_zip

ONE = Budget(jobs=1)


def zipped(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return path


def names(folder: Path) -> list[str]:
    return [Path(apk.path).name for apk in scan_apks([folder], budget=ONE)]


@pytest.mark.parametrize(
    ("inside", "is_apk"),
    [
        (["AndroidManifest.xml"], True),
        (["res/a", "classes.dex"], True),
        (["lib/classes9.dex"], True),
        (["base/manifest/AndroidManifest.xml"], True),
        (["a/b/C.class"], True),
        (["other/AndroidManifest.xml"], False),
        (["classes.dex.txt", "README"], False),
        ([], False),
    ],
)
def test_what_is_called_otherwise_counts_by_its_content(tmp_path: Path, inside: list[str], is_apk: bool) -> None:
    zipped(tmp_path / "file", *inside)
    assert names(tmp_path) == (["file"] if is_apk else [])


@pytest.mark.parametrize("inside", [b"no deflate stream", zlib.compress(bytes(20 * 2**20))[2:-4]])
def test_a_manifest_that_cannot_be_read_is_one_all_the_same(tmp_path: Path, inside: bytes) -> None:
    part = Part("AndroidManifest.xml", inside, deflate=False, method=8, size=20 * 2**20)
    (tmp_path / "file").write_bytes(make_zip([part]))
    (tmp_path / "other.apk").write_bytes(make_zip([part]))
    assert names(tmp_path) == ["file", "other.apk"]


def test_a_telling_name_far_down_in_a_long_directory(tmp_path: Path) -> None:
    zipped(tmp_path / "file", *(f"assets/{'x' * 200}{number}" for number in range(3_000)), "classes.dex")
    assert names(tmp_path) == ["file"]


def test_content_must_be_a_zip(tmp_path: Path) -> None:
    whole = zipped(tmp_path / "file", "classes.dex").read_bytes()
    (tmp_path / "file").write_bytes(b"#!/bin/sh\n" + whole)
    (tmp_path / "cut").write_bytes(whole[:40])
    assert names(tmp_path) == []


@pytest.mark.parametrize("file_first", [True, False])
def test_a_named_file_is_read_whatever_it_is_also_where_its_folder_is_named(tmp_path: Path, file_first: bool) -> None:
    notes = zipped(tmp_path / "notes", "README")
    order = [notes, tmp_path] if file_first else [tmp_path, notes]
    assert [Path(apk.path).name for apk in scan_apks(order, budget=ONE)] == ["notes"]


def test_what_only_looked_like_one_is_not_counted_as_a_file_seen(tmp_path: Path) -> None:
    zipped(tmp_path / "notes", "README")
    (tmp_path / "a.apk").write_bytes(fixture("policy"))
    audited = audit_apks([tmp_path], budget=ONE)
    assert (audited.result.files_seen, audited.records) == (1, 1)


def test_records_flow_while_the_folder_is_read(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number:02}.apk").write_bytes(package("policy", Part(str(number))))
    read: list[int] = []

    def on_progress(what: str, done: int, _: int) -> None:
        if what == "reading APKs":
            read.append(done)

    records = scan_apks([tmp_path], budget=ONE, on_progress=on_progress)
    first = next(records)
    assert (Path(first.path).name, read) == ("00.apk", [1])
    assert len(list(records)) == 29


def test_only_a_package_with_splits_waits_for_the_end_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "a.apk").write_bytes(fixture("base"))
    (tmp_path / "b.apk").write_bytes(fixture("policy"))
    (tmp_path / "c.apk").write_bytes(fixture("extra"))
    (tmp_path / "d.apk").write_bytes(package("policy", dex("http://ads.example.net/x")))
    records = list(scan_apks([tmp_path], budget=ONE))
    assert [Path(apk.path).name for apk in records] == ["b.apk", "d.apk", "a.apk"]
    assert [Path(file.path).name for file in records[2].files] == ["a.apk", "c.apk"]


@pytest.mark.slow
def test_what_only_claims_to_be_of_a_package_does_not_cut_its_record(tmp_path: Path) -> None:
    """Files of another signer that have the name of a package with a split here, and records as large as can be."""
    for name in ("base", "extra"):
        (tmp_path / f"{name}.apk").write_bytes(signed(v2=[Signer(key())], parts=[manifest(name)]))
    alone = {apk.path: without_run(apk) for apk in scan_apks([tmp_path], budget=ONE)}
    hosts = tuple(f"http://a{number}.example.net/{'x' * 150}" for number in range(2000))
    for number in range(4):
        (tmp_path / f"a{number}.apk").write_bytes(package("base", dex(*hosts, str(number))))
    assert len(alone) == 1
    among = {apk.path: without_run(apk) for apk in scan_apks([tmp_path], budget=ONE)}
    assert {path: among[path] for path in alone} == alone


def test_no_directory_of_an_archive_is_read_in_this_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("read outside the worker")

    monkeypatch.setattr(zip_index, "_find_end", refuse)
    (tmp_path / "a.apk").write_bytes(fixture("base"))
    zipped(tmp_path / "file", "classes.dex")
    assert names(tmp_path) == ["a.apk", "file"]


def test_many_links_to_one_file_are_looked_at_once(tmp_path: Path) -> None:
    whole = tmp_path / "elsewhere"
    whole.write_bytes(fixture("policy"))
    folder = tmp_path / "folder"
    folder.mkdir()
    for number in range(20):
        (folder / f"{number:02}.apk").symlink_to(whole)
    looked: list[tuple[int, int]] = []

    def on_progress(what: str, done: int, total: int) -> None:
        if what == "looking at files":
            looked.append((done, total))

    assert len(list(scan_apks([folder], budget=ONE, on_progress=on_progress))) == 20
    assert looked == [(1, 1)]


def test_the_result_is_the_same_whether_records_lie_on_disk_or_not(tmp_path: Path) -> None:
    for name, of in (("b.apk", "policy"), ("a/x.apk", "base"), ("a.apk", "rotated")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(fixture(of))
    records = sorted(scan_apks([tmp_path], budget=ONE), key=lambda apk: apk.path)
    with SpooledApks() as kept:
        result = audit_apks([tmp_path], kept=kept, budget=ONE).result
        assert [without_run(apk) for apk in result.apks] == [without_run(apk) for apk in records]
        assert without_run(result.apks[0]) == without_run(records[0])
        assert len(result.apks) == 3
    assert audit_apks([tmp_path], budget=ONE).result.apks == ()


def without_run(apk: Apk) -> str:
    """The record as it is published, which says nothing of what only the judge sees."""
    return apk.model_copy(update={"run": None}).model_dump_json()


def test_large_files_come_first_and_tell_their_share_of_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_files, "_GIANT", 100_000)
    for name, size in (("a", 10), ("b", 200_000), ("c", 50_000), ("d", 900_000)):
        (tmp_path / f"{name}.apk").write_bytes(package("policy", Part("assets/x", bytes(size), deflate=False)))
    shares: list[float] = []
    records: list[Apk] = []
    audit_apks([tmp_path], budget=ONE, on_apk=records.append, on_share=shares.append)
    assert [Path(one.path).name for one in records] == ["d.apk", "b.apk", "a.apk", "c.apk"]
    assert shares[0] > 0.6
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_splits_are_joined_also_where_one_of_them_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_files, "_GIANT", 100_000)
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "base.apk").write_bytes(fixture("base"))
        large = Part("assets/x", bytes(200_000), deflate=False)
        (tmp_path / folder / "extra.apk").write_bytes(package("extra", large))
    records = list(scan_apks([tmp_path], budget=ONE))
    assert [len(one.files) for one in records] == [2, 2]
