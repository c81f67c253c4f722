"""Files of other tools that are damaged, that take all memory, or that say two things."""

import json
import resource
import zipfile
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from phone_audit.acquire.importers import documents
from phone_audit.acquire.importers.reading import cannot_hold
from phone_audit.acquire.store import container
from phone_audit.acquire.store.container import FolderContainer, ZipContainer
from phone_audit.errors import SnapshotError
from phone_audit.files.bounds import JsonBounds
from tests.acquire.importers import made
from tests.acquire.importers.written import (
    PROPERTIES,
    androidqf,
    folder,
    names,
    notes,
    packages,
    read,
    report,
    report_properties,
    service,
)


def listed(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "files": [], "system": True, **more}


def archive(path: Path, *entries: tuple[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, data in entries:
            opened.writestr(name, data)
    return path


def test_half_a_character_is_shown_and_stops_nothing(tmp_path: Path) -> None:
    path = androidqf(tmp_path / "a", [listed("org.\ud800x"), listed("org.ok")])
    _, collected = read(path, tmp_path)
    assert names(collected) == ["org.\\xed\\xa0\\x80x", "org.ok"]
    collected.snapshot.model_dump_json()


def test_half_a_character_in_a_key_is_shown(tmp_path: Path) -> None:
    texts = {"getprop.json": '[{"name":"a","value":"\\ud800"}]', "settings.json": '{"global":{"\\ud800":"1"}}'}
    _, collected = read(folder(tmp_path / "m", {**texts}), tmp_path)
    assert collected.snapshot.properties == {"a": "\\xed\\xa0\\x80"}
    collected.snapshot.model_dump_json()


def test_names_that_are_no_utf8_are_shown(tmp_path: Path) -> None:
    path = folder(tmp_path / "f", {"getprop.txt": PROPERTIES, "\udcff.txt": "hello\n"})
    _, collected = read(path, tmp_path)
    assert ("\\xff.txt", "unknown-text") in notes(collected)
    collected.snapshot.model_dump_json()
    path = androidqf(tmp_path / "\udcff" / "\udcfe", [listed("org.ok")], settings_global="a=b\n")
    (path / "bugreport.zip").write_bytes(b"no zip")
    _, collected = read(tmp_path / "\udcff", tmp_path)
    assert ("\\xfe/bugreport.zip", "damaged") in notes(collected)
    collected.snapshot.model_dump_json()


def test_an_entry_without_a_name_is_refused(tmp_path: Path) -> None:
    data = archive(tmp_path / "a.zip", ("getprop.txt", PROPERTIES)).read_bytes()
    data = data.replace(b"getprop.txt", b"").replace(
        b"\x0b\x00\x00\x00", b"\x00\x00\x00\x00"
    )  # the lengths of the name
    start, end = data.index(b"PK\x01\x02"), data.rindex(b"PK\x05\x06")
    places = (end - start).to_bytes(4, "little") + start.to_bytes(4, "little")
    (tmp_path / "b.zip").write_bytes(data[: end + 12] + places + data[end + 20 :])
    with pytest.raises(SnapshotError, match="leads out of it"):
        ZipContainer(tmp_path / "b.zip")


def test_an_archive_with_a_name_twice_is_refused(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = archive(tmp_path / "a.zip", ("getprop.txt", PROPERTIES), ("getprop.txt", "x"))
    with pytest.raises(SnapshotError, match=r"'getprop\.txt' twice"):
        ZipContainer(path)


@pytest.mark.promise("json-bounded")
@pytest.mark.parametrize("text", ["[{}" + ",{}" * 2_000_000 + "]", "[0" + ",0" * 2_000_000 + "]"])
def test_json_that_would_take_all_memory_is_refused_before_it_is_parsed(text: str, tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", ("acquisition.json", "{}"), ("packages.json", text))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(SnapshotError, match="values, which no such file does"):
        read(path, tmp_path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 2**10


def test_a_json_file_with_a_fault_in_every_element_is_refused(tmp_path: Path) -> None:
    path = androidqf(tmp_path / "a", None)
    (path / "packages.json").write_text(json.dumps([0] * 200_000))
    with pytest.raises(SnapshotError, match=r"packages\.json .*\(0\)") as raised:
        read(path, tmp_path)
    assert isinstance(raised.value.__cause__, ValidationError)
    assert raised.value.__cause__.error_count() == 1


def test_json_beyond_its_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "FOREIGN", JsonBounds(2**20, 10**6))
    path = androidqf(tmp_path / "a", [listed("a" * 2**20)])
    with pytest.raises(SnapshotError, match="more than 1 MB"):
        read(path, tmp_path)


def test_all_texts_have_one_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "ALL_TEXTS", 1000)
    path = folder(tmp_path / "f", {"a.txt": "x" * 600, "b.txt": "x" * 600})
    zipped = made.zipped(path, tmp_path / "f.zip")
    for one in (FolderContainer(path), ZipContainer(zipped)):
        assert len(one.read("a.txt")) == 600
        with pytest.raises(SnapshotError, match=r"b\.txt .*together"):
            one.read("b.txt")
        one.close()


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = ZipContainer(archive(tmp_path / "a.zip", ("a.apk", b"x" * 100)))
    monkeypatch.setattr(container, "RESERVE", 2**62)
    with pytest.raises(SnapshotError, match="is full"):
        opened.take_out("a.apk", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    opened.close()


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = ZipContainer(archive(tmp_path / "a.zip", ("a.apk", b"x" * 100)))

    def fail(folder: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(container, "_check_room", fail)
    with pytest.raises(SnapshotError, match="No space left"):
        opened.take_out("a.apk", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    opened.close()


def test_a_damaged_text_costs_itself_alone(tmp_path: Path) -> None:
    path = androidqf(tmp_path / "a", [listed("org.ok")], settings_system="MARKER=1\n")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as opened:
        for file in sorted(path.iterdir()):
            opened.write(file, file.name)
    data = (tmp_path / "a.zip").read_bytes().replace(b"MARKER", b"MaRKER")
    (tmp_path / "a.zip").write_bytes(data)
    _, collected = read(tmp_path / "a.zip", tmp_path)
    assert names(collected) == ["org.ok"]
    assert ("settings_system.txt", "damaged") in notes(collected)


@pytest.mark.parametrize("name", ["device_properties.txt", "build.txt", "hardware.txt"])
def test_a_damaged_text_of_hubble_costs_itself_alone(name: str, tmp_path: Path) -> None:
    path = made.hubble(made.recorded(), tmp_path / "hubble")
    if name != "device_properties.txt":
        (path / "device_properties.txt").unlink()
    (path / name).write_text("{")
    _, collected = read(path, tmp_path)
    assert (name, "damaged") in notes(collected)
    assert collected.snapshot.packages


@pytest.mark.parametrize("name", ["settings.json", "selinux_status.json", "getprop.json"])
def test_a_damaged_text_of_mvt_costs_itself_alone(name: str, tmp_path: Path) -> None:
    path = made.mvt(made.recorded(), tmp_path / "mvt")
    (path / name).write_text("[")
    _, collected = read(path, tmp_path)
    assert (name, "damaged") in notes(collected)
    assert collected.snapshot.packages


def test_null_is_an_empty_list(tmp_path: Path) -> None:
    path = androidqf(tmp_path / "a", None, dumpsys=service("package", packages("org.a")))
    (path / "mounts.json").write_text("null")
    _, collected = read(path, tmp_path)
    assert names(collected) == ["org.a"]
    assert not [code for _, code in notes(collected) if code == "damaged"]


def test_entries_of_the_same_package_are_put_together(tmp_path: Path) -> None:
    entries = [listed("org.x", files=[{"path": "/a.apk", "sha256": digit * 64}]) for digit in "01"]
    _, collected = read(androidqf(tmp_path / "a", entries), tmp_path)
    assert [file.sha256 for file in collected.snapshot.packages[0].files] == ["0" * 64, "1" * 64]
    assert ("org.x", "contradiction") in notes(collected)


def test_the_shorter_hashes_of_a_file_are_kept(tmp_path: Path) -> None:
    file = {"path": "/a.apk", "sha256": "failed", "sha1": "A" * 40, "md5": "b" * 32}
    _, collected = read(androidqf(tmp_path / "a", [listed("org.x", files=[file])]), tmp_path)
    assert collected.digests == {"/a.apk": ("a" * 40, "b" * 32)}


def test_two_acquisitions_in_one_folder_are_refused_by_name(tmp_path: Path) -> None:
    androidqf(tmp_path / "both" / "a", [listed("org.a")])
    androidqf(tmp_path / "both" / "b", [listed("org.b")])
    with pytest.raises(SnapshotError, match=r"2 acquisitions: a/, b/"):
        read(tmp_path / "both", tmp_path)


def test_a_bug_report_of_another_phone_inside_is_refused(tmp_path: Path) -> None:
    path = androidqf(tmp_path / "a", [listed("org.a")])
    text = report(tmp_path / "r.txt", report_properties(PROPERTIES.replace("TEST-1", "OTHER"))).read_bytes()
    archive(path / "bugreport.zip", ("main_entry.txt", "r.txt"), ("r.txt", text))
    with pytest.raises(SnapshotError, match="two phones"):
        read(path, tmp_path)


def test_packages_that_only_the_bug_report_inside_names_are_judged(tmp_path: Path) -> None:
    path = androidqf(tmp_path / "a", [listed("org.a")], dumpsys=service("package", packages("org.a")))
    text = report(tmp_path / "r.txt", service("package", packages("org.a", "org.later"))).read_bytes()
    archive(path / "bugreport.zip", ("main_entry.txt", "r.txt"), ("r.txt", text))
    _, collected = read(path, tmp_path)
    assert names(collected) == ["org.a", "org.later"]
    assert ("org.later", "unconfirmed-package") in notes(collected)


def test_texts_that_somebody_called_like_a_tool_s_are_read_as_what_they_say(tmp_path: Path) -> None:
    texts = {"getprop.txt": PROPERTIES, "dumpsys.txt": packages("org.a", "org.b"), "packages.txt": "package:org.a\n"}
    imported, collected = read(folder(tmp_path / "f", {**texts}), tmp_path)
    assert (imported.source, names(collected)) == ("folder", ["org.a", "org.b"])
    texts = {"getprop.txt": PROPERTIES, "dumpstate_board.txt": "x\n", "pm.txt": "package:org.a\n"}
    imported, collected = read(folder(tmp_path / "g", {**texts}), tmp_path)
    assert (imported.source, names(collected)) == ("folder", ["org.a"])


def test_a_text_beside_the_tool_s_own_is_named(tmp_path: Path) -> None:
    path = androidqf(tmp_path / "a", [listed("org.a")], notes="a visit\n", mine="package:org.b\n")
    _, collected = read(path, tmp_path)
    assert ("mine.txt", "unused-text") in notes(collected)
    assert "notes.txt" not in {subject for subject, _ in notes(collected)}


def test_what_an_acquisition_lacks_is_said(tmp_path: Path) -> None:
    imported, collected = read(androidqf(tmp_path / "a", [listed("org.a")]), tmp_path)
    assert {("dumpsys package", "not-held"), ("settings list global", "not-held")} <= notes(collected)
    assert "device administrators" in cannot_hold(imported)[-1]


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    memory = Path("/proc/self/mem")
    if not memory.exists():
        pytest.skip("needs a file that can be opened and not read")
    with pytest.raises(SnapshotError, match="cannot be read"):
        read(memory, tmp_path)
