import os
import zipfile
from pathlib import Path

import pytest

from phone_audit.acquire.store import container as module
from phone_audit.acquire.store.container import FolderContainer, ZipContainer, open_container
from phone_audit.errors import SnapshotError


def archive(path: Path, **entries: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as made:
        for name, data in entries.items():
            made.writestr(name, data)
    return path


@pytest.mark.promise("names-stay-inside")
@pytest.mark.parametrize("name", ["../outside.txt", "/etc/passwd", "a/../../b", "a\\..\\b", ".."])
def test_an_entry_that_leads_outside_stops_everything_and_writes_nothing(name: str, tmp_path: Path) -> None:
    inside = tmp_path / "in"
    inside.mkdir()
    path = inside / "evil.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("getprop.txt", "x")
        made.writestr(name, "evil")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(SnapshotError, match="leads out of it"):
        open_container(path)
    assert sorted(tmp_path.rglob("*")) == before


def test_an_archive_cut_in_half_is_said_to_be(tmp_path: Path) -> None:
    path = archive(tmp_path / "whole.zip", **{"a.txt": os.urandom(5000)})
    half = tmp_path / "half.zip"
    half.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(SnapshotError, match="cut off"):
        ZipContainer(half)


def test_a_damaged_entry_is_named(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", **{"a.txt": b"hello" * 100})
    data = bytearray(path.read_bytes())
    at = data.index(b"hello")
    data[at : at + 5] = b"jelly"
    path.write_bytes(bytes(data))
    container = ZipContainer(path)
    with pytest.raises(SnapshotError, match=r"a\.txt .* is damaged"):
        container.read("a.txt")
    with pytest.raises(SnapshotError, match="damaged"):
        container.take_out("a.txt", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    container.close()


def test_an_entry_larger_than_its_limit_is_refused_as_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("a.txt", b"\0" * 5_000_000)
    container = ZipContainer(path)
    with pytest.raises(SnapshotError, match="more than"):
        container.read("a.txt", limit=1_000_000)
    assert container.begins("a.txt", 10) == b"\0" * 10
    container.close()


def test_other_methods_of_packing_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "lzma.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as made:
        made.writestr("a.txt", b"x")
    container = ZipContainer(path)
    with pytest.raises(SnapshotError, match="packed in a way"):
        container.read("a.txt")
    container.close()


def test_a_folder_follows_no_link_and_opens_no_pipe(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("mine")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link.txt").symlink_to(secret)
    (folder / "dir").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe.txt")
    (folder / "own.txt").write_text("own")
    assert FolderContainer(folder).names() == ("own.txt",)


def test_a_folder_gives_its_own_files(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.apk").write_bytes(b"12345")
    container = FolderContainer(tmp_path)
    assert container.take_out("sub/a.apk", tmp_path / "unused") == tmp_path / "sub" / "a.apk"
    assert container.begins("sub/a.apk", 2) == b"12"
    with pytest.raises(SnapshotError, match="more than"):
        container.read("sub/a.apk", limit=4)


def test_a_folder_that_became_a_link_is_not_read(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "folder", tmp_path / "elsewhere"
    for made in (folder / "sub", elsewhere):
        made.mkdir(parents=True)
        (made / "a.txt").write_text("x")
    container = FolderContainer(folder)
    (folder / "sub/a.txt").unlink()
    (folder / "sub").rmdir()
    (folder / "sub").symlink_to(elsewhere)
    with pytest.raises(SnapshotError, match="it is a link"):
        container.read("sub/a.txt")


def test_an_archive_of_more_files_than_any_is_not_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_FILES", 9)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as made:
        for number in range(10):
            made.writestr(f"{number}.txt", b"")
    with pytest.raises(SnapshotError, match="was not read: it holds more than 9 files"):
        ZipContainer(tmp_path / "a.zip")
