"""What an interrupted reading saved is used again, where it is still what the phone has."""

import hashlib
import io
from pathlib import Path

import pytest

from phone_audit.acquire.store.interrupted import InterruptedFiles
from phone_audit.acquire.store.saved_files import pack
from phone_audit.acquire.transport import Bytes
from phone_audit.model.parts import Parts, Range

CONTENT = bytes(range(256)) * 400
DIGEST = hashlib.sha256(CONTENT).hexdigest()
PARTS = Parts(((0, 4096), (90_000, len(CONTENT))))


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    (tmp_path / "case.interrupted-1" / "apks").mkdir(parents=True)
    (tmp_path / "into").mkdir()
    return tmp_path / "case.interrupted-1"


def enough(data: Bytes, size: int, held: Parts) -> tuple[Range, ...]:
    assert (len(data), size) == (len(CONTENT), len(CONTENT))
    return () if held == PARTS else ((0, size),)


def save_parts(saved: Path, parts: Parts = PARTS, digest: str = DIGEST) -> Path:
    whole = saved / "whole"
    whole.write_bytes(CONTENT)
    file = saved / "apks" / f"{DIGEST}.parts"
    with file.open("wb") as into:
        pack(whole, len(CONTENT), parts, digest, into)
    whole.unlink()
    return file


def test_a_whole_file_is_given_as_a_new_one(saved: Path, tmp_path: Path) -> None:
    (saved / "apks" / f"{DIGEST}.apk").write_bytes(CONTENT)
    found = InterruptedFiles([tmp_path / "none", saved]).find(DIGEST, tmp_path / "into")
    assert found is not None
    assert found.local is not None
    assert (found.local.parent, found.sha256, found.size, found.parts) == (
        tmp_path / "into",
        DIGEST,
        len(CONTENT),
        None,
    )
    found.local.unlink()
    assert (saved / "apks" / f"{DIGEST}.apk").read_bytes() == CONTENT


def test_one_that_is_not_there_or_was_changed_is_none(saved: Path, tmp_path: Path) -> None:
    earlier = InterruptedFiles([saved], enough)
    assert earlier.find(DIGEST, tmp_path / "into") is None
    (saved / "apks" / f"{DIGEST}.apk").write_bytes(CONTENT[:-1])
    assert earlier.find(DIGEST, tmp_path / "into") is None
    (saved / "apks" / f"{DIGEST}.apk").unlink()
    (tmp_path / "elsewhere").write_bytes(CONTENT)
    (saved / "apks" / f"{DIGEST}.apk").symlink_to(tmp_path / "elsewhere")
    assert earlier.find(DIGEST, tmp_path / "into") is None
    assert list((tmp_path / "into").iterdir()) == []


def test_parts_are_given_where_they_are_enough(saved: Path, tmp_path: Path) -> None:
    save_parts(saved)
    found = InterruptedFiles([saved], enough).find(DIGEST, tmp_path / "into")
    assert found is not None
    assert found.local is not None
    assert (found.size, found.parts) == (len(CONTENT), PARTS)
    data = found.local.read_bytes()
    assert data[:4096] + data[90_000:] == CONTENT[:4096] + CONTENT[90_000:]
    assert set(data[4096:90_000]) == {0}


def test_parts_are_not_enough_for_whole_files_nor_where_more_is_wanted(saved: Path, tmp_path: Path) -> None:
    save_parts(saved)
    assert InterruptedFiles([saved]).find(DIGEST, tmp_path / "into") is None
    save_parts(saved, Parts(((0, 4096),)))
    assert InterruptedFiles([saved], enough).find(DIGEST, tmp_path / "into") is None
    save_parts(saved, digest="f" * 64)
    assert InterruptedFiles([saved], enough).find(DIGEST, tmp_path / "into") is None
    assert list((tmp_path / "into").iterdir()) == []


def test_parts_that_were_cut_when_the_program_was_ended(saved: Path, tmp_path: Path) -> None:
    file = save_parts(saved)
    file.write_bytes(file.read_bytes()[:-1])
    assert InterruptedFiles([saved], enough).find(DIGEST, tmp_path / "into") is None
    file.write_bytes(io.BytesIO(file.read_bytes()).read(10))
    assert InterruptedFiles([saved], enough).find(DIGEST, tmp_path / "into") is None
    assert list((tmp_path / "into").iterdir()) == []
