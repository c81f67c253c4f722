"""Code or addresses of known trackers."""

from collections.abc import Iterator, Mapping
from functools import lru_cache

from phone_audit.detect.detector import Detector, apk_subject, source_of
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.schema.facts import TrackerFact
from phone_audit.model.apk import ApkInfo, Tier
from phone_audit.model.finding import Confidence, Finding, Remedy

DETECTOR = Detector(id="tracker-present", category="tracker")
REMEDY = Remedy(text="Look for a switch for analytics or personalised advertising in its settings, or stop using it.")
_CONFIDENCE: Mapping[Tier, Confidence] = {
    "initialised": "confirmed",
    "present": "high",
    "host-only": "medium",
    "referenced": "low",
}
_SEEN: Mapping[Tier, str] = {
    "initialised": "starts the tracker {name}",
    "present": "holds the code of the tracker {name}",
    "host-only": "holds addresses of the tracker {name}, but not its code",
    "referenced": "names classes of the tracker {name} that are not in it",
}
_INTRUSIVE = frozenset({"location", "profiling", "identification"})


def check(info: ApkInfo, knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding for each tracker."""
    for tracker in info.trackers or ():
        subject = apk_subject(info)
        fact = _facts(knowledge).get(tracker.id)
        yield DETECTOR.finding(
            subject,
            f"Tracker: {tracker.name}",
            f"{subject.name} {_SEEN[tracker.tier].format(name=tracker.name)}.",
            severity="medium" if _INTRUSIVE & set(tracker.categories) else "low",
            confidence=_CONFIDENCE[tracker.tier],
            evidence=tracker.evidence,
            main=tracker.id,
            sources=source_of(knowledge, fact.source) if fact else (),
            remedy=(REMEDY,),
        )


@lru_cache(maxsize=4)
def _facts(knowledge: Knowledge) -> Mapping[str, TrackerFact]:
    return {fact.id: fact for fact in knowledge.trackers}
