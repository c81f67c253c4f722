"""Other tools' acquisitions through the whole program."""

import json
import shutil
import zipfile
from pathlib import Path

import pyrage
import pytest
from typer.testing import CliRunner

from phone_audit.cli.main import app
from phone_audit.errors import SnapshotError, UsageError
from phone_audit.pipeline.options import ScanOptions, no_progress
from phone_audit.pipeline.scan import scan_device
from phone_audit.pipeline.source import open_source
from tests.acquire.importers import made
from tests.acquire.importers.made import DEVICES
from tests.acquire.importers.written import androidqf, packages, report, report_properties, section, service

PHONE = made.recorded()


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_androidqf_ends_in_the_verdict_of_the_phone(tmp_path: Path) -> None:
    named = made.zipped(made.androidqf(PHONE, tmp_path / "a"), tmp_path / "a.zip", "uuid/")
    from_archive = scan_device(str(named))
    from_phone = scan_device(str(made.DEVICES / "nokia7plus-small"))
    assert from_archive.verdict.outcome == from_phone.verdict.outcome == "known-bad"
    assert {incident.id for incident in from_archive.incidents} == {incident.id for incident in from_phone.incidents}
    assert {apk.sha256: apk.outcome for apk in from_archive.apks} == {
        apk.sha256: apk.outcome for apk in from_phone.apks
    }
    acquisition = from_archive.acquisition
    assert (acquisition.source, acquisition.via, acquisition.depth) == ("androidqf", "file", "deep")
    assert acquisition.manifest_sha256 is not None
    assert acquisition.cannot_hold


@pytest.mark.promise("unread-never-good")
def test_a_bug_report_never_ends_in_nothing_found(tmp_path: Path) -> None:
    scan = scan_device(str(made.bugreport(PHONE, tmp_path / "bugreport.zip")))
    assert scan.verdict.outcome == "inconclusive"
    assert scan.acquisition.depth == "quick"
    assert scan.coverage.packages_listed == len(PHONE.packages)


@pytest.mark.slow
def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    folder = str(made.androidqf(PHONE, tmp_path / "a"))
    first, second = (
        scan_device(folder, options=ScanOptions(cache=False)).model_dump(mode="json", exclude={"run"}) for _ in "ab"
    )
    for document in (first, second):
        for apk in document["apks"]:
            del apk["run"]
    assert first == second


@pytest.mark.parametrize(
    "options", [ScanOptions(via="direct"), ScanOptions(save=Path("somewhere"))], ids=["via", "save"]
)
def test_what_only_a_phone_can_give_is_wrong_usage(options: ScanOptions, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no phone to ask"):
        scan_device(str(made.plain(PHONE, tmp_path / "dumps")), options=options)


def test_path_traversal_is_refused_with_the_contract_s_exit_code(tmp_path: Path) -> None:
    path = tmp_path / "in" / "evil.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("getprop.txt", "[ro.build.id]: [X]")
        archive.writestr("acquisition.json", "{}")
        archive.writestr("../../evil.txt", "evil")
    before = sorted(tmp_path.rglob("*"))
    result = CliRunner().invoke(app, ["scan", str(path)])
    assert isinstance(result.exception, SnapshotError)
    assert "leads out of it" in str(result.exception)
    assert [one for one in sorted(tmp_path.rglob("*")) if "cache" not in one.parts] == before


def test_an_error_speaks_of_the_file_that_was_named_not_of_what_it_was_decrypted_to(tmp_path: Path) -> None:
    plain = tmp_path / "evil.zip"
    with zipfile.ZipFile(plain, "w") as archive:
        archive.writestr("getprop.txt", "[ro.build.id]: [X]")
        archive.writestr("../evil.txt", "evil")
    secret = pyrage.x25519.Identity.generate()
    (tmp_path / "key.txt").write_text(str(secret))
    named = tmp_path / "case.zip.age"
    named.write_bytes(pyrage.encrypt(plain.read_bytes(), [secret.to_public()]))
    with pytest.raises(SnapshotError, match="leads out of it") as caught:
        scan_device(str(named), options=ScanOptions(identity=tmp_path / "key.txt"))
    assert str(named) in caught.value.message
    assert "decrypted-" not in caught.value.message


def test_a_bug_report_cut_in_half_says_so(tmp_path: Path) -> None:
    whole = made.bugreport(PHONE, tmp_path / "bugreport.zip")
    half = tmp_path / "half.zip"
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(SnapshotError, match="cut off"):
        scan_device(str(half))


def test_the_json_names_the_tool(tmp_path: Path) -> None:
    scan = scan_device(str(made.hubble(PHONE, tmp_path / "hubble")))
    document = json.loads(scan.model_dump_json())
    assert document["acquisition"]["source"] == "hubble"
    assert all(sentence.endswith(".") for sentence in document["acquisition"]["cannot_hold"])


BAD = "com.system.service.zdsgt"
"""Known to be bad by its name alone."""


def test_a_known_package_behind_a_pretended_dump_is_found(tmp_path: Path) -> None:
    cut = f"1\n{'-' * 60}\nDUMP OF SERVICE zzz:"
    dump = service("package", packages("org.a", BAD, version=cut))
    path = report(tmp_path / "bugreport.txt", report_properties(), dump, service("user", "Users:\n"))
    assert scan_device(str(path)).verdict.outcome == "known-bad"


def test_a_known_property_inside_a_version_name_finds_nothing(tmp_path: Path) -> None:
    version = "1\n" + section("X", "getprop", "[os.config.ppgl.status]: [1]\n").rstrip("\n")
    text = service("package", packages("org.a", version=version))
    scan = scan_device(str(report(tmp_path / "bugreport.txt", text, report_properties())))
    assert (scan.verdict.outcome, scan.coverage.complete) == ("inconclusive", False)


def test_a_known_sha1_of_a_file_without_a_copy_is_found(tmp_path: Path) -> None:
    file = {"path": "/system/app/x/x.apk", "local_name": "", "sha1": "f3732871371819532416cf2ec03ea103a3d61802"}
    path = androidqf(tmp_path / "a", [{"name": "org.x", "system": True, "files": [file]}])
    assert scan_device(str(path)).verdict.outcome == "known-bad"


def test_what_an_acquisition_lacks_is_in_the_result(tmp_path: Path) -> None:
    scan = scan_device(str(androidqf(tmp_path / "a", [{"name": "org.x", "system": True}])))
    assert scan.verdict.outcome == "inconclusive"
    assert "accessibility services" in scan.acquisition.cannot_hold[-1]
    assert {note.code for note in scan.coverage.skipped} == {"not-held"}


def test_a_saved_folder_without_its_manifest_is_not_taken_for_loose_dumps(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(DEVICES / "nokia7plus-small", tmp_path / "saved"))
    (folder / "manifest.json").unlink()
    with (
        pytest.raises(SnapshotError, match=r"manifest\.json cannot be read"),
        open_source(str(folder), "standard", "all", ScanOptions(), no_progress),
    ):
        pass
