"""What somebody accepted, put into a saved result; the outcome stays as it was judged."""

from collections.abc import Iterable, Iterator, Sequence

from phone_audit.judge.gate import mark_reasons
from phone_audit.judge.outcomes import supports
from phone_audit.model.acceptance import Acceptances, Signers, seen_digest
from phone_audit.model.apk import Apk, ApkInfo, Apks
from phone_audit.model.base import Frozen
from phone_audit.model.detection import Detection
from phone_audit.model.device import Package
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
            return document.model_copy(update=_judged(document, accepted, {}))
        case Firmware():
            builds = tuple(build.model_copy(update=_judged(build, accepted, {})) for build in document.builds)
            return document.model_copy(update={"builds": builds})
        case _:
            return document


def accepted_detection(
    detected: Detection, accepted: Acceptances, packages: Iterable[Package], apks: Iterable[ApkInfo]
) -> Detection:
    """Return what was detected with who accepted it, before it is judged."""
    signers = _signers(packages, apks)
    incidents = detected.incidents

    def mark(finding: Finding) -> Finding:
        rated = finding.model_copy(update={"supports": supports(finding, incidents)})
        return accepted.mark(rated, signers)

    return detected.changed(mark) if accepted.by_key else detected


def unmatched(document: Frozen, keys: Iterable[str]) -> list[str]:
    """Return the keys that no finding of a result has: such an entry is out of date, or mistyped."""
    there = {finding.key for part in document_parts(document) for finding in part.findings}
    return sorted(set(keys) - there)


def uncovered(document: Frozen, accepted: Acceptances) -> Iterator[tuple[Finding, str]]:
    """Yield the findings that no entry names as they are now, although one names their key, with what they show."""
    told: set[tuple[str, str]] = set()
    for part, signers in _parts(document):
        for finding in part:
            entries = accepted.by_key.get(finding.key, ())
            seen = seen_digest(finding, signers) if entries else ""
            if entries and (finding.key, seen) not in told and seen not in [entry.seen for entry in entries]:
                told.add((finding.key, seen))
                yield finding, seen


def _parts(document: Frozen) -> Iterator[tuple[Sequence[Finding], Signers]]:
    match document:
        case Scan():
            yield document.findings, _signers(document.packages, document.apks)
        case Apks():
            for apk in document.apks:
                yield apk.findings, _signers((), [apk])
        case Apk():
            yield document.findings, _signers((), [document])
        case _:
            for part in document_parts(document):
                yield part.findings, {}


def _signers(packages: Iterable[Package], apks: Iterable[ApkInfo]) -> Signers:
    """Return who signed each package and each APK; of a package the phone says it, or else its APKs."""
    found: dict[str, frozenset[str]] = {}
    owners: dict[str, str] = {}
    stated: set[str] = set()
    for package in packages:
        owners |= {file.path: package.name for file in package.files}
        if package.signers:
            stated.add(package.name)
            found[package.name] = frozenset(package.signers)
    for apk in apks:
        mine = frozenset(signer.sha256 for signer in apk.signers or ())
        found[apk.path] = mine
        name = owners.get(apk.path) or apk.package
        if name is not None and name not in stated:
            found[name] = found.get(name, frozenset()) | mine
    return found


def _verdict(verdict: Verdict, before: tuple[Finding, ...], after: tuple[Finding, ...]) -> Verdict:
    return verdict.model_copy(update={"reasons": mark_reasons(verdict.reasons, before, after)})


def _judged(part: Scan | Watch | CheckedBuild, accepted: Acceptances, signers: Signers) -> dict[str, object]:
    findings = accepted.mark_all(part.findings, signers)
    return {"findings": findings, "verdict": _verdict(part.verdict, part.findings, findings)}


def _of_scan(scan: Scan, accepted: Acceptances) -> Scan:
    signers = _signers(scan.packages, scan.apks)
    apks = tuple(_marked(apk, accepted, signers) for apk in scan.apks)
    return scan.model_copy(update={"apks": apks, **_judged(scan, accepted, signers)})


def _of_apk(apk: Apk, accepted: Acceptances) -> Apk:
    return _marked(apk, accepted, _signers((), [apk]))


def _marked(apk: Apk, accepted: Acceptances, signers: Signers) -> Apk:
    return apk.model_copy(update={"findings": accepted.mark_all(apk.findings, signers)})


def _of_apks(result: Apks, accepted: Acceptances) -> Apks:
    apks = tuple(_of_apk(apk, accepted) for apk in result.apks)
    before = tuple(finding for apk in result.apks for finding in apk.findings)
    after = tuple(finding for apk in apks for finding in apk.findings)
    return result.model_copy(update={"apks": apks, "verdict": _verdict(result.verdict, before, after)})
