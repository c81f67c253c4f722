"""Packages whose code is open to any computer, or hidden, so that what was not found in it proves nothing."""

from collections.abc import Iterator

from phone_audit.detect.detector import ApkCheck, Detector, apk_subject, manifest_says
from phone_audit.detect.instrumentation import only_tests
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apk import ApkInfo, Obfuscation
from phone_audit.model.finding import Confidence, Finding
from phone_audit.model.wording import listed

DEBUGGABLE_PACKAGE = Detector(
    "debuggable-package",
    "debuggable",
    "none",
    "Replace it by a release of its maker; this one was built for development.",
)
INSTRUMENTATION_ONLY = Detector(
    "instrumentation-only",
    "test-package",
    "none",
    "Remove it unless somebody is testing with it; no phone needs it.",
)
PACKED_CODE = Detector(
    "packed-code",
    "hidden-code",
    "altered",
    "Judge it by what it does: watch its connections, or stop using it.",
    held="code that is hidden",
)


def debuggable_package(info: ApkInfo, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield a finding where the manifest says `android:debuggable`."""
    if not info.debuggable:
        return
    subject = apk_subject(info)
    yield DEBUGGABLE_PACKAGE.finding(
        subject,
        "Debuggable package",
        f"{subject.name} is debuggable: over USB debugging its data can be read and its code changed while it runs.",
        severity="low",
        confidence="confirmed",
        evidence=(manifest_says("android:debuggable=true"),),
    )


def instrumentation_only(info: ApkInfo, knowledge: Knowledge) -> Iterator[Finding]:
    """Yield a finding where a package does nothing but test others: none of its components is its own."""
    if not only_tests(info, knowledge):
        return
    targets = info.instruments or ()
    subject = apk_subject(info)
    yield INSTRUMENTATION_ONLY.finding(
        subject,
        "Test package",
        f"{subject.name} is there to test {listed(targets, 3)}: its code runs only while a test is started, with what "
        "the tested package may do.",
        severity="info",
        confidence="confirmed",
        evidence=[manifest_says(f"instrumentation android:targetPackage={target}") for target in targets],
    )


def packed_code(info: ApkInfo, knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding where a packer or protector is known, or else where files look encrypted."""
    hidden = info.obfuscation
    if hidden is None or not (hidden.packers or hidden.encrypted):
        return
    subject = apk_subject(info)
    title, said, confidence = _packer(hidden, knowledge) if hidden.packers else _encrypted(hidden)
    yield PACKED_CODE.finding(
        subject, title, f"{subject.name} {said}.", severity="low", confidence=confidence, evidence=hidden.evidence
    )


def _packer(hidden: Obfuscation, knowledge: Knowledge) -> tuple[str, str, Confidence]:
    facts = {fact.id: fact for fact in knowledge.packers}
    names = " and ".join(facts[name].name if name in facts else name for name in hidden.packers)
    if any(name not in facts or facts[name].hides == "code" for name in hidden.packers):
        said = "its own code was not read, so anything not found may still be there"
        return "Code is packed", f"is packed with {names}: {said}", "high"
    said = "parts of its code or texts may be hidden, so anything not found may still be there"
    return "Code is protected", f"is protected with {names}: {said}", "medium"


def _encrypted(hidden: Obfuscation) -> tuple[str, str, Confidence]:
    """Data that looks encrypted is common; where the package loads code from files, that code may be in it."""
    if hidden.dynamic_code:
        said = "loads code from files and holds files that look encrypted: code in them was not read"
        return "Files look encrypted", said, "medium"
    return "Files look encrypted", "holds files that look encrypted; what is in them was not read", "low"


CHECKS: tuple[tuple[Detector, ApkCheck], ...] = (
    (DEBUGGABLE_PACKAGE, debuggable_package),
    (INSTRUMENTATION_ONLY, instrumentation_only),
    (PACKED_CODE, packed_code),
)
