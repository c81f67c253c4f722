"""The structure of ends of support and of the words of the Settings screen."""

import re

from phone_audit.files.short_repr import short_repr
from phone_audit.knowledge.problems import Report
from phone_audit.knowledge.support_schema import LabelFact, SupportFact


def check_support(fact: SupportFact, report: Report) -> None:
    """Report faults of an end of support."""
    if not re.fullmatch(r"\d{4}-[01]\d-[0-3]\d", fact.until):
        report("until", f"{short_repr(fact.until)}; write a day: 2026-01-31")
    for name in ("maker", "name", "brand", "sources"):
        if not getattr(fact, name):
            report(name, "missing")
    if not fact.models and not fact.devices:
        report("models", "names no model and no device; name one, or leave the entry out")


def check_labels(fact: LabelFact, report: Report) -> None:
    """Report faults of the words for a property. Its id is the property."""
    if "." not in fact.id:
        report("id", f"{short_repr(fact.id)} is no property")
    for place, label in enumerate(fact.labels):
        if not label.strip() or label != label.strip() or label.endswith(":"):
            report(f"labels[{place}]", f"{short_repr(label)}; write the words alone, with nothing around them")
