"""Files beside an APK, with the names that evidence gives them."""

import hashlib
import struct
from pathlib import Path

import pytest

from fixtures.oat.vdex import oat, vdex
from phone_audit.apk.oat.code_files import read_beside
from phone_audit.model.device import CompiledFile
from tests.apk.oat.samples import plain, read, trust

APK = "/system/app/Dialer/Dialer.apk"
FOLDER = "/system/app/Dialer/oat"


def _beside(tmp_path: Path, path: str, content: bytes) -> CompiledFile:
    local = tmp_path / hashlib.sha256(content).hexdigest()
    local.write_bytes(content)
    return CompiledFile(path, local, len(content), None, "odex" if path.endswith(".odex") else "vdex")


def _told(tmp_path: Path, *files: CompiledFile) -> tuple[dict[str, bytes], list[tuple[str, str]]]:
    found = read_beside(files, APK)
    return {name: bytes(dex) for name, dex in found.dexes}, [(one.subject, one.code) for one in found.skipped]


def test_names(tmp_path: Path) -> None:
    one = _beside(tmp_path, f"{FOLDER}/arm64/Dialer.vdex", vdex("006", [plain(), trust()]))
    other = _beside(tmp_path, "/system/framework/boot.vdex", vdex("006", [plain("https://b.example.net/")]))
    assert _told(tmp_path, one, other) == (
        {
            "oat/arm64/Dialer.vdex!classes.dex": plain(),
            "oat/arm64/Dialer.vdex!classes2.dex": trust(),
            "/system/framework/boot.vdex!classes.dex": plain("https://b.example.net/"),
        },
        [],
    )


def test_the_same_code_for_another_processor_is_read_once(tmp_path: Path) -> None:
    files = [
        _beside(tmp_path, f"{FOLDER}/arm64/Dialer.vdex", vdex("006", [plain()])),
        _beside(tmp_path, f"{FOLDER}/arm/Dialer.vdex", vdex("010", [plain()])),
        _beside(tmp_path, f"{FOLDER}/arm/Dialer.odex", oat([plain()])),
    ]
    assert _told(tmp_path, *files) == ({"oat/arm64/Dialer.vdex!classes.dex": plain()}, [])


def test_a_file_of_another_kind_and_a_file_that_is_gone(tmp_path: Path) -> None:
    odd = _beside(tmp_path, f"{FOLDER}/arm64/Dialer.vdex", b"none of these")
    gone = CompiledFile(f"{FOLDER}/arm64/Dialer.odex", tmp_path / "gone", 5, None, "odex")
    assert _told(tmp_path, odd, gone) == (
        {},
        [("oat/arm64/Dialer.vdex", "not-a-code-file"), ("oat/arm64/Dialer.odex", "not-found")],
    )


def test_an_ordinary_dex_file(tmp_path: Path) -> None:
    one = _beside(tmp_path, f"{FOLDER}/arm64/Dialer.vdex", plain())
    assert _told(tmp_path, one)[0] == {"oat/arm64/Dialer.vdex!classes.dex": plain()}


@pytest.mark.parametrize("wide", [False, True])
def test_gives_the_files(wide: bool) -> None:
    assert read(oat([plain(), trust()], wide=wide)) == ([plain(), trust()], [])


def test_an_oat_file_whose_code_is_elsewhere() -> None:
    assert read(oat([])) == ([], [])


def test_what_only_begins_like_a_dex_file_is_none() -> None:
    longer = bytearray(plain())
    longer[0x20:0x24] = struct.pack("<I", 0x7FFFFFFF)
    assert read(oat([b"dex\n035\0" + bytes(0x70), bytes(longer), trust()])) == ([trust()], [])


def test_a_file_that_an_application_carries_as_a_text_is_not_taken_apart() -> None:
    """One DEX file inside another belongs to the outer one."""
    outer = bytearray(plain())
    outer += trust()
    outer[0x20:0x24] = struct.pack("<I", len(outer))
    assert read(oat([bytes(outer)])) == ([bytes(outer)], [])
