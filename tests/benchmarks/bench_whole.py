"""The whole analysis against androguard's AnalyzeAPK, exodus-core's tracker detection and bare inflation, in one run.

    python tests/benchmarks/bench_whole.py APK|FOLDER… [--exodus-python PYTHON --exodus-trackers trackers.json]
        [--no-androguard] [--no-exodus]
    python tests/benchmarks/bench_whole.py --corpus FOLDER

For each APK named, and each one in a folder that has 4 MB of DEX or more (smaller ones with --small, which are listed
and not judged):

warm      wall time from handing the file to a worker that has read another one before, to the judged record
cold      wall time of `phone-audit apks FILE` as a process of its own, start of Python and knowledge included
inflating processor time of isal for every entry that the analysis reads, each once
AnalyzeAPK, exodus  time of the call alone; their imports and exodus-core's list of trackers are not counted

Beside the wall time stands the time of the processors, which other work on the same machine disturbs less;
--by processor judges by it. The least of a few rounds counts, of our processor time the mean (the system counts it in
hundredths of a second); AnalyzeAPK runs once. exodus-core needs versions of its own, so it
is run by another Python, with `dexdump` on the path and its list of trackers from a file: nothing is fetched.
Goals: AnalyzeAPK 120 times as long as warm, exodus-core 12 times, warm at most twice the inflating and 50 ms.

--corpus gives the wall time of `phone-audit apks FOLDER` with two workers, and of `unzip -tq` of the same files one
after another.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from phone_audit.apk.read_apk import read_apk
from phone_audit.apk.worker.pool import WorkerPool
from phone_audit.apk.zip.archive import Archive
from phone_audit.apk.zip.contents import code_entries
from phone_audit.apk.zip.directory import Entry
from phone_audit.detect.detect import detect_apk
from phone_audit.errors import ApkError
from phone_audit.judge.judge import judge_apk
from phone_audit.knowledge.load import Knowledge, load_knowledge, whole
from phone_audit.pipeline.apk_records import AnalysedApk, published_apk

JUDGED_FROM = 4 * 10**6
MAX_ENTRY = 2**30
GOALS = {"AnalyzeAPK": 120.0, "exodus": 12.0}
OUTCOME_CODES = (0, 10, 11, 12, 13)
"""Exit codes of a run that worked."""

ANDROGUARD = """
import os, sys, time
from loguru import logger
logger.remove()
from androguard.misc import AnalyzeAPK
begin = time.perf_counter(), sum(os.times()[:4])
AnalyzeAPK(sys.argv[1])
print(time.perf_counter() - begin[0], sum(os.times()[:4]) - begin[1])
"""
EXODUS = """
import json, os, sys, time
from collections import namedtuple
from exodus_core.analysis.static_analysis import StaticAnalysis
with open(sys.argv[2]) as file:
    known = json.load(file)["trackers"].values()
audit = StaticAnalysis()
audit.apk_path = sys.argv[1]
audit.signatures = [namedtuple("tracker", one)(**one) for one in known]
audit._compile_signatures()
begin = time.perf_counter(), sum(os.times()[:4])
audit.detect_trackers()
print(time.perf_counter() - begin[0], sum(os.times()[:4]) - begin[1])
"""


class Taken(NamedTuple):
    """Seconds on the clock, and seconds of the processors."""

    wall: float
    processor: float


def least(rounds: int, run: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """Return the least time of a few runs, in seconds."""
    times = []
    for _ in range(rounds):
        begin = clock()
        run()
        times.append(clock() - begin)
    return min(times)


def whole_analysis(pool: WorkerPool, knowledge: Knowledge, path: Path) -> None:
    """Read one file through the worker and judge it, as `phone-audit apks` does."""
    ((info, seconds),) = pool.analyse([(path, path.name)])
    published_apk(AnalysedApk(info, seconds), judge_apk(info, detect_apk(info, knowledge)), knowledge)


def processor_time(pids: tuple[int, ...]) -> float:
    """Return the processor time of this process and of others so far, in seconds."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK") + time.process_time()


def warm(pool: WorkerPool, knowledge: Knowledge, path: Path, rounds: int) -> Taken:
    """Measure the whole analysis in a worker that has read the file before."""
    analyse = partial(whole_analysis, pool, knowledge, path)
    analyse()
    pids, begin = pool.pids, processor_time(pool.pids)
    wall = least(rounds, analyse)
    same = pids == pool.pids  # a worker that held much memory is replaced; what its successor used says little
    return Taken(wall, (processor_time(pids) - begin) / rounds if same and pids else wall)


def audit(*arguments: str) -> None:
    """Run `phone-audit apks` as a process of its own."""
    command = [sys.executable, "-m", "phone_audit", "apks", "-q", "--no-cache", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in OUTCOME_CODES:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip()}")


@contextmanager
def noted_reads() -> Iterator[list[tuple[Archive, Entry]]]:
    """Note each entry that is read in the block."""
    reads: list[tuple[Archive, Entry]] = []
    originals: dict[str, Any] = {name: getattr(Archive, name) for name in ("read", "pieces")}

    def noting(original: Any, archive: Archive, entry: Entry, *rest: Any) -> Any:
        reads.append((archive, entry))
        return original(archive, entry, *rest)

    def method(original: Any) -> Any:
        return lambda archive, entry, *rest: noting(original, archive, entry, *rest)

    for name, original in originals.items():
        setattr(Archive, name, method(original))
    try:
        yield reads
    finally:
        for name, original in originals.items():
            setattr(Archive, name, original)


def deflated_entries(path: Path, knowledge: Knowledge) -> list[tuple[Archive, Entry]]:
    """Return the deflated entries that the analysis reads, each once, those of archives inside too."""
    with noted_reads() as reads:
        read_apk(path, shown_as=path.name, knowledge=knowledge)
    once = {(len(archive.data), entry.name, entry.header_offset): (archive, entry) for archive, entry in reads}
    return [(archive, entry) for archive, entry in once.values() if entry.method == 8]


def inflate(entries: list[tuple[Archive, Entry]]) -> None:
    """Inflate each entry, whole, from an archive that has kept nothing."""
    for archive, entry in entries:
        try:
            archive.read(entry, MAX_ENTRY)
        except ApkError:
            continue


def inflating(rounds: int, entries: list[tuple[Archive, Entry]]) -> float:
    """Return the processor time of inflating, in seconds."""
    times = []
    for _ in range(rounds):
        opened = {id(archive): Archive(archive.data, total_limit=MAX_ENTRY) for archive, _ in entries}
        fresh = [(opened[id(archive)], entry) for archive, entry in entries]
        times.append(least(1, partial(inflate, fresh), time.process_time))
    return min(times)


def peer(python: str, program: str, *arguments: str) -> Taken | str:
    """Return the time that another tool's call took by itself, or why there is none."""
    done = subprocess.run([python, "-c", program, *arguments], capture_output=True, text=True, check=False)
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        return (done.stderr.strip().splitlines() or ["it ended without a word"])[-1]
    return Taken(*map(float, lines[-1].split()))


def dex_bytes(path: Path) -> int:
    """Return how many bytes of DEX an archive announces; 0 where it is none."""
    try:
        return sum(entry.size for _, entry in code_entries(Archive(memoryview(path.read_bytes()))).dex)
    except ApkError:
        return 0


def peers_of(path: Path, chosen: argparse.Namespace) -> Iterator[tuple[str, Taken | str]]:
    """Yield the time of each peer that is asked for."""
    if not chosen.no_androguard:
        yield "AnalyzeAPK", peer(sys.executable, ANDROGUARD, str(path))
    if not chosen.no_exodus:
        arguments = (str(path), str(chosen.exodus_trackers))
        times = [peer(chosen.exodus_python, EXODUS, *arguments) for _ in range(chosen.rounds)]
        taken = [one for one in times if isinstance(one, Taken)]
        yield "exodus", min(taken) if taken else times[0]


def measure(path: Path, pool: WorkerPool, knowledge: Knowledge, chosen: argparse.Namespace) -> bool:
    """Print the block of one APK; tell whether it meets the goals, or is too small to be judged."""
    size = dex_bytes(path)
    judged = size >= JUDGED_FROM
    times = warm(pool, knowledge, path, chosen.rounds)
    ours: float = getattr(times, chosen.by)
    bare = inflating(chosen.rounds, deflated_entries(path, knowledge))
    allowed = 2 * bare + 0.05
    good = ours <= allowed
    print(f"{path.name}: {size / 1e6:.1f} MB of DEX{'' if judged else ' (small, not judged)'}")
    print(f"  warm {_said(times)}{_cold(path, chosen)}")
    print(f"  inflating {bare * 1e3:.0f} ms: allowed {allowed * 1e3:.0f} ms, {'kept' if good else 'NOT KEPT'}")
    for name, taken in peers_of(path, chosen):
        if isinstance(taken, str):
            print(f"  {name} is not compared: {taken}")
            continue
        ratio = getattr(taken, chosen.by) / ours
        met = ratio >= GOALS[name]
        good = good and met
        print(f"  {name} {_said(taken)}: {ratio:.0f} x, goal {GOALS[name]:.0f} x, {'met' if met else 'NOT MET'}")
    sys.stdout.flush()
    return good or not judged


def _said(taken: Taken) -> str:
    return f"{taken.wall * 1e3:.0f} ms (processor {taken.processor * 1e3:.0f} ms)"


def _cold(path: Path, chosen: argparse.Namespace) -> str:
    with tempfile.NamedTemporaryFile(suffix=".json") as result:
        seconds = least(chosen.rounds, partial(audit, str(path), "--jobs", "1", "-f", "json", "-o", result.name))
    return f", cold {seconds * 1e3:.0f} ms"


def corpus(folder: Path, rounds: int) -> bool:
    """Print the time of a whole folder, and of testing the same files with unzip."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as result:
        ours = least(rounds, partial(audit, str(folder), "--jobs", "2", "-f", "jsonl", "-o", result.name))
        records = [json.loads(line)["path"] for line in Path(result.name).read_text("utf-8").splitlines()]

    def test_all() -> None:
        for path in files:
            subprocess.run(["unzip", "-tq", str(path)], capture_output=True, check=False)

    theirs = least(rounds, test_all)
    met = ours < theirs
    print(f"{len(files)} files, {len(records)} records: {ours:.2f} s; unzip -tq {theirs:.2f} s, ", end="")
    print(f"ratio {ours / theirs:.2f}, goal below 1: {'met' if met else 'NOT MET'}")
    return met


def chosen_files(places: list[Path], *, small: bool) -> Iterator[Path]:
    for place in places:
        if place.is_file():
            yield place
            continue
        found = sorted((dex_bytes(path), path) for path in place.rglob("*") if path.is_file())
        yield from (path for size, path in reversed(found) if size >= JUDGED_FROM or (small and size))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("places", type=Path, nargs="*")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--by", choices=Taken._fields, default="wall", help="the time that the goals are about")
    parser.add_argument("--small", action="store_true", help="of a folder, smaller APKs too")
    parser.add_argument("--no-androguard", action="store_true")
    parser.add_argument("--no-exodus", action="store_true")
    parser.add_argument("--exodus-python", default=sys.executable, help="the Python that has exodus-core")
    parser.add_argument("--exodus-trackers", type=Path, default=Path("trackers.json"))
    parser.add_argument("--corpus", type=Path, metavar="FOLDER")
    chosen = parser.parse_args()
    met = [corpus(chosen.corpus, chosen.rounds)] if chosen.corpus else []
    knowledge = whole(load_knowledge())
    with WorkerPool(1, timeout=600, memory_mb=2048) as pool:
        met += [measure(path, pool, knowledge, chosen) for path in chosen_files(chosen.places, small=chosen.small)]
    if chosen.places:
        print(f"{len(met)} looked at, {met.count(False)} miss a goal")
    return 1 if False in met else 0


if __name__ == "__main__":
    sys.exit(main())
