"""Cross-references of const-string against androguard's, on a sample of APKs.

    python tests/benchmarks/agree_xrefs.py FOLDER --sample 20 --seed 3

Compared is every triple of string, class and method, in every classes*.dex. androguard runs in a process of its own
for each APK. Every difference is printed with its side; the exit code is 1 when there is any.
"""

import argparse
import json
import random
import re
import subprocess
import sys
import zipfile
from pathlib import Path

from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import DexIndex, index_file
from phone_audit.apk.dex.xrefs import users_of

_NAME = re.compile(r"classes\d*\.dex")
_MOST = 2**31
_ANDROGUARD = """
import json, sys
from loguru import logger
logger.remove()
from androguard.core.analysis.analysis import Analysis
from androguard.core.dex import DEX
data = sys.stdin.buffer.read()
dex = DEX(data)
analysis = Analysis(dex)
analysis.create_xref()
for text in analysis.get_strings():
    for _, method in text.get_xref_from():
        name = method.get_method()
        print(json.dumps([text.get_orig_value(), name.get_class_name(), name.get_name() + name.get_descriptor()]))
"""

Triple = tuple[str, str, str]


def ours(data: bytes) -> set[Triple]:
    """Return string, class and method of every const-string."""
    return {triple for index in index_file(read_dex("classes.dex", data)) for triple in _triples(index)}


def _triples(index: DexIndex) -> set[Triple]:
    bodies = index.bodies
    body_of = {int(bodies.rows[first]): at for at, first in enumerate(bodies.first[:-1].tolist())}
    found = set()
    for number, uses in users_of(index, "string", range(index.part.string_items.size), _MOST).items():
        text = index.string(number)
        for use in uses:
            body = body_of[use.row]
            for row in bodies.rows[bodies.first[body] : bodies.first[body + 1]].tolist():
                found.add((text, index.row_class(row).decode("utf-8", "replace"), index.row_name(row)))
    return found


def theirs(data: bytes) -> set[Triple]:
    """Return the same from androguard; it leaves spaces inside descriptors and writes surrogates its own way."""
    output = subprocess.run([sys.executable, "-c", _ANDROGUARD], input=data, check=True, capture_output=True).stdout
    lines = (json.loads(line) for line in output.splitlines())
    return {(_same(text), _same(owner), _same(method).replace(" ", "")) for text, owner, method in lines}


def _same(text: str) -> str:
    """Write a lone surrogate as ours does."""
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return joined.encode("utf-8", "backslashreplace").decode("utf-8")


def _dexes(path: Path) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist() if _NAME.fullmatch(name)}
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError):
        return {}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sample", type=int, default=20)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--smallest", type=float, default=0.1, help="MB of DEX in one APK; smaller ones are not drawn")
    parser.add_argument("--largest", type=float, default=6.0, help="the same for larger ones")
    chosen = parser.parse_args()
    paths = sorted(chosen.folder.rglob("*.apk"))
    random.Random(chosen.seed).shuffle(paths)
    compared = total = different = 0
    for path in paths:
        dexes = _dexes(path)
        size = sum(map(len, dexes.values())) / 1e6
        if not chosen.smallest <= size <= chosen.largest or compared == chosen.sample:
            continue
        compared += 1
        for name, data in dexes.items():
            mine, other = ours(data), theirs(data)
            total += len(mine | other)
            different += len(mine ^ other)
            print(f"{path.name} {name}: {len(mine)} ours, {len(other)} androguard's, {len(mine ^ other)} differ")
            for side, only in (("only ours", mine - other), ("only androguard's", other - mine)):
                for triple in sorted(only)[:20]:
                    print(f"    {side}: {triple}")
    print(f"{compared} APKs, {total} cross-references, {different} differ")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
