"""How a fact is compared with a text: exactly, in part, by a pattern, or as a version inside a range."""

import re

from phone_audit.knowledge.incident_schema import BuildFact, ModelFact
from phone_audit.knowledge.patterns import LONGEST_TEXT
from phone_audit.knowledge.versions import in_range


def names_build(fact: BuildFact | ModelFact, have: str) -> bool:
    """Tell whether a build or model fact names this value of its field."""
    if isinstance(fact, BuildFact) and fact.match == "range":
        return in_range(fact, have)
    if fact.match == "regex" and fact.pattern is None:
        return False  # the value is a label there, and nobody has looked whether it is a pattern
    return fact.match is not None and compare(fact.match, fact.pattern or fact.value, have)


def compare(match: str, want: str, have: str) -> bool:
    """Compare a text as a fact says: exact, prefix, suffix, contains or regex (anywhere in the first characters)."""
    if match == "exact":
        return have == want
    if match == "prefix":
        return have.startswith(want)
    if match == "suffix":
        return have.endswith(want)
    if match == "contains":
        return want in have
    return re.search(want, have[:LONGEST_TEXT]) is not None
