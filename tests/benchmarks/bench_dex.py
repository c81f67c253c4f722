"""Endpoints and trackers of one APK against androguard's AnalyzeAPK, in one run on one machine.

    python tests/benchmarks/bench_dex.py Yosemite.apk

Both run in a fresh process each. Imports and the loading of knowledge are printed and not counted on either side.
Ours counts from opening the file: directory, inflating every classes*.dex, reading, endpoints, trackers.
"""

import argparse
import json
import re
import resource
import subprocess
import sys
import time
from pathlib import Path

MAX_DEX = 2**30
_NAME = re.compile(r"(?:base/dex/)?classes\d*\.dex")
_ANDROGUARD = """
import json, sys, time
begin = time.perf_counter()
from loguru import logger
logger.remove()
from androguard.misc import AnalyzeAPK
imported = time.perf_counter()
AnalyzeAPK(sys.argv[1])
print(json.dumps({"import": imported - begin, "seconds": time.perf_counter() - imported}))
"""


def ours(path: Path, rounds: int) -> dict[str, float]:
    """Measure in this process; the first round is the cold one."""
    begin = time.perf_counter()
    from phone_audit.apk.package_code import read_code
    from phone_audit.apk.zip.archive import Archive
    from phone_audit.knowledge.load import load_knowledge

    imported = time.perf_counter()
    knowledge = load_knowledge()
    _ = knowledge.info  # every kind, as a worker parses them once
    knowledge.owner_of("a.example"), knowledge.trackers_of_host("a.example"), knowledge.rule_for("a.example", "")
    loaded = time.perf_counter()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    inflating, whole = [], []
    for _ in range(rounds):
        start = time.perf_counter()
        archive = Archive(memoryview(path.read_bytes()))
        entries = [entry for entry in archive.entries if _NAME.fullmatch(entry.name)]
        dexes = [(entry.name, archive.read(entry, MAX_DEX)) for entry in entries]
        inflating.append(time.perf_counter() - start)
        facts = read_code(dexes, knowledge)
        whole.append(time.perf_counter() - start)
    return {
        "import": imported - begin,
        "knowledge": loaded - imported,
        "dex_bytes": sum(len(data) for _, data in dexes),
        "inflate": min(inflating),
        "cold": whole[0],
        "warm": min(whole),
        "peak_bytes": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024,
        "file_bytes": path.stat().st_size,
        "endpoints": len(facts.endpoints),
        "trackers": len(facts.trackers),
    }


def _child(*arguments: str) -> dict[str, float]:
    output = subprocess.run([sys.executable, *arguments], check=True, capture_output=True, text=True).stdout
    answer: dict[str, float] = json.loads(output.splitlines()[-1])
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("apk", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--ours-only", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.ours_only:
        print(json.dumps(ours(chosen.apk, chosen.rounds)))
        return
    mine = _child(__file__, str(chosen.apk), "--rounds", str(chosen.rounds), "--ours-only")
    megabytes = mine["dex_bytes"] / 1e6
    print(f"{chosen.apk.name}: {megabytes:.1f} MB of DEX, {mine['endpoints']} endpoints, {mine['trackers']} trackers")
    print(
        f"phone-audit  cold {mine['cold']:.3f} s, warm {mine['warm']:.3f} s, of which inflating {mine['inflate']:.3f} s"
    )
    print(f"             not counted: imports {mine['import']:.2f} s, knowledge {mine['knowledge']:.2f} s")
    extra = mine["peak_bytes"] / 1e6
    print(f"             memory above imports: {extra:.0f} MB, the file included; {extra / megabytes:.1f} x DEX")
    theirs = _child("-c", _ANDROGUARD, str(chosen.apk))
    print(f"AnalyzeAPK   {theirs['seconds']:.2f} s, imports {theirs['import']:.2f} s")
    print(f"ratio        cold {theirs['seconds'] / mine['cold']:.0f}, warm {theirs['seconds'] / mine['warm']:.0f}")


if __name__ == "__main__":
    main()
