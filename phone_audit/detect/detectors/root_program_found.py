"""Programs that give root, and the mounts that they make."""

from collections.abc import Iterator

from phone_audit.detect.detector import Detector, setting, settings_of
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.device import Snapshot
from phone_audit.model.finding import Finding, Remedy

DETECTOR = Detector(id="root-program-found", category="firmware")
PROGRAMS, SHELL = "root_programs", "shell"
REMEDY = Remedy(
    text="If you did not root the phone yourself, ask who did, or install the maker's own firmware.",
    risk="Installing firmware erases the phone.",
)


def check(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield a finding where such a program lies in a known place, or the debugging shell itself is root."""
    found = settings_of(snapshot, (PROGRAMS, SHELL))
    if SHELL in found and not (found[SHELL].value or "").startswith("uid=0("):
        del found[SHELL]
    if found:
        told = [f"there is {found[PROGRAMS].value}"] if PROGRAMS in found else []
        told += ["the debugging shell is root"] if SHELL in found else []
        yield DETECTOR.finding(
            setting("root"),
            "The phone is rooted",
            f"What the phone says about itself may have been changed: {' and '.join(told)}.",
            severity="medium",
            confidence="high",
            evidence=[piece for item in found.values() for piece in item.evidence],
            remedy=(REMEDY,),
        )
