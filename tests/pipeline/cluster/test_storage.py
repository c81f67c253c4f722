"""What is found in storage and copied from it: files, folders, patterns, members of ZIPs; and what is refused."""

import zipfile
from pathlib import Path

import pytest

pytest.importorskip("fsspec", reason="needs the extra cluster-tests")

from phone_audit.errors import UsageError
from phone_audit.model.finding import Skipped
from phone_audit.pipeline.cluster import storage
from phone_audit.pipeline.cluster.storage import StorageError, begins_as_zip, copied, find_inputs
from phone_audit.pipeline.cluster.stored_input import StoredInput

pytestmark = pytest.mark.cluster


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    top = tmp_path / "top"
    (top / "inner").mkdir(parents=True)
    for name in ("b.apk", "a.APK", "notes", "inner/c.xapk", "inner/c.xapk.idsig"):
        (top / name).write_bytes(name.encode())
    return top


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    with zipfile.ZipFile(tmp_path / "dump.zip", "w", zipfile.ZIP_DEFLATED) as file:
        for name in ("system/a.apk", "system/b.apk", "data/c.apk", "data/notes"):
            file.writestr(name, name * 1000)
    return tmp_path / "dump.zip"


def found(*named: str) -> list[StoredInput]:
    return [one for one in find_inputs(named) if isinstance(one, StoredInput)]


def below(folder: Path, *named: str) -> list[tuple[str, bool, bool | None]]:
    return [(one.shown_as.partition("top/")[2], one.sure, one.sidecar) for one in found(*named)]


def test_a_folder_is_searched_as_on_a_disk(folder: Path) -> None:
    expected = [("a.APK", True, False), ("b.apk", True, False), ("notes", False, False), ("inner/c.xapk", True, True)]
    assert below(folder, f"file://{folder}") == [*expected, ("inner/c.xapk.idsig", False, False)]


def test_what_is_named_is_read_whatever_it_is(folder: Path) -> None:
    for name in ("notes", "inner/c.xapk", "not/there.apk"):
        assert below(folder, f"file://{folder}/{name}") == [(name, True, None)]
    assert below(folder, f"file://{folder}/*.apk") == [("b.apk", True, None)]


def test_a_copy_has_the_bytes_and_the_signature_beside_them(folder: Path, tmp_path: Path) -> None:
    (item,) = found(f"file://{folder}/inner/c.xapk")
    path = copied(item, tmp_path)
    assert path.read_bytes() == b"inner/c.xapk"
    assert path.with_name("file.idsig").read_bytes() == b"inner/c.xapk.idsig"


def test_nothing_lies_beside_most_files(folder: Path, tmp_path: Path) -> None:
    copied(found(f"file://{folder}/b.apk")[0], tmp_path)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["file"]


def test_members_of_a_zip(archive: Path, tmp_path: Path) -> None:
    items = found(f"zip://system/*.apk::file://{archive}")
    assert [item.shown_as for item in items] == [f"file://{archive}!system/{name}.apk" for name in "ab"]
    assert copied(items[1], tmp_path).read_bytes() == b"system/b.apk" * 1000
    every = found(f"zip://::file://{archive}")
    assert [(item.member, item.sure) for item in every] == [
        ("data/c.apk", True), ("data/notes", False), ("system/a.apk", True), ("system/b.apk", True),
    ]  # fmt: skip
    assert not begins_as_zip(every[1])
    assert begins_as_zip(StoredInput(f"file://{archive}", "", sure=False))


def test_a_member_that_unpacks_to_too_much(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "_LARGEST_MEMBER", 1000)
    with pytest.raises(StorageError, match="unpacks to more than"):
        copied(found(f"zip://data/c.apk::file://{archive}")[0], tmp_path)


def test_what_is_no_zip(folder: Path) -> None:
    with pytest.raises(UsageError, match="It is no ZIP that can be read"):
        found(f"zip://*.apk::file://{folder}/notes")


@pytest.mark.parametrize("url", ["file:///there/is/nothing", "unknown://a/b", "zip://x.apk::file:///there/is/nothing"])
def test_what_is_not_there_is_wrong_usage(url: str) -> None:
    with pytest.raises(UsageError, match="cannot be listed"):
        found(url)


def test_the_name_of_an_object_leads_nowhere_else(tmp_path: Path) -> None:
    """fsspec takes `a::http://host/b` for the file of that host, and whoever puts an object there names it."""
    (tmp_path / "a::memory:").mkdir()
    (tmp_path / "a::memory:" / "b.apk").write_bytes(b"x")
    (item,) = found(f"file://{tmp_path}")
    assert item.place.endswith("/a::memory:/b.apk")
    with pytest.raises(StorageError, match="is not opened"):
        copied(item, tmp_path)


def test_a_file_that_shrinks_while_it_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "_WAITS", (0.0,))
    file = storage._StoredFile(f"file://{folder}/b.apk")
    (folder / "b.apk").write_bytes(b"")
    with pytest.raises(StorageError, match="it has another size than before"):
        file.read(5)


def test_a_folder_that_cannot_be_listed_is_listed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fsspec.implementations.local import LocalFileSystem

    listed = LocalFileSystem.ls

    def ls(self: LocalFileSystem, path: str, detail: bool = False) -> object:
        if path.endswith("inner"):
            raise PermissionError(13, "denied")
        return listed(self, path, detail)

    monkeypatch.setattr(LocalFileSystem, "ls", ls)
    skipped = [one for one in find_inputs([f"file://{folder}"]) if isinstance(one, Skipped)]
    assert [(one.subject, one.step, one.code) for one in skipped] == [
        (f"file://{folder}/inner", "list", "unreadable-folder")
    ]
