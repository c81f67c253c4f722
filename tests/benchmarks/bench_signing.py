"""Verification of APK signatures against apksigner, in one run on one machine.

    python tests/benchmarks/bench_signing.py Yosemite.apk [FOLDER…]

Ours counts from opening the file to the verdict, in one process, the best of some rounds; the manifest is read before,
as in an analysis. apksigner is one Java process a file, so its start (measured with `apksigner version`) is taken off.
The verdicts are compared too.
"""

import argparse
import subprocess
import time
from pathlib import Path

from phone_audit.apk.signature.verify import TargetPlatform, Verification, target_platform, verify
from phone_audit.apk.steps import Steps
from phone_audit.apk.xml.package_facts import read_package_facts
from phone_audit.apk.zip.archive import Archive, map_file
from phone_audit.errors import ApkError


def asked(path: Path) -> TargetPlatform:
    """For which versions of Android the package is."""
    with map_file(path) as data:
        return target_platform(
            read_package_facts(Archive(data), path.name, Steps(frozenset(), lambda _: None)).manifest
        )


def ours(path: Path, rounds: int) -> tuple[float, Verification]:
    """Seconds of the fastest round, and the verdict."""
    question, best = asked(path), float("inf")
    for _ in range(rounds):
        begin = time.perf_counter()
        with map_file(path) as data:
            verification = verify(Archive(data), path, question)
        best = min(best, time.perf_counter() - begin)
    return best, verification


def theirs(*arguments: str) -> tuple[float, bool]:
    """Seconds of one apksigner process, and whether it ended well."""
    begin = time.perf_counter()
    done = subprocess.run(["apksigner", *arguments], capture_output=True, check=False)
    return time.perf_counter() - begin, done.returncode == 0


def files_of(places: list[Path]) -> list[Path]:
    inside = [sorted(p for p in place.rglob("*.apk") if p.is_file()) if place.is_dir() else [place] for place in places]
    return [path for found in inside for path in found]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("places", type=Path, nargs="+")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--at-least", type=float, default=0.0, help="megabytes that a file of a folder has to have")
    chosen = parser.parse_args()
    start = min(theirs("version")[0] for _ in range(3))
    print(f"start of apksigner {start:.2f} s, taken off below")
    total, total_theirs, differ = 0.0, 0.0, 0
    for path in files_of(chosen.places):
        size = path.stat().st_size / 1e6
        if size < chosen.at_least:
            continue
        try:
            seconds, verification = ours(path, chosen.rounds)
        except ApkError as error:
            print(f"{path.name}: not checked: {error.message}")
            continue
        taken, good = theirs("verify", str(path))
        work = max(taken - start, 0.001)
        same = "same verdict" if good is verification.verified else "OTHER VERDICT"
        differ += good is not verification.verified
        total, total_theirs = total + seconds, total_theirs + work
        schemes = "+".join(verification.certificates) or "none"
        print(f"{path.name}: {size:.1f} MB, {schemes}: {seconds:.3f} s, apksigner {work:.2f} s, {same}")
    ratio = total_theirs / max(total, 1e-9)
    print(f"all: {total:.2f} s, apksigner {total_theirs:.2f} s, ratio {ratio:.0f}; {differ} verdicts differ")


if __name__ == "__main__":
    main()
