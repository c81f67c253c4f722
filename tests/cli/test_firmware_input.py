"""What `firmware` takes: files, piped dumps, pasted text, a list; and the day on which ages are counted."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.program import program

ROOT = Path(__file__).parents[2]
GETPROP = "[ro.build.display.id]: [00WW_3_22C_SP03]\n[ro.build.version.security_patch]: [2019-03-01]\n"
SETTINGS = "Model  Nokia 7 plus\nBuild number  00WW_3_22C_SP03\nAndroid security patch level  1 March 2019\n"


def firmware(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return program("firmware", *arguments, given=given)


def builds(*arguments: str, given: str = "") -> Any:
    return json.loads(firmware(*arguments, "-f", "json", given=given).stdout)["builds"]


@pytest.mark.parametrize("given", [GETPROP, SETTINGS])
def test_one_phone_piped_in(given: str) -> None:
    (build,) = builds("-", given=given)
    assert (build["input"], build["parsed"]["security_patch"]) == ("00WW_3_22C_SP03", "2019-03-01")


def test_a_list_and_a_file(tmp_path: Path) -> None:
    file = tmp_path / "build.prop"
    file.write_text("ro.build.display.id=00WW_3_22C_SP05\nro.build.version.release=9\n")
    found = builds("-", str(file), given="00ww_3_22c_sp03\nPPR1.180610.011\n")
    assert [build["input"] for build in found] == ["00ww_3_22c_sp03", "PPR1.180610.011", "00WW_3_22C_SP05"]


def test_the_day_of_ages() -> None:
    shown = firmware("-", "--as-of", "2019-03-11", given=SETTINGS)
    assert "10 days old on 2019-03-11" in " ".join(shown.stdout.split())
    wrong = firmware("x", "--as-of", "tomorrow")
    assert (wrong.returncode, "is not a day" in wrong.stderr) == (2, True)


def test_a_list_that_is_too_long_is_refused_and_not_cut() -> None:
    refused = firmware("-", given="PPR1.180610.011\n" * (8 * 2**20 // 16) + "00WW_3_22C_SP03\n")
    assert (refused.returncode, "too large" in refused.stderr, refused.stdout) == (2, True, "")


AFFECTED = "P6GFFT.DGE.HB.FHD.D3P5PA.0915.V3.03_20171018-1125"


@pytest.mark.parametrize("turn", [1, -1])
def test_every_phone_of_one_input_is_judged(turn: int, tmp_path: Path) -> None:
    other = SETTINGS.replace("00WW_3_22C_SP03", AFFECTED).replace("Nokia 7 plus", "One")
    text = "".join([SETTINGS, other][::turn])
    expected = ["00WW_3_22C_SP03", AFFECTED][::turn]
    file = tmp_path / "screens.txt"
    file.write_text(text)
    for found in (builds("-", given=text), builds(str(file))):
        assert [build["input"] for build in found] == expected
    assert firmware("-", given=text).returncode == 12


def test_a_file_with_one_identifier_a_line(tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.write_text('# fleet\n00WW_3_22C_SP03\n\n"PPR1.180610.011"\n')
    assert [build["input"] for build in builds(str(file))] == ["00WW_3_22C_SP03", "PPR1.180610.011"]


@pytest.mark.parametrize(("name", "says"), [("none/build.prop", "There is no file"), ("folder/in", "is a folder")])
def test_a_file_that_is_none(name: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "folder" / "in").mkdir(parents=True)
    refused = firmware(str(tmp_path / name))
    assert (refused.returncode, says in refused.stderr) == (2, True)


@pytest.mark.parametrize("content", [b"\x3a\xff\x26\xed\0\0\n\x01\0\n", b"a\n" * 2**23], ids=["short", "long"])
def test_a_firmware_image_is_no_list_of_builds(content: bytes, tmp_path: Path) -> None:
    image = tmp_path / "system.img"
    image.write_bytes(content)
    refused = firmware(str(image))
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "phone-audit scan FILE" in " ".join(refused.stderr.split())


def test_zeros_at_the_end_of_a_copied_file(tmp_path: Path) -> None:
    file = tmp_path / "build.prop"
    file.write_bytes(b"ro.build.display.id=00WW_3_22C_SP03\n".ljust(4096, b"\0"))
    assert [build["input"] for build in builds(str(file))] == ["00WW_3_22C_SP03"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("text", [GETPROP, SETTINGS, "00WW_3_22C_SP03\u200b\r\n"])
def test_texts_as_windows_writes_them(text: str, encoding: str, tmp_path: Path) -> None:
    file = tmp_path / "given.txt"
    file.write_bytes(text.encode(encoding))
    (build,) = builds(str(file))
    assert (build["input"], build["parsed"] is None) == ("00WW_3_22C_SP03", False)
