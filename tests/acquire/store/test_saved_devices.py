"""The saved acquisitions of `fixtures/devices`, as `build.py` there made them."""

import json
from pathlib import Path

import pytest

from phone_audit.acquire.store.layout import is_saved
from phone_audit.acquire.store.replay import ReplayTransport
from tests.acquire.collecting import collect
from tests.acquire.fake_phone import QUIET

FOLDER = Path(__file__).resolve().parents[3] / "fixtures" / "devices"
NAMES = sorted(path.name for path in FOLDER.iterdir() if is_saved(path))


def test_they_are_there() -> None:
    assert NAMES == ["nokia7plus-small", "pixel-small"]


@pytest.mark.parametrize("name", NAMES)
def test_a_saved_phone_reads_as_expected(name: str, tmp_path: Path) -> None:
    expected = json.loads((FOLDER / f"{name}.expected.json").read_text("utf-8"))
    replay = ReplayTransport(FOLDER / name)
    acquired = collect(
        replay,
        depth=replay.depth,
        users=replay.users,
        into=tmp_path,
        on_progress=QUIET,
        paths=("/system/framework/framework-res.apk", "/system/app", "/system/xbin/su"),
    )
    assert acquired.snapshot.model_dump(mode="json") == expected["snapshot"]
    assert [{"path": apk.path, "sha256": apk.sha256, "size": apk.size} for apk in acquired.apks] == expected["apks"]
    assert dict(acquired.paths) == expected["paths"]
    assert {path: list(found) for path, found in acquired.digests.items()} == expected["digests"]
    assert acquired.phone_clock_offset == expected["phone_clock_offset"]
    assert acquired.bytes_transferred == expected["bytes_transferred"]
    assert not list(tmp_path.iterdir()), "a replay copies nothing"
