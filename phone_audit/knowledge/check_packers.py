"""The structure of packers, and the self-tests that they carry."""

import re

from phone_audit.files.short_repr import short_repr
from phone_audit.knowledge.check_facts import covers_class
from phone_audit.knowledge.naming import prefix_fault
from phone_audit.knowledge.packer_schema import PackerFact
from phone_audit.knowledge.packers import PackerIndex
from phone_audit.knowledge.problems import Report

_FILE = re.compile(r"[\w.+*-]+(/[\w.+*-]+)*/?")
_JOIN = " + "


def check_packer(packer: PackerFact, report: Report) -> None:
    """Report faults of a packer; each of its self-tests is a path, a class name, or several paths."""
    for field in ("files", "weak_files"):
        for place, text in enumerate(getattr(packer, field)):
            fault = file_fault(text)
            if fault:
                report(f"{field}[{place}]", fault)
    for place, prefix in enumerate(packer.classes):
        fault = prefix_fault(prefix)
        if fault:
            report(f"classes[{place}]", fault)
    if len(packer.weak_files) == 1:
        report("weak_files", "one weak name alone is never enough; name another one, or none")
    for field in ("name", "sources", "matches", "ignores"):
        if not getattr(packer, field):
            report(field, "missing")
    _check_tests(packer, report)


def _check_tests(packer: PackerFact, report: Report) -> None:
    index = PackerIndex((packer,))
    for field, wanted in (("matches", True), ("ignores", False)):
        for place, text in enumerate(getattr(packer, field)):
            met = any(covers_class(prefix, text) for prefix in packer.classes) or index.of_files(text.split(_JOIN))
            if bool(met) != wanted:
                report(
                    f"{field}[{place}]",
                    f"{short_repr(text)} is {'not ' if wanted else ''}met; correct the facts or the self-test",
                )


def file_fault(text: str) -> str | None:
    """Say what keeps a text from being the name of an entry, or None. Too few letters would meet too much."""
    if not _FILE.fullmatch(text):
        return f"{short_repr(text)} is no path inside a package; write libname.so, assets/name or assets/folder/"
    if len(re.sub(r"[*/]|assets/|lib/", "", text)) < 4:
        return f"{short_repr(text)} would meet too much; name more of it"
    return None
