"""One recipe for a phone, an APK, a build and a watch: what was detected → findings, incidents and a verdict."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from phone_audit.judge.findings import deduplicated, merged, with_supported
from phone_audit.judge.headlines import (
    BUILD_HEADLINES,
    NO_INCIDENT,
    NOT_UNDERSTOOD,
    RULE_HEADLINES,
    phone_headlines,
    watch_headlines,
)
from phone_audit.judge.outcomes import strongest, supports
from phone_audit.judge.verdict import (
    RatedFinding,
    Scope,
    UnreadTally,
    advised_reason,
    skipped_of_scan,
    sorted_skipped,
    verdict,
)
from phone_audit.model.apk import ApkInfo
from phone_audit.model.detection import Detection
from phone_audit.model.device import Depth, Snapshot
from phone_audit.model.finding import OUTCOMES, Finding, Incident, Outcome, Reason, Skipped, Verdict
from phone_audit.model.watch import Observation, Samples
from phone_audit.model.wording import listed

_NOT_LISTED = Verdict(outcome="nothing-found", headline=NO_INCIDENT, reasons=())
_GIVE = "Give the build number as Settings shows it, the fingerprint, or the output of getprop in a file."
_ASKED = Reason(finding=None, text=_GIVE, kind="form")
_UNKNOWN_FORM = Verdict(outcome="inconclusive", headline=NOT_UNDERSTOOD, reasons=(_ASKED,))


@dataclass(frozen=True)
class ApkJudgement:
    """What is claimed of one APK. `incidents` are those that its findings cite."""

    findings: tuple[Finding, ...]
    incidents: tuple[Incident, ...]
    outcome: Outcome


@dataclass(frozen=True)
class PhoneJudgement:
    """What is claimed of one phone. `apks` are in the order given; `complete`: all that the depth promises was read."""

    findings: tuple[Finding, ...]
    incidents: tuple[Incident, ...]
    verdict: Verdict
    apks: tuple[ApkJudgement, ...]
    complete: bool
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True)
class WatchJudgement:
    """What is claimed of what was seen live. `incidents` are those that findings cite."""

    findings: tuple[Finding, ...]
    incidents: tuple[Incident, ...]
    verdict: Verdict
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True)
class BuildJudgement:
    """What is claimed of one build identifier."""

    findings: tuple[Finding, ...]
    verdict: Verdict


def judge_apk(info: ApkInfo, detected: Detection) -> ApkJudgement:
    """Judge one APK with nothing known of a phone. Anything skipped makes the outcome at least inconclusive."""
    incidents = detected.incidents
    findings = deduplicated(merged(detected.all_findings), incidents)
    return _judged_apk(info, with_supported(findings, incidents), incidents)


def judge_phone(snapshot: Snapshot, apks: Sequence[ApkInfo], detected: Detection, depth: Depth) -> PhoneJudgement:
    """Judge a phone by what is claimed of it and of all its APKs, whose paths are those on the phone.

    `depth` is what was promised to be read; `quick` reads no code, so it never ends in `nothing-found`.
    """
    incidents = detected.incidents
    findings = with_supported(deduplicated(merged(detected.all_findings), incidents), incidents)
    by_apk = _FindingsByApk(findings)
    owners = {file.path: package.name for package in snapshot.packages for file in package.files}
    skipped = skipped_of_scan(snapshot, apks, depth)
    files = {info.path for info in apks} | {file.path for info in apks for file in info.files}
    headlines = phone_headlines(len(snapshot.packages), len(files))
    scope = Scope(headlines, UnreadTally(skipped), code_left_out=depth == "quick")
    return PhoneJudgement(
        findings=findings,
        incidents=_cited(findings, incidents),
        verdict=verdict(_rated(findings, detected), scope),
        apks=tuple(_judged_apk(info, by_apk.of(info, owners.get(info.path)), incidents) for info in apks),
        complete=not skipped,
        skipped=skipped,
    )


def judge_watch(
    observations: Sequence[Observation], detected: Detection, samples: Samples, skipped: Sequence[Skipped]
) -> WatchJudgement:
    """Judge what was seen live; `skipped` is what was not read."""
    findings = with_supported(merged(detected.all_findings), detected.incidents)
    unread = sorted_skipped(skipped)
    scope = Scope(watch_headlines(samples.taken, len(observations)), UnreadTally(unread))
    return WatchJudgement(
        findings=findings,
        incidents=_cited(findings, detected.incidents),
        verdict=verdict(_rated(findings, detected), scope),
        skipped=unread,
    )


def judge_build(detected: Detection, *, understood: bool) -> BuildJudgement:
    """Judge a build by its identifier alone: what publishers say of it leads, what it says of itself may raise that.

    `understood` tells whether the form of the identifier is known.
    """
    incidents = detected.incidents
    published = Detection(detected.matched).all_findings
    findings = published
    if detected.findings:
        findings = deduplicated(merged(detected.all_findings), incidents)
    kept = {finding.key for finding in findings}
    by_rules = sorted(
        (finding for finding in detected.findings if finding.key in kept),
        key=lambda finding: (-OUTCOMES.index(supports(finding, incidents)), finding.id, finding.key),
    )
    base = _published_verdict(detected, understood=understood)
    reasons = [reason for reason in base.reasons if reason.finding is None or reason.finding in kept]
    for finding in by_rules:
        seen = ", ".join(piece.value for piece in finding.evidence)
        reasons.append(Reason(finding=finding.key, text=f"{finding.message} Seen: {seen}.", kind="detector"))
    outcome, headline = base.outcome, base.headline
    raised = _supported(by_rules, incidents)
    if OUTCOMES.index(raised) > OUTCOMES.index(outcome):
        titles = dict.fromkeys(finding.title for finding in by_rules if supports(finding, incidents) == raised)
        outcome, headline = raised, f"{RULE_HEADLINES[raised]}: {listed(list(titles), 3)}"
    supported = with_supported(findings, incidents)
    return BuildJudgement(supported, Verdict(outcome=outcome, headline=headline, reasons=tuple(reasons)))


def _published_verdict(detected: Detection, *, understood: bool) -> Verdict:
    """Return the strongest of what the incidents support; the headline is that of the strongest match."""
    if not detected.matched:
        return _NOT_LISTED if understood else _UNKNOWN_FORM
    incidents = detected.incidents
    outcomes = [_supported(match.findings, incidents) for match in detected.matched]
    outcome = strongest(outcomes)
    strength = detected.matched[outcomes.index(outcome)].strength
    titles = [match.headline for match in detected.matched if match.strength == strength]
    return Verdict(
        outcome=outcome,
        headline=f"{BUILD_HEADLINES[strength]}: {listed(titles, 2)}",
        reasons=tuple(
            advised_reason(match.findings[0].key if match.findings else None, match.reason, match.advice)
            for match in detected.matched
        ),
    )


def _supported(findings: Iterable[Finding], incidents: Mapping[str, Incident]) -> Outcome:
    return strongest(supports(finding, incidents) for finding in findings)


def _rated(findings: Iterable[Finding], detected: Detection) -> list[RatedFinding]:
    """Rate findings; of an incident the verdict gives the whole reason, of the rest what each says itself."""
    incidents = detected.incidents
    matched = {match.incident.id: match for match in detected.matched}
    rated = []
    for finding in findings:
        match = matched.get(finding.incident or "")
        text, advice = (match.reason, match.advice) if match else (finding.message, None)
        rated.append(RatedFinding(finding, supports(finding, incidents), text, advice))
    return rated


def _cited(findings: Iterable[Finding], incidents: Mapping[str, Incident]) -> tuple[Incident, ...]:
    cited = {finding.incident for finding in findings}
    return tuple(incident for name, incident in sorted(incidents.items()) if name in cited)


class _FindingsByApk:
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
        """Return those that speak of one APK. `owner` is the package that the phone lists the file under.

        Its manifest may name no package, or another one than the phone does.
        """
        found = {**self._of_path.get(info.path, {})}
        for name in (info.package, owner):
            found |= self._of_package.get(name, {}) if name is not None else {}
        return list(found.values())


def _judged_apk(info: ApkInfo, found: Iterable[Finding], incidents: Mapping[str, Incident]) -> ApkJudgement:
    findings = merged(found)
    unread: Outcome = "inconclusive" if info.skipped or info.package is None else "nothing-found"
    outcome = strongest((unread, _supported(findings, incidents)))
    return ApkJudgement(findings, _cited(findings, incidents), outcome)
