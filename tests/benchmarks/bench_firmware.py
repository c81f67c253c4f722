"""Time for ten thousand build identifiers, and for one through the command line. Run by hand."""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from phone_audit.knowledge.load import load_knowledge  # noqa: E402
from phone_audit.pipeline.firmware import check_builds  # noqa: E402

COUNT = 10_000
RUNS = 5


def fastest(command: list[str]) -> float:
    """Seconds of the fastest of some runs."""
    seconds = []
    for _ in range(RUNS):
        began = time.perf_counter()
        subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def main() -> None:
    """Print the figures."""
    known = load_knowledge()
    third = COUNT // 3
    inputs = [f"google/shiba/shiba:15/AP4A.241205.013/{n}:user/release-keys" for n in range(third)]
    inputs += [f"00WW_3_22C_SP{n:04}" for n in range(third)]
    inputs += [f"CPH2197_11_C.{n % 90 + 10}_0900_2025{n:08}" for n in range(COUNT - 2 * third)]
    began, worked = time.perf_counter(), time.process_time()
    check_builds(inputs, known)
    print(
        f"{COUNT} identifiers      {time.perf_counter() - began:.2f} s ({time.process_time() - worked:.2f} s of work)"
    )
    bare = fastest([sys.executable, "-c", "pass"])
    for name, arguments in (("--help", ["--help"]), ("firmware ID", ["firmware", "00WW_3_22C_SP03"])):
        spent = fastest([sys.executable, "-m", "phone_audit", *arguments])
        print(f"{name:22} {spent - bare:.2f} s beyond bare Python ({bare:.2f} s)")


if __name__ == "__main__":
    main()
