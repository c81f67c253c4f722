"""From the files of Google's logs to the result of a scan. The entries are written by hand."""

import json
import shutil
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from phone_audit.knowledge.feeds.importing import FeedDetails, import_feed, read_feed
from phone_audit.knowledge.load import load_knowledge
from phone_audit.pipeline.scan import scan_device
from tests.documents import scan as document

PIXEL = Path(__file__).parents[2] / "fixtures" / "devices" / "pixel-small"
DIGEST = "5a" * 32


def pixel_with_digest(folder: Path) -> Path:
    """Copy the saved phone, with the property that its bootloader would set."""
    shutil.copytree(PIXEL, folder)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    (artifact,) = [item for item in manifest["artifacts"] if item["file"].endswith("0000-getprop.txt")]
    answer = folder / artifact["file"]
    before, mark, after = answer.read_bytes().partition(b"[ro.boot.verifiedbootstate]")  # the names are in order
    answer.write_bytes(before + f"[ro.boot.vbmeta.digest]: [{DIGEST}]\n".encode() + mark + after)
    artifact["sha256"] = sha256(answer.read_bytes()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return folder


@pytest.mark.slow
def test_a_saved_phone_whose_image_and_package_stand_in_logs(tmp_path: Path) -> None:
    phone = str(pixel_with_digest(tmp_path / "pixel"))
    before = scan_device(phone)
    assert before.known_image is None
    package = next(
        item for item in before.packages if "." in item.name and [file.role for file in item.files] == ["base"]
    )
    logs = {
        "pixel-images": f"0\n{before.build.fingerprint}\n{DIGEST}\n",
        "google-packages": f"0\n{package.files[0].sha256}\nSHA256(APK)\n{package.name}\n{package.version_code}\n",
    }
    for format_, text in logs.items():
        (tmp_path / "log.txt").write_text(text, "utf-8")
        read = read_feed(
            format_, tmp_path / "log.txt", FeedDetails(feed=format_), lambda: datetime(2026, 2, 1, tzinfo=UTC)
        )
        import_feed(read, tmp_path / "own")
    after = scan_device(phone, knowledge=load_knowledge([tmp_path / "own"]))
    assert after.known_image is not None
    assert f"ro.boot.vbmeta.digest={DIGEST}" in [piece.value for piece in after.known_image.evidence]
    added = set(after.known_good) - set(before.known_good)
    assert [(item.package, item.baseline, item.by) for item in added] == [(package.name, "google-packages", "file")]
    assert (after.findings, after.verdict) == (before.findings, before.verdict)


def test_a_result_of_before_has_no_image() -> None:
    assert document().known_image is None
