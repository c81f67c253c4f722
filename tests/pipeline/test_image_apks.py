"""`apks` reads the APKs of firmware images, in places that hold few of them at a time."""

from pathlib import Path

import pytest

from fixtures.oat.vdex import vdex
from phone_audit.errors import SnapshotError
from phone_audit.model.apk import Apk
from phone_audit.pipeline import image_apks
from phone_audit.pipeline.apks import audit_apks, scan_apks
from phone_audit.pipeline.options import Budget
from tests.acquire.image.images import make_erofs, make_ext4
from tests.acquire.image.made import write_simulated
from tests.apk.zips import Part
from tests.apk.zips import make_zip as zip_of
from tests.pipeline.test_stripped_apks import APK, stripped

pytestmark = pytest.mark.slow

BUDGET = Budget(jobs=1)


def comparable(apk: Apk, top: str) -> dict[str, object]:
    """A record without what names the place where it lay, or differs from run to run."""
    record = apk.model_dump(exclude={"run", "path", "files", "findings"})
    record["path"] = apk.path.removeprefix(top)
    record["files"] = [(file.path.removeprefix(top), file.sha256, file.role) for file in apk.files]
    record["findings"] = sorted((one.id, one.message) for one in apk.findings)
    return record


@pytest.fixture(scope="module")
def dump(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_simulated(tmp_path_factory.mktemp("dump"))


@pytest.mark.parametrize("at_once", [1, 2**30])
def test_the_records_of_an_image_are_those_of_its_files(
    dump: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(image_apks, "_AT_ONCE", at_once)
    image = make_erofs(dump / "system", tmp_path / "system.img", "-zlz4")
    of_files = [comparable(apk, f"{dump}") for apk in scan_apks([dump / "system"], budget=BUDGET)]
    of_image = [comparable(apk, f"{image}!") for apk in scan_apks([image], budget=BUDGET)]
    assert len(of_image) == len(of_files) > 20

    def path(record: dict[str, object]) -> str:
        return str(record["path"])

    assert sorted(of_image, key=path) == sorted(of_files, key=path)


def test_nothing_is_left_behind(dump: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    image = make_ext4(dump / "system", tmp_path / "system.img", size="24M")
    before = sorted(tmp_path.iterdir())
    audited = audit_apks([image], budget=BUDGET)
    assert audited.records == audited.result.files_seen > 20
    assert audited.result.skipped == ()
    assert sorted(tmp_path.iterdir()) == before


def test_code_beside_an_apk_of_an_image_is_read(tmp_path: Path) -> None:
    content, dexes = stripped(APK.read_bytes())
    folder = tmp_path / "tree" / "app" / "X"
    (folder / "oat" / "arm64").mkdir(parents=True)
    (folder / "X.apk").write_bytes(content)
    (folder / "oat" / "arm64" / "X.vdex").write_bytes(vdex("019", dexes, compacted=True))
    (tmp_path / "tree" / "build.prop").write_text("ro.build.id=x\n")
    image = make_erofs(tmp_path / "tree", tmp_path / "system.img")
    [apk] = scan_apks([image], budget=BUDGET)
    assert [file.path.removeprefix(f"{image}!") for file in apk.files] == [
        "/system/app/X/X.apk",
        "/system/app/X/oat/arm64/X.vdex",
    ]
    assert apk.endpoints


def test_a_damaged_image_is_told(tmp_path: Path, dump: Path) -> None:
    image = make_ext4(dump / "vendor", tmp_path / "vendor.img", size="8M")
    with image.open("r+b") as file:
        file.truncate(3000)
    with pytest.raises(SnapshotError, match="could be read"):
        list(scan_apks([image], budget=BUDGET))


def test_files_and_images_go_together(tmp_path: Path, dump: Path) -> None:
    image = make_erofs(dump / "system", tmp_path / "system.img")
    (tmp_path / "own.apk").write_bytes(APK.read_bytes())
    paths = [apk.path for apk in scan_apks([image, tmp_path / "own.apk"], budget=BUDGET)]
    assert paths[0] == f"{tmp_path}/own.apk"
    assert all(path.startswith(f"{image}!/system/") for path in paths[1:])
    assert len(paths) > 1


def test_an_app_with_an_image_in_it_is_an_app(tmp_path: Path) -> None:
    app = tmp_path / "x.apk"
    app.write_bytes(zip_of([Part("AndroidManifest.xml", b"x"), Part("assets/rootfs.img", b"x")]))
    [record] = scan_apks([app], budget=BUDGET)
    assert record.path == str(app)


def test_a_damaged_image_costs_itself_alone(tmp_path: Path) -> None:
    (tmp_path / "bad.img").write_bytes(b"\x3a\xff\x26\xed".ljust(100, b"x"))
    (tmp_path / "own.apk").write_bytes(APK.read_bytes())
    audited = audit_apks([tmp_path / "bad.img", tmp_path / "own.apk"], budget=BUDGET)
    assert audited.records == 1
    [note] = audited.result.skipped
    assert (note.subject, note.code) == (f"{tmp_path}/bad.img", "damaged")
