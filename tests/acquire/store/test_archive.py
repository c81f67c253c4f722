"""A saved acquisition as one encrypted file, and what such a file must not do."""

import json
import zipfile
from pathlib import Path

import pytest

from phone_audit.acquire.store.age import decrypt, read_identity, read_recipients
from phone_audit.acquire.store.archive import seal, unpack_ours
from phone_audit.errors import SnapshotError
from phone_audit.pipeline.source import opened, saved_sealed
from tests.acquire.store.test_age import key_file

MANIFEST = json.dumps({"schema": "phone-audit/acquisition/1"})


def saved(folder: Path) -> Path:
    for name in ("answers", "apks"):
        (folder / name).mkdir(parents=True)
    (folder / "manifest.json").write_text(MANIFEST)
    (folder / "answers" / "0000-getprop.txt").write_bytes(b"[ro.serialno]: [SECRET]\n" * 100)
    (folder / "apks" / f"{'a' * 64}.apk").write_bytes(bytes(range(256)) * 4096)
    (folder / "apks" / f"{'b' * 64}.parts").write_bytes(b"parts")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_goes_into_a_file_and_comes_back(tmp_path: Path) -> None:
    folder = saved(tmp_path / "case")
    key, recipient = key_file(tmp_path)
    seal(folder, tmp_path / "case.zip.age", read_recipients([recipient]))
    assert b"SECRET" not in (tmp_path / "case.zip.age").read_bytes()
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    back = opened(tmp_path / "case.zip.age", key, scratch)
    assert back.parent == scratch
    assert contents(back) == contents(folder)
    assert {path.stat().st_mode & 0o777 for path in back.rglob("*") if path.is_file()} == {0o600}
    assert back.stat().st_mode & 0o777 == 0o700


def test_equal_folders_give_equal_archives(tmp_path: Path) -> None:
    key, recipient = key_file(tmp_path)
    for name in ("one", "other"):
        seal(saved(tmp_path / name), tmp_path / f"{name}.age", read_recipients([recipient]))
        decrypt(tmp_path / f"{name}.age", read_identity(key), tmp_path / f"{name}.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "other.zip").read_bytes()


def test_an_archive_that_somebody_zipped_by_hand_is_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "case.zip", "w") as archive:
        archive.writestr("case/manifest.json", MANIFEST)
        archive.writestr("case/answers/0000-a.txt", "x")
        archive.writestr("case/answers/.hidden", "x")
        archive.writestr("case/notes.txt", "not ours")
    assert unpack_ours(tmp_path / "case.zip", tmp_path / "out")
    assert sorted(contents(tmp_path / "out")) == ["answers/0000-a.txt", "manifest.json"]


@pytest.mark.promise("names-stay-inside")
@pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "answers/../../evil", "answers\\..\\evil"])
def test_a_name_that_leads_outside_is_refused_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    (tmp_path / "in").mkdir()
    with zipfile.ZipFile(tmp_path / "in" / "case.zip", "w") as archive:
        archive.writestr("manifest.json", MANIFEST)
        archive.writestr(name, "evil")
    with pytest.raises(SnapshotError, match="leads out of it"):
        unpack_ours(tmp_path / "in" / "case.zip", tmp_path / "in" / "out")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["case.zip", "in"]


def test_what_is_no_acquisition_of_ours_is_left_to_others(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("manifest.json", json.dumps({"name": "something else"}))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    assert opened(tmp_path / "other.zip", None, scratch) == tmp_path / "other.zip"
    assert list(scratch.iterdir()) == []
    assert opened(tmp_path, None, scratch) == tmp_path


@pytest.mark.promise("json-bounded")
@pytest.mark.parametrize(
    ("manifest", "said"),
    [("[{}" + ",{}" * 1_100_000 + "]", "more than 1,000,000 values"), (" " * (17 * 2**20), "16 MB")],
)
def test_a_manifest_that_would_take_all_memory_is_refused_before_it_is_parsed(
    manifest: str, said: str, tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "case.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x/manifest.json", manifest)
    with pytest.raises(SnapshotError, match=said):
        unpack_ours(tmp_path / "case.zip", tmp_path / "out")


def test_a_file_that_is_there_is_never_replaced(tmp_path: Path) -> None:
    _, recipient = key_file(tmp_path)
    (tmp_path / "case.zip.age").write_text("mine")
    with (
        pytest.raises(SnapshotError, match=r"case\.zip\.age is there already"),
        saved_sealed(tmp_path / "case", (recipient,), tmp_path),
    ):
        pytest.fail("the phone was asked")
    assert (tmp_path / "case.zip.age").read_text() == "mine"


def test_a_scan_that_fails_leaves_no_file(tmp_path: Path) -> None:
    _, recipient = key_file(tmp_path)

    def scan() -> None:
        with saved_sealed(tmp_path / "case", (recipient,), tmp_path) as folder:
            assert folder is not None
            saved(folder)
            raise SnapshotError("no phone")

    with pytest.raises(SnapshotError, match="no phone"):
        scan()
    assert not (tmp_path / "case.zip.age").exists()
    with saved_sealed(tmp_path / "case", (), tmp_path) as plain:
        assert plain == tmp_path / "case"
