"""What a person would care about most: one table of kinds of harm, by which findings that expose data are ordered."""

from dataclasses import dataclass

from phone_audit.judge.outcomes import CONFIDENCES
from phone_audit.model.finding import SEVERITIES, Confidence, Finding, Severity
from phone_audit.model.wording import DATA_WORDS


@dataclass(frozen=True)
class Harm:
    """Findings of these detectors do this to a person, if they are at least so severe and so sure."""

    what: str
    detectors: tuple[str, ...]
    at_least: Severity = "info"
    sure: Confidence = "low"


HARMS: tuple[Harm, ...] = (
    Harm("others read private data on the way", ("traffic.named-identifier", "cleartext-data"), "medium"),
    Harm("a publisher has shown what is sent", ("published-incident",), "medium"),
    Harm("trackers get private data", ("tracker-data",), "medium"),
    Harm("private data leaves the phone", ("network-data",), "medium"),
    Harm("others can read along and change what is sent", ("accepts-any-certificate",), "high"),
    Harm("others can read what is fetched", ("traffic.cleartext", "watch.cleartext")),
    Harm("others can read what is fetched", ("cleartext-endpoint",), "medium", sure="high"),
    Harm("others can read along under conditions", ("accepts-any-certificate",), "medium"),
    Harm("others can read what may be fetched", ("cleartext-endpoint",), "medium"),
    Harm("a publisher warns of it", ("published-incident", "possible-incident")),
    Harm("strangers use the connection", ("connection-rented-out",), "medium"),
    Harm("code that watches persons is there", ("tracker-present",), "medium"),
    Harm("a tracker is started", ("tracker-present",), sure="confirmed"),
    Harm("addresses of those who collect are there", ("telemetry-endpoint",)),
    Harm("code or addresses of trackers are there", ("tracker-present", "indicator.tracker", "indicator.listed")),
)
"""The worst first. What no row takes comes last."""


def harm_rank(finding: Finding) -> int:
    severe, sure = SEVERITIES.index(finding.severity), CONFIDENCES.index(finding.confidence)
    rows = (
        number
        for number, harm in enumerate(HARMS)
        if finding.id in harm.detectors
        and severe <= SEVERITIES.index(harm.at_least)
        and sure >= CONFIDENCES.index(harm.sure)
    )
    return next(rows, len(HARMS))


_SENDING: frozenset[str] = frozenset({"cleartext-data", "tracker-data", "network-data"})


def data_rank(finding: Finding) -> int:
    """Tell how private the most private data is that a finding says is sent: the lower, the more."""
    if finding.id not in _SENDING:
        return 0
    named = (rank for rank, words in enumerate(DATA_WORDS.values()) if words in finding.message)
    return next(named, len(DATA_WORDS))
