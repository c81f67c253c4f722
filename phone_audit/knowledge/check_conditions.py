"""Conditions on the build: known fields, and values present."""

from phone_audit.files.short_repr import short_repr
from phone_audit.knowledge.incident_schema import Fact, IncidentEntry
from phone_audit.knowledge.problems import Report

BUILD_FIELDS = frozenset({
    "ro.build.fingerprint", "ro.build.display.id", "ro.build.id", "ro.build.tags", "ro.build.version.release",
    "ro.build.version.incremental", "ro.build.date.utc", "ro.product.brand", "ro.product.manufacturer",
    "ro.product.model", "ro.product.device", "ro.product.name", "ro.product.board", "ro.board.platform",
    "ro.miui.ui.version.name",
})  # fmt: skip
"""The properties that tell builds apart."""


def check_conditions(thing: Fact | IncidentEntry, place: str, report: Report) -> None:
    """Report faults in `only_if` and `unless`."""
    for name, conditions in (("only_if", thing.only_if), ("unless", thing.unless)):
        for number, condition in enumerate(conditions):
            at = f"{place}.{name}[{number}]"
            if condition.field not in BUILD_FIELDS:
                report(f"{at}.field", f"{short_repr(condition.field)}; write one of {', '.join(sorted(BUILD_FIELDS))}")
            if condition.match != "present" and not condition.value:
                report(f"{at}.value", f"missing; {condition.match} needs a value")
