"""Parts and hashes of a saved acquisition, which may come from anybody."""

import io
import json
from pathlib import Path

import pytest

from phone_audit.acquire.store.saved_files import FileHashes, hashes_saved, pack, read_hashes, unpack
from phone_audit.errors import SnapshotError
from phone_audit.model.finding import Skipped
from phone_audit.model.parts import Parts

WHOLE = bytes(range(256)) * 100


def packed(tmp_path: Path, parts: Parts, sha256: str | None = "ab" * 32) -> io.BytesIO:
    local = tmp_path / "local"
    local.write_bytes(WHOLE)
    into = io.BytesIO()
    pack(local, len(WHOLE), parts, sha256, into)
    into.seek(0)
    return into


def test_parts_come_back_at_their_places(tmp_path: Path) -> None:
    parts = Parts(((0, 10), (5000, 9000), (25_590, 25_600)))
    saved = packed(tmp_path, parts)
    assert len(saved.getvalue()) < parts.size + 200, "what is not held takes no room"
    assert unpack(saved, Path("x.parts"), tmp_path / "into") == (len(WHOLE), parts, "ab" * 32)
    back = (tmp_path / "into").read_bytes()
    assert len(back) == len(WHOLE)
    assert all(back[start:end] == WHOLE[start:end] for start, end in parts.ranges)
    assert back[10:5000] == bytes(4990)


def test_a_file_without_a_hash(tmp_path: Path) -> None:
    assert unpack(packed(tmp_path, Parts(((0, 1),)), None), Path("x"), tmp_path / "into")[2] is None


def test_what_is_cut_is_named(tmp_path: Path) -> None:
    cut = io.BytesIO(packed(tmp_path, Parts(((0, 10_000),))).getvalue()[:-1])
    with pytest.raises(SnapshotError, match=r"^x\.parts holds no parts of a file\."):
        unpack(cut, Path("x.parts"), tmp_path / "into")


def test_what_follows_the_last_part_is_no_part(tmp_path: Path) -> None:
    more = io.BytesIO(packed(tmp_path, Parts(((0, 10_000),))).getvalue() + b"x")
    with pytest.raises(SnapshotError, match=r"^x\.parts holds no parts of a file\."):
        unpack(more, Path("x.parts"), tmp_path / "into")


@pytest.mark.parametrize(
    "head",
    [
        "", "{", "[]", "7", {}, {"size": 5}, {"size": 5, "sha256": None, "ranges": 7},
        {"size": 5, "sha256": None, "ranges": [[0, 6]]}, {"size": 5, "sha256": None, "ranges": [[3, 2]]},
        {"size": 5, "sha256": None, "ranges": [[2, 3], [0, 1]]}, {"size": 2**60, "sha256": None, "ranges": []},
        {"size": -1, "sha256": None, "ranges": []}, "[" * 2000,
        '{"size": 1e999, "sha256": null, "ranges": []}', '{"size": 9, "sha256": null, "ranges": [[0, 1e999]]}',
        '{"size": Infinity, "sha256": null, "ranges": []}', {"size": True, "sha256": None, "ranges": [[0, 1]]},
        {"size": "9", "sha256": None, "ranges": [[0, 5]]}, {"size": 9, "sha256": None, "ranges": [[0.0, 5.0]]},
        {"size": 9, "sha256": "../../x", "ranges": [[0, 5]]}, {"size": 9, "sha256": "a\0b", "ranges": [[0, 5]]},
        {"size": 9, "sha256": "hello", "ranges": [[0, 5]]}, {"size": 9, "sha256": "", "ranges": [[0, 5]]},
        {"size": 9, "sha256": "ab" * 32 + "\n", "ranges": [[0, 5]]}, {"size": 9, "sha256": 5, "ranges": [[0, 5]]},
        {"size": 9, "sha256": None, "ranges": [[-5, 1]]}, {"size": 9, "sha256": None, "ranges": {"a": 1}},
    ],
)  # fmt: skip
def test_what_is_no_head_is_named(tmp_path: Path, head: object) -> None:
    text = head if isinstance(head, str) else json.dumps(head)
    with pytest.raises(SnapshotError):
        unpack(io.BytesIO(text.encode() + b"\n12345"), Path("x.parts"), tmp_path / "into")
    assert not (tmp_path / "into").exists()


HASH = "ab" * 32


def test_they_come_back() -> None:
    note = Skipped(subject="/a", step="transfer", code="unreadable", reason="No.")
    hashed = FileHashes({"/a": (HASH, "device"), "/\udcff": (HASH, "cached")}, [note])
    assert read_hashes(hashes_saved(hashed)) == hashed


@pytest.mark.parametrize(
    "known",
    [
        ["../../x", "device"], [HASH + "\n", "device"], [HASH.upper(), "device"], [7, "device"], [None, "none"],
        [HASH, "nonsense"], [HASH, ["x"]], [HASH, None], [HASH], [HASH, "device", 1], {"a": 1}, 5, HASH,
    ],
)  # fmt: skip
def test_what_is_no_hash_is_a_sentence(known: object) -> None:
    with pytest.raises(SnapshotError, match="hashes that cannot be right"):
        read_hashes(json.dumps({"hashes": {"/a": known}, "notes": []}).encode())


@pytest.mark.parametrize("path", ["/\ud800", "\udc00"])
def test_what_no_phone_calls_a_file_is_a_sentence(path: str) -> None:
    with pytest.raises(SnapshotError, match="hashes that cannot be right"):
        read_hashes(json.dumps({"hashes": {path: [HASH, "device"]}, "notes": []}).encode())
