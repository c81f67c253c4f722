"""What the checks of all kinds say alike."""

from collections.abc import Callable, Iterable, Sequence

from phone_audit.files.short_repr import short_repr
from phone_audit.knowledge.files import Report


def report_missing(report: Report, **values: object) -> None:
    for name, value in values.items():
        if not value:
            report(name, "missing")


def report_fault(report: Report, field: str, fault: str | None) -> None:
    if fault:
        report(field, fault)


def report_faults(report: Report, field: str, texts: Iterable[str], fault_of: Callable[[str], str | None]) -> None:
    for place, text in enumerate(texts):
        report_fault(report, f"{field}[{place}]", fault_of(text))


def report_untested(report: Report, matches: Sequence[object], ignores: Sequence[object]) -> None:
    if not matches:
        report("matches", "missing; give a name that must be met")
    if not ignores:
        report("ignores", "missing; give a near miss that must not be met")


def report_failed(
    report: Report, matches: Sequence[str], ignores: Sequence[str], is_met: Callable[[str], object]
) -> None:
    for field, wanted, texts in (("matches", True, matches), ("ignores", False, ignores)):
        for place, text in enumerate(texts):
            if bool(is_met(text)) != wanted:
                told = f"{short_repr(text)} is {'not ' if wanted else ''}met"
                report(f"{field}[{place}]", f"{told}; correct the facts or the self-test")
