"""The structure of baselines."""

import re
from collections import Counter

from phone_audit.files.short_repr import short_repr
from phone_audit.knowledge.baseline_schema import BaselineFact
from phone_audit.knowledge.problems import Report

_PACKAGE = re.compile(r"[A-Za-z]\w*(\.[A-Za-z_]\w*)*")
_PROOFS = {"signer": ("packages", "signers"), "platform": ("packages", "api_levels"), "file": ("files",)}
"""What each kind of proof has to name, and nothing else."""


def check_baseline(fact: BaselineFact, report: Report) -> None:
    """Report faults of a baseline: a proof that is missing, names that are none or stand twice."""
    if not fact.name.strip():
        report("name", "missing")
    for field in ("packages", "signers", "api_levels", "files"):
        if field in _PROOFS[fact.kind] and not getattr(fact, field):
            report(field, f"missing; of kind {fact.kind} it is the proof")
        elif field not in _PROOFS[fact.kind] and getattr(fact, field):
            report(field, f"says nothing in an entry of kind {fact.kind}; leave it out")
    counts = Counter((*fact.packages, *fact.files.values()) if fact.kind != "file" else ())
    for name in (*fact.packages, *fact.files.values()):
        if not _PACKAGE.fullmatch(name):
            report("packages", f"{short_repr(name)} is no name of a package")
        elif counts[name] > 1:
            report("packages", f"{name} stands {counts[name]} times; keep one of them")
