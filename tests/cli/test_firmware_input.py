"""What `firmware` takes: files, piped dumps, pasted text, a list; and the day on which ages are counted."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
GETPROP = "[ro.build.display.id]: [00WW_3_22C_SP03]\n[ro.build.version.security_patch]: [2019-03-01]\n"
SETTINGS = "Model  Nokia 7 plus\nBuild number  00WW_3_22C_SP03\nAndroid security patch level  1 March 2019\n"


def firmware(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "phone_audit", "firmware", *arguments]
    return subprocess.run(command, cwd=ROOT, input=given, capture_output=True, text=True, check=False)


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
    assert (wrong.returncode, "is no day" in wrong.stderr) == (2, True)
