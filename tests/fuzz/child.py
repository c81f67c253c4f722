"""One fuzz target in a process of its own, under atheris: `python -m tests.fuzz.child TARGET [libFuzzer's options]`.

An input that takes more than its share of processor time is a fault like any other; time on the clock says little on a
busy machine.
"""

import resource
import signal
import sys
import traceback
from types import FrameType
from typing import Final

import atheris

with atheris.instrument_imports(include=["phone_audit", "asn1crypto", "yaml", "androguard.core.axml"]):
    from tests.fuzz.table import TARGETS
from tests.fuzz.mutator import mutated

SECONDS: Final = 40.0
"""Processor time that one input may take: instrumented code is about six times slower than without."""
MEMORY: Final = 6 * 2**30
"""Bytes of address space."""


class SlowInputError(BaseException):
    """One input took more than its share; no reader may take this for damage."""


def stop(_number: int, _frame: FrameType | None) -> None:
    """End an input."""
    raise SlowInputError(f"more than {SECONDS:.0f} seconds of processor time")


def main(arguments: list[str]) -> None:
    """Fuzz until libFuzzer says that it is done."""
    program, name, *options = arguments
    target = TARGETS[name]
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGPROF, stop)

    def run(data: bytes) -> None:
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        try:
            target(data)
        except BaseException:
            traceback.print_exc()
            raise
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        return mutated(data, most, seed, atheris.Mutate)

    atheris.Setup([program, *options], run, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)
