"""DiskSpace on the disk is looked at before anything is copied, and shared by phones that are read at the same time."""

import os
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from phone_audit.acquire.store.disk_space import RESERVE, DiskSpace
from phone_audit.errors import AcquireError

MB = 1_000_000


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Bytes that the disk has left beyond the reserve."""
    left = [1000 * MB]
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, left[0] + RESERVE))
    return left


def test_what_fits_is_promised_and_what_does_not_has_a_sentence(free: list[int], tmp_path: Path) -> None:
    DiskSpace().take(tmp_path / "case", 1000 * MB)
    with pytest.raises(
        AcquireError, match=r"has room for 1,000 MB; the files of this phone may take 1,001 MB"
    ) as caught:
        DiskSpace().take(tmp_path / "case", 1001 * MB)
    assert "--depth quick" in caught.value.hint


def test_phones_at_the_same_time_share_what_there_is(free: list[int], tmp_path: Path) -> None:
    room = DiskSpace()
    room.take(tmp_path / "one", 600 * MB)
    with pytest.raises(AcquireError, match="has room for 400 MB"):
        room.take(tmp_path / "two", 600 * MB)
    room.give_back(tmp_path / "one")
    room.take(tmp_path / "two", 600 * MB)


def test_what_is_written_already_is_not_counted_twice(free: list[int], tmp_path: Path) -> None:
    room = DiskSpace()
    room.take(tmp_path / "one", 8 * MB)
    (tmp_path / "one" / "apks").mkdir(parents=True)
    (tmp_path / "one" / "apks" / "a.apk").write_bytes(b"x" * 8 * MB)
    free[0] = 3 * MB
    room.take(tmp_path / "two", 3 * MB)


def test_the_real_disk_is_asked_for_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    DiskSpace().take(tmp_path / "not" / "yet", 1)
    with pytest.raises(AcquireError, match="has room for"):
        DiskSpace().take(tmp_path / "not" / "yet", shutil.disk_usage(tmp_path).total)


def test_a_file_that_gets_its_name_while_the_folder_of_another_phone_is_measured(
    free: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = DiskSpace()
    room.take(tmp_path / "one", 8 * MB)
    (tmp_path / "one" / "apks").mkdir(parents=True)
    (tmp_path / "one" / "apks" / "a.apk").write_bytes(b"x" * 2 * MB)
    (tmp_path / "one" / "apks" / "00001.part").write_bytes(b"x" * 2 * MB)
    lstat = Path.lstat

    def lstat_too_late(path: Path) -> os.stat_result:
        if path.suffix == ".part":
            path.rename(path.with_suffix(".apk"))  # as the thread of the other phone does, once it knows the hash
        return lstat(path)

    monkeypatch.setattr(Path, "lstat", lstat_too_late)
    free[0] = 9 * MB
    room.take(tmp_path / "two", 3 * MB)
    assert [path.name for path in sorted((tmp_path / "one" / "apks").iterdir())] == ["00001.apk", "a.apk"]


def test_a_folder_that_vanishes_while_it_is_measured(
    free: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = DiskSpace()
    room.take(tmp_path / "one", 8 * MB)
    (tmp_path / "one").mkdir()
    monkeypatch.setattr(Path, "is_dir", lambda _: True)
    shutil.rmtree(tmp_path / "one")
    free[0] = 11 * MB
    room.take(tmp_path / "two", 3 * MB)
