"""The structure of firmware rules, and the dumps that they carry."""

from phone_audit.files.short_repr import short_repr
from phone_audit.knowledge.firmware_rules import PARTS, firmware_cases
from phone_audit.knowledge.firmware_schema import (
    Check,
    DenyCheck,
    DifferCheck,
    Dump,
    FirmwareRule,
    LaterCheck,
    SaysCheck,
)
from phone_audit.knowledge.problems import Report


def check_firmware_rule(rule: FirmwareRule, report: Report) -> None:
    """Report faults of a rule: fields that mean nothing, missing dumps, dumps with the wrong answer."""
    for name in ("cases", "sources", "matches", "ignores"):
        if not getattr(rule, name):
            report(name, "missing")
    subjects = [case.subject for case in rule.cases]
    for place, case in enumerate(rule.cases):
        if subjects.count(case.subject) > 1:
            report(
                f"cases[{place}].subject",
                f"{short_repr(case.subject)} stands at another case; findings are told apart by it",
            )
        for field in fields_of(case.check):
            part = field.partition("#")[2]
            if part and part not in PARTS:
                report(
                    f"cases[{place}].check",
                    f"{short_repr(part)} is no part of a fingerprint; write one of {', '.join(PARTS)}",
                )
    _check_dumps(rule, "matches", rule.matches, report, wanted=True)
    _check_dumps(rule, "ignores", rule.ignores, report, wanted=False)


def fields_of(check: Check) -> tuple[str, ...]:
    """Return the fields that a check asks for."""
    if isinstance(check, SaysCheck):
        return tuple(dict.fromkeys(says.field for lines in check.any_of for says in lines))
    if isinstance(check, DifferCheck):
        return check.fields
    if isinstance(check, DenyCheck):
        return tuple(dict.fromkeys(name for line in check.lines for name in line))
    if isinstance(check, LaterCheck):
        return check.early, check.late
    return (check.key, check.value) if check.kind == "table" else (check.low, check.high)


def _check_dumps(rule: FirmwareRule, field: str, dumps: tuple[Dump, ...], report: Report, *, wanted: bool) -> None:
    for place, dump in enumerate(dumps):
        if bool(list(firmware_cases(rule, dump.fields))) != wanted:
            said = "not met" if wanted else "met"
            report(f"{field}[{place}]", f"this dump is {said}; correct the check or the dump")
        if not dump.source.strip():
            report(f"{field}[{place}].source", "missing; say where the dump was found")
