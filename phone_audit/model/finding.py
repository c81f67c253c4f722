"""Claims and what they rest on: Finding, Evidence, Source, Skipped, Incident, Verdict."""

import hashlib
from typing import Annotated, Literal

from phone_audit.model.base import OPEN, Frozen

Outcome = Annotated[Literal["nothing-found", "inconclusive", "exposed", "suspicious", "known-bad"], OPEN]
OUTCOMES: tuple[Outcome, ...] = ("nothing-found", "inconclusive", "exposed", "suspicious", "known-bad")
"""Weakest first."""

Severity = Annotated[Literal["critical", "high", "medium", "low", "info"], OPEN]
SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low", "info")
Confidence = Annotated[Literal["confirmed", "high", "medium", "low"], OPEN]

SubjectKind = Annotated[Literal["device", "build", "package", "apk", "certificate", "endpoint", "setting"], OPEN]
EvidenceKind = Annotated[
    Literal[
        "property", "package", "path", "hash", "certificate", "dex-string", "native-string", "resource", "asset",
        "manifest", "permission", "appop", "setting", "socket", "netstats", "decoded", "class", "call", "flow",
        "command", "account",
    ],
    OPEN,
]  # fmt: skip
Step = Annotated[
    Literal[
        "list", "read", "manifest", "resources", "dex", "native", "signature", "record", "knowledge", "transfer",
        "command",
    ],
    OPEN,
]  # fmt: skip


class Source(Frozen):
    """Where a fact was published. `date` is as printed there, `url` may be empty."""

    title: str
    publisher: str
    date: str
    url: str


class Evidence(Frozen):
    """What was seen and where: a file inside the APK, a command, or a path on the phone."""

    kind: EvidenceKind
    where: str
    value: str
    class_: str | None = None
    method: str | None = None
    offset: int | None = None
    encoding: str | None = None
    observed_at: str | None = None


class Subject(Frozen):
    """What a finding is about."""

    kind: SubjectKind
    name: str


class Remedy(Frozen):
    """One thing the person can do. `command`, `undo` and `risk` are null where there is none."""

    text: str
    command: str | None = None
    undo: str | None = None
    risk: str | None = None


class Acceptance(Frozen):
    """Who accepted a finding, when and why."""

    by: str
    at: str
    reason: str


class Finding(Frozen):
    """One claim with evidence. Only the judge says what follows from it."""

    id: str
    key: str
    category: str
    title: str
    message: str
    severity: Severity
    confidence: Confidence
    subject: Subject
    evidence: tuple[Evidence, ...]
    incident: str | None = None
    sources: tuple[Source, ...] = ()
    remedy: tuple[Remedy, ...] = ()
    accepted_by: Acceptance | None = None


def finding_key(detector: str, subject: Subject, evidence: str) -> str:
    """Give the stable key of a finding: 16 hexadecimal digits over detector, subject and main evidence."""
    text = "\x1f".join((detector, subject.kind, subject.name, evidence))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


class Skipped(Frozen):
    """Something that was not looked at, and why."""

    subject: str
    step: Step
    code: str
    reason: str


class Incident(Frozen):
    """A published incident as a report cites it."""

    id: str
    title: str
    summary: str
    data_types: tuple[str, ...]
    status: str
    raises: Outcome
    sources: tuple[Source, ...]


class Reason(Frozen):
    """A sentence of the verdict, and the key of the finding it rests on (null: rests on what was not read)."""

    finding: str | None
    text: str


NOT_READ = "Not read"
"""How a reason begins that rests on what was not read."""

ADVICE = "What to do:"
"""How the last sentence of a reason begins that says what helps; a report for a phone gives that after a warning."""


class Verdict(Frozen):
    """The judgement and the reasons that led to it."""

    outcome: Outcome
    headline: str
    reasons: tuple[Reason, ...]


class KnowledgeInfo(Frozen):
    """Which knowledge was used. `newest_entry` is a date, `counts` entries by kind."""

    version: str
    digest: str
    newest_entry: str
    counts: dict[str, int]


class Tool(Frozen):
    """Which program wrote a document."""

    name: str
    version: str
