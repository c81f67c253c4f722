"""Builds and models: a property to compare with, a way to compare, and a value that can be met."""

import re

from phone_audit.files.short_repr import short_repr
from phone_audit.knowledge.check_conditions import BUILD_FIELDS
from phone_audit.knowledge.fingerprints import FINGERPRINT_FORM
from phone_audit.knowledge.incident_schema import PACKAGE_VERSION, PROSE, BuildFact, ModelFact
from phone_audit.knowledge.problems import Report

MODEL_FIELDS = frozenset({"ro.product.model", "ro.product.device", "ro.product.name", "ro.product.board"})


def check_build(fact: BuildFact, place: str, report: Report) -> None:
    """Report what keeps a build from being compared."""
    if not _check_field(fact, place, BUILD_FIELDS | {PACKAGE_VERSION}, report):
        return
    if fact.match == "range":
        _check_range(fact, place, report)
    elif fact.match != "regex" and not fact.field.startswith("ro.product.") and re.search(r"[\s(),;]", fact.value):
        report(
            f"{place}.value",
            f"{short_repr(fact.value)} is prose; write one value to compare, the rest into note or label",
        )
    if fact.field == PACKAGE_VERSION and not fact.package:
        report(f"{place}.package", "missing; name the package whose version it is")
    if fact.field == "ro.build.fingerprint" and fact.match == "exact" and not FINGERPRINT_FORM.fullmatch(fact.value):
        report(f"{place}.match", f"{short_repr(fact.value)} is no whole fingerprint; write suffix, contains or regex")
    if fact.inferred and fact.status == "affected":
        report(f"{place}.status", "inferred, not printed in the source; write candidate")


def check_model(fact: ModelFact, place: str, report: Report) -> None:
    """Report what keeps a model from being compared."""
    _check_field(fact, place, MODEL_FIELDS, report)


def _check_field(fact: BuildFact | ModelFact, place: str, fields: frozenset[str], report: Report) -> bool:
    """Report faults of field, match and pattern; tell whether the fact is one that is compared."""
    if fact.field == PROSE:
        if fact.match:
            report(f"{place}.match", "a description is not compared; remove match")
        return False
    if fact.field not in fields:
        report(f"{place}.field", f"{short_repr(fact.field)}; write {PROSE}, or one of {', '.join(sorted(fields))}")
        return False
    if fact.match is None:
        report(f"{place}.match", "missing; say how to compare, or write description as field")
        return False
    if fact.match == "regex" and not fact.pattern:
        report(f"{place}.pattern", "missing; write the regular expression, and a label for people as value")
    return True


def _check_range(fact: BuildFact, place: str, report: Report) -> None:
    if fact.scheme is None or (fact.from_ is None and fact.below is None):
        report(f"{place}.match", "a range needs a scheme, and from, below or both")
    if (fact.scheme == "hmd") != (fact.branch is not None):
        report(f"{place}.branch", "hmd compares inside a branch and the other schemes have none")
