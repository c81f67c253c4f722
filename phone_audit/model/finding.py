"""Claims and what they rest on: Finding, Evidence, Source, Skipped, Incident, Verdict."""

import hashlib
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, ModelWrapValidatorHandler, ValidationInfo, model_validator

from phone_audit.model.base import OPEN, READ_CONTEXT, Frozen
from phone_audit.model.stated import Number, is_known_command, is_web_address

Outcome = Annotated[Literal["nothing-found", "inconclusive", "exposed", "suspicious", "known-bad"], OPEN]
OUTCOMES: tuple[Outcome, ...] = ("nothing-found", "inconclusive", "exposed", "suspicious", "known-bad")
"""Weakest first."""

Severity = Annotated[Literal["critical", "high", "medium", "low", "info"], OPEN]
SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low", "info")
Confidence = Annotated[Literal["confirmed", "high", "medium", "low"], OPEN]
Sign = Literal[
    "incident", "possible-incident", "listed", "listed-trace", "grave", "watching", "sends", "altered", "unclear",
    "none",
]  # fmt: skip
"""What a finding is a sign of, in the words of its detector. The judge's table says which outcome each supports:

incident            a published incident, met in full
possible-incident   a part of one
listed              the file, its signer or its package is on a list of malicious ones
listed-trace        something of it is: a host, a path, a property
grave               no maker sells a phone like that on purpose, or it watches by design
watching            what can watch its owner and is not known to be harmless
sends               data is sent by design, or so that others can read it
altered             what was signed or belongs to the system was changed, or hides its code
unclear             what kind of phone it is, or who reads along, cannot be told from it
none                worth knowing, no sign of anything by itself
"""

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


def _web_only(url: str, info: ValidationInfo) -> str:
    """Return nothing for what is no address of the web, in a result that is read."""
    return url if info.context != READ_CONTEXT or is_web_address(url) else ""


class Source(Frozen):
    """Where a fact was published. `date` is as printed there, `url` may be empty."""

    title: str
    publisher: str
    date: str
    url: Annotated[str, AfterValidator(_web_only)]


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


NOT_OUR_COMMAND = "The file states a command here that phone-audit does not give; it is left out."


class Remedy(Frozen):
    """One thing the person can do. `command`, `undo` and `risk` are null where there is none.

    Of a result that is read, only commands that this program gives itself are kept: a person may run what stands here.
    """

    text: str
    command: str | None = None
    undo: str | None = None
    risk: str | None = None

    @model_validator(mode="wrap")
    @classmethod
    def _known_commands_only(cls, values: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Self:
        remedy = handler(values)
        stated = [text for text in (remedy.command, remedy.undo) if text is not None]
        if info.context != READ_CONTEXT or all(map(is_known_command, stated)):
            return remedy
        risk = f"{remedy.risk} {NOT_OUR_COMMAND}" if remedy.risk else NOT_OUR_COMMAND
        return remedy.model_copy(update={"command": None, "undo": None, "risk": risk})


class Acceptance(Frozen):
    """Who accepted a finding, when and why, and the last day on which that holds (null: it has none)."""

    by: str
    at: str
    reason: str
    until: str | None = None


class Finding(Frozen):
    """One claim with evidence. Only the judge says what follows from it.

    `supports` is the outcome that it supports by itself; null in results of versions that did not state it. One that
    somebody accepted (`accepted_by`) does not decide the exit code; one whose acceptance ended (`acceptance_expired`),
    or that has changed since (`acceptance_changed`), does.
    """

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
    acceptance_expired: Acceptance | None = None
    acceptance_changed: Acceptance | None = None
    supports: Outcome | None = None
    headline: str = Field(default="", exclude=True)
    """What a headline calls it, where that is not the title. For the judge alone: it is not published."""
    held: bool = Field(default=False, exclude=True)
    """Whether that is something that packages hold, so that a sentence on many of them counts the packages."""
    sign: Sign = Field(default="none", exclude=True)
    """For the judge alone, as well: findings are judged where they are made."""

    @property
    def packages(self) -> tuple[str, ...]:
        """The packages that it is about; of a certificate those that carry it, as far as they stand in the evidence."""
        if self.subject.kind == "certificate":
            return tuple(dict.fromkeys(one.value for one in self.evidence if one.kind == "package"))
        return (self.subject.name,) if self.subject.kind == "package" else ()

    @model_validator(mode="before")
    @classmethod
    def _without_what_is_not_published(cls, values: Any, info: ValidationInfo) -> Any:
        if info.context != READ_CONTEXT or not isinstance(values, dict):
            return values
        return {name: value for name, value in values.items() if name not in ("headline", "held", "sign")}


def finding_key(detector: str, subject: Subject, evidence: str) -> str:
    """Return the stable key of a finding: 16 hexadecimal digits over detector, subject and main evidence."""
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
    hosts: tuple[str, ...] = ()
    """Hosts that data goes to as it is published; nobody saw it on this phone."""


NOT_READ = "Not read"
"""How the text of a reason begins that rests on what was not read."""

ADVICE = "What to do:"
"""How the last sentence of a reason begins that says what helps; a report for a phone gives that after a warning."""

ReasonKind = Annotated[Literal["incident", "detector", "unread", "depth", "form"], OPEN]
"""What a reason rests on: an incident, a detector, what was not read, what the depth leaves out, an unknown form."""


class Reason(Frozen):
    """A sentence or more of the verdict, and the key of the finding it rests on (null: it rests on none).

    Where there is `advice`, `text` ends with it. `kind` is null in results of versions that did not state it.
    """

    finding: str | None
    text: str
    kind: ReasonKind | None = None
    advice: tuple[Remedy, ...] = ()
    accepted: bool = False
    """Whether somebody accepted all findings that it speaks for."""

    @model_validator(mode="before")
    @classmethod
    def _of_earlier_version(cls, values: Any, info: ValidationInfo) -> Any:
        """Take from the text what a result did not state before there were fields for it.

        What was not read has a part of its own in a report: no file hides another reason there, or puts one before it.
        """
        text = values.get("text") if isinstance(values, dict) else None
        if info.context != READ_CONTEXT or not isinstance(text, str):
            return values
        stated = values.get("kind")
        read = None if stated == "unread" else stated
        values = {**values, "kind": "unread" if text.startswith(NOT_READ) else read}
        advice = text.partition(f" {ADVICE} ")[2]
        return {"advice": ({"text": advice},) if advice else (), **values}

    @property
    def claim(self) -> str:
        """The text without the advice that ends it."""
        return self.text.partition(f" {ADVICE}")[0]


QuestionId = Annotated[Literal["known-bad", "watched", "sends"], OPEN]
Answer = Annotated[Literal["yes", "no", "not-seen"], OPEN]


class Question(Frozen):
    """A question that people ask of a phone, and its answer.

    Attributes:
        id: `known-bad`: is it one that is published as bad? `watched`: can somebody watch me? `sends`: where does data
            go?
        answer: `no` only where all that the answer rests on was read; `not-seen` where nothing was seen, and that may
            be for want of looking.
        text: the one strongest reason, a plain sentence.
        findings: keys of the findings that the sentence rests on.
        package: the app that it names, or null.
    """

    id: QuestionId
    answer: Answer
    text: str
    findings: tuple[str, ...] = ()
    package: str | None = None


class Verdict(Frozen):
    """The judgement, the reasons that led to it, and what it answers; results before `questions` have none."""

    outcome: Outcome
    headline: str
    reasons: tuple[Reason, ...]
    questions: tuple[Question, ...] = ()


class KnowledgeInfo(Frozen):
    """Which knowledge was used. `newest_entry` is a date, `counts` entries by kind."""

    version: str
    digest: str
    newest_entry: str
    counts: dict[str, Number]


class Tool(Frozen):
    """Which program wrote a document."""

    name: str
    version: str
