"""What APKs of some to 200 MB cost: one real APK, and others that hold all of its entries several times.

Run by hand: `python tests/benchmarks/bench_large.py APK SCRATCH`. The code of the copies is the same, in further DEX
files.
"""

import json
import re
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.benchmarks.bench_many import command, fit, run, said  # noqa: E402

MOST = 200 * 10**6
_DEX = re.compile(r"classes(\d*)\.dex")


def grown(apk: Path, times: int, place: Path) -> Path:
    """Write an archive with the entries of an APK so many times."""
    with zipfile.ZipFile(apk) as whole, zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new:
        count = sum(bool(_DEX.fullmatch(name)) for name in whole.namelist())
        for turn in range(times):
            for name in whole.namelist():
                content = whole.read(name)
                dex = _DEX.fullmatch(name)
                if dex and turn:
                    name = f"classes{int(dex[1] or 1) + turn * count}.dex"
                elif turn:
                    name = f"{turn}/{name}"
                new.writestr(name, content)
    return place


def main() -> None:
    apk, scratch = map(Path, sys.argv[1:3])
    points, times = list[tuple[float, float]](), 1
    while times * apk.stat().st_size < 1.1 * MOST:
        place, out = grown(apk, times, scratch / f"{times}-times.apk"), scratch / "large.jsonl"
        taken = run(scratch / "none", command(place, out, "--no-cache", "--jobs", "1", "--timeout", "600"))
        (record,) = map(json.loads, out.read_text("utf-8").splitlines())
        size = place.stat().st_size / 1e6
        points.append((size, taken.processor))
        unread = sorted({one["code"] for one in record["skipped"]})
        print(
            f"{size:6.1f} MB: {said(taken)}; flows followed {record['flows_followed']}; not read: {unread}", flush=True
        )
        times *= 2
    fit(points, "MB")


if __name__ == "__main__":
    main()
