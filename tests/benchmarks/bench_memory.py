"""Peak memory while each APK of a folder is analysed: parent and workers together, as the kernel counts it (PSS).

Run by hand on Linux: `python tests/benchmarks/bench_memory.py FOLDER [MEMORY_MB]`. A thread samples
`/proc/PID/smaps_rollup` every few milliseconds; each APK gets a fresh worker, so that no peak hides another.
Goal: at most 250 MB for an APK with up to 16 MB of DEX, and never more than 6 times the DEX bytes plus 120 MB. Files
with a resource table over 4 MB are listed apart.
"""

import os
import re
import sys
import threading
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from phone_audit.apk.discover import InputFile, find_apks  # noqa: E402
from phone_audit.apk.worker.pool import WorkerPool  # noqa: E402

GOAL_MB = 250
GOAL_DEX_MB = 16.5
"""Megabytes of DEX up to which that goal holds: an APK with 16 MB of DEX has a little more or less."""
BASE_MB = 120
TIMES_DEX = 6
LARGE_TABLE = 4 * 2**20
PAUSE = 0.002
_DEX = re.compile(r"(?:base/dex/)?classes\d*\.dex")


@dataclass(frozen=True)
class Peak:
    path: Path
    megabytes: float
    seconds: float
    samples: int
    table: int
    dex: int

    @property
    def limit(self) -> float:
        """Megabytes that it may take."""
        grown = BASE_MB + TIMES_DEX * self.dex / 10**6
        return min(GOAL_MB, grown) if self.dex <= GOAL_DEX_MB * 10**6 else grown


class Sampler(threading.Thread):
    """Sums the memory of this process and of the workers until it is stopped."""

    def __init__(self, pool: WorkerPool) -> None:
        super().__init__(daemon=True)
        self.peak = 0
        self.samples = 0
        self._pool = pool
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(PAUSE):
            self.peak = max(self.peak, sum(pss(pid) for pid in (os.getpid(), *self._pool.pids)))
            self.samples += 1

    def stop(self) -> None:
        self._ended.set()
        self.join()


def pss(pid: int) -> int:
    """Bytes: what is shared with other processes counts in part."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def sizes(path: Path) -> dict[str, int]:
    """Return the inflated size of each entry by its name, as far as the file can be read as an archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            return {entry.filename: entry.file_size for entry in archive.infolist()}
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        return {}


def measure(path: Path, memory_mb: int) -> Peak:
    with WorkerPool(1, timeout=120, memory_mb=memory_mb) as pool:
        sampler = Sampler(pool)
        sampler.start()
        ((_, seconds),) = pool.analyse([(path, path.name)])
        sampler.peak = max(sampler.peak, sum(pss(pid) for pid in (os.getpid(), *pool.pids)))
        sampler.stop()
    entries = sizes(path)
    dex = sum(size for name, size in entries.items() if _DEX.fullmatch(name))
    return Peak(path, sampler.peak / 10**6, seconds, sampler.samples, entries.get("resources.arsc", 0), dex)


def report(title: str, peaks: list[Peak]) -> bool:
    print(f"{title}: {len(peaks)} files")
    for peak in sorted(peaks, key=lambda p: p.megabytes / p.limit, reverse=True)[:20]:
        table = f", resource table {peak.table / 10**6:.1f} MB" if peak.table > LARGE_TABLE else ""
        print(
            f"  {peak.megabytes:6.1f} MB of {peak.limit:5.0f}  {peak.dex / 10**6:5.1f} MB DEX  {peak.seconds:6.3f} s  "
            f"{peak.samples:4d} samples  {peak.path.name}{table}"
        )
    return all(peak.megabytes <= peak.limit for peak in peaks)


def whole_folder(paths: list[Path], jobs: int, memory_mb: int) -> None:
    started = time.monotonic()
    with WorkerPool(jobs, timeout=120, memory_mb=memory_mb) as pool:
        sampler = Sampler(pool)
        sampler.start()
        count = sum(1 for _ in pool.analyse([(path, path.name) for path in paths]))
        sampler.stop()
    seconds = time.monotonic() - started
    print(f"all {count} files with {jobs} worker(s): {seconds:.2f} s, peak {sampler.peak / 10**6:.1f} MB")


def main() -> int:
    if len(sys.argv) < 2:
        print(__doc__)
        return 2
    memory_mb = int(sys.argv[2]) if len(sys.argv) > 2 else 1024
    paths = [found.path for found in find_apks([Path(sys.argv[1])]) if isinstance(found, InputFile)]
    peaks = [measure(path, memory_mb) for path in paths]
    good = report("resource table up to 4 MB", [peak for peak in peaks if peak.table <= LARGE_TABLE])
    report("resource table over 4 MB", [peak for peak in peaks if peak.table > LARGE_TABLE])
    for jobs in (1, 2):
        whole_folder(paths, jobs, memory_mb)
    print(f"goals {'met' if good else 'MISSED'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
