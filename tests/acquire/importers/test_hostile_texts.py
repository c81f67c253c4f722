"""Text of a package that pretends parts of a dump: it neither adds to what is known of the phone nor hides anything."""

from pathlib import Path

import pytest

from phone_audit.acquire.importers.answers import from_dumps
from phone_audit.acquire.importers.dump_sections import split_sections
from phone_audit.acquire.importers.imported import ImportedTransport
from phone_audit.acquire.importers.open import open_imported
from phone_audit.acquire.importers.reading import ImportedReading, headers_of
from phone_audit.acquire.importers.text_folder import LOOKED_AT
from phone_audit.errors import DeviceLostError, SnapshotError
from tests.acquire.collecting import plan_of
from tests.acquire.importers.written import (
    DASHES,
    PROPERTIES,
    androidqf,
    folder,
    names,
    notes,
    packages,
    read,
    report,
    report_properties,
    section,
    service,
)

PRETENDED = "[os.config.ppgl.status]: [1]\n"
CUT = f"1\n{'-' * 60}\nDUMP OF SERVICE zzz:"


def test_properties_inside_a_version_name_are_none_of_the_phone(tmp_path: Path) -> None:
    version = "1\n" + section("X", "getprop", PRETENDED).rstrip("\n")
    for number, first in enumerate((version, f"{CUT}\n{version}")):
        text = service("package", packages("org.a", version=first)) + report_properties()
        _, collected = read(report(tmp_path / f"bugreport-{number}.txt", text), tmp_path)
        assert collected.snapshot.properties["ro.build.display.id"] == "TEST-1"
        assert "os.config.ppgl.status" not in collected.snapshot.properties
        assert ("dumpsys package", "contradiction") in notes(collected)


def test_a_pretended_end_of_another_dump_does_not_take_the_properties_away(tmp_path: Path) -> None:
    version = "1\n--------- 0.1s was the duration of dumpsys activity, ending at: x"
    text = service("activity", "a\n") + report_properties() + service("package", packages("org.a", version=version))
    _, collected = read(report(tmp_path / "bugreport-1.txt", text), tmp_path)
    assert collected.snapshot.properties["ro.build.display.id"] == "TEST-1"
    assert {("dumpsys activity", "contradiction"), ("getprop", "contradiction")} <= notes(collected)


def test_a_dump_in_a_folder_is_no_list_of_properties(tmp_path: Path) -> None:
    dump = packages("org.a", "org.b", version=f"1\n{PRETENDED.strip()}")
    _, collected = read(folder(tmp_path / "f", {"getprop.txt": PROPERTIES, "dump.txt": dump}), tmp_path)
    assert collected.snapshot.properties["ro.build.display.id"] == "TEST-1"
    assert "os.config.ppgl.status" not in collected.snapshot.properties
    assert names(collected) == ["org.a", "org.b"]


def test_a_list_in_a_folder_is_no_list_of_properties(tmp_path: Path) -> None:
    listed = "package:/data/app/x\n[ro.a]: [b]\n/base.apk=org.x\npackage:org.y\n"
    _, collected = read(folder(tmp_path / "f", {"a.txt": PROPERTIES, "list.txt": listed}), tmp_path)
    assert names(collected) == ["org.x", "org.y"]
    assert "ro.a" not in collected.snapshot.properties


@pytest.mark.parametrize(
    "version",
    [CUT, "1\n    splits=[base]\nShared users:", f"1\n{DASHES}\nDUMP OF SERVICE package:\nPackages:"],
    ids=["another dump", "a title", "the same dump"],
)
def test_a_version_name_hides_no_later_package(version: str, tmp_path: Path) -> None:
    dump = service("package", packages("org.a", "org.hidden", version=version))
    text = report_properties() + dump + service("user", "Users:\n")
    _, collected = read(report(tmp_path / "bugreport-1.txt", text), tmp_path)
    assert "org.hidden" in names(collected)
    assert ("dumpsys package", "contradiction") in notes(collected)


def test_a_version_name_of_several_lines_is_noted_where_no_list_tells_the_packages(tmp_path: Path) -> None:
    dump = packages("org.a", "org.b", version="1\n[ro.a]: [1]")
    _, collected = read(folder(tmp_path / "f", {"getprop.txt": PROPERTIES, "dump.txt": dump}), tmp_path)
    assert ("dumpsys package", "contradiction") in notes(collected)
    assert names(collected) == ["org.a", "org.b"]


def test_a_dump_that_another_one_pretends_is_read_beside_the_real_one(tmp_path: Path) -> None:
    pretended = service("activity", "text\n" + service("package", packages("org.harmless")))
    text = report_properties() + pretended + service("package", packages("org.harmless", "org.bad"))
    _, collected = read(report(tmp_path / "bugreport-1.txt", text), tmp_path)
    assert names(collected) == ["org.bad", "org.harmless"]
    assert {("dumpsys activity", "contradiction"), ("dumpsys package", "contradiction")} <= notes(collected)


def test_settings_that_are_there_twice_are_not_believed(tmp_path: Path) -> None:
    table = "GLOBAL SETTINGS (user 0)\nversion: 1\n_id:1 name:http_proxy pkg:android value:{}\n"
    pretended = service("activity", "x\n" + service("settings", table.format(":0")))
    answers, skipped = from_dumps((pretended + service("settings", table.format("6.6.6.6:1"))).encode())
    assert answers["settings list global"] == b"http_proxy=6.6.6.6:1\nhttp_proxy=:0\n"
    assert ("dumpsys settings", "contradiction") in {(note.subject, note.code) for note in skipped}


def test_of_two_sections_the_one_with_the_title_of_dumpstate_counts() -> None:
    text = section("FAKE", "getprop", "[a]: [0]\n") + report_properties("[a]: [1]\n")
    answers, skipped = from_dumps(text.encode())
    assert answers["getprop"] == b"[a]: [1]\n"
    assert [(note.subject, note.code) for note in skipped] == [("getprop", "contradiction")]


def test_a_service_of_several_priorities_is_no_contradiction() -> None:
    high = service("connectivity", "short\n").replace("SERVICE conn", "SERVICE HIGH conn")
    answers, skipped = from_dumps((high + service("connectivity", "long\n")).encode())
    assert (answers["dumpsys connectivity"], skipped) == (b"long\n", ())


def test_a_dump_without_its_end_is_cut_off(tmp_path: Path) -> None:
    whole = report_properties() + service("package", packages("org.a", "org.b"))
    _, collected = read(report(tmp_path / "bugreport-1.txt", whole[: whole.index("Package [org.b") + 3]), tmp_path)
    assert ("dumpsys package", "cut-off") in notes(collected)
    _, collected = read(report(tmp_path / "bugreport-2.txt", whole), tmp_path)
    assert ("dumpsys package", "cut-off") not in notes(collected)


def test_a_line_longer_than_any_is_left_out_and_told(tmp_path: Path) -> None:
    texts = {"getprop.txt": f"[a.a]: [{'x' * 2**21}]\n{PROPERTIES}", "list.txt": "package:org.a\n"}
    _, collected = read(folder(tmp_path / "f", {**texts}), tmp_path)
    assert ("getprop.txt", "long-line") in notes(collected)
    assert collected.snapshot.build.sdk == 31


def test_an_answer_longer_than_any_phone_gives_is_cut_off(tmp_path: Path) -> None:
    long = "".join(f"[a.a{number}]: [{'x' * 2**19}]\n" for number in range(18))
    texts = {"getprop.txt": long + PROPERTIES, "list.txt": "package:org.a\n"}
    _, collected = read(folder(tmp_path / "f", {**texts}), tmp_path)
    assert ("getprop", "cut-off") in notes(collected)


def test_a_package_that_only_the_dump_names_is_judged_and_noted(tmp_path: Path) -> None:
    listed = [{"name": "org.ok", "files": [], "system": True}]
    path = androidqf(tmp_path / "a", listed, dumpsys=service("package", packages("org.ok", "org.more")))
    _, collected = read(path, tmp_path)
    assert names(collected) == ["org.more", "org.ok"]
    assert ("org.more", "unconfirmed-package") in notes(collected)


def test_a_package_that_a_version_name_pretends_is_noted_alone(tmp_path: Path) -> None:
    listed = [{"name": "org.ok", "files": [], "system": True}]
    version = "1\n  Package [org.pretended] (1a2b3c):\n    userId=10000"
    path = androidqf(tmp_path / "a", listed, dumpsys=service("package", packages("org.ok", version=version)))
    _, collected = read(path, tmp_path)
    assert names(collected) == ["org.ok"]
    assert ("org.pretended", "unconfirmed-package") in notes(collected)


def test_a_package_that_begins_inside_a_version_name_is_noted(tmp_path: Path) -> None:
    version = "1\n  Package [org.pretended] (1a2b3c):\n    userId=10000"
    texts: dict[str, str | bytes] = {"getprop.txt": PROPERTIES, "d.txt": packages("org.a", "org.b", version=version)}
    _, collected = read(folder(tmp_path / "f", texts), tmp_path)
    assert ("dumpsys package", "contradiction") in notes(collected)


def test_a_short_list_in_a_folder_does_not_limit_the_dump(tmp_path: Path) -> None:
    texts = {"pm_third.txt": "package:org.user\npackage:org.gone\n", "dump.txt": packages("org.user", "org.system")}
    _, collected = read(folder(tmp_path / "f", {**texts}), tmp_path)
    assert names(collected) == ["org.gone", "org.system", "org.user"]
    assert ("org.gone", "not-in-dump") in notes(collected)


def test_a_dump_names_folders_and_no_file(tmp_path: Path) -> None:
    texts: dict[str, str | bytes] = {"dump.txt": packages("org.a")}
    _, collected = read(folder(tmp_path / "f", texts), tmp_path)
    assert collected.snapshot.packages[0].files == ()
    assert collected.paths["/system/priv-app/org.a"] == "folder"
    assert collected.paths["/system/priv-app"] == "folder"


def test_no_folder_and_no_part_of_a_word_decides_what_a_list_is(tmp_path: Path) -> None:
    def system(name: str) -> bool | None:
        path = folder(tmp_path / name.replace("/", "_"), {"p.txt": PROPERTIES, name: "package:org.user\n"})
        return read(path, tmp_path)[1].snapshot.packages[0].system

    assert system("list-system.txt") is True
    assert system("list_third_party.txt") is False
    for name in ("my_system_dump/pm.txt", "systemui.txt", "list-not-system.txt", "system-and-third.txt"):
        assert system(name) is None


def test_texts_beyond_the_limit_are_noted(tmp_path: Path) -> None:
    texts: dict[str, str | bytes] = {f"a{number:03d}.txt": "hello\n" for number in range(1, 500)}
    path = folder(tmp_path / "f", {"a000.txt": PROPERTIES, **texts, "z.txt": "package:org.x\n"})
    _, collected = read(path, tmp_path)
    assert ("z.txt", "too-many-texts") in notes(collected)


def test_texts_of_powershell_are_read(tmp_path: Path) -> None:
    texts = {"getprop.txt": PROPERTIES.encode("utf-16"), "p.txt": "package:org.x\r\n".encode("utf-16")}
    _, collected = read(folder(tmp_path / "f", {**texts}), tmp_path)
    assert collected.snapshot.properties["ro.product.model"] == "M"
    assert names(collected) == ["org.x"]


def test_two_readings_in_one_folder_are_refused_by_name(tmp_path: Path) -> None:
    texts = {"a/getprop.txt": PROPERTIES, "b/getprop.txt": PROPERTIES.replace("TEST-1", "OTHER")}
    with pytest.raises(SnapshotError, match=r"a/getprop\.txt, b/getprop\.txt"):
        read(folder(tmp_path / "f", {**texts}), tmp_path)


def test_a_bug_report_of_another_phone_beside_the_properties_is_refused(tmp_path: Path) -> None:
    other = PROPERTIES.replace("TEST-1", "OTHER")
    path = folder(tmp_path / "f", {"getprop.txt": PROPERTIES})
    report(path / "report.txt", report_properties(other), service("package", packages("org.a")))
    with pytest.raises(SnapshotError, match=r"two phones.*ro\.build\.display\.id"):
        read(path, tmp_path)


def test_several_dumps_of_the_package_service_are_all_read(tmp_path: Path) -> None:
    texts = {"a.txt": packages("org.a"), "b.txt": packages("org.a", "org.b"), "getprop.txt": PROPERTIES}
    _, collected = read(folder(tmp_path / "f", {**texts}), tmp_path)
    assert names(collected) == ["org.a", "org.b"]
    assert ("dumpsys package", "contradiction") in notes(collected)


def _ended(name: str) -> bytes:
    return b"--------- 0.1s was the duration of dumpsys %b, ending at: x\n" % name.encode()


HEADER = DASHES.encode() + b"\nDUMP OF SERVICE a%d:\n"
SHAPES = {
    "sections": b"------ a (b) ------\n" * 50_000,
    "ends of sections": b"------ a (b) ------\n" + (b"------ 0s was the duration of '" + b"' ----" * 40 + b"\n") * 9000,
    "brackets": (b"------ " + b" (" * 100 + b" ((" * 130 + b"\n") * 4000,
    "one line": b"------ " + b" (" * 1_000_000,
    "dashes": (b"-" * 60 + b"\n") * 40_000,
    "one service": HEADER % 1 * 20_000,
    "many services": b"".join(HEADER % number for number in range(20_000)),
    "in each other": b"".join(HEADER % number for number in range(9000))
    + b"".join(_ended(f"a{number}") for number in range(9000)),
    "settings": HEADER.replace(b"a%d", b"settings") + b"GLOBAL SETTINGS (user 0)\n_id:1 name:a value:b\n" * 40_000,
}


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES.keys())
def test_no_shape_of_a_dump_takes_long(text: bytes) -> None:
    """What grew with the square of such a text would run into the time limit of any test."""
    from_dumps(text)


def test_dumps_that_lie_in_each_other_do_not_multiply_the_text() -> None:
    text = SHAPES["in each other"]
    assert sum(map(len, split_sections(text).services.values())) <= 4 * len(text)


@pytest.mark.parametrize("text", [" " * 10**6, "  Package [" + "] (" * 300_000, "  Package [a] (" + "a" * 10**6])
def test_no_shape_of_a_header_takes_long(text: str) -> None:
    assert list(headers_of(text)) == []


@pytest.mark.parametrize("text", [b"\n" * LOOKED_AT, b" " * LOOKED_AT, b"x\n" + b"\n " * 30_000 + b"UserInfo"])
def test_no_shape_of_a_text_takes_long_to_tell(text: bytes, tmp_path: Path) -> None:
    path = folder(tmp_path / "f", {"getprop.txt": PROPERTIES, **{f"{number}.txt": text for number in range(50)}})
    read(path, tmp_path)


def test_a_long_list_beside_many_files_does_not_take_long(tmp_path: Path) -> None:
    listed = "".join(f"package:/data/app/a{number}/base.apk=a.b{number}\n" for number in range(4000))
    files: dict[str, str | bytes] = {f"x/f{number}.bin": "" for number in range(2000)}
    path = folder(tmp_path / "f", {"p.txt": listed, **files})
    read(path, tmp_path)


def test_a_dump_that_only_says_that_it_was_cut_hides_no_listed_package(tmp_path: Path) -> None:
    cut = packages("org.a") + "*** SERVICE 'package' DUMP TIMEOUT (60000ms) EXPIRED ***\n"
    texts: dict[str, str | bytes] = {
        "getprop.txt": PROPERTIES, "list.txt": "package:org.a\npackage:org.hidden\n", "dump.txt": cut
    }  # fmt: skip
    _, collected = read(folder(tmp_path / "f", texts), tmp_path)
    assert ("dumpsys package", "cut-off") in notes(collected)
    assert ("org.hidden", "not-in-dump") in notes(collected)


def test_a_reading_that_is_interrupted_gives_no_part_of_a_result(tmp_path: Path) -> None:
    path = folder(tmp_path / "f", {"getprop.txt": PROPERTIES, "dump.txt": packages("org.a")})
    stopped = False

    def stop(*_: object) -> None:
        if stopped:
            raise DeviceLostError("The scan was interrupted.")

    with open_imported(path, tmp_path) as (imported, container):
        reading = ImportedReading(imported, container, ImportedTransport(imported.answers, container.path), stop)
        reading.identify()
        stopped = True
        with pytest.raises(DeviceLostError):
            reading.collect(depth=imported.depth, users="all", into=tmp_path, plan=plan_of())
