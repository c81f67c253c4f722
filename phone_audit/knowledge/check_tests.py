"""The self-tests of one incident: are they there, and can each be tried?"""

from collections.abc import Mapping

from phone_audit.files.short_repr import short_repr
from phone_audit.knowledge.incident_schema import IncidentTests, MustIgnore, MustMatch
from phone_audit.knowledge.problems import Report

ONE_TEXT = frozenset({
    "fingerprint", "display-id", "model", "package", "path", "hash", "certificate", "endpoint", "dex-string",
})  # fmt: skip
"""Kinds of which the value is one text."""
NAMED: Mapping[str, tuple[str, ...]] = {
    "build": (),
    "property": (),
    "package+version": ("package", "version_name"),
    "package+build": ("package",),
    "package+endpoint": ("package", "endpoint"),
    "package+hash": ("package", "hash"),
    "package+signer": ("package", "signer"),
    "property+build": ("property",),
}
"""Kinds of which the value is several texts, with the names that they need; properties of the build stand beside."""
TEST_KINDS = ONE_TEXT | NAMED.keys()


def check_tests(tests: IncidentTests, report: Report) -> None:
    """Report tests that are missing or cannot be tried. Whether they hold is tried where the matching is."""
    if not tests.matches and not (tests.unmatchable or "").strip():
        report("tests.matches", "missing; give an identifier that must match, or say under unmatchable why none can")
    if tests.matches and tests.unmatchable:
        report("tests.unmatchable", "has matches too; remove one of them")
    if tests.matches and not tests.ignores:
        report("tests.ignores", "missing; give a near miss that must stay quiet")
    for number, must in enumerate(tests.matches):
        _check_value(must, f"tests.matches[{number}]", report)
    for number, quiet in enumerate(tests.ignores):
        _check_value(quiet, f"tests.ignores[{number}]", report)
        if not quiet.why.strip():
            report(f"tests.ignores[{number}].why", "missing; say what makes it a near miss and no match")


def _check_value(test: MustMatch | MustIgnore, place: str, report: Report) -> None:
    if test.kind not in TEST_KINDS:
        report(f"{place}.kind", f"{short_repr(test.kind)}; write one of {', '.join(sorted(TEST_KINDS))}")
    elif test.kind in ONE_TEXT:
        if not isinstance(test.value, str) or not test.value.strip():
            report(f"{place}.value", f"a test of the kind {test.kind} needs one text")
    elif isinstance(test.value, str):
        names = ", ".join((*NAMED[test.kind], "and properties by name")).replace(", and", " and")
        report(f"{place}.value", f"a test of the kind {test.kind} needs several texts: {{{names}}}")
    else:
        for name in NAMED[test.kind]:
            if name not in test.value:
                report(f"{place}.value.{name}", f"missing; a test of the kind {test.kind} needs it")
