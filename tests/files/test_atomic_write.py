"""Files written as a whole: what was there stays on a failure, and no link that lies in the way is followed."""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from phone_audit.files import atomic_write
from phone_audit.files.atomic_write import (
    DRAFT,
    create_file,
    creating,
    is_special,
    named_file,
    open_new,
    open_special,
    open_stream,
    replace_file,
    replacing,
    rights_of,
)

PACKAGE = Path(__file__).parents[2] / "phone_audit"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.promise("outputs-private")
def test_a_new_file_is_private_and_nothing_else_stays(tmp_path: Path) -> None:
    replace_file(tmp_path / "x.json", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["x.json"]
    assert (tmp_path / "x.json").read_bytes() == b"new"
    assert mode(tmp_path / "x.json") == 0o600


def test_a_link_of_that_name_is_replaced_and_its_target_stays(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "x.json").symlink_to(victim)
    replace_file(tmp_path / "x.json", b"new")
    assert victim.read_text() == "precious"
    assert not (tmp_path / "x.json").is_symlink()


@pytest.mark.promise("outputs-private")
def test_a_draft_is_random_and_made_exclusively_inside_the_open_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, int, object]] = []
    inner = os.open

    def spy(path: Any, flags: int, *rest: Any, **named: Any) -> int:
        if flags & os.O_CREAT:
            seen.append((str(path), flags, named.get("dir_fd")))
        return inner(path, flags, *rest, **named)

    monkeypatch.setattr(os, "open", spy)
    for _ in range(2):
        replace_file(tmp_path / "x", b"")
    names = [name for name, _, _ in seen]
    assert len(set(names)) == 2
    assert all(DRAFT.fullmatch(name) for name in names)
    wanted = os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    assert all(flags & wanted == wanted and folder is not None for _, flags, folder in seen)


def test_a_folder_that_is_exchanged_half_way_gets_nothing(tmp_path: Path) -> None:
    folder, other = tmp_path / "folder", tmp_path / "other"
    folder.mkdir()
    other.mkdir()
    with replacing(folder / "x") as file:
        folder.rename(tmp_path / "moved")
        folder.symlink_to(other)
        file.write(b"new")
    assert list(other.iterdir()) == []
    assert (tmp_path / "moved" / "x").read_bytes() == b"new"


class BrokenError(Exception):
    """What goes wrong while a content is made."""


def fail(path: Path) -> None:
    with replacing(path) as file:
        file.write(b"half")
        raise BrokenError


def fail_new(path: Path) -> None:
    with creating(path) as file:
        file.write(b"half")
        raise BrokenError


@pytest.mark.promise("outputs-whole")
@pytest.mark.parametrize("write", [fail, fail_new])
def test_a_failure_leaves_what_was_there(tmp_path: Path, write: Callable[[Path], None]) -> None:
    (tmp_path / "x").write_text("old")
    with pytest.raises(BrokenError):
        write(tmp_path / "x")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("x", "old")]


@pytest.mark.promise("outputs-whole")
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def full(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    (tmp_path / "x").write_text("old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=os.strerror(number)):
        replace_file(tmp_path / "x", b"new")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("x", "old")]


def test_where_the_name_is_a_folder_no_draft_stays(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    with pytest.raises(IsADirectoryError):
        replace_file(tmp_path / "x", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_creating_refuses_what_is_there_also_a_link_to_nowhere(tmp_path: Path) -> None:
    (tmp_path / "x").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileExistsError):
        create_file(tmp_path / "x", b"new")
    with pytest.raises(FileExistsError):
        open_new(tmp_path / "x")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_creating_where_there_are_no_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", no_links)
    create_file(tmp_path / "x", b"new")
    with pytest.raises(FileExistsError):
        create_file(tmp_path / "x", b"newer")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("x", b"new")]


def test_without_folder_descriptors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows."""
    monkeypatch.setattr(atomic_write, "_BY_DESCRIPTOR", False)
    replace_file(tmp_path / "x", b"new")
    create_file(tmp_path / "y", b"new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x", "y"]


def test_rights_are_kept_only_where_the_file_is_this_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x"
    assert rights_of(path) == 0o600
    path.write_text("")
    path.chmod(0o640)
    replace_file(path, b"new", mode=rights_of(path))
    assert mode(path) == 0o640
    (tmp_path / "link").symlink_to(path)
    assert rights_of(tmp_path / "link") == 0o600
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert rights_of(path) == 0o600


def test_a_link_is_followed_where_the_user_or_the_folders_owner_made_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to(tmp_path / "below" / "c")
    assert named_file(tmp_path / "a") == tmp_path / "below" / "c"
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert named_file(tmp_path / "a") == tmp_path / "below" / "c"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a link to somebody else")
def test_a_link_that_somebody_else_laid_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "victim")
    os.chown(tmp_path / "a", 4242, 4242, follow_symlinks=False)
    with pytest.raises(OSError, match="a link that somebody else made"):
        named_file(tmp_path / "a")
    with pytest.raises(OSError, match="a link that somebody else made"):
        open_stream(tmp_path / "a")
    assert not (tmp_path / "victim").exists()


def test_links_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic links"):
        named_file(tmp_path / "a")


def test_a_stream_is_private_and_empties_what_was_there(tmp_path: Path) -> None:
    with open_stream(tmp_path / "x") as file:
        file.write(b"a long first content")
    with open_stream(tmp_path / "x") as file:
        file.write(b"new")
    assert (tmp_path / "x").read_bytes() == b"new"
    assert mode(tmp_path / "x") == 0o600


def test_a_device_is_written_to(tmp_path: Path) -> None:
    assert is_special(Path("/dev/null"))
    assert not is_special(tmp_path / "x")
    with open_stream(Path("/dev/null")) as file:
        file.write(b"new")


def test_no_other_file_of_the_program_makes_drafts() -> None:
    """`locks.py` makes files that are locked and hold nothing."""
    makers = [path for path in sorted(PACKAGE.rglob("*.py")) if "O_CREAT" in path.read_text("utf-8")]
    assert [path.name for path in makers] == ["atomic_write.py", "locks.py"]


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file to somebody else")
@pytest.mark.parametrize("behind_a_link", [True, False])
def test_a_pipe_that_somebody_else_made_is_not_written_into(tmp_path: Path, behind_a_link: bool) -> None:
    named = tmp_path / "pipe"
    os.mkfifo(named)
    os.chown(named, 12345, 12345)
    if behind_a_link:
        (tmp_path / "link").symlink_to(named)
        named = tmp_path / "link"
    for opened in (open_stream, open_special):
        with pytest.raises(OSError, match="somebody else"):
            opened(named)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file to somebody else")
def test_lines_do_not_go_into_a_file_of_somebody_else(tmp_path: Path) -> None:
    named = tmp_path / "lines"
    named.write_bytes(b"theirs")
    os.chown(named, 12345, 12345)
    with pytest.raises(OSError, match="somebody else"):
        open_stream(named)
    assert named.read_bytes() == b"theirs"


def test_lines_replace_what_was_in_a_file_of_ones_own(tmp_path: Path) -> None:
    named = tmp_path / "lines"
    named.write_bytes(b"a long text of mine")
    with open_stream(named) as file:
        file.write(b"new")
    assert named.read_bytes() == b"new"
