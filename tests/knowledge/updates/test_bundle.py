"""Bundles: a ZIP that holds a knowledge folder, and ZIPs that try something else."""

import io
import warnings
import zipfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from phone_audit.errors import KnowledgeError
from phone_audit.knowledge.updates import update
from phone_audit.knowledge.updates.update import unpack


def zipped(*entries: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(made, "w", method) as archive:
        warnings.simplefilter("ignore")  # names that stand twice are what a test is about
        for name, data in entries:
            archive.writestr(name, data)
    return made.getvalue()


def unpacked(data: bytes, folder: Path) -> dict[str, bytes]:
    path = folder / "x.zip"
    path.write_bytes(data)
    unpack(path, folder / "made")
    return {
        file.relative_to(folder / "made").as_posix(): file.read_bytes()
        for file in (folder / "made").rglob("*")
        if file.is_file()
    }


def test_a_bundle_is_unpacked(tmp_path: Path) -> None:
    files = {"incidents/a.json": b"{}", "indicators/f.jsonl": b"{}\n", "indicators/LICENSE.f": b"MIT"}
    assert unpacked(zipped(("incidents/", b""), *files.items()), tmp_path) == files


@pytest.mark.promise("update-bundle-bounded")
@pytest.mark.parametrize(
    "name",
    [
        "../incidents/a.json", "/incidents/a.json", "incidents/../../a.json", "incidents/b/a.json", "a.json",
        "incidents\\a.json", "incidents/.a.json", "incidents/a.py", "indicators/a.json", "other/a.json",
        "incidents/a.json\n", "C:/incidents/a.json", "incidents/a\u0661.json",
    ],
)  # fmt: skip
def test_a_name_that_has_no_place_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(KnowledgeError, match="a file that has no place in it"):
        unpacked(zipped(("incidents/good.json", b"{}"), (name, b"{}")), tmp_path)
    assert not (tmp_path / "made").exists()


def test_a_name_that_stands_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match=r"no place in it: 'incidents/A\.json'"):
        unpacked(zipped(("incidents/a.json", b"1"), ("incidents/A.json", b"2")), tmp_path)


@pytest.mark.promise("update-bundle-bounded")
def test_what_unfolds_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The length that the ZIP states is not asked: here it states one byte."""
    monkeypatch.setattr(update, "_MOST_BYTES", 3 * 2**20)
    with pytest.raises(KnowledgeError, match="unfolds into more than 3 MB"):
        unpacked(zipped(("incidents/a.json", bytes(2 * 2**20)), ("incidents/b.json", bytes(2 * 2**20))), tmp_path)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no ZIP"),
        (b"{}", "no ZIP"),
        (zipped(("incidents/a.json", b"x" * 500))[:-30], "no ZIP"),
        (zipped(("incidents/a.json", b"xyz"), method=zipfile.ZIP_STORED).replace(b"xyz", b"xyy"), "Bad CRC"),
        (zipped(("incidents/a.json", b"x"), method=zipfile.ZIP_LZMA), "unusual way"),
        (zipped(), "holds 0 files"),
    ],
)
def test_what_is_no_bundle_is_told(tmp_path: Path, data: bytes, said: str) -> None:
    with pytest.raises(KnowledgeError, match=said):
        unpacked(data, tmp_path)


@given(place=st.integers(0, 200), put=st.binary(min_size=1, max_size=4))
@example(place=151, put=b"\0")  # an entry without a name
def test_a_damaged_bundle_raises_our_own_error(
    tmp_path_factory: pytest.TempPathFactory, place: int, put: bytes
) -> None:
    whole = zipped(("incidents/a.json", b'{"a": 1}' * 9), ("hosts/b.json", b"{}"))
    damaged = whole[:place] + put + whole[place + len(put) :]
    try:
        found = unpacked(damaged, tmp_path_factory.mktemp("x"))
    except KnowledgeError:
        return
    assert set(found.values()) <= {b'{"a": 1}' * 9, b"{}"}


def test_an_entry_that_stands_before_the_file_is_damage_and_no_full_disk(tmp_path: Path) -> None:
    """An end record that places the directory too far back: the error was that of a place that cannot be written."""
    data = bytearray(zipped(("incidents/a.json", b"{}")))
    end = data.rindex(b"PK\5\6")
    data[end + 16 : end + 20] = (0x1800).to_bytes(4, "little")
    with pytest.raises(KnowledgeError, match="damaged"):
        unpacked(bytes(data), tmp_path)
