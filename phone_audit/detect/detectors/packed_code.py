"""Packages whose code is hidden, so that what was not found in it proves nothing."""

from collections.abc import Iterator

from phone_audit.detect.detector import Detector, apk_subject
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apk import ApkInfo, Obfuscation
from phone_audit.model.finding import Confidence, Finding, Remedy

DETECTOR = Detector(id="packed-code", category="hidden-code")
REMEDY = Remedy(text="Judge it by what it does: watch its connections, or stop using it.")


def check(info: ApkInfo, knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding where a packer or protector is known, or else where files look encrypted."""
    hidden = info.obfuscation
    if hidden is None or not (hidden.packers or hidden.encrypted):
        return
    subject = apk_subject(info)
    title, said, confidence = _packer(hidden, knowledge) if hidden.packers else _encrypted(hidden)
    yield DETECTOR.finding(
        subject,
        title,
        f"{subject.name} {said}.",
        severity="low",
        confidence=confidence,
        evidence=hidden.evidence,
        remedy=(REMEDY,),
    )


def _packer(hidden: Obfuscation, knowledge: Knowledge) -> tuple[str, str, Confidence]:
    facts = {fact.id: fact for fact in knowledge.packers}
    names = " and ".join(facts[name].name if name in facts else name for name in hidden.packers)
    if any(name not in facts or facts[name].hides == "code" for name in hidden.packers):
        said = f"is packed with {names}: its own code was not read, so anything not found may still be there"
        return "Code is packed", said, "high"
    said = (
        f"is protected with {names}: parts of its code or texts may be hidden, so anything not found may still be there"
    )
    return "Code is protected", said, "medium"


def _encrypted(hidden: Obfuscation) -> tuple[str, str, Confidence]:
    """Data that looks encrypted is common; where the package loads code from files, that code may be in it."""
    if hidden.dynamic_code:
        said = "loads code from files and holds files that look encrypted: code in them was not read"
        return "Files look encrypted", said, "medium"
    return "Files look encrypted", "holds files that look encrypted; what is in them was not read", "low"
