"""Exit codes, as the contract fixes them."""

from collections.abc import Iterable
from typing import Literal

FailOn = Literal["exposed", "inconclusive", "suspicious", "known-bad", "never"]

DONE = 0
COULD_NOT_RUN = 1
WRONG_USAGE = 2
NOTHING_TO_SCAN = 3
NOT_ALL_READ = 10
SUSPICIOUS = 11
DIFFERS = 11
"""Of `diff` alone."""
KNOWN_BAD = 12
EXPOSED = 13
INTERRUPTED = 130

MEANINGS = {
    DONE: "done",
    COULD_NOT_RUN: "could not run",
    WRONG_USAGE: "wrong usage",
    NOTHING_TO_SCAN: "nothing to scan",
    NOT_ALL_READ: "not all was read",
    SUSPICIOUS: "suspicious (diff: something changed)",
    KNOWN_BAD: "known-bad",
    EXPOSED: "exposed (with --fail-on exposed)",
    INTERRUPTED: "interrupted",
}
"""What the help says of each."""

_CODES = {"known-bad": KNOWN_BAD, "suspicious": SUSPICIOUS, "exposed": EXPOSED}
_AT_OR_ABOVE: dict[str, tuple[str, ...]] = {
    "exposed": ("exposed", "suspicious", "known-bad"),
    "inconclusive": ("exposed", "suspicious", "known-bad"),  # which itself ends with 10 in any case
    "suspicious": ("suspicious", "known-bad"),
    "known-bad": ("known-bad",),
    "never": (),
}
_SETTLED = frozenset(("nothing-found", "exposed", "suspicious", "known-bad"))
_STRONGEST_FIRST = (KNOWN_BAD, SUSPICIOUS, EXPOSED, NOT_ALL_READ, DONE)


def exit_code(outcome: str, complete: bool, fail_on: FailOn) -> int:
    """Return the exit code of one result, where `fail_on` is the weakest outcome that counts as a failure.

    An outcome of a later version counts as not read; `complete`: all that was promised was read.

    Example:
        >>> exit_code("exposed", complete=True, fail_on="suspicious")
        0
    """
    if outcome in _AT_OR_ABOVE[fail_on]:
        return _CODES[outcome]
    return DONE if complete and outcome in _SETTLED else NOT_ALL_READ


def strongest(codes: Iterable[int]) -> int:
    seen = set(codes)
    return next((code for code in _STRONGEST_FIRST if code in seen), DONE)
