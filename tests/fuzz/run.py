"""Fuzzes the readers of hostile bytes for a given time: `python tests/fuzz/run.py --seconds 600 --corpus FOLDER`.

Seconds are those of the processor, so that a busy machine takes longer and does not do less. Each target runs in a
process of its own with a limit on its memory. What it finds is kept in the folder, which lies outside of the
repository; `tests/fuzz/corpus` holds the small inputs to begin with. Exit status: 0, or 1 after a crash.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.fuzz.table import TARGETS  # noqa: E402

KEPT: Final = Path(__file__).parent / "corpus"
LONGEST: Final = 2**14
"""Bytes of one input; recipes make it larger."""
MEMORY_MB: Final = 4096
CLOCK: Final = 1200
"""Seconds on the clock after which an input counts as one without end, on a machine that may be busy."""
MOST_CRASHES: Final = 20
_STATUS: Final = re.compile(rb"^#\d+\s.*? cov: (\d+) ft: (\d+) corp: (\d+)/", re.MULTILINE)
_DONE: Final = re.compile(rb"^done: (\d+) executions, ([\d.]+) s, slowest ([\d.]+) s, peak (\d+) MB$", re.MULTILINE)
_PLACE: Final = re.compile(rb'File "[^"]*?((?:phone_audit|tests)/[^"]+)", line (\d+)')
_HEAD: Final = ("target", "seconds", "executions", "edges", "features", "inputs", "slowest s", "peak MB", "crashes")
_ERROR: Final = re.compile(rb"^(?:[\w.]+\.)?(\w+(?:Error|Exception|Interrupt|Iteration))\b.*$", re.MULTILINE)


@dataclass
class Outcome:
    """What a target came to. `crashes`: what was raised, and where → the inputs that did so."""

    name: str
    executions: int = 0
    edges: int = 0
    features: int = 0
    inputs: int = 0
    slowest: float = 0.0
    peak_mb: int = 0
    seconds: float = 0.0
    crashes: dict[str, list[Path]] = field(default_factory=dict)


def fuzz(name: str, seconds: float, folder: Path, memory_mb: int) -> Outcome:
    """Fuzz one target; after a crash go on for what is left of the time.

    Args:
        name: a target.
        seconds: how long, in processor time.
        folder: holds what was found, in `corpus/TARGET` and `crashes/TARGET`.
        memory_mb: resident memory that its process may take.
    """
    outcome = Outcome(name)
    found, crashes, logs = (folder / kind / name for kind in ("corpus", "crashes", "logs"))
    for one in (found, crashes, logs):
        one.mkdir(parents=True, exist_ok=True)
    words = _dictionary(name, logs / "words.txt")
    while (left := seconds - outcome.seconds) > 1 and sum(map(len, outcome.crashes.values())) < MOST_CRASHES:
        before = set(crashes.iterdir())
        options = [
            str(found), *([str(KEPT / name)] if (KEPT / name).is_dir() else []),
            f"-max_len={LONGEST}", f"-rss_limit_mb={memory_mb}", f"-timeout={CLOCK}",
            "-len_control=20", f"-artifact_prefix={crashes}/", f"-dict={words}",
            "-use_value_profile=0", "-verbosity=1",
        ]  # fmt: skip
        log = logs / f"{int(time.time() * 1000)}.log"
        with log.open("wb") as said:
            command = [sys.executable, "-m", "tests.fuzz.child", name, str(left), *options]
            environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONPATH": str(ROOT)}
            done = subprocess.run(command, stdout=said, stderr=said, cwd=ROOT, env=environment, check=False)
        text = log.read_bytes()
        _add(outcome, text)
        new = sorted(path for path in set(crashes.iterdir()) - before if not path.name.startswith("slow-unit-"))
        if new:
            outcome.crashes.setdefault(_said(text), []).extend(new)
        elif done.returncode:
            outcome.crashes.setdefault(f"status {done.returncode}, see {log}", []).append(log)
            break
    return outcome


def _dictionary(name: str, path: Path) -> Path:
    lines = ['"' + "".join(f"\\x{byte:02x}" for byte in word) + '"' for word in TARGETS[name].words]
    path.write_text("\n".join(lines) + "\n", "ascii")
    return path


def _add(outcome: Outcome, text: bytes) -> None:
    """Add what one process printed; one that was killed has counted nothing, and its time is taken for used up."""
    if lines := _STATUS.findall(text):
        outcome.edges, outcome.features, outcome.inputs = map(int, lines[-1])
    done = _DONE.findall(text)
    executions, seconds, slowest, peak = done[-1] if done else (b"0", b"inf", b"0", b"0")
    outcome.executions += int(executions)
    outcome.seconds += float(seconds)
    outcome.slowest = max(outcome.slowest, float(slowest))
    outcome.peak_mb = max(outcome.peak_mb, int(peak))


def _said(text: bytes) -> str:
    """Return what was raised, and the last place of our own code."""
    places, errors = _PLACE.findall(text), _ERROR.findall(text)
    if b"ALARM: working on the last Unit" in text:
        return "no end within the time on the clock"
    if b"out-of-memory" in text:
        return "more memory than it may have"
    place = next((one for one in reversed(places) if b"phone_audit/" in one[0]), places[-1] if places else (b"?", b"0"))
    return f"{errors[-1].decode() if errors else 'crash'} at {place[0].decode()}:{place[1].decode()}"


def table(outcomes: Sequence[Outcome]) -> str:
    """Draw what all targets came to."""
    rows: list[tuple[str, ...]] = [_HEAD]
    for one in outcomes:
        numbers = [f"{number:,}" for number in (one.executions, one.edges, one.features, one.inputs)]
        crashes = sum(map(len, one.crashes.values())) or "none"
        rows.append((one.name, f"{one.seconds:.0f}", *numbers, f"{one.slowest:.1f}", f"{one.peak_mb}", str(crashes)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.append(f"{sum(one.executions for one in outcomes):,} executions of {len(outcomes)} targets")
    lines += [f"{one.name}: {what}: {paths[0]}" for one in outcomes for what, paths in one.crashes.items()]
    return "\n".join(lines)


def main() -> int:
    """Fuzz what was named, or all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="all where none is named")
    parser.add_argument("--seconds", type=float, default=60.0, help="of processor time for each target")
    parser.add_argument("--jobs", type=int, default=1, help="targets at the same time")
    parser.add_argument("--corpus", type=Path, required=True, help="a folder outside of the repository")
    parser.add_argument("--memory-mb", type=int, default=MEMORY_MB)
    given = parser.parse_args()
    unknown = sorted(set(given.targets) - TARGETS.keys())
    folder = given.corpus.resolve()
    if unknown or folder.is_relative_to(ROOT):
        parser.error(f"no target {unknown[0]!r}; there are {', '.join(TARGETS)}" if unknown else "name another folder")
    outcomes: list[Outcome] = []
    with ThreadPoolExecutor(given.jobs) as pool:
        names = given.targets or list(TARGETS)
        for outcome in pool.map(lambda name: fuzz(name, given.seconds, folder, given.memory_mb), names):
            outcomes.append(outcome)
            print(table([outcome]).splitlines()[1], *outcome.crashes, sep="\n    ", flush=True)
    print("\n" + table(outcomes))
    return int(any(one.crashes for one in outcomes))


if __name__ == "__main__":
    sys.exit(main())
