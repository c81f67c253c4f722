"""Defined classes of every DEX file against those that dexdump prints.

    python tests/benchmarks/agree_classes.py FOLDER

For each classes*.dex of each archive in the folder the class descriptors are compared, each as often as it is defined.
Files that dexdump refuses are named with its reason. The exit code is 1 when a list differs. Needs `dexdump`.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.zip.archive import Archive, map_file
from phone_audit.apk.zip.contents import code_entries
from phone_audit.errors import ApkError

MAX_DEX = 2**30
_CLASS = re.compile(rb"^  Class descriptor  : '(.*)'$", re.MULTILINE)


def dex_files(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each DEX file that can be read."""
    try:
        with map_file(path) as data:
            archive = Archive(data)
            for name, entry in code_entries(archive).dex:
                try:
                    yield name, bytes(archive.read(entry, MAX_DEX))
                except ApkError:
                    continue
    except ApkError:
        return


def told(content: bytes) -> list[bytes] | str:
    """Return the classes that dexdump prints, or why it prints none."""
    with tempfile.NamedTemporaryFile(suffix=".dex") as file:
        file.write(content)
        file.flush()
        done = subprocess.run(["dexdump", "-i", file.name], capture_output=True, check=False)
    if done.returncode:
        return (done.stderr.decode("utf-8", "replace").strip().splitlines() or ["it says nothing"])[-1]
    return sorted(_CLASS.findall(done.stdout))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    chosen = parser.parse_args()
    same = classes = different = 0
    for path in sorted(path for path in chosen.folder.rglob("*") if path.is_file()):
        for name, content in dex_files(path):
            theirs = told(content)
            ours = sorted(read_dex(name, content).defined_classes)
            if isinstance(theirs, str):
                print(f"{path.name} {name}: {len(ours)} classes by us; dexdump refuses it: {theirs}")
            elif theirs != ours:
                different += 1
                missed, made_up = sorted(set(theirs) - set(ours))[:5], sorted(set(ours) - set(theirs))[:5]
                print(f"{path.name} {name}: {len(theirs)} there, {len(ours)} here; only there {missed}, here {made_up}")
            else:
                same += 1
                classes += len(ours)
    print(f"{same} DEX files with {classes} classes agree, {different} differ")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
