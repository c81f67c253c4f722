"""The directory of an archive is measured before anything is made of it."""

import io
import zipfile

import pytest

from phone_audit.files.bounded_zip import ZipBounds, ZipError, ZipReader
from phone_audit.files.bounds import BoundsError


def archive(entries: int, comment: bytes = b"") -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for number in range(entries):
            made.writestr(f"{number}.txt", b"x")
        made.comment = comment
    return file


@pytest.mark.parametrize("comment", [b"", b"a comment"])
@pytest.mark.parametrize("before", [b"", b"something in front"])
def test_an_archive_within_the_bounds_is_opened(comment: bytes, before: bytes) -> None:
    file = io.BytesIO(before + archive(9, comment).getvalue())
    with ZipReader(file, ZipBounds(9)) as opened:
        assert len(opened.entries) == 9
        assert b"".join(opened.pieces(opened.entries[8])) == b"x"


def test_more_entries_are_refused_before_one_is_made() -> None:
    for entries in (10, 70_000):  # more than 65,535 need ZIP64
        file = archive(entries)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(zipfile, "ZipFile", None)
            with pytest.raises(BoundsError, match="more than 9 files"):
                ZipReader(file, ZipBounds(9))
    with pytest.raises(BoundsError, match="larger than 0 MB"):
        ZipReader(archive(9), ZipBounds(9, 10))


def test_70_000_entries_are_opened_where_they_may_be() -> None:
    with ZipReader(archive(70_000), ZipBounds(70_000)) as opened:
        assert len(opened.entries) == 70_000


@pytest.mark.parametrize("data", [b"", b"PK\x05\x06", b"PK\x05\x06" + b"\xff" * 18, b"x" * 100])
def test_what_is_none_is_told(data: bytes) -> None:
    with pytest.raises((ZipError, BoundsError)):
        ZipReader(io.BytesIO(data), ZipBounds(9))
