"""What hostile files cost a whole command: peak memory of the process, measured by its parent.

Python with this program's own modules takes some 70 MB; the bound is far above that, and far below what was taken when
such files were parsed first.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from phone_audit.acquire.store.layout import MANIFEST
from tests.knowledge.folders import ROOT

MB = 2**20
MOST = 100 * MB
MOST_PARSED = 160 * MB
"""For a file within its bounds that has to be parsed before it is refused."""


LAUNCHER = """
import os, sys
command = [sys.executable, "-m", "phone_audit", *sys.argv[1:]]
_, status, usage = os.wait4(os.posix_spawn(sys.executable, command, os.environ), 0)
print(f"\\n{usage.ru_maxrss}", end="")
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""A process counts the memory of whoever started it too, so that has to be a small one."""


def run(arguments: list[str], folder: Path) -> tuple[int, int, str]:
    """Run a command; return its exit code, its peak memory in bytes, and what it said."""
    ran = subprocess.run(
        [sys.executable, "-c", LAUNCHER, *arguments],
        env={"PYTHONPATH": str(ROOT), "XDG_DATA_HOME": str(folder), "XDG_CACHE_HOME": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    said, _, peak = ran.stdout.rpartition("\n")
    return ran.returncode, int(peak) * 1024, said


def saved(folder: Path, manifest: bytes) -> Path:
    for name in ("answers", "apks"):
        (folder / "saved" / name).mkdir(parents=True)
    (folder / "saved" / MANIFEST).write_bytes(manifest)
    return folder / "saved"


def wrong_values(folder: Path, size: int) -> list[str]:
    head = b'{"schema": "phone-audit/acquisition/1", "artifacts": ['
    return ["scan", str(saved(folder, head + b"[]," * (size // 3) + b"[]]}"))]


def one_line(folder: Path, name: str) -> Path:
    path = folder / name
    with path.open("wb") as file:
        for _ in range(256):
            file.write(b"a" * MB)
    return path


def fetched_feed(folder: Path) -> list[str]:
    (folder / "mine/indicators").mkdir(parents=True)
    one_line(folder, "mine/indicators/x.jsonl")
    return ["firmware", "X", "--knowledge", str(folder / "mine")]


def aliases(folder: Path) -> list[str]:
    text = "- &a {name: a, names: [x, x, x, x, x, x, x, x, x]}\n"
    for one, before in zip("bcdefghi", "abcdefgh", strict=True):
        text += f"- &{one} {{name: {one}, names: [*{before}, *{before}, *{before}, *{before}, *{before}]}}\n"
    (folder / "ioc.yaml").write_text(text)
    assert 400 < len(text) < 600
    return ["db", "import", "stalkerware", str(folder / "ioc.yaml")]


def result(folder: Path, text: str) -> list[str]:
    (folder / "x.json").write_text(text)
    return ["report", str(folder / "x.json")]


CASES: dict[str, tuple[Callable[[Path], list[str]], str]] = {
    "60 MB of [] in a manifest": (lambda folder: wrong_values(folder, 60_000_000), "larger than 16 MB"),
    "15 MB of [] in a manifest": (lambda folder: wrong_values(folder, 15_000_000), "more than 1,000,000 values"),
    "1 MB of [] in a manifest": (lambda folder: wrong_values(folder, 1_000_000), "is not the manifest"),
    "256 MB of one line in a list of hosts": (
        lambda folder: ["db", "import", "hosts", str(one_line(folder, "list.txt"))],
        "longer than 64 KB",
    ),
    "256 MB of one line in a CSV": (
        lambda folder: ["db", "import", "csv", str(one_line(folder, "list.csv"))],
        "longer than 64 KB",
    ),
    "256 MB of one line in a feed that was fetched": (fetched_feed, "longer than 8 MB"),
    "YAML aliases": (aliases, "alias or an anchor"),
    "60 MB of one string as a result": (
        lambda folder: result(folder, '{"schema": ' + "[" * 60_000_000),
        "nested more than 64 levels",
    ),
    "1 MB of [] in a result": (
        lambda folder: result(folder, json.dumps({"schema": "phone-audit/apks/1", "apks": [[]] * 300_000})),
        "is damaged",
    ),
    "a number of 60 MB in a result": (lambda folder: result(folder, "1" * 60_000_000), "more than 400 digits"),
    "60 MB of [] as a feed": (
        lambda folder: ["db", "import", "stix", *result(folder, "[]," * 20_000_000)[1:]],
        "more than 5,000,000 values",
    ),
}


@pytest.mark.slow
@pytest.mark.promise("refused-cheaply")
@pytest.mark.parametrize("case", CASES)
def test_what_a_hostile_file_costs(tmp_path: Path, case: str) -> None:
    arguments, sentence = CASES[case]
    code, peak, said = run(arguments(tmp_path), tmp_path)
    assert sentence in said
    assert code == 1
    assert "Traceback" not in said
    assert peak < (MOST_PARSED if "1 MB" in case else MOST), f"{peak / MB:.0f} MB"
