"""Checks of facts on apps: installers and powers."""

import re
from typing import Final

from phone_audit.files.short_repr import short_repr
from phone_audit.knowledge.check.reporting import report_failed, report_missing, report_untested
from phone_audit.knowledge.files import Report
from phone_audit.knowledge.schema.app import InstallerFact, PowerFact

_INSTALLER: Final = re.compile(r"[A-Za-z]\w*(\.[A-Za-z_]\w*)*")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_PERMISSION: Final = re.compile(r"[a-z]\w*(\.\w+)+")
_OP: Final = re.compile(r"[A-Z][A-Z0-9_]+")
_LONGEST: Final = 80


def check_installer(fact: InstallerFact, report: Report) -> None:
    report_missing(report, name=fact.name.strip())
    if not _INSTALLER.fullmatch(fact.id):
        report("id", f"{short_repr(fact.id)} is no package; write it as the phone names it")
    for place, digest in enumerate(fact.signers):
        if not _SHA256.fullmatch(digest):
            report(f"signers[{place}]", f"{short_repr(digest)} is no SHA-256; write 64 digits, in lower case")
    if fact.signers and fact.kind != "store":
        report("signers", "only of a store it is asked who signed it")
    if bool(fact.signers) != bool(fact.signers_source):
        report("signers_source", "name the source that says who signs it, and only that one")


def check_power(fact: PowerFact, report: Report) -> None:
    """Report faults of a power: words that make no sentence, names that are none, self-tests that do not hold."""
    for field, text in (("title", fact.title), ("can", fact.can), *((("did", fact.did),) if fact.ops else ())):
        if not text.strip() or text != text.strip() or text.endswith(".") or len(text) > _LONGEST:
            report(field, f"{short_repr(text)}; write a few words that stand inside a sentence")
    for field, names, form in (("permissions", fact.permissions, _PERMISSION), ("ops", fact.ops, _OP)):
        for place, name in enumerate(names):
            if not form.fullmatch(name):
                report(f"{field}[{place}]", f"{short_repr(name)}; write it as the phone prints it")
    if fact.op_gives and not fact.ops:
        report("op_gives", "no app-op is named that could give it")
    if fact.platform:
        return  # nothing that could be tried is named
    if not (fact.permissions or fact.ops or fact.states):
        report("permissions", "missing; name a permission, an app-op or an item of the state that shows it")
    report_untested(report, fact.matches, fact.ignores)
    report_failed(report, fact.matches, fact.ignores, fact.covers)
