"""A damaged image costs a sentence: no form of damage hangs, ends the program or takes more memory than its budget."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acquire.image.forms import FORMS
from tests.acquire.image.images import make_erofs, make_ext4, make_sparse
from tests.acquire.image.made import write_small

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
COPIES = 150


def image_of(form: str, place: Path) -> Path:
    """A small image, so that most of its bytes matter."""
    if form == "sparse":
        return make_sparse(image_of("ext4", place), place / "sparse.img")
    folder = write_small(place / "tree" / "system")
    (folder / "app" / "text").write_bytes(b"some words " * 9_000)
    if form == "ext4":
        return make_ext4(folder, place / "system.img", "-b", "1024", "-O", "^has_journal", size="400k")
    if form == "erofs":
        return make_erofs(folder, place / "system.img", "-zlz4hc", "-C16384")
    if form == "erofs fragments":
        return make_erofs(folder, place / "system.img", "-zlz4hc", "-Efragments,ztailpacking,dedupe", "-C16384")
    return FORMS[form]({"system": folder}, place)


ONES = ["ext4", "erofs", "erofs fragments", "sparse", *(form for form in FORMS if form not in ("ext4", "erofs"))]


def sweep(image: Path, first: int, last: int) -> dict[str, int]:
    command = [sys.executable, "-m", "tests.acquire.image.sweep", str(image), str(first), str(last)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=550)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, int] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("form", ONES)
def test_damage_costs_a_sentence(tmp_path: Path, form: str) -> None:
    told = sweep(image_of(form, tmp_path), 1, 1 + COPIES)
    assert set(told) <= {"refused", "noted", "read"}
    assert "refused" in told
