"""Checks of behaviour rules, firmware rules, schemes of build numbers, and of what is known of apps."""

import re
from collections.abc import Iterator
from typing import Final

from phone_audit.files.short_repr import short_repr
from phone_audit.knowledge.check.reporting import report_failed, report_missing, report_untested
from phone_audit.knowledge.files import Problem, Report
from phone_audit.knowledge.schema.app import InstallerFact, PowerFact
from phone_audit.knowledge.schema.behaviour import BehaviourRule, Leaf
from phone_audit.knowledge.schema.firmware import PARTS, FirmwareRule
from phone_audit.knowledge.schema.scheme import WHOLE, SchemeEntry, SchemeForm, SchemeIndex

_ID = re.compile(r"(read|act|listen|send)\.[a-z0-9]+(-[a-z0-9]+)*")
_REFERENCE = "https://developer.android.com/reference/"


def check_behaviour(rule: BehaviourRule, report: Report) -> None:
    if _ID.fullmatch(rule.id) is None:
        report("id", f"{short_repr(rule.id)}; write read.…, act.…, listen.… or send.… in lower case")
    for field, text in (("title", rule.title), ("meaning", rule.meaning)):
        if not text.strip():
            report(field, "missing; say it in plain words")
    if not rule.meaning.endswith("."):
        report("meaning", "write whole sentences")
    if not rule.source.startswith("https://"):
        report("source", f"{short_repr(rule.source)} is no address; name the reference, such as {_REFERENCE}…")
    if rule.scope != "app" and not rule.code_leaves:
        report("scope", "nothing of it stands in code; a rule over the manifest alone has the scope app")
    if not rule.match.holds(rule.example.seen_by(rule.match)):
        report("example", "does not match; correct it or the condition")
    if rule.match.holds(rule.near_miss.seen_by(rule.match)):
        report("near_miss", "matches; correct it or narrow the condition")
    if not rule.near_miss.own_leaves:
        report("near_miss", "empty; name what looks alike and is something else")
    _check_needs(rule, report)


def _check_needs(rule: BehaviourRule, report: Report) -> None:
    """Report what Android is said to ask for without a source, or without a case that shows it."""
    for place, need in enumerate(rule.needs):
        if not need.source.startswith("https://"):
            report(f"needs[{place}].source", f"{short_repr(need.source)} is no address; name the reference")
        for name in need.permissions:
            if "." not in name:
                report(f"needs[{place}].permissions", f"{short_repr(name)} is no whole name of a permission")
        for name in sorted(set(need.privileged) - set(need.permissions)):
            report(f"needs[{place}].privileged", f"{short_repr(name)} is none of the permissions")
    for place, flag in enumerate(rule.flags):
        if Leaf("call", flag.call) not in rule.code_leaves:
            report(f"flags[{place}].call", f"{short_repr(flag.call)} is no call of the rule")
        if not flag.source.startswith("https://"):
            report(f"flags[{place}].source", f"{short_repr(flag.source)} is no address; name the reference")
    if rule.needs and not rule.refused_with:
        report("refused_with", "missing; name what is not enough")
    if any(need.permissions or need.components or need.preinstalled for need in rule.needs) and not rule.allowed_with:
        report("allowed_with", "missing; name what is enough")
    for field, cases, wanted in (("allowed_with", rule.allowed_with, True), ("refused_with", rule.refused_with, False)):
        for place, held in enumerate(cases):
            if rule.allows(held) is not wanted:
                report(f"{field}[{place}]", f"is not {'enough' if wanted else 'refused'}; correct it or the needs")


def check_firmware_rule(rule: FirmwareRule, report: Report) -> None:
    """Report faults of a rule: fields that mean nothing, missing dumps, dumps with the wrong answer."""
    report_missing(report, cases=rule.cases, sources=rule.sources, matches=rule.matches, ignores=rule.ignores)
    subjects = [case.subject for case in rule.cases]
    for place, case in enumerate(rule.cases):
        if subjects.count(case.subject) > 1:
            text = f"{short_repr(case.subject)} stands at another case; findings are told apart by it"
            report(f"cases[{place}].subject", text)
        for field in case.check.names():
            part = field.partition("#")[2]
            if part and part not in PARTS:
                text = f"{short_repr(part)} is no part of a fingerprint; write one of {', '.join(PARTS)}"
                report(f"cases[{place}].check", text)
    for name, dumps, wanted in (("matches", rule.matches, True), ("ignores", rule.ignores, False)):
        for place, dump in enumerate(dumps):
            if any(True for _ in rule.met_cases(dump.fields)) != wanted:
                met = "not met" if wanted else "met"
                report(f"{name}[{place}]", f"this dump is {met}; correct the check or the dump")
            if not dump.source.strip():
                report(f"{name}[{place}].source", "missing; say where the dump was found")


def check_scheme(scheme: SchemeEntry, report: Report) -> None:
    """Report faults of a scheme: unknown groups, and self-tests that do not hold."""
    report_missing(report, vendor=scheme.vendor, brands=scheme.brands, forms=scheme.forms, sources=scheme.sources)
    report_missing(report, examples=scheme.examples, ignores=scheme.ignores)
    for place, form in enumerate(scheme.forms):
        for fault in form_faults(form):
            report(f"forms[{place}]", fault)
    if any(True for form in scheme.forms for _ in form_faults(form)):
        return
    _check_examples(scheme, report)
    if any(form.order for form in scheme.forms) and not scheme.pairs:
        report("pairs", "missing; give an older and a newer build")
    index = SchemeIndex((scheme,))
    for place, (older, newer) in enumerate(scheme.pairs):
        found = index.compare(older, newer), index.compare(newer, older)
        if found != ("before", "after"):
            text = f"{short_repr(older)} is not told to be older than {short_repr(newer)} but {found[0]}"
            report(f"pairs[{place}]", text)
    for place, text in enumerate(scheme.ignores):
        if index.read(text):
            report(f"ignores[{place}]", f"{short_repr(text)} is read; tighten the pattern or correct the self-test")


def form_faults(form: SchemeForm) -> Iterator[str]:
    known = set(re.compile(form.pattern).groupindex)
    named = [*form.says.values(), *form.same, *(key.group for key in form.order)]
    named += [name for key in form.order for name in key.needs]
    named += form.date.groups if form.date else ()
    named += [group for group in form.stands_for.values() if group != WHOLE]
    for name in sorted({*named} - known):
        yield f"the pattern has no group {short_repr(name)}; name one of {', '.join(sorted(known))}"
    if not form.stands_for:
        yield "stands_for names no property; say which one the text is the value of"
    for name in sorted(form.stands_for):
        if "." not in name:
            yield f"{short_repr(name)} in stands_for is no property"


def _check_examples(scheme: SchemeEntry, report: Report) -> None:
    index = SchemeIndex((scheme,))
    for place, example in enumerate(scheme.examples):
        read = list(index.every(example.text))
        if [build.form for build in read] != [example.form]:
            text = f"{short_repr(example.text)} is read by the forms {[build.form for build in read]}"
            report(f"examples[{place}]", text)
            continue
        told = read[0].told
        for name, value in example.says.items():
            if told.get(name) != value:
                text = f"{short_repr(example.text)} tells {short_repr(told.get(name))}, not {short_repr(value)}"
                report(f"examples[{place}].says.{name}", text)
    unused = {form.name for form in scheme.forms} - {example.form for example in scheme.examples}
    for name in sorted(unused):
        report("examples", f"no example of the form {short_repr(name)}")


def check_overlap(schemes: list[tuple[str, SchemeEntry]]) -> Iterator[Problem]:
    """Yield a problem for each example that a second scheme accepts too."""
    indexes = [(entry.id, SchemeIndex((entry,))) for _, entry in schemes]
    for file, entry in schemes:
        for place, example in enumerate(entry.examples):
            others = [name for name, index in indexes if name != entry.id and index.read(example.text)]
            if others:
                text = f"{short_repr(example.text)} is accepted by {', '.join(others)} too"
                yield Problem(file, entry.id, f"examples[{place}]", text)


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
