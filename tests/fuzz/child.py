"""One fuzz target in a process of its own: `python -m tests.fuzz.child TARGET SECONDS [libFuzzer's options]`.

Seconds are those of the processor, as is the share of one input: time on the clock says little on a busy machine.
"""

import os
import resource
import signal
import sys
import time
import traceback
from dataclasses import dataclass
from types import FrameType
from typing import Final

import atheris

with atheris.instrument_imports(include=["phone_audit", "asn1crypto", "yaml", "androguard.core.axml"]):
    from tests.fuzz.table import TARGETS
from tests.fuzz.mutator import mutated
from tests.fuzz.target import Target

ONE_INPUT: Final = 40.0
"""Processor seconds that one input may take: instrumented code is about six times slower than without."""
MEMORY: Final = 6 * 2**30
"""Bytes of address space."""
RETIRE_MB: Final = 3200
"""Where the process ends and another goes on: atheris never lets go of what a comparison of arrays gives."""
ONE_INPUT_MB: Final = 1024
"""By how much one input, of a megabyte at most once recipes were carried out, may raise the most that was ever held."""


class SlowInputError(BaseException):
    """One input took more than its share; no reader may take this for damage."""


class LargeInputError(Exception):
    """One input took more memory than its share."""


def stop(_number: int, _frame: FrameType | None) -> None:
    """End an input."""
    raise SlowInputError(f"more than {ONE_INPUT:.0f} seconds of processor time")


@dataclass
class Run:
    """What libFuzzer calls: gives inputs to a target until its time is used up."""

    target: Target
    seconds: float
    executions: int = 0
    slowest: float = 0.0

    def __call__(self, data: bytes) -> None:
        """Take one input."""
        began, before = time.process_time(), _peak_mb()
        if began > self.seconds or before > RETIRE_MB:
            self.tell()
            os._exit(0)
        signal.setitimer(signal.ITIMER_PROF, ONE_INPUT)
        try:
            self.target(data)
            _check_memory(before)
        except BaseException:
            signal.setitimer(signal.ITIMER_PROF, 0)
            traceback.print_exc()
            self.tell()
            raise
        signal.setitimer(signal.ITIMER_PROF, 0)
        self.executions += 1
        self.slowest = max(self.slowest, time.process_time() - began)

    def tell(self) -> None:
        """Print what it came to, for `run.py`."""
        spent, peak = time.process_time(), _peak_mb()
        said = f"\ndone: {self.executions} executions, {spent:.1f} s, slowest {self.slowest:.2f} s, peak {peak} MB\n"
        os.write(2, said.encode())


def _check_memory(before: int) -> None:
    if (grown := _peak_mb() - before) > ONE_INPUT_MB:
        raise LargeInputError(f"{grown} MB")


def _peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main(arguments: list[str]) -> None:
    """Fuzz one target."""
    program, name, seconds, *options = arguments
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGPROF, stop)

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        return mutated(data, most, seed, atheris.Mutate)

    atheris.Setup([program, *options], Run(TARGETS[name], float(seconds)), custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)
