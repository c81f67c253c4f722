"""What was read and what the detectors saw → findings, incidents and outcomes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from phone_audit.judge.batch import match_incidents
from phone_audit.judge.citations import cited_once
from phone_audit.judge.coverage import Unread, skipped_of_scan
from phone_audit.judge.doubles import without_doubles
from phone_audit.judge.headlines import phone_headlines
from phone_audit.judge.incident_findings import incident_findings
from phone_audit.judge.indicator_findings import indicator_findings
from phone_audit.judge.merging import merged
from phone_audit.judge.observe import observed_apk, observed_phone
from phone_audit.judge.observed import PathKind
from phone_audit.judge.outcomes import strongest, supports
from phone_audit.judge.prints import with_fingerprint_parts
from phone_audit.judge.reasons import reason_text
from phone_audit.judge.verdict import Reading, Supported, verdict
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apk import ApkInfo
from phone_audit.model.device import Depth, Snapshot
from phone_audit.model.finding import Finding, Incident, Outcome, Skipped, Verdict

_NO_PATHS: Mapping[str, PathKind] = MappingProxyType({})
_NO_DIGESTS: Mapping[str, Sequence[str]] = MappingProxyType({})


@dataclass(frozen=True)
class JudgedApk:
    """What is claimed of one APK. `incidents` are those that its findings cite."""

    findings: tuple[Finding, ...]
    incidents: tuple[Incident, ...]
    outcome: Outcome


@dataclass(frozen=True)
class JudgedScan:
    """What is claimed of one phone. `apks` are in the order given; `complete`: all that the depth promises was read."""

    findings: tuple[Finding, ...]
    incidents: tuple[Incident, ...]
    verdict: Verdict
    apks: tuple[JudgedApk, ...]
    complete: bool
    skipped: tuple[Skipped, ...]


def judge_apk(info: ApkInfo, detected: Sequence[Finding], knowledge: Knowledge) -> JudgedApk:
    """Judge one APK with nothing known of a phone.

    Args:
        info: what was read from it. Anything skipped makes the outcome at least inconclusive.
        detected: what the detectors say of it.
        knowledge: the published incidents.
    """
    observed = observed_apk(info)
    matches = match_incidents(observed, knowledge)
    incidents = _by_id(cited_once(match.incident for match in matches))
    published = [finding for match in matches for finding in incident_findings(match, on_phone=False)]
    found = merged([*published, *indicator_findings(observed, knowledge, on_phone=False), *detected])
    return _judged(info, without_doubles(found, incidents), incidents)


def judge_scan(
    snapshot: Snapshot,
    apks: Sequence[ApkInfo],
    detected: Sequence[Finding],
    depth: Depth,
    knowledge: Knowledge,
    paths: Mapping[str, PathKind] = _NO_PATHS,
    digests: Mapping[str, Sequence[str]] = _NO_DIGESTS,
) -> JudgedScan:
    """Judge a phone.

    Args:
        snapshot: what was read from it.
        apks: its analysed APKs; their paths are those on the phone.
        detected: what the detectors say of the phone and of all APKs.
        depth: what was promised to be read; `quick` reads no code, so it never ends in `nothing-found`.
        knowledge: the published incidents.
        paths: paths that exist on the phone besides those of packages.
        digests: hashes of files at such paths.
    """
    observed = observed_phone(snapshot, apks, paths, digests)
    matches = match_incidents(observed, knowledge)
    by_match = {match.incident.id: incident_findings(match, on_phone=True) for match in matches}
    incidents = _by_id(cited_once(match.incident for match in matches if by_match[match.incident.id]))
    published = [finding for findings in by_match.values() for finding in findings]
    claimed = merged([*published, *indicator_findings(observed, knowledge, on_phone=True), *detected])
    found = without_doubles(claimed, incidents)
    cited = {finding.incident for finding in found}
    properties = with_fingerprint_parts(snapshot.properties)
    texts = {match.incident.id: reason_text(match, properties, on_phone=True) for match in matches}
    supported = [
        Supported(finding, supports(finding, incidents), texts.get(finding.incident or "", finding.message))
        for finding in found
    ]
    about = _AboutApks(found)
    owners = {file.path: package.name for package in snapshot.packages for file in package.files}
    skipped = skipped_of_scan(snapshot, apks, depth)
    files = {path for info in apks for path in (info.path, *(file.path for file in info.files))}
    read = Reading(phone_headlines(len(snapshot.packages), len(files)), Unread(skipped), code_left_out=depth == "quick")
    return JudgedScan(
        findings=found,
        incidents=tuple(incident for name, incident in incidents.items() if name in cited),
        verdict=verdict(supported, read),
        apks=tuple(_judged(info, about.of(info, owners.get(info.path)), incidents) for info in apks),
        complete=not skipped,
        skipped=skipped,
    )


class _AboutApks:
    """The findings of a phone by what they speak of, so that not each APK is held against all of them."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self._of_package: dict[str | None, dict[str, Finding]] = {}
        self._of_path: dict[str, dict[str, Finding]] = {}
        for finding in findings:
            subject = finding.subject
            if subject.kind == "package":
                self._of_package.setdefault(subject.name, {})[finding.key] = finding
            elif subject.kind == "apk":
                self._of_path.setdefault(subject.name, {})[finding.key] = finding
            elif subject.kind == "certificate":
                for piece in finding.evidence:
                    self._of_path.setdefault(piece.where, {})[finding.key] = finding

    def of(self, info: ApkInfo, owner: str | None) -> list[Finding]:
        """Return those that speak of one APK.

        Args:
            info: the APK; its manifest may name no package, or another one than the phone does.
            owner: the package that the phone lists the file under.
        """
        found = {**self._of_path.get(info.path, {})}
        for name in (info.package, owner):
            found |= self._of_package.get(name, {}) if name is not None else {}
        return list(found.values())


def _judged(info: ApkInfo, found: Iterable[Finding], incidents: Mapping[str, Incident]) -> JudgedApk:
    findings = merged(found)
    unread: Outcome = "inconclusive" if info.skipped or info.package is None else "nothing-found"
    cited = {finding.incident for finding in findings}
    return JudgedApk(
        findings=findings,
        incidents=tuple(incident for name, incident in sorted(incidents.items()) if name in cited),
        outcome=strongest([unread, *(supports(finding, incidents) for finding in findings)]),
    )


def _by_id(incidents: Iterable[Incident]) -> dict[str, Incident]:
    return {incident.id: incident for incident in incidents}
