"""SARIF 2.1.0: what was found as results, what was not read as notifications; for code scanning and triage tools."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from phone_audit.model.apk import Apks
from phone_audit.model.base import Frozen
from phone_audit.model.finding import Acceptance, Finding, Skipped, Tool
from phone_audit.report.canvas import Style
from phone_audit.report.document_parts import DocumentPart, document_parts
from phone_audit.report.knowledge_age import days_old
from phone_audit.report.safe import json_safe

FINGERPRINT: Final = "phoneAuditKey/v1"
"""Under this name each result has the `key` of its finding."""
_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Final[Mapping[str, str]] = {
    "critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note",
}  # fmt: skip
_PHONE: Final = "PHONE"
_BASES: Final = {_PHONE: {"description": {"text": "The root of the file system of the phone."}}}
_MOST_EVIDENCE: Final = 10
_MOST_HELP: Final = 3
_PLAIN: Final = str.maketrans({"\\": "\\\\", "[": "\\[", "]": "\\]", "{": "{{", "}": "}}"})
"""What means more than itself in a message: links, placeholders, and the mark that takes the meaning away."""


def render_sarif(document: Frozen, style: Style) -> Iterator[str]:
    """Yield a log of one run, result by result: the records of a folder need not be in memory together.

    The rules stand behind the results, where all of them are known.
    """
    rules = _Rules()
    yield f'{{\n"$schema": "{_SCHEMA}",\n"version": "2.1.0",\n"runs": [{{\n"columnKind": "unicodeCodePoints",\n'
    yield '"results": ['
    yield from _listed(_results(document, rules))
    yield '],\n"invocations": [{"executionSuccessful": true'
    yield "".join(f', "{name}": {_json(value)}' for name, value in _times(document))
    yield ', "toolExecutionNotifications": ['
    yield from _listed(_notifications(document))
    yield f']}}],\n"originalUriBaseIds": {_json(_BASES)},\n"properties": {_json(_about(document, style))},\n'
    yield f'"tool": {_json({"driver": _driver(document, rules)})}\n}}]\n}}\n'


@dataclass
class _Rule:
    """What the findings of one detector have in common."""

    index: int
    category: str
    titles: dict[str, None] = field(default_factory=dict)
    advice: dict[str, None] = field(default_factory=dict)


class _Rules:
    """Learns the rules from the findings, as they come."""

    def __init__(self) -> None:
        self._rules: dict[str, _Rule] = {}

    def index_of(self, finding: Finding) -> int:
        rule = self._rules.setdefault(finding.id, _Rule(len(self._rules), finding.category))
        if len(rule.titles) < 2:  # with two it is known that they differ
            rule.titles[finding.title] = None
        for remedy in finding.remedy:
            if len(rule.advice) < _MOST_HELP:
                rule.advice[remedy.text] = None
        return rule.index

    def published(self) -> list[dict[str, Any]]:
        return [_rule(name, rule) for name, rule in self._rules.items()]


def _rule(name: str, rule: _Rule) -> dict[str, Any]:
    """Return a rule; where its findings have titles of their own, as incidents have, it is described by its name."""
    title = next(iter(rule.titles)) if len(rule.titles) == 1 else name.replace("-", " ").replace(".", ": ")
    help_text = {"help": {"text": _plain(" ".join(rule.advice))}} if rule.advice else {}
    return {"id": name, "shortDescription": {"text": _plain(title)}} | help_text | {
        "properties": {"category": rule.category},
    }  # fmt: skip


def _driver(document: Frozen, rules: _Rules) -> dict[str, Any]:
    tool = getattr(document, "tool", None)
    named = {"name": tool.name, "version": tool.version} if isinstance(tool, Tool) else {"name": "phone-audit"}
    return named | {"rules": rules.published()}


def _about(document: Frozen, style: Style) -> dict[str, Any]:
    """Return what stands above all results: the verdict, the knowledge, and which file states it."""
    verdict = getattr(document, "verdict", None)
    knowledge = getattr(document, "knowledge", None)
    started = getattr(getattr(document, "run", None), "started", "")
    about = {
        "outcome": getattr(verdict, "outcome", None) or getattr(document, "outcome", None),
        "headline": getattr(verdict, "headline", None),
        "label": getattr(document, "label", None),
        "knowledge": getattr(knowledge, "version", None),
        "knowledgeDays": days_old(knowledge, started) if knowledge else None,
        "statedIn": style.stated_in,
    }
    return {name: value for name, value in about.items() if value or value == 0}


def _times(document: Frozen) -> Iterator[tuple[str, str]]:
    run = getattr(document, "run", None)
    for name, said in (("startTimeUtc", "started"), ("endTimeUtc", "finished")):
        value = getattr(run, said, None)
        if value:
            yield name, value


def _results(document: Frozen, rules: _Rules) -> Iterator[dict[str, Any]]:
    for part in document_parts(document):
        files = {apk.package: apk.path for apk in reversed(part.apks or ())}
        for finding in part.findings:
            yield _result(part, finding, rules.index_of(finding), _file_of(part, finding, files))


def _result(part: DocumentPart, finding: Finding, rule: int, file: str) -> dict[str, Any]:
    accepted = finding.accepted_by
    return {
        "ruleId": finding.id,
        "ruleIndex": rule,
        "level": _LEVELS.get(finding.severity, "warning"),
        "message": {"text": _plain(finding.message)},
        "locations": [_location(file, part, finding.subject.name, finding.subject.kind)],
        "partialFingerprints": {FINGERPRINT: finding.key},
        "suppressions": [_suppression(accepted)] if accepted else [],
        "properties": _properties(part, finding),
    }


def _suppression(accepted: Acceptance) -> dict[str, Any]:
    """Return who answers for a finding. Without a `status`, which drafts in use do not know, it counts as accepted."""
    return {
        "kind": "external", "justification": accepted.reason,
        "properties": {"by": accepted.by, "at": accepted.at, "until": accepted.until},
    }  # fmt: skip


def _properties(part: DocumentPart, finding: Finding) -> dict[str, Any]:
    expired, changed = finding.acceptance_expired, finding.acceptance_changed
    said: dict[str, Any] = {
        "title": finding.title, "category": finding.category, "severity": finding.severity,
        "confidence": finding.confidence, "supports": finding.supports, "incident": finding.incident,
        "result": part.name, "outcome": part.outcome,
        "acceptanceExpired": expired.model_dump() if expired else None,
        "acceptanceChanged": changed.model_dump() if changed else None,
    }  # fmt: skip
    return {name: value for name, value in said.items() if value} | {
        "evidence": [
            {"kind": piece.kind, "where": piece.where, "value": piece.value}
            for piece in finding.evidence[:_MOST_EVIDENCE]
        ],
        "evidenceCount": len(finding.evidence),
        "sources": [source.model_dump() for source in finding.sources],
    }


def _notifications(document: Frozen) -> Iterator[dict[str, Any]]:
    """Yield what was not read, so that silence is no good sign."""
    for part in document_parts(document):
        for item in part.skipped:
            yield _notification(part, item)
    if isinstance(document, Apks):
        folder = DocumentPart("", document.verdict.outcome, (), ())
        for item in document.skipped:
            yield _notification(folder, item)


def _notification(part: DocumentPart, item: Skipped) -> dict[str, Any]:
    on_phone = part.is_phone and item.subject.startswith("/")
    return {
        "level": "warning",
        "descriptor": {"id": item.code},
        "message": {"text": _plain(item.reason)},
        "locations": [_location(item.subject if on_phone else _own_file(part), part, item.subject, "")],
        "properties": {"step": item.step},
    }


def _location(file: str, part: DocumentPart, name: str, kind: str) -> dict[str, Any]:
    """Return where something is: the file where one is known, and the package or whatever else it is about."""
    logical = {"fullyQualifiedName": name} | ({"kind": kind} if kind else {})
    physical = {"physicalLocation": {"artifactLocation": _artifact(file, on_phone=part.is_phone)}} if file else {}
    return physical | {"logicalLocations": [logical]}


def _artifact(path: str, *, on_phone: bool) -> dict[str, str]:
    r"""Return a path as a relative reference that cannot be read as anything else, such as a scheme or a host.

    Example:
        >>> _artifact("http://a.example/\u202ex", on_phone=False)
        {'uri': 'http%3A//a.example/%E2%80%AEx'}
        >>> _artifact("/system/app/A B.apk", on_phone=True)
        {'uri': 'system/app/A%20B.apk', 'uriBaseId': 'PHONE'}
    """
    if on_phone:
        return {"uri": _quoted(path.lstrip("/")), "uriBaseId": _PHONE}
    return {"uri": f"file://{_quoted(path)}" if path.startswith("/") else _quoted(path)}


def _quoted(path: str) -> str:
    return quote(path, errors="surrogatepass")


def _file_of(part: DocumentPart, finding: Finding, files: Mapping[str | None, str]) -> str:
    """Return the file of the package that a finding is about; empty where no file of it was read."""
    if not part.is_phone:
        return _own_file(part)
    return finding.subject.name if finding.subject.kind == "apk" else files.get(finding.subject.name, "")


def _own_file(part: DocumentPart) -> str:
    """Return the APK that a part is; empty for phones and builds."""
    return part.name if part.apks is not None and not part.is_phone else ""


def _listed(items: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    before = "\n"
    for item in items:
        yield before + _json(item)
        before = ",\n"


def _json(value: object) -> str:
    return json_safe(json.dumps(value, ensure_ascii=False))


def _plain(text: str) -> str:
    """Write a text so that a message shows it as it is: no link and no placeholder begins in it."""
    return text.translate(_PLAIN)
