"""Firmware whose code was taken out of its APKs, on a phone behind the real adbd: read as if it were still inside."""

import contextlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.oat.vdex import vdex
from phone_audit.model.apk import Apk
from phone_audit.model.results import Scan
from phone_audit.pipeline.options import ScanOptions
from phone_audit.pipeline.scan import scan_device
from tests.kit import Phone

pytestmark = [pytest.mark.adbd, pytest.mark.timeout(300)]

PACKAGE = "com.qualcomm.qti.autoregistration"


def stripped(apk: bytes) -> tuple[bytes, list[bytes]]:
    """Return an APK without its DEX files, and those."""
    content = io.BytesIO()
    dexes = []
    with zipfile.ZipFile(io.BytesIO(apk)) as old, zipfile.ZipFile(content, "w") as new:
        for entry in old.infolist():
            if entry.filename.endswith(".dex"):
                dexes.append(old.read(entry))
            else:
                new.writestr(entry, old.read(entry))
    return content.getvalue(), dexes


@contextlib.contextmanager
def stripped_on(phone: Phone, path: str) -> Iterator[str]:
    """Strip a package on the phone for a while; gives where its code is."""
    apk = phone.root / path.lstrip("/")
    before = apk.read_bytes()
    content, dexes = stripped(before)
    stem = apk.stem
    folder = apk.parent / "oat" / "arm64"
    folder.mkdir(parents=True)
    for part in (folder, folder.parent):
        part.chmod(0o755)
    files = {f"{stem}.vdex": vdex("019", dexes, compacted=True), f"{stem}.odex": b"\x7fELF not asked for"}
    for name, data in files.items():
        (folder / name).write_bytes(data)
        (folder / name).chmod(0o644)
    try:
        apk.write_bytes(content)
        yield f"{path.rpartition('/')[0]}/oat/arm64/{stem}.vdex"
    finally:
        apk.write_bytes(before)
        for name in files:
            (folder / name).unlink()
        folder.rmdir()
        folder.parent.rmdir()


def record(scan: Scan, path: str) -> Apk:
    (found,) = [apk for apk in scan.apks if apk.path == path]
    return found


def code(apk: Apk) -> list[tuple[str, list[str]]]:
    """Return each host, with the places in code where it stands."""
    assert apk.endpoints is not None
    return [
        (one.host, sorted({seen.where.rpartition("!")[2] for by in one.held_by for seen in by.evidence}))
        for one in apk.endpoints
    ]


def test_code_beside_is_read_like_code_inside(nokia: Phone, tmp_path: Path) -> None:
    """Also where it is known from an earlier scan, and in the replay of a saved one."""
    (fact,) = [fact for fact in nokia.facts()["packages"] if fact["name"] == PACKAGE]
    path = fact["path"]
    whole = record(scan_device(nokia.address), path)
    assert code(whole)
    with stripped_on(nokia, path) as beside:
        scans = [scan_device(nokia.address), scan_device(nokia.address)]
        scans.append(scan_device(nokia.address, options=ScanOptions(save=tmp_path / "saved")))
    scans.append(scan_device(str(tmp_path / "saved"), options=ScanOptions(cache=False)))
    for scan, source in zip(scans, ("host", "device", "host", "host"), strict=True):
        found = record(scan, path)
        assert code(found) == code(whole)
        assert (found.behaviours, found.trackers, found.outcome) == (whole.behaviours, whole.trackers, whole.outcome)
        assert [file.path for file in found.files if file.role == "vdex"] == [beside]
        assert not [one for one in scan.coverage.skipped if one.code == "no-code"]
        (package,) = [package for package in scan.packages if package.name == PACKAGE]
        assert [(file.role, file.hash_source) for file in package.files][1:] == [("vdex", source)]
        assert scan.coverage == scans[0].coverage
    assert [record(scan, path).run.cached for scan in scans] == [False, True, True, False]
    assert scans[0].run.bytes_transferred - scans[1].run.bytes_transferred > 10_000
