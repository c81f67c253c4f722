"""The outcome that a finding supports: one table, strongest first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from phone_audit.model.finding import OUTCOMES, Confidence, Finding, Incident, Outcome, Severity

CONFIDENCES: tuple[Confidence, ...] = ("low", "medium", "high", "confirmed")
"""Weakest first."""


@dataclass(frozen=True)
class Rule:
    """Findings of these detectors support this outcome, if they are at least so sure."""

    outcome: Outcome
    at_least: Confidence
    detectors: tuple[str, ...]


RULES: tuple[Rule, ...] = (
    # A matched incident supports at most what the incident says that it raises.
    Rule("known-bad", "low", ("published-incident",)),
    # A feed lists the very file, its signer, or its name together with a host in its code, as malicious.
    Rule("known-bad", "confirmed", ("indicator.hash", "indicator.certificate", "indicator.package")),
    Rule("suspicious", "low", ("possible-incident",)),
    # One weak sign of something malicious; or surely a thing that watches by design, or forces advertising.
    Rule("suspicious", "medium", (
        "indicator.package", "indicator.host", "indicator.address", "indicator.network", "indicator.url",
        "indicator.path", "indicator.property",
    )),
    Rule("suspicious", "high", ("indicator.unwanted",)),
    # Connected: a package that an incident is about, whether or not to what the incident names.
    Rule("suspicious", "medium", ("watch.incident",)),
    # A strong sign that no incident explains: no maker sells a phone in this state on purpose.
    Rule("suspicious", "high", (
        "leaked-key", "test-keys-build", "debuggable-firmware", "insecure-adb", "selinux-permissive",
        "verified-boot-failed", "platform-test-key", "sdk-contradicts-release", "first-api-above-sdk",
        "adb-key-built-in", "ota-test-key", "watching-powers",
    )),
    # Sends data by design, or so that others can read it. Below medium the code that would send is not there, or cannot
    # reach the network.
    Rule("exposed", "medium", (
        "cleartext-data", "tracker-data", "network-data", "tracker-present", "telemetry-endpoint", "cleartext-endpoint",
        "accepts-any-certificate", "indicator.tracker", "indicator.listed", "watch.cleartext",
    )),
    # Somebody changed what was signed, which makers do to packages of the phone too; or code could not be read.
    Rule("inconclusive", "medium", ("signature-broken", "packed-code")),
    # The build or its maker cannot be told from what was seen, nor who reads along at a proxy.
    Rule("inconclusive", "low", (
        "candidate-build", "named-model", "public-test-key", "development-build", "unlocked-bootloader", "own-boot-key",
        "proxy-set", "network-proxy-set", "user-ca-added", "root-program-found", "build-prop-contradicted",
        "watching-powers",
    )),
    Rule("inconclusive", "medium", ("hosts-file-changed", "system-ca-unlisted", "system-writable")),
    # What the firmware says of itself does not go together: it was put together, or altered, as owners do too.
    Rule("inconclusive", "low", (
        "fingerprint-contradicts-build", "partitions-differ-in-type", "brand-denied", "patch-newer-than-build",
        "vendor-newer-than-system", "boot-state-contradicts-lock",
    )),
    # Worth knowing, and no sign of anything by itself. What no row above takes ends here.
    Rule("nothing-found", "low", (
        "cleartext-allowed", "trusts-user-cas", "debuggable-package", "instrumentation-only", "private-dns-set",
        "partition-dates-apart", "patch-levels-apart",
    )),
    # Privileges that somebody gave on purpose, and settings with a reason: each is told, none is a sign by itself.
    Rule("nothing-found", "low", (
        "accessibility-service-on", "notification-listener-on", "device-admin-on", "input-method-foreign",
        "default-package-foreign", "vpn-set", "install-checks-off", "storage-unencrypted", "patch-level-old",
    )),
    Rule("nothing-found", "low", ("indicator.commonplace", "indicator.file", "watch.screen-off")),
)  # fmt: skip


@dataclass(frozen=True)
class Ceiling:
    """What findings of this category and one of these severities support at most, whatever the incident says."""

    outcome: Outcome
    category: str
    severities: tuple[Severity, ...]


CEILINGS: tuple[Ceiling, ...] = (
    # A hole that nobody was seen to use, through which little is to be had: makers leave many.
    Ceiling("exposed", "vulnerable-preinstall", ("low", "info")),
)


def supports(finding: Finding, incidents: Mapping[str, Incident]) -> Outcome:
    """Return the outcome that a finding supports by itself; the incident that it cites is among `incidents`, by id."""
    sure = CONFIDENCES.index(finding.confidence)
    outcome = next(
        (rule.outcome for rule in RULES if finding.id in rule.detectors and sure >= CONFIDENCES.index(rule.at_least)),
        OUTCOMES[0],
    )
    if finding.incident is not None:
        outcome = weaker(outcome, incidents[finding.incident].raises)
    for ceiling in CEILINGS:
        if finding.category == ceiling.category and finding.severity in ceiling.severities:
            outcome = weaker(outcome, ceiling.outcome)
    return outcome


def strongest(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the strongest outcome; `nothing-found` where there is none."""
    return max(outcomes, key=OUTCOMES.index, default=OUTCOMES[0])


def weaker(one: Outcome, other: Outcome) -> Outcome:
    """Return the weaker of two outcomes."""
    return min(one, other, key=OUTCOMES.index)
