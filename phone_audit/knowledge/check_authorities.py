"""The structure of certificate authorities."""

from phone_audit.knowledge.authority_schema import AuthorityFact
from phone_audit.knowledge.problems import Report

OLDEST, NEWEST = 21, 99
"""API levels: before 21 the list lay elsewhere in AOSP."""


def check_authority(fact: AuthorityFact, report: Report) -> None:
    """Report faults of an authority: no name, API levels that are none or not in order, no source."""
    if not fact.name.strip():
        report("name", "missing")
    if list(fact.api_levels) != sorted(set(fact.api_levels)):
        report("api_levels", "write each once, the oldest first")
    for level in fact.api_levels:
        if not OLDEST <= level <= NEWEST:
            report("api_levels", f"{level} is no API level")
    if not fact.sources:
        report("sources", "missing")
