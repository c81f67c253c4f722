"""What was read and what the detectors saw → findings, incidents and outcomes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from phone_audit.judge.batch import match_incidents
from phone_audit.judge.citations import cited_once
from phone_audit.judge.coverage import skipped_of_scan, sorted_skipped
from phone_audit.judge.headlines import folder_headlines, phone_headlines
from phone_audit.judge.incident_findings import incident_findings
from phone_audit.judge.merging import merged
from phone_audit.judge.observe import observed_apk, observed_phone
from phone_audit.judge.observed import PathKind
from phone_audit.judge.outcomes import strongest, supports
from phone_audit.judge.prints import with_fingerprint_parts
from phone_audit.judge.reasons import reason_text
from phone_audit.judge.verdict import Reading, Supported, verdict
from phone_audit.judge.wording import listed
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apk import Apk, ApkInfo
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
    matches = match_incidents(observed_apk(info), knowledge)
    found = [finding for match in matches for finding in incident_findings(match, on_phone=False)]
    return _judged(info, [*found, *detected], _by_id(cited_once(match.incident for match in matches)))


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
    matches = match_incidents(observed_phone(snapshot, apks, paths, digests), knowledge)
    by_match = {match.incident.id: incident_findings(match, on_phone=True) for match in matches}
    incidents = _by_id(cited_once(match.incident for match in matches if by_match[match.incident.id]))
    found = merged([*(finding for findings in by_match.values() for finding in findings), *detected])
    properties = with_fingerprint_parts(snapshot.properties)
    texts = {match.incident.id: reason_text(match, properties, on_phone=True) for match in matches}
    supported = [
        Supported(finding, supports(finding, incidents), texts.get(finding.incident or "", finding.message))
        for finding in found
    ]
    skipped = skipped_of_scan(snapshot, apks, depth)
    read = Reading(phone_headlines(len(snapshot.packages), len(apks)), skipped, code_left_out=depth == "quick")
    return JudgedScan(
        findings=found,
        incidents=tuple(incidents.values()),
        verdict=verdict(supported, read),
        apks=tuple(_judged(info, _about(info, found), incidents) for info in apks),
        complete=not skipped,
        skipped=skipped,
    )


def judge_folder(apks: Sequence[Apk], skipped: Sequence[Skipped]) -> Verdict:
    """Judge a folder of APKs by their records.

    Args:
        apks: the records, judged.
        skipped: what was not read besides what the records themselves say.
    """
    incidents = _by_id(incident for apk in apks for incident in apk.incidents)
    unread = sorted_skipped([*skipped, *(item for apk in apks for item in apk.skipped)])
    holders: dict[str, list[str]] = {}
    for apk in apks:
        for finding in apk.findings:
            if finding.incident:
                holders.setdefault(finding.incident, []).append(apk.path)
    supported = [
        Supported(finding, supports(finding, incidents), _in_files(finding, holders.get(finding.incident or "", ())))
        for apk in apks
        for finding in apk.findings
    ]
    counts = {outcome: sum(apk.outcome == outcome for apk in apks) for outcome in {apk.outcome for apk in apks}}
    return verdict(supported, Reading(folder_headlines(counts, len(apks)), unread, code_left_out=False))


def _in_files(finding: Finding, paths: Sequence[str]) -> str:
    """Say where a finding stands: an incident's in all files that meet it, since it speaks for all."""
    return f"{listed(sorted(set(paths)), 3)}: {finding.message}" if paths else finding.message


def _about(info: ApkInfo, findings: Iterable[Finding]) -> list[Finding]:
    """Give the findings of a phone that speak of this APK."""
    return [
        finding
        for finding in findings
        if (finding.subject.kind == "package" and finding.subject.name == info.package)
        or (finding.subject.kind == "apk" and finding.subject.name == info.path)
        or (finding.subject.kind == "certificate" and any(piece.where == info.path for piece in finding.evidence))
    ]


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
