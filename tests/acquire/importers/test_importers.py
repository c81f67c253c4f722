import hashlib
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from phone_audit.acquire.collect import Acquired
from phone_audit.errors import SnapshotError
from tests.acquire.importers import made
from tests.acquire.importers.written import read

PHONE = made.recorded()


def package(collected: Acquired, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in collected.snapshot.packages if one.name == name).model_dump(mode="json")
    return found


def names(collected: Acquired) -> list[str]:
    return [one.name for one in collected.snapshot.packages]


@pytest.fixture
def androidqf(tmp_path: Path) -> Path:
    return made.androidqf(PHONE, tmp_path / "acquisition")


def test_androidqf_says_what_a_scan_of_the_phone_says(androidqf: Path, tmp_path: Path) -> None:
    imported, collected = read(androidqf, tmp_path)
    assert (imported.source, imported.depth) == ("androidqf", "deep")
    assert collected.snapshot.build.model_dump(mode="json") == PHONE.expected["build"]
    assert collected.snapshot.properties == PHONE.expected["properties"]
    for expected in PHONE.packages:
        found = package(collected, expected["name"])
        for field in ("app_id", "system", "version_code", "version_name", "signers"):
            assert found[field] == expected[field], (expected["name"], field)
        hidden = [file for file in expected["files"] if file["role"] != "hidden-system"]
        assert {file["path"]: file["sha256"] for file in found["files"]} == {
            file["path"]: file["sha256"] for file in [*hidden, *(set_apart(expected))]
        }
        assert [user["granted"] for user in found["users"]] == [user["granted"] for user in expected["users"]]
    assert {apk.path: apk.sha256 for apk in collected.apks} == {
        file["path"]: file["sha256"]
        for expected in PHONE.packages
        for file in expected["files"]
        if file["path"] in PHONE.apks
    }


def set_apart(expected: dict[str, Any]) -> list[dict[str, Any]]:
    """androidqf's list has the copies that an update hides only where a test puts them there, as this one does."""
    return [file for file in expected["files"] if file["role"] == "hidden-system"]


def test_an_archive_of_the_folder_gives_the_same(androidqf: Path, tmp_path: Path) -> None:
    _, folder = read(androidqf, tmp_path)
    for inside in ("", "0b1c/"):
        path = made.zipped(androidqf, tmp_path / f"acquisition{len(inside)}.zip", inside)
        (tmp_path / f"for{len(inside)}").mkdir()
        _, archive = read(path, tmp_path / f"for{len(inside)}")
        assert archive.snapshot == folder.snapshot
        assert [apk.sha256 for apk in archive.apks] == [apk.sha256 for apk in folder.apks]


def test_a_bug_report_holds_packages_and_no_code(tmp_path: Path) -> None:
    imported, collected = read(made.bugreport(PHONE, tmp_path / "bugreport.zip"), tmp_path)
    assert (imported.source, imported.depth, collected.apks) == ("bugreport", "quick", ())
    assert collected.snapshot.build.model_dump(mode="json") == PHONE.expected["build"]
    for expected in PHONE.packages:
        found = package(collected, expected["name"])
        assert (found["version_code"], found["signers"]) == (expected["version_code"], expected["signers"])
        assert [user["granted"] for user in found["users"]] == [user["granted"] for user in expected["users"]]
    assert any("APK" in sentence for sentence in imported.cannot_hold)


def test_the_main_text_of_a_bug_report_alone(tmp_path: Path) -> None:
    archive = made.bugreport(PHONE, tmp_path / "bugreport.zip")
    text = tmp_path / "bugreport-NB1-2026.txt"
    with zipfile.ZipFile(archive) as opened:
        text.write_bytes(opened.read("bugreport-NB1-2026.txt"))
    _, from_text = read(text, tmp_path)
    _, from_archive = read(archive, tmp_path)
    assert from_text.snapshot == from_archive.snapshot


def test_hubble(tmp_path: Path) -> None:
    imported, collected = read(made.hubble(PHONE, tmp_path / "results"), tmp_path)
    assert (imported.source, imported.depth) == ("hubble", "quick")
    assert collected.snapshot.build.model_dump(mode="json") == PHONE.expected["build"]
    assert names(collected) == [expected["name"] for expected in PHONE.packages]
    for expected in PHONE.packages:
        found = package(collected, expected["name"])
        assert found["signers"] == ["ab" * 32]
        assert found["version_name"] == expected["version_name"]
        assert found["users"][0]["granted"] == ["android.permission.INTERNET"]
        base = next(file for file in expected["files"] if file["role"] == "base")
        assert [(file["path"], file["sha256"]) for file in found["files"]] == [(base["path"], base["sha256"])]


def test_hubble_without_the_property_file_still_knows_the_build(tmp_path: Path) -> None:
    folder = made.hubble(PHONE, tmp_path / "results")
    (folder / "device_properties.txt").unlink()
    _, collected = read(folder, tmp_path)
    assert collected.snapshot.build.fingerprint == "a/b/c:9/X/1:user/release-keys"
    assert collected.snapshot.properties["ro.product.model"] == "Nokia 7 plus"


def test_mvt(tmp_path: Path) -> None:
    imported, collected = read(made.mvt(PHONE, tmp_path / "results"), tmp_path)
    assert imported.source == "mvt"
    assert names(collected) == [expected["name"] for expected in PHONE.packages]
    for expected in PHONE.packages:
        found = package(collected, expected["name"])
        assert (found["app_id"], found["version_code"]) == (expected["app_id"], expected["version_code"])
    state = {item.key: item.value for item in collected.snapshot.state}
    assert state["http_proxy"] == "10.0.0.1:8080"


def test_a_folder_of_dumps(tmp_path: Path) -> None:
    imported, collected = read(made.plain(PHONE, tmp_path / "dumps"), tmp_path)
    assert imported.source == "folder"
    assert collected.snapshot.build.model_dump(mode="json") == PHONE.expected["build"]
    for expected in PHONE.packages:
        found = package(collected, expected["name"])
        assert (found["version_code"], found["system"]) == (expected["version_code"], expected["system"])
    assert [note.subject for note in collected.snapshot.skipped if note.code == "unknown-text"] == ["notes.txt"]


@pytest.mark.parametrize("make", [made.androidqf, made.hubble, made.mvt, made.plain])
def test_names_of_a_hostile_phone_do_not_stop_the_reading(
    make: Callable[[made.Recorded, Path], Path], tmp_path: Path
) -> None:
    hostile = made.recorded("pixel-small")
    _, collected = read(make(hostile, tmp_path / "acquisition"), tmp_path)
    assert "com.android.shell" in names(collected)


def test_a_missing_copy_is_counted(androidqf: Path, tmp_path: Path) -> None:
    copies = sorted((androidqf / "apks").iterdir())
    copies[0].unlink()
    _, collected = read(androidqf, tmp_path)
    note = next(note for note in collected.snapshot.skipped if note.code == "not-held")
    assert f"{len(copies) - 1} of " in note.reason


def test_a_changed_copy_is_noted_and_analysed(androidqf: Path, tmp_path: Path) -> None:
    copy = sorted((androidqf / "apks").iterdir())[0]
    copy.write_bytes(copy.read_bytes() + b"x")
    _, collected = read(androidqf, tmp_path)
    assert [note.code for note in collected.snapshot.skipped if note.step == "transfer"].count("changed") == 1
    assert hashlib.sha256(copy.read_bytes()).hexdigest() in {apk.sha256 for apk in collected.apks}
    assert len(collected.apks) == len(PHONE.apks)


def test_an_unknown_folder_says_what_is_known(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(b"\xff\xd8")
    with pytest.raises(SnapshotError, match="not a known kind of acquisition") as caught:
        read(tmp_path / "photos", tmp_path)
    assert "androidqf" in caught.value.hint
    assert "firmware" in caught.value.hint


def test_a_folder_of_saved_phones_says_what_to_name(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    for name in ("01-a", "02-b"):
        (raw / name / "answers").mkdir(parents=True)
        (raw / name / "manifest.json").write_text("{}")
        (raw / name / "answers" / "0000-getprop.txt").write_text(f"[ro.product.model]: [{name}]\n")
    with pytest.raises(SnapshotError, match="raw holds 2 acquisitions") as caught:
        read(raw, tmp_path)
    assert caught.value.hint == f"Name them: {raw}/*"


def test_a_folder_of_encrypted_phones_says_what_to_name(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "01-a.zip.age").write_bytes(b"age")
    with pytest.raises(SnapshotError, match="raw holds 1 encrypted acquisition") as caught:
        read(tmp_path / "raw", tmp_path)
    assert caught.value.hint.startswith(f"Name them: {tmp_path / 'raw'}/*.zip.age --identity FILE")


def test_a_damaged_list_of_packages_names_file_and_place(androidqf: Path, tmp_path: Path) -> None:
    (androidqf / "packages.json").write_text('[{"name": "a", "files": [{"path": 7}]}]')
    with pytest.raises(SnapshotError, match=r"packages\.json .*0\.files\.0\.path"):
        read(androidqf, tmp_path)
    (androidqf / "packages.json").write_text('[{"name": "a"')
    with pytest.raises(SnapshotError, match="is not JSON"):
        read(androidqf, tmp_path)


def test_a_bug_report_inside_androidqf_fills_what_is_missing(androidqf: Path, tmp_path: Path) -> None:
    (androidqf / "dumpsys.txt").unlink()
    made.bugreport(PHONE, androidqf / "bugreport.zip")
    _, collected = read(androidqf, tmp_path)
    expected = next(one for one in PHONE.packages if one["users"][0]["granted"])
    assert package(collected, expected["name"])["users"][0]["granted"] == expected["users"][0]["granted"]


def test_a_damaged_bug_report_inside_costs_itself_alone(androidqf: Path, tmp_path: Path) -> None:
    (androidqf / "bugreport.zip").write_bytes(b"PK\x03\x04 cut")
    _, collected = read(androidqf, tmp_path)
    assert [note.subject for note in collected.snapshot.skipped if note.code == "damaged"] == ["bugreport.zip"]
    assert len(collected.apks) == len(PHONE.apks)
