"""Nothing of a firmware is left out without a word: each part that is not read is named."""

import struct
from collections.abc import Sequence
from os import scandir
from pathlib import Path

import pytest

from phone_audit.acquire.image import state, super_partitions
from phone_audit.acquire.image.byte_source import ByteSource, ImageError, Work
from phone_audit.acquire.image.firmware import Firmware
from phone_audit.acquire.image.open import is_firmware, named, open_firmware
from phone_audit.acquire.image.payload import read_payload
from phone_audit.acquire.image.state import firmware_items
from phone_audit.acquire.image.super_partitions import read_super
from tests.acquire.image.images import field, make_ext4, make_zip, super_bytes
from tests.acquire.image.made import write_small
from tests.acquire.image.memory import MemoryBytes


def notes_of(firmware: Firmware) -> list[tuple[str, str]]:
    return [(note.subject, note.code) for note in firmware.skipped]


def test_a_partition_without_a_file_system_that_is_read_is_told(tmp_path: Path) -> None:
    make_ext4(write_small(tmp_path / "in"), tmp_path / "system.img", size="4M")
    (tmp_path / "vendor.img").write_bytes(b"unknown".ljust(9000, b"x"))
    (tmp_path / "odm.img").write_bytes(bytes(9000))
    (tmp_path / "boot.img").write_bytes(b"ANDROID!".ljust(9000, b"x"))
    (tmp_path / "in").rename(tmp_path / "META-INF")
    with open_firmware(tmp_path) as firmware:
        assert notes_of(firmware) == [(f"{tmp_path.name}/vendor.img", "unsupported")]
        assert {"META-INF", "boot.img"} <= set(firmware.others)


def test_of_many_others_it_is_told_how_many() -> None:
    assert named(["a", "b"]) == ("a", "b")
    assert named([str(number) for number in range(1500)])[-2:] == ("11", "and 1,488 more")


def test_folders_beside_the_partitions_of_a_dump_are_read(tmp_path: Path) -> None:
    write_small(tmp_path / "system")
    for place in ("preload/Evil", "images/more"):
        (tmp_path / place).mkdir(parents=True)
    (tmp_path / "preload" / "Evil" / "Evil.apk").write_text("an app")
    make_ext4(write_small(tmp_path / "in"), tmp_path / "images" / "more" / "vendor.img", size="4M")
    (tmp_path / "in").rename(tmp_path / "data")
    with open_firmware(tmp_path) as firmware:
        assert {"/preload/Evil/Evil.apk", "/vendor/app/X/X.apk"} <= set(firmware.files)
        assert firmware.others == ("data",)


def test_a_folder_of_a_dump_that_cannot_be_read_costs_itself_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_small(tmp_path / "system")
    write_small(tmp_path / "vendor")
    monkeypatch.setattr("phone_audit.acquire.image.folder.os.scandir", scandir_but("vendor"))
    with open_firmware(tmp_path) as firmware:
        assert firmware.names == ["system"]
        assert notes_of(firmware) == [(f"{tmp_path.name}/vendor", "damaged")]


def scandir_but(name: str) -> object:
    def scan(path: Path) -> object:
        if path.name == name:
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    return scan


def test_a_zip_of_a_dump_is_read_and_what_is_in_it_besides_is_named(tmp_path: Path) -> None:
    image = make_ext4(write_small(tmp_path / "in"), tmp_path / "x", size="4M").read_bytes()
    files = {"d/system/build.prop": b"ro.build.id=A", "d/system/app/X.apk": b"an app", "d/vendor.img": image}
    path = make_zip({**files, "d/readme": b"x", "../e.apk": b"x"}, tmp_path / "dump.zip", packed=True)
    assert is_firmware(path)
    with open_firmware(path) as firmware:
        assert firmware.read("/system/app/X.apk", 10) == b"an app"
        assert "/vendor/app/X/X.apk" in firmware.files
        assert firmware.others == ("readme",)
        assert notes_of(firmware) == [("dump.zip", "left-out")]


def test_a_member_that_cannot_be_read_costs_itself_alone(tmp_path: Path) -> None:
    image = make_ext4(write_small(tmp_path / "in"), tmp_path / "x", size="4M").read_bytes()
    path = make_zip({"odm.img": image, "system.img": image}, tmp_path / "x.zip", packed=False)
    data = bytearray(path.read_bytes())
    data[:4] = b"PK\3\5"
    data[data.index(b"PK\1\2") + 8] |= 1  # encrypted, it says
    path.write_bytes(b"PK\3\4" + data[4:])
    with open_firmware(path) as firmware:
        assert firmware.names == ["system"]
        assert notes_of(firmware) == [("x.zip/odm.img", "damaged")]


def test_a_partition_of_an_update_that_contradicts_itself_costs_itself_alone() -> None:
    twice = b"".join(field(8, field(1, 0) + field(3, 4096) + field(6, field(1, 0) + field(2, 1))) for _ in range(2))
    manifest = field(3, 4096) + b"".join(
        field(13, field(1, name) + operations) for name, operations in ((b"odm", twice), (b"system", b""))
    )
    data = b"CrAU" + struct.pack(">QQI", 2, len(manifest), 0) + manifest + bytes(8192)
    (odm, broken), (system, _) = read_payload(MemoryBytes(data), "p", Work(0))
    assert (odm, system) == ("p/odm", "p/system")
    with pytest.raises(ImageError, match="overlap"):
        broken.read(0, 1)


def test_a_logical_partition_that_cannot_be_read_costs_itself_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    source = MemoryBytes(super_bytes({"a": b"a" * 9000, "b": b"b" * 9000}))
    joined = super_partitions._joined

    def lies_elsewhere(source: ByteSource, extents: Sequence[tuple[int, int, int, int]]) -> ByteSource:
        if len(extents) > 1:
            raise ImageError("a part of it lies on another block device")
        return joined(source, extents)

    monkeypatch.setattr(super_partitions, "_joined", lies_elsewhere)
    (_, broken), (_, whole) = read_super(source, "s")
    assert whole.read(0, 1) == b"b"
    with pytest.raises(ImageError, match="another block device"):
        broken.read(0, 1)


def test_what_grants_and_runs_is_found_where_a_partition_lies_in_another_and_where_it_is_imported(
    tmp_path: Path,
) -> None:
    hidden = "import /vendor/etc/init/x.rc\nservice s /bin/s\n"
    folder = write_small(tmp_path / "system", {"build.prop": "a=b", "etc/hidden": hidden})
    grants = '<privapp-permissions package="p"><permission name="X"/></privapp-permissions>'
    write_small(folder / "vendor", {"etc/permissions/p.xml": grants, "etc/init/x.rc": "import /system/etc/hidden\n"})
    with open_firmware(tmp_path) as firmware:
        found = {one.key: [seen.value for seen in one.evidence] for one in firmware_items(firmware)}
    assert found["privileged_permissions"] == ["p: X"]
    assert found["init_services_root"] == ["s /bin/s user root"]


def test_certificates_scripts_and_framework_beyond_their_bounds_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_small(tmp_path / "system")
    monkeypatch.setattr(state, "MOST_FILES", 12)
    monkeypatch.setattr(state, "MOST_SCRIPTS", 0)
    monkeypatch.setattr(state, "MOST_HASHED", 0)
    for number in range(5):
        (tmp_path / f"system/etc/security/cacerts/{number}").write_text("x")
    with open_firmware(tmp_path) as firmware:
        state.small_files(firmware)
        state.framework_hashes(firmware)
        list(firmware_items(firmware))
        assert [code for _, code in notes_of(firmware)] == ["too-many"] * 3


def test_a_member_of_a_zip_without_a_name_is_told(tmp_path: Path) -> None:
    image = make_ext4(write_small(tmp_path / "in"), tmp_path / "x", size="4M").read_bytes()
    path = make_zip({"system.img": image, "x": b""}, tmp_path / "x.zip", packed=True)
    data = bytearray(path.read_bytes())
    data[data.rindex(b"PK\1\2") + 28] = 0
    data[data.rindex(b"PK\1\2") + 30] = 1  # what was the name is something else that is said of it
    path.write_bytes(data)
    with open_firmware(path) as firmware:
        assert firmware.names == ["system"]
        assert notes_of(firmware) == [("x.zip", "left-out")]


def test_blanks_without_end_do_not_hold_up_the_reading_of_lists_and_scripts(tmp_path: Path) -> None:
    files = {"build.prop": "a=b", "etc/permissions/p.xml": "<" + " " * 2**20, "etc/init/x.rc": "\n" * 2**20}
    write_small(tmp_path / "system", files)
    with open_firmware(tmp_path) as firmware:
        assert [one.value for one in firmware_items(firmware)] == ["0"] * 4


def test_a_list_of_permissions_in_binary_xml_is_told(tmp_path: Path) -> None:
    write_small(tmp_path / "system", {"build.prop": "a=b", "etc/permissions/p.xml": "ABX\0"})
    with open_firmware(tmp_path) as firmware:
        list(firmware_items(firmware))
        assert notes_of(firmware) == [("/system/etc/permissions/p.xml", "unsupported")]


def test_a_slot_that_places_a_partition_elsewhere_is_told(tmp_path: Path) -> None:
    image = make_ext4(write_small(tmp_path / "in"), tmp_path / "x", size="4M").read_bytes()
    one, other = super_bytes({"system_a": image}), super_bytes({"system_a": image[:4096]})
    mixed = bytearray(one)
    for slot in (1, 3):
        at = 12288 + slot * 4096
        mixed[at : at + 4096] = other[at : at + 4096]
    path = tmp_path / "super.img"
    for content, told in ((one, []), (bytes(mixed), [("super.img/system_a", "damaged")])):
        path.write_bytes(content)
        with open_firmware(path) as firmware:
            assert firmware.names == ["system"]
            assert notes_of(firmware) == told
