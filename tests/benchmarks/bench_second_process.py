"""Whether one large APK would gain by a second process for its flows: what share of the time they take.

Run by hand: `python tests/benchmarks/bench_second_process.py APK...`. A second process would have to read the DEX files
and index them again, which flows need; that is left out here, so the gain is the most that there can be.
"""

import sys
import time
from pathlib import Path
from typing import Any
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from phone_audit.apk import package_code  # noqa: E402
from phone_audit.apk.flows.find import find_flows  # noqa: E402
from phone_audit.apk.read_apk import read_apk  # noqa: E402
from phone_audit.knowledge.load import load_knowledge, whole  # noqa: E402

ROUNDS = 3


def measure(path: Path) -> None:
    """Print the share of one APK, the least of some rounds."""
    knowledge = whole(load_knowledge()).for_reading
    follow, rounds = find_flows, list[tuple[float, float]]()
    for _ in range(ROUNDS + 1):
        spent = 0.0

        def timed(*given: Any) -> Any:
            nonlocal spent
            before = time.process_time()
            found = follow(*given)
            spent += time.process_time() - before
            return found

        with mock.patch.object(package_code, "find_flows", timed):
            began = time.process_time()
            read_apk(path, shown_as=path.name, knowledge=knowledge)
            rounds.append((time.process_time() - began, spent))
    total, flows = min(rounds[1:])
    gain = total / max(total - flows, flows)
    size = path.stat().st_size / 1e6
    print(f"{path.name}: {size:.1f} MB, {total:.2f} s of the processor, flows {flows:.2f} s: at most {gain:.2f} x")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        measure(Path(name))
