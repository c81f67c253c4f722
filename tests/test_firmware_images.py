"""The firmware of the known-bad phone gives what the phone gives, less what an image cannot hold, in every form."""

import gzip
import hashlib
from pathlib import Path

import pytest

from fixtures.oat.vdex import vdex
from phone_audit.errors import SnapshotError
from phone_audit.model.finding import Finding
from phone_audit.model.results import Scan
from phone_audit.pipeline.demo import scan_simulated
from phone_audit.pipeline.options import ScanOptions
from phone_audit.pipeline.scan import scan_device
from tests.acquire.image.forms import FORMS
from tests.acquire.image.images import make_erofs, make_ext4
from tests.acquire.image.made import PARTITIONS, write_simulated
from tests.kit import Phone
from tests.pipeline.test_stripped_apks import APK, stripped

pytestmark = pytest.mark.slow

LACKING = {
    "ro.build.version.security_patch": "on which day the patches are old",
}
"""Subject of a finding that an image cannot give → what it would need; packages under /data are none of the image."""


@pytest.fixture(scope="module")
def phone() -> Scan:
    """The simulated phone, read over ADB."""
    return scan_simulated()


@pytest.fixture(scope="module")
def dump(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its partitions, unpacked."""
    return write_simulated(tmp_path_factory.mktemp("dump"))


def scanned(path: Path) -> Scan:
    return scan_device(str(path), options=ScanOptions(cache=False))


def expected(phone: Scan) -> dict[str, Finding]:
    """The findings of a phone that its firmware can give: key → finding."""
    installed = {
        package.name
        for package in phone.packages
        if all(file.path.startswith("/data/") for file in package.files if file.role != "hidden-system")
    }
    return {
        finding.key: finding
        for finding in phone.findings
        if finding.subject.name not in LACKING and finding.subject.name not in installed
    }


def holds_the_same(image: Scan, phone: Scan, *further: str) -> None:
    """Hold an image against the phone that runs it; `further` are keys of the state that both have to say."""
    assert image.acquisition.source == "image"
    assert image.coverage.complete
    assert image.coverage.skipped == ()
    found = {finding.key: finding for finding in image.findings}
    wanted = expected(phone)
    assert {key: finding.message for key, finding in found.items() if key not in wanted} == {}
    assert {key: finding.message for key, finding in wanted.items() if key not in found} == {}
    assert image.verdict.outcome == phone.verdict.outcome == "known-bad"
    assert image.build.fingerprint == phone.build.fingerprint
    firmware = {file.path: file.sha256 for one in phone.packages for file in one.files if file.path[:6] != "/data/"}
    assert {file.path: file.sha256 for one in image.packages for file in one.files} == firmware
    its = {item.key: item.value for item in image.state}
    of_phone = {item.key: item.value for item in phone.state}
    both = its.keys() & of_phone.keys()
    assert {"hosts_entries", "root_programs", *further} <= both
    assert {key: its[key] for key in both} == {key: of_phone[key] for key in both}


def test_a_dump_gives_what_the_phone_gives(phone: Scan, dump: Path) -> None:
    holds_the_same(scanned(dump), phone)


@pytest.mark.parametrize("form", FORMS)
def test_an_image_gives_what_the_phone_gives(phone: Scan, dump: Path, tmp_path: Path, form: str) -> None:
    image = FORMS[form]({name: dump / name for name in PARTITIONS}, tmp_path)
    holds_the_same(scanned(image), phone)


@pytest.fixture(scope="module")
def real(nokia: Phone) -> Scan:
    """The phone of the kit with its 270 packages, read over ADB by Debian's adbd."""
    return scan_device(nokia.address, depth="deep", options=ScanOptions(via="direct", cache=False))


@pytest.mark.adbd
@pytest.mark.parametrize("form", ["ext4", "erofs", "payload"])
def test_an_image_of_the_kit_gives_what_its_phone_gives(nokia: Phone, real: Scan, tmp_path: Path, form: str) -> None:
    image = FORMS[form]({name: nokia.root / name for name in PARTITIONS}, tmp_path)
    holds_the_same(scanned(image), real, "ca_certificates", "framework_files")


@pytest.mark.parametrize("form", FORMS)
def test_half_of_an_image_costs_a_sentence(dump: Path, tmp_path: Path, form: str) -> None:
    """Of a folder of images each is cut. What can still be read is judged, and the result says that it is not whole."""
    image = FORMS[form]({name: dump / name for name in PARTITIONS}, tmp_path)
    for path in image.iterdir() if image.is_dir() else [image]:
        with path.open("r+b") as file:
            file.truncate(path.stat().st_size * 2 // 5)
    try:
        scan = scanned(image)
    except SnapshotError as error:
        assert error.message.endswith(".")  # noqa: PT017 (either is right)
    else:
        assert not scan.coverage.complete


def test_code_beside_the_packages_of_an_old_firmware_is_read(tmp_path: Path) -> None:
    content, dexes = stripped(APK.read_bytes())
    folder = tmp_path / "tree" / "app" / "Registration"
    (folder / "oat" / "arm64").mkdir(parents=True)
    (folder / "Registration.apk").write_bytes(content)
    (folder / "oat" / "arm64" / "Registration.vdex").write_bytes(vdex("019", dexes, compacted=True))
    (tmp_path / "tree" / "build.prop").write_text("ro.build.version.sdk=28\n")
    scan = scanned(make_erofs(tmp_path / "tree", tmp_path / "system.img", "-zlz4"))
    [apk] = scan.apks
    assert [(file.path, file.role) for file in apk.files] == [
        ("/system/app/Registration/Registration.apk", "base"),
        ("/system/app/Registration/oat/arm64/Registration.vdex", "vdex"),
    ]
    assert apk.endpoints
    assert not [note for note in apk.skipped if note.step == "dex"]


def test_a_package_that_a_phone_unpacks_first_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "tree" / "app" / "Registration"
    folder.mkdir(parents=True)
    (folder / "Registration.apk.gz").write_bytes(gzip.compress(APK.read_bytes()))
    (folder / "Broken.apk.gz").write_bytes(b"x")
    (tmp_path / "tree" / "build.prop").write_text("ro.build.id=x\n")
    scan = scanned(make_ext4(tmp_path / "tree", tmp_path / "system.img", size="4M"))
    [package] = scan.packages
    assert [(file.path, file.sha256) for file in package.files] == [
        ("/system/app/Registration/Registration.apk.gz", hashlib.sha256(APK.read_bytes()).hexdigest())
    ]
    assert [note.subject for note in scan.coverage.skipped] == ["/system/app/Registration/Broken.apk.gz"]


def test_an_image_without_packages_is_not_called_whole(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "build.prop").write_text("ro.build.id=x\n")
    scan = scanned(make_erofs(tmp_path, tmp_path.with_suffix(".img")))
    assert scan.verdict.outcome == "inconclusive"
    assert [note.reason for note in scan.coverage.skipped] == ["No partition of the image holds a package."]


def test_an_image_without_a_system_partition_is_not_called_whole(tmp_path: Path) -> None:
    (tmp_path / "vendor" / "app").mkdir(parents=True)
    (tmp_path / "vendor" / "build.prop").write_text("ro.vendor.x=y\n")
    (tmp_path / "vendor" / "app" / "X.apk").write_bytes(APK.read_bytes())
    scan = scanned(make_ext4(tmp_path / "vendor", tmp_path / "vendor.img", size="4M"))
    assert not scan.coverage.complete
    assert ("system", "not-held") in [(note.subject, note.code) for note in scan.coverage.skipped]
