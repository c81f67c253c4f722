"""The hashes of a saved acquisition, which may come from anybody."""

import json

import pytest

from phone_audit.acquire.store.file_hashes import FileHashes, hashes_saved, read_hashes
from phone_audit.errors import SnapshotError
from phone_audit.model.finding import Skipped

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
