"""The structure of vendors' build numbers, and the self-tests that they carry."""

import re
from collections.abc import Iterator

from phone_audit.files.short_repr import short_repr
from phone_audit.knowledge.problems import Report
from phone_audit.knowledge.scheme_schema import SchemeEntry, SchemeForm
from phone_audit.knowledge.schemes import WHOLE, ReadBuild, SchemeIndex


def check_scheme(scheme: SchemeEntry, report: Report) -> None:
    """Report faults of a scheme: unknown groups, and self-tests that do not hold."""
    for name in ("vendor", "brands", "forms", "sources", "examples", "ignores"):
        if not getattr(scheme, name):
            report(name, "missing")
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
            report(
                f"pairs[{place}]",
                f"{short_repr(older)} is not told to be older than {short_repr(newer)} but {found[0]}",
            )
    for place, text in enumerate(scheme.ignores):
        if index.read(text):
            report(f"ignores[{place}]", f"{short_repr(text)} is read; tighten the pattern or correct the self-test")


def form_faults(form: SchemeForm) -> Iterator[str]:
    """Yield what is wrong with a form."""
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
            report(
                f"examples[{place}]",
                f"{short_repr(example.text)} is read by the forms {[build.form for build in read]}",
            )
            continue
        told = told_by(read[0])
        for name, value in example.says.items():
            if told.get(name) != value:
                report(
                    f"examples[{place}].says.{name}",
                    f"{short_repr(example.text)} tells {short_repr(told.get(name))}, not {short_repr(value)}",
                )
    unused = {form.name for form in scheme.forms} - {example.form for example in scheme.examples}
    for name in sorted(unused):
        report("examples", f"no example of the form {short_repr(name)}")


def told_by(build: ReadBuild) -> dict[str, str]:
    """Return all that a build number tells under the names that self-tests use."""
    return {**build.says, **({"date": build.day} if build.day else {})}


def check_overlap(schemes: list[tuple[str, SchemeEntry]]) -> Iterator[tuple[str, str, str, str]]:
    """Yield file, entry, field and fault for each example that a second scheme accepts too."""
    indexes = [(entry.id, SchemeIndex((entry,))) for _, entry in schemes]
    for file, entry in schemes:
        for place, example in enumerate(entry.examples):
            others = [name for name, index in indexes if name != entry.id and index.read(example.text)]
            if others:
                yield (
                    file,
                    entry.id,
                    f"examples[{place}]",
                    f"{short_repr(example.text)} is accepted by {', '.join(others)} too",
                )
