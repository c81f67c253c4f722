"""Memory of the process that collects records: over a hostile set, and over very many links to one APK.

Run by hand on Linux: `python tests/benchmarks/bench_parent_memory.py [APK] [LINKS] [FORMAT]`; the APK should have about
2.7 MB. Prints the curve of its proportional set size (PSS) against the records written, without the workers'. Goals:
below 200 MB over the hostile set, below 250 MB over 20,000 links and flat after the first thousand.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.apk.bombs import overlapping_manifest, record_bomb  # noqa: E402
from tests.apk.packages import fixture  # noqa: E402
from tests.apk.zips import Part, make_zip  # noqa: E402

LINKS = 20_000
HOSTILE_MB, LINKS_MB = 200, 250
PAUSE = 0.05
STEPS = 20


def main() -> None:
    apk = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    links = int(sys.argv[2]) if len(sys.argv) > 2 else LINKS
    name = sys.argv[3] if len(sys.argv) > 3 else "jsonl"
    with tempfile.TemporaryDirectory() as scratch:
        print(f"hostile set (goal: below {HOSTILE_MB} MB)")
        curve("-", "jsonl", folder(Path(scratch) / "hostile", hostile), Path(scratch) / "out")
        if apk is not None:
            print(f"{links} links to {apk.name} (goal: below {LINKS_MB} MB)")
            place = folder(Path(scratch) / "links", lambda at: linked(at, apk.resolve(), links))
            curve(str(links), name, place, Path(scratch) / "out")


def folder(place: Path, fill: Callable[[Path], None]) -> Path:
    place.mkdir()
    fill(place)
    return place


def hostile(place: Path) -> None:
    for number in range(40):
        (place / f"bomb{number}.apk").write_bytes(record_bomb(seed=number))
    for number, components in enumerate((20_000, 32_000)):
        (place / f"large{number}.apk").write_bytes(record_bomb(components))
    many = make_zip([Part("AndroidManifest.xml", overlapping_manifest(30)), *(Part(f"{n}") for n in range(60_000))])
    (place / "entries.apk").write_bytes(many)
    (place / "entries").write_bytes(make_zip([Part(f"{n}") for n in range(60_000)]))
    (place / "good.apk").write_bytes(fixture("policy"))


def linked(place: Path, apk: Path, links: int) -> None:
    for number in range(links):
        (place / f"{number:06}.apk").symlink_to(apk)


def curve(goal: str, name: str, place: Path, out: Path) -> None:
    command = [sys.executable, "-m", "phone_audit", "apks", str(place), "--jobs", "2", "-f", name, "-o", str(out)]
    out.unlink(missing_ok=True)
    begin = time.monotonic()
    with subprocess.Popen([*command, "--fail-on", "never", "-q"], cwd=ROOT) as process:
        samples = []
        while process.poll() is None:
            megabytes = pss(process.pid)
            if megabytes:
                written = out.stat().st_size / 10**6 if out.exists() else 0.0
                samples.append((time.monotonic() - begin, written, megabytes))
            time.sleep(PAUSE)
    for second, amount, peak in samples[:: max(1, len(samples) // STEPS)]:
        print(f"  {second:7.1f} s  {amount:9.1f} MB written  {peak:6.1f} MB")
    print(f"  peak {max(m for *_, m in samples):.1f} MB, {samples[-1][0]:.1f} s, exit {process.returncode} ({goal})")


def pss(process: int) -> float:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text("ascii").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1000 for line in lines if line.startswith("Pss:")), 0.0)


if __name__ == "__main__":
    main()
