"""What somebody accepted, put into a saved result; the outcome stays as it was judged."""

from collections.abc import Iterable

from phone_audit.judge.gate import mark_reasons
from phone_audit.model.acceptance import Acceptances
from phone_audit.model.apk import Apk, Apks
from phone_audit.model.base import Frozen
from phone_audit.model.detection import Detection
from phone_audit.model.finding import Finding, Verdict
from phone_audit.model.results import CheckedBuild, Firmware, Scan
from phone_audit.model.watch import Watch
from phone_audit.report.document_parts import document_parts


def with_accepted(document: Frozen, accepted: Acceptances) -> Frozen:
    """Return a result with who accepted which of its findings; what it said of that itself does not count."""
    match document:
        case Scan():
            return _of_scan(document, accepted)
        case Apk():
            return _of_apk(document, accepted)
        case Apks():
            return _of_apks(document, accepted)
        case Watch():
            findings = accepted.mark_all(document.findings)
            verdict = _verdict(document.verdict, document.findings, findings)
            return document.model_copy(update={"findings": findings, "verdict": verdict})
        case Firmware():
            builds = tuple(_of_build(build, accepted) for build in document.builds)
            return document.model_copy(update={"builds": builds})
        case _:
            return document


def accepted_detection(detected: Detection, accepted: Acceptances) -> Detection:
    """Return what was detected with who accepted it, before it is judged."""
    return detected.changed(accepted.mark)


def unmatched(document: Frozen, keys: Iterable[str]) -> list[str]:
    """Return the keys that no finding of a result has: such an entry is out of date, or mistyped."""
    there = {finding.key for part in document_parts(document) for finding in part.findings}
    return sorted(set(keys) - there)


def _verdict(verdict: Verdict, before: tuple[Finding, ...], after: tuple[Finding, ...]) -> Verdict:
    return verdict.model_copy(update={"reasons": mark_reasons(verdict.reasons, before, after)})


def _of_scan(scan: Scan, accepted: Acceptances) -> Scan:
    findings = accepted.mark_all(scan.findings)
    apks = tuple(_of_apk(apk, accepted) for apk in scan.apks)
    verdict = _verdict(scan.verdict, scan.findings, findings)
    return scan.model_copy(update={"findings": findings, "apks": apks, "verdict": verdict})


def _of_apk(apk: Apk, accepted: Acceptances) -> Apk:
    return apk.model_copy(update={"findings": accepted.mark_all(apk.findings)})


def _of_apks(result: Apks, accepted: Acceptances) -> Apks:
    apks = tuple(_of_apk(apk, accepted) for apk in result.apks)
    before = tuple(finding for apk in result.apks for finding in apk.findings)
    after = tuple(finding for apk in apks for finding in apk.findings)
    return result.model_copy(update={"apks": apks, "verdict": _verdict(result.verdict, before, after)})


def _of_build(build: CheckedBuild, accepted: Acceptances) -> CheckedBuild:
    findings = accepted.mark_all(build.findings)
    verdict = _verdict(build.verdict, build.findings, findings)
    return build.model_copy(update={"findings": findings, "verdict": verdict})
