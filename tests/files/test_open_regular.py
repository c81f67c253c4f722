"""Only regular files are opened, nothing waits, and no link inside a folder leads anywhere."""

import os
import socket
from pathlib import Path

import pytest

from phone_audit.files import open_regular as module
from phone_audit.files.open_regular import open_inside, open_regular, open_unlinked


def test_a_file_is_opened_also_through_a_link_of_the_user(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "b").symlink_to("a")
    for name in "ab":
        with open_regular(tmp_path / name) as file:
            assert file.read() == b"x"
    with pytest.raises(OSError, match="is a link"):
        open_unlinked(tmp_path / "b")
    with open_unlinked(tmp_path / "a") as file:
        assert file.read() == b"x"


@pytest.mark.promise("only-regular-here")
@pytest.mark.timeout(10)
@pytest.mark.parametrize("kind", ["pipe", "socket", "folder", "device"])
def test_nothing_else_is_opened_nor_waited_for(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x"
    with socket.socket(socket.AF_UNIX) as listener:
        if kind == "pipe":
            os.mkfifo(path)
        elif kind == "socket":
            listener.bind(str(path))
        elif kind == "folder":
            path.mkdir()
        else:
            path = Path("/dev/zero")
        for opened in (open_regular, open_unlinked, open_in_its_folder):
            with pytest.raises(OSError, match=r"no regular file|folder|No such device"):
                opened(path)


def open_in_its_folder(path: Path) -> object:
    return open_inside(path.parent, path.name)


@pytest.fixture(params=[True, False])
def by_folder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BY_FOLDER", request.param)


@pytest.mark.promise("only-regular-here")
@pytest.mark.usefixtures("by_folder")
def test_inside_a_folder_no_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/secret").write_bytes(b"s")
    real = tmp_path / "real"
    (real / "deep").mkdir(parents=True)
    (real / "deep/file").write_bytes(b"x")
    (real / "link").symlink_to("../out/secret")
    (real / "folder").symlink_to("../out")
    (real / "deep/up").symlink_to("../deep")
    (tmp_path / "named").symlink_to("real")
    with open_inside(tmp_path / "named", "deep/file") as file:
        assert file.read() == b"x"
    for name in ("link", "folder/secret", "deep/up/file"):
        with pytest.raises(OSError, match="is a link"):
            open_inside(real, name)
    for name in ("", "/etc/passwd", "../out/secret", "deep/../../out/secret", "a\0b"):
        with pytest.raises(OSError, match="leads out"):
            open_inside(real, name)
    with pytest.raises(FileNotFoundError):
        open_inside(real, "deep/none")
