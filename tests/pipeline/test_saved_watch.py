"""Watches in a folder: whose it is, what goes into a scan, and folders that hold something else."""

import json
import shutil
from pathlib import Path

import pytest

from phone_audit.errors import SnapshotError, UsageError
from phone_audit.model.watch import Observation, Watch
from phone_audit.pipeline.apk_records import AnalysedApk
from phone_audit.pipeline.options import Budget, ScanOptions
from phone_audit.pipeline.saved_watch import prepare_folder, save_watch, saved_observations, with_observed
from phone_audit.pipeline.scan import scan_device
from phone_audit.report.canvas import Style
from phone_audit.report.formats import render
from tests.detect.watch.test_connection_join import endpoint, seen
from tests.documents import apk
from tests.watches import watch

DEVICES = Path(__file__).parents[2] / "fixtures" / "devices"


def same(host: str = "203.0.113.7", packages: tuple[str, ...] = ("com.a",)) -> Observation:
    return seen(packages=packages).model_copy(update={"joined_by": "address", "host": host})


def test_there_and_back(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    prepare_folder(folder, {})
    first = save_watch(folder, watch(seen()))
    second = save_watch(folder, watch(seen("203.0.113.8")))
    assert [first.name, second.name] == ["watch-20260101T000000Z.json", "watch-20260101T000000Z-1.json"]
    assert [path.stat().st_mode & 0o777 for path in (folder, first)] == [0o700, 0o600]
    assert Watch.model_validate_json(first.read_bytes()) == watch(seen())
    assert [one.place for one in saved_observations(folder)] == ["203.0.113.7:80", "203.0.113.8:80"]
    prepare_folder(folder, {})
    assert sorted(path.name for path in folder.iterdir()) == sorted([first.name, second.name])


def test_a_saved_acquisition_of_the_same_phone() -> None:
    replayed = DEVICES / "nokia7plus-small"
    manifest = json.loads((replayed / "manifest.json").read_text("utf-8"))
    name = next(item["file"] for item in manifest["artifacts"] if item["command"] == "getprop")
    properties = dict(
        line[1:-1].split("]: [", 1) for line in (replayed / name).read_text("utf-8").splitlines() if "]: [" in line
    )
    prepare_folder(replayed, properties)
    with pytest.raises(UsageError, match="of another phone"):
        prepare_folder(replayed, {"ro.serialno": "OTHER"})
    with pytest.raises(UsageError, match="of another phone"):
        prepare_folder(replayed, {})
    assert saved_observations(replayed) == ()


def test_a_folder_that_holds_something_else(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("x")
    with pytest.raises(UsageError, match=r"holds other files, thesis\.txt"):
        prepare_folder(tmp_path, {})


def test_a_place_that_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(SnapshotError, match="cannot be written"):
        prepare_folder(tmp_path / "file" / "below", {})


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"schema": "phone-audit/watch/1"}'])
def test_a_damaged_watch(tmp_path: Path, content: str) -> None:
    (tmp_path / "watch-20260101T000000Z.json").write_text(content)
    with pytest.raises(SnapshotError, match="is no saved watch"):
        saved_observations(tmp_path)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "watch-20260101T000000Z.json").symlink_to("/etc/passwd")
    with pytest.raises(SnapshotError, match="it is a link"):
        saved_observations(tmp_path)


def test_endpoints_that_were_seen_are_marked() -> None:
    held = (endpoint("203.0.113.7"), endpoint("x.example"))
    one = AnalysedApk(apk().model_copy(update={"endpoints": held}), 0.1)
    marked = with_observed([one], [same()])[0].info.endpoints
    assert marked is not None
    assert [(item.host, item.observed) for item in marked] == [("203.0.113.7", True), ("x.example", None)]


@pytest.mark.parametrize(
    "observation",
    [same(packages=("com.a", "com.b")), same(packages=("com.b",)), same("198.51.100.1"), seen()],
    ids=["shared uid", "another package", "another place", "not shown to be the same"],
)
def test_nothing_else_is_marked(observation: Observation) -> None:
    one = AnalysedApk(apk().model_copy(update={"endpoints": (endpoint("203.0.113.7"),)}), 0.1)
    assert with_observed([one], [observation]) == (one,)


def test_a_scan_of_the_folder_says_what_was_seen(tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    shutil.copytree(DEVICES / "nokia7plus-small", folder)
    activation = "com.qualcomm.qti.autoregistration"
    one = seen("203.0.113.77", 9999, (activation,)).model_copy(
        update={"joined_by": "phone-dns", "host": "zzhc.vnet.cn", "endpoints": ("zzhc.vnet.cn",)}
    )
    save_watch(folder, watch(one))
    scan = scan_device(str(folder), options=ScanOptions(budget=Budget(jobs=1), cache=False))
    assert scan.observations == (one,)
    marked = {
        (apk.package, endpoint.host) for apk in scan.apks for endpoint in apk.endpoints or () if endpoint.observed
    }
    assert marked == {(activation, "zzhc.vnet.cn")}
    text = render("text", scan, Style(width=120, details=True))
    assert "found in its code and seen on the wire: connected to zzhc.vnet.cn (203.0.113.77:9999)" in text
