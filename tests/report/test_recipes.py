"""The recipes of the documents work as they stand there."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from phone_audit.report.canvas import Style
from phone_audit.report.formats import render
from tests.documents import SKIPPED, apk, apks, scan

DOCUMENT = (Path(__file__).parents[2] / "docs" / "report.md").read_text("utf-8")
BLOCK = re.search(r"<!-- recipes -->\n```sh\n(.*?)```", DOCUMENT, re.DOTALL)
RECIPES = [line for line in (BLOCK[1] if BLOCK else "").splitlines() if not line.startswith("#")]
TOLD = (
    "high\tknown-bad-batch\tcom.a\tk1\n",
    "known-bad\tcom.a\tb.apk\nnothing-found\tcom.a\tc.apk\n",
    "truncated\tThe file ends too early.\n",
)


@pytest.mark.skipif(shutil.which("jq") is None, reason="needs jq")
@pytest.mark.parametrize(("recipe", "told"), [*zip(RECIPES, TOLD, strict=True)])
def test_recipes(recipe: str, told: str, tmp_path: Path) -> None:
    phone = scan("known-bad", (SKIPPED,))
    (tmp_path / "scan.json").write_text(render("json", phone, Style()), "utf-8")
    (tmp_path / "scan.sarif").write_text(render("sarif", phone, Style()), "utf-8")
    folder = apks(apk("b.apk", "known-bad"), apk("c.apk"))
    (tmp_path / "apks.json").write_text(render("json", folder, Style()), "utf-8")
    done = subprocess.run(recipe, shell=True, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == told
