"""Which files are read, and in which order."""

import os
from pathlib import Path

import pytest

from phone_audit.apk.discover import InputFile, find_apks, shown
from phone_audit.model.finding import Skipped
from tests.apk.zips import Part, make_zip


def write(path: Path, content: bytes = b"text") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def found(*paths: Path, below: Path | None = None) -> list[str]:
    names = [one.shown_as if isinstance(one, InputFile) else f"skipped {one.subject}" for one in find_apks(paths)]
    return [name.replace(f"{below}/", "") for name in names] if below else names


def zipped(*names: str) -> bytes:
    return make_zip([Part(name, b"x") for name in names])


def test_by_suffix_in_any_case(tmp_path: Path) -> None:
    for name in ("a.apk", "b.APKS", "c.xapk", "d.apkm", "e.aab", "f.txt", "g.apk.bak", "apk"):
        write(tmp_path / name)
    assert found(tmp_path, below=tmp_path) == ["a.apk", "b.APKS", "c.xapk", "d.apkm", "e.aab"]


def test_what_begins_as_a_zip_may_be_one(tmp_path: Path) -> None:
    write(tmp_path / "file", zipped("README"))
    write(tmp_path / "script", b"#!/bin/sh\n" + zipped("classes.dex"))
    write(tmp_path / "short", b"PK")
    assert list(find_apks([tmp_path])) == [InputFile(tmp_path / "file", (tmp_path / "file").as_posix(), sure=False)]


def test_files_of_a_folder_come_together_before_its_folders(tmp_path: Path) -> None:
    for name in ("z.apk", "b/y.apk", "b/c/x.apk", "a/w.apk", "a/v.apk"):
        write(tmp_path / name)
    assert found(tmp_path, below=tmp_path) == ["z.apk", "a/v.apk", "a/w.apk", "b/y.apk", "b/c/x.apk"]


def test_a_named_file_is_read_whatever_it_is(tmp_path: Path) -> None:
    text = write(tmp_path / "notes.txt")
    gone = tmp_path / "gone.apk"
    assert list(find_apks([text, gone])) == [
        InputFile(text, text.as_posix()),
        InputFile(gone, gone.as_posix()),
    ]


def test_the_order_of_the_paths_is_kept_and_no_file_comes_twice(tmp_path: Path) -> None:
    first, second = write(tmp_path / "a.apk"), write(tmp_path / "b.apk")
    assert found(second, tmp_path, first, below=tmp_path) == ["b.apk", "a.apk"]


def test_paths_are_shown_as_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "in" / "a.apk")
    monkeypatch.chdir(tmp_path)
    assert found(Path("in")) == ["in/a.apk"]
    assert found(Path()) == ["in/a.apk"]


def test_folders_that_link_to_each_other(tmp_path: Path) -> None:
    write(tmp_path / "a" / "x.apk")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    (tmp_path / "b").symlink_to(tmp_path / "a")
    (tmp_path / "self").symlink_to("self")
    assert found(tmp_path, below=tmp_path) == ["a/x.apk"]


def test_links_to_files(tmp_path: Path) -> None:
    write(tmp_path / "store" / "x.bin", zipped("classes.dex"))
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "good").symlink_to(tmp_path / "store" / "x.bin")
    (folder / "broken").symlink_to("nowhere")
    (folder / "broken.apk").symlink_to("nowhere")
    assert found(folder, below=folder) == ["broken.apk", "good"]


def test_special_files_are_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    assert found(tmp_path) == []


def test_a_folder_called_apk_is_searched(tmp_path: Path) -> None:
    write(tmp_path / "pulled.apk" / "base.apk")
    assert found(tmp_path, below=tmp_path) == ["pulled.apk/base.apk"]


def test_an_unreadable_folder_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "locked" / "a.apk")
    write(tmp_path / "open" / "b.apk")
    listing = Path.iterdir

    def refuse(folder: Path) -> object:
        if folder.name == "locked":
            raise PermissionError(13, "Permission denied")
        return listing(folder)

    monkeypatch.setattr(Path, "iterdir", refuse)
    first, second = find_apks([tmp_path])
    assert first == Skipped(
        subject=(tmp_path / "locked").as_posix(),
        step="list",
        code="unreadable-folder",
        reason="The folder cannot be listed: Permission denied.",
    )
    assert isinstance(second, InputFile)
    assert second.path == tmp_path / "open" / "b.apk"


def test_an_unreadable_file_of_unknown_kind_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "file", zipped("classes.dex"))

    def refuse(*_: object, **__: object) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    (only,) = find_apks([tmp_path])
    assert isinstance(only, Skipped)
    assert (only.code, only.subject) == ("unreadable", (tmp_path / "file").as_posix())


def test_a_name_that_is_no_utf8(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/a\xff.apk"))
    path.write_bytes(b"text")
    (only,) = find_apks([tmp_path])
    assert isinstance(only, InputFile)
    assert (only.path, only.shown_as) == (path, f"{tmp_path.as_posix()}/a\\xff.apk")
    assert shown(Path("ü/b.apk")) == "ü/b.apk"
