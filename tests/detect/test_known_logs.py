"""What Google's logs prove of a phone. Every entry here is written by hand."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from phone_audit.detect.known_good import known_good, known_image
from phone_audit.knowledge.feeds.importing import FeedDetails, import_feed, read_feed
from phone_audit.knowledge.feeds.index import Indicators
from phone_audit.knowledge.feeds.indicator import About, Indicator, ThreatClass
from phone_audit.knowledge.load import Knowledge, load_knowledge
from phone_audit.model.device import Package, PackageFile, Snapshot
from tests.judge.cases import judge_scan, package, snapshot
from tests.knowledge.feeds.feeds import item, keep

BASE, SPLIT, OTHER = "aa" * 32, "bb" * 32, "cc" * 32
PRINT = "google/made/up:15/AP4A.000000.001/1:user/release-keys"
PIXEL = {
    "ro.build.fingerprint": PRINT, "ro.boot.vbmeta.digest": BASE, "ro.boot.verifiedbootstate": "green",
    "ro.product.model": "Pixel",
}  # fmt: skip


def listed(sha256: str, name: str = "com.made.up", version: int = 7, class_: ThreatClass = "owner") -> Indicator:
    return Indicator("hash", sha256, About(name, class_, "strong", f"version {version}"))


def image(digest: str = BASE, fingerprint: str = PRINT) -> Indicator:
    return Indicator("property", f"ro.boot.vbmeta.digest={digest}", About(fingerprint, "owner"))


def known(folder: Path, *rows: Indicator, format_: str = "google-packages") -> Knowledge:
    return Knowledge((), (), Indicators([keep(folder, *rows, feed="log", format=format_, publisher="Google")]))


def file(sha256: str | None, role: Any = "base") -> PackageFile:
    source: Any = "device" if sha256 else "none"
    return PackageFile(path=f"/data/app/{role}.apk", sha256=sha256, hash_source=source, size=1, role=role)


def made_up(*files: PackageFile, **changes: Any) -> Package:
    return package("com.made.up", **({"files": files, "version_code": 7} | changes))


def found(knowledge: Knowledge, its: Package) -> list[tuple[str, str, str, str]]:
    proofs = known_good(snapshot({}, [its]), [], knowledge)
    return [(proof.package, proof.baseline, proof.by, proof.sha256) for proof in proofs]


@pytest.mark.parametrize("format_", ["google-packages", "mainline-modules"])
def test_a_package_all_of_whose_files_stand_in_a_log(tmp_path: Path, format_: str) -> None:
    knowledge = known(tmp_path, listed(BASE), listed(SPLIT), format_=format_)
    assert found(knowledge, made_up(file(BASE))) == [("com.made.up", "log", "file", BASE)]
    assert [proof[3] for proof in found(knowledge, made_up(file(BASE), file(SPLIT, "split")))] == [BASE, SPLIT]
    assert found(knowledge, made_up(file(BASE), file(OTHER, "hidden-system"))), "what an update hides does not run"
    assert found(knowledge, made_up(file(BASE), version_code=None))


@pytest.mark.parametrize(
    "its",
    [
        made_up(file(OTHER)),
        made_up(file(None)),
        made_up(),
        made_up(file(BASE), version_code=8),
        made_up(file(BASE), file(OTHER, "split")),
        made_up(file(BASE), file(None, "split")),
        package("com.other", files=(file(BASE),), version_code=7),
    ],
)
def test_no_name_alone_no_hash_alone_no_part_of_a_package(tmp_path: Path, its: Package) -> None:
    assert found(known(tmp_path, listed(BASE)), its) == []


@pytest.mark.parametrize(("format_", "class_"), [("csv", "owner"), ("google-packages", "malware")])
def test_only_a_log_proves_it(tmp_path: Path, format_: str, class_: ThreatClass) -> None:
    assert found(known(tmp_path, listed(BASE, class_=class_), format_=format_), made_up(file(BASE))) == []


def pixel(*, locked: bool | None = True, **changes: str) -> Snapshot:
    said = PIXEL | {f"ro.{name.replace('_', '.')}": value for name, value in changes.items()}
    phone = snapshot(said)
    return phone.model_copy(update={"build": phone.build.model_copy(update={"bootloader_locked": locked})})


@pytest.mark.parametrize(
    "phone", [pixel(), pixel(locked=None), pixel(boot_vbmeta_digest=f" {BASE.upper()}\n")], ids=["1", "2", "3"]
)
def test_an_image_that_google_published(tmp_path: Path, phone: Snapshot) -> None:
    proof = known_image(phone, known(tmp_path, image(), format_="pixel-images"))
    assert proof is not None
    assert (proof.baseline, proof.publisher) == ("log", "Google")
    names = {piece.value.partition("=")[0] for piece in proof.evidence}
    assert names == {"ro.build.fingerprint", "ro.boot.vbmeta.digest", "ro.boot.verifiedbootstate"}


@pytest.mark.parametrize(
    "phone",
    [
        pixel(boot_vbmeta_digest=OTHER),
        pixel(boot_vbmeta_digest=""),
        pixel(boot_vbmeta_digest="no hash"),
        pixel(build_fingerprint=PRINT.replace("AP4A", "AP3A")),
        pixel(build_fingerprint=""),
        pixel(boot_verifiedbootstate="orange"),
        pixel(boot_verifiedbootstate="yellow"),
        pixel(boot_verifiedbootstate=""),
        pixel(locked=False),
    ],
)
def test_fingerprint_digest_and_boot_state_prove_it_only_together(tmp_path: Path, phone: Snapshot) -> None:
    assert known_image(phone, known(tmp_path, image(), format_="pixel-images")) is None


def test_fingerprint_and_digest_have_to_stand_in_one_entry(tmp_path: Path) -> None:
    crossed = (image(OTHER), image(BASE, PRINT.replace("AP4A", "AP3A")))
    assert known_image(pixel(), known(tmp_path, *crossed, format_="pixel-images")) is None
    assert known_image(pixel(), known(tmp_path, image(), format_="values")) is None
    assert known_image(pixel(), Knowledge(())) is None


def test_a_log_takes_nothing_off_what_is_found(tmp_path: Path) -> None:
    """Somebody else lists the very file as malware, and its package stands in a log."""
    spy = keep(tmp_path, item("hash", BASE), feed="spies")
    files = [spy, keep(tmp_path, listed(BASE), image(), feed="log", format="google-packages")]
    with_it, without = (Knowledge((), (), Indicators(paths)) for paths in (files, [spy]))
    phone = snapshot(PIXEL, [made_up(file(BASE))])
    assert known_good(phone, [], with_it)
    scans = [judge_scan(phone, [], [], "standard", facts) for facts in (with_it, without)]
    assert scans[0].findings == scans[1].findings
    assert {finding.confidence for finding in scans[0].findings} >= {"confirmed"}
    assert scans[0].verdict == scans[1].verdict


def test_a_log_alone_gives_no_finding(tmp_path: Path) -> None:
    phone = snapshot(PIXEL, [made_up(file(BASE))])
    scans = [
        judge_scan(phone, [], [], "standard", facts)
        for facts in (known(tmp_path, listed(BASE), image()), Knowledge(()))
    ]
    assert scans[0].findings == scans[1].findings


@pytest.mark.parametrize(
    ("format_", "text"),
    [
        ("google-packages", f"0\n{BASE}\nSHA256(APK)\ncom.made.up\n7\n"),
        ("mainline-modules", f"0\n{BASE}\nSHA256(APK)\ncom.made.up\n7\n"),
        ("pixel-images", f"0\n{PRINT}\n{BASE}\n"),
    ],
)
def test_from_the_file_of_a_log_to_the_proof(tmp_path: Path, format_: str, text: str) -> None:
    (tmp_path / "log.txt").write_text(text, "utf-8")
    own = tmp_path / "own"
    import_feed(read_feed(format_, tmp_path / "log.txt", FeedDetails(), lambda: datetime(2026, 2, 1, tzinfo=UTC)), own)
    knowledge = load_knowledge([own])
    proof = known_image(pixel(), knowledge) if format_ == "pixel-images" else found(knowledge, made_up(file(BASE)))
    assert proof
