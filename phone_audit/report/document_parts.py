"""Walks a document part by part: each phone, APK or build in it, with what was found and not read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from phone_audit.model.apk import Apk, Apks
from phone_audit.model.base import Frozen
from phone_audit.model.finding import Finding, Outcome, Skipped
from phone_audit.model.results import Firmware, Scan
from phone_audit.model.watch import Watch


@dataclass(frozen=True)
class DocumentPart:
    """One thing that a document judges.

    Attributes:
        name: the path of an APK, the input of a build, the pseudonym or model of a phone.
        apks: records of the code that was read; None where there is none to read.
        headline: of a build, of which there may be nothing else to say.
        is_phone: whether it is a phone, so that paths lie there.
    """

    name: str
    outcome: Outcome
    findings: Sequence[Finding]
    skipped: Sequence[Skipped]
    apks: Sequence[Apk] | None = None
    headline: str = ""
    is_phone: bool = False


def document_parts(document: Frozen) -> Iterator[DocumentPart]:
    """Yield the parts of a document one at a time: there may be more than memory holds. Other documents have none."""
    match document:
        case Scan() | Watch():
            name = document.device.pseudonym or document.device.model or ""
            skipped = document.coverage.skipped if isinstance(document, Scan) else document.skipped
            apks = document.apks if isinstance(document, Scan) else None
            yield DocumentPart(name, document.verdict.outcome, document.findings, skipped, apks, is_phone=True)
        case Apks():
            for apk in document.apks:
                yield _apk(apk)
        case Apk():
            yield _apk(document)
        case Firmware():
            for build in document.builds:
                verdict = build.verdict
                yield DocumentPart(build.input, verdict.outcome, build.findings, (), headline=verdict.headline)


def _apk(apk: Apk) -> DocumentPart:
    return DocumentPart(apk.path, apk.outcome, apk.findings, apk.skipped, (apk,))
