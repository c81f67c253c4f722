"""Very many APKs on one computer: growth, a run that is killed, the second run, and one worker against two.

Run by hand: `python tests/benchmarks/bench_many.py SCRATCH [--most N] [--corpus FOLDER]`. Small APKs, each with other
bytes, are made in SCRATCH. Seconds of the processor are those of all processes; with others on the machine they tell
more than the clock. Figures of one machine stand in docs/scale.md.
"""

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.apk.packages import dex, package  # noqa: E402
from tests.benchmarks.bench_parent_memory import pss  # noqa: E402

SHARES = (20, 8, 4, 2)
"""What parts of the most files growth is fitted over."""
KILLED_AT = (0.2, 0.5, 0.8)
GOAL_MB = 200


class Run(NamedTuple):
    """What a run took: by the clock, of the processor, and at most of memory in the process that collects."""

    wall: float
    processor: float
    peak: float


def small_apks(folder: Path, count: int) -> Path:
    """Make APKs of some 2 KB."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        path = folder / f"{number:06}.apk"
        if not path.exists():
            path.write_bytes(package("policy", dex(f"http://h{number}.example.net/x{number}")))
    return folder


def command(place: Path | Sequence[Path], out: Path, *more: str) -> list[str]:
    places = [place] if isinstance(place, Path) else place
    words = ["apks", *map(str, places), "-f", "jsonl", "-o", str(out), "--fail-on", "never", "-q", *more]
    return [sys.executable, "-m", "phone_audit", *words]


def run(cache: Path, words: Sequence[str], stop_at: tuple[Path, int] | None = None) -> Run:
    """Run it; with `stop_at` kill it once the file has so many lines."""
    before, began, peak = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic(), 0.0
    with subprocess.Popen(words, cwd=ROOT, env={**os.environ, "XDG_CACHE_HOME": str(cache)}) as process:
        while process.poll() is None:
            peak = max(peak, pss(process.pid))
            time.sleep(0.2)
            if stop_at is not None and lines(stop_at[0]) >= stop_at[1]:
                process.send_signal(signal.SIGKILL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(time.monotonic() - began, processor, peak)


def lines(out: Path) -> int:
    try:
        with out.open("rb") as file:
            return sum(piece.count(b"\n") for piece in iter(lambda: file.read(2**20), b""))
    except OSError:
        return 0


def said(taken: Run) -> str:
    return f"{taken.wall:7.1f} s, processor {taken.processor:7.1f} s, parent at most {taken.peak:5.1f} MB"


def growth(scratch: Path, counts: Sequence[int]) -> None:
    """Print what several sizes cost, and the line through them."""
    points = []
    for count in counts:
        folder = small_apks(scratch / f"small-{count}", count)
        taken = run(scratch / f"cache-{count}", command(folder, scratch / "out.jsonl", "--no-cache"))
        points.append((count, taken.processor))
        print(f"{count:6} files: {said(taken)}", flush=True)
    fit(points, "file")


def fit(points: Sequence[tuple[float, float]], unit: str) -> None:
    """Print the line of least squares through seconds of the processor, and how far it is from the points."""
    mean_x, mean_y = (sum(values) / len(points) for values in zip(*points, strict=True))
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)
    start = mean_y - slope * mean_x
    worst = max(abs(y - start - slope * x) / y for x, y in points)
    print(f"  fit: {start:.2f} s + {slope * 1e3:.2f} ms a {unit}; farthest point {worst:.0%}", flush=True)


def killed(scratch: Path, count: int) -> None:
    """Kill a run three times, let it end, and compare what it wrote with the files; then run again from the cache."""
    folder, out, cache = small_apks(scratch / f"small-{count}", count), scratch / "killed.jsonl", scratch / "cache"
    out.unlink(missing_ok=True)
    parts = []
    for share in KILLED_AT:
        parts.append(run(cache, command(folder, out, "--resume"), (out, int(share * count))))
        print(f"killed with {lines(out)} lines: {said(parts[-1])}", flush=True)
    parts.append(run(cache, command(folder, out, "--resume")))
    print(f"ended:                {said(parts[-1])}", flush=True)
    paths = [json.loads(line)["path"] for line in out.open(encoding="utf-8")]
    print(f"  {len(paths)} records of {len(set(paths))} files, {len(list(folder.iterdir()))} there", flush=True)
    first = Run(sum(one.wall for one in parts), sum(one.processor for one in parts), max(one.peak for one in parts))
    again(first, cache, folder, scratch)
    print(f"  parent at most {first.peak:.1f} MB, goal {GOAL_MB}: {'met' if first.peak < GOAL_MB else 'NOT MET'}")


def again(first: Run, cache: Path, place: Path, scratch: Path) -> None:
    """Run from the cache, and compare."""
    second = run(cache, command(place, scratch / "again.jsonl"))
    ratio = (
        f"{first.wall / second.wall:.1f} x by the clock, {first.processor / second.processor:.1f} x of the processor"
    )
    print(f"second run:           {said(second)}: {ratio}", flush=True)


def corpus(scratch: Path, folder: Path, rounds: int) -> None:
    """Print what real APKs cost with one worker, with two, from the cache, and what other programs take for them."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for _ in range(rounds):
        one, two = (
            run(scratch / "none", command(folder, scratch / "corpus.jsonl", "--no-cache", "--jobs", jobs))
            for jobs in "12"
        )
        hashed, tested = timed(partial(hash_all, files)), timed(partial(test_all, files))
        print(f"one worker:  {said(one)}\ntwo workers: {said(two)}: {one.wall / two.wall:.2f} x by the clock")
        print(f"cat *.apk | sha256sum: {hashed:.2f} s; unzip -tq: {tested:.2f} s", end="; ")
        print(f"two workers take {two.wall / hashed:.1f} x and {two.wall / tested:.2f} x", flush=True)
    print(f"load: {os.getloadavg()}")
    first = run(scratch / "corpus-cache", command(folder, scratch / "corpus.jsonl"))
    again(first, scratch / "corpus-cache", folder, scratch)


def hash_all(files: Sequence[Path]) -> None:
    with subprocess.Popen(["cat", *map(str, files)], stdout=subprocess.PIPE) as shown:
        subprocess.run(["sha256sum"], stdin=shown.stdout, capture_output=True, check=True)


def test_all(files: Sequence[Path]) -> None:
    for path in files:
        subprocess.run(["unzip", "-tq", str(path)], capture_output=True, check=False)


def timed(work: Callable[[], None]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scratch", type=Path)
    parser.add_argument("--most", type=int, default=20_000)
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    chosen.scratch.mkdir(parents=True, exist_ok=True)
    print(f"load at the beginning: {os.getloadavg()}")
    if chosen.corpus:
        corpus(chosen.scratch, chosen.corpus, chosen.rounds)
    if chosen.most:
        growth(chosen.scratch, [chosen.most // share for share in SHARES])
        killed(chosen.scratch, chosen.most)
    print(f"load at the end: {os.getloadavg()}")


if __name__ == "__main__":
    main()
