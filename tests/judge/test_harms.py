"""The order of what exposes data: what a person would care about most comes first."""

import pytest

from phone_audit.judge.findings import merged
from phone_audit.judge.harms import HARMS, data_rank, harm_rank
from phone_audit.judge.headlines import phone_headlines
from phone_audit.judge.outcomes import RULES, supports
from phone_audit.judge.verdict import RatedFinding, Scope, UnreadTally, verdict
from phone_audit.model.finding import OUTCOMES, Finding, Severity, Verdict
from tests.judge.cases import SIGNS, finding

CATEGORIES = {"cleartext-endpoint": "cleartext", "cleartext-data": "cleartext", "tracker-data": "tracker"}


def one(detector: str, severity: Severity, name: str = "com.a") -> Finding:
    return finding(
        detector,
        name,
        severity=severity,
        title=detector,
        message=f"{name}: {detector}.",
        category=CATEGORIES.get(detector, "tracker"),
    )


UNSETTLED = one("cleartext-endpoint", "medium").model_copy(update={"confidence": "medium"})
STARTED = one("tracker-present", "low").model_copy(update={"confidence": "confirmed"})


def judged(*findings: Finding) -> Verdict:
    rated = [RatedFinding(item, supports(item, {}), item.message) for item in findings]
    return verdict(rated, Scope(phone_headlines(1, 1), UnreadTally()))


@pytest.mark.parametrize(
    ("worse", "other"),
    [
        (one("cleartext-data", "high"), one("accepts-any-certificate", "high")),
        (one("cleartext-data", "high"), one("tracker-data", "medium")),
        (one("tracker-data", "medium"), one("cleartext-endpoint", "medium")),
        (one("tracker-data", "medium"), one("accepts-any-certificate", "high")),
        (one("network-data", "medium"), one("cleartext-endpoint", "medium")),
        (one("accepts-any-certificate", "high"), one("cleartext-endpoint", "medium")),
        (one("cleartext-endpoint", "medium"), one("tracker-present", "medium")),
        (one("cleartext-endpoint", "medium"), one("accepts-any-certificate", "medium")),
        (one("accepts-any-certificate", "medium"), UNSETTLED),
        (UNSETTLED, one("tracker-present", "medium")),
        (one("tracker-present", "medium"), one("telemetry-endpoint", "low")),
        (STARTED, one("telemetry-endpoint", "low")),
        (one("telemetry-endpoint", "low"), one("tracker-present", "low")),
        (one("tracker-present", "medium"), one("accepts-any-certificate", "low")),
    ],
    ids=lambda item: f"{item.id} {item.severity}",
)
def test_the_worse_comes_first(worse: Finding, other: Finding) -> None:
    assert harm_rank(worse) < harm_rank(other)
    for order in ((worse, other), (other, worse)):
        said = judged(*order)
        assert [reason.finding for reason in said.reasons] == [worse.key, other.key]


def test_a_login_to_its_own_server_is_not_headlined_with_an_advertising_host() -> None:
    said = judged(one("tracker-present", "low"), one("telemetry-endpoint", "low"), one("cleartext-data", "high"))
    assert said.headline.startswith(
        "This phone holds software that may send data out by design: code that sends private data over unencrypted "
        "connections, "
    )


def test_what_is_worse_than_exposed_is_ranked_by_what_it_means() -> None:
    """A strong sign stands before whatever sends data, and severity decides among such signs."""
    said = judged(one("cleartext-data", "high"), one("leaked-key", "medium"), one("test-keys-build", "high"))
    assert [str(reason.finding).split()[0] for reason in said.reasons] == [
        "test-keys-build",
        "leaked-key",
        "cleartext-data",
    ]


def test_a_weak_sign_cannot_push_a_harm_down() -> None:
    """What is only low is presence, whoever says it; the same thing done stands first."""
    low, high = one("cleartext-data", "low", "com.b"), one("cleartext-data", "high", "com.c")
    assert harm_rank(low) == len(HARMS)
    said = judged(low, one("tracker-present", "medium"), high)
    assert said.reasons[0].finding == high.key


def test_of_many_findings_on_one_package_the_worst_is_told_and_the_others_are_counted() -> None:
    trackers = [finding(title=f"Tracker: {name}", message=f"com.a starts {name}.", severity="low") for name in "BAC"]
    watching = trackers[2].model_copy(update={"severity": "medium"})
    (reason,) = judged(*trackers[:2], watching).reasons
    assert (reason.finding, reason.text) == (watching.key, "com.a starts C. 2 more findings of this kind.")


@pytest.mark.parametrize("detector", ["network-data", "tracker-data", "cleartext-data"])
def test_the_most_private_data_is_told_first(detector: str) -> None:
    """Whatever the keys of the findings are, and whichever package they are of."""
    words = ["text messages", "the IMEI and the list of installed packages", "the list of installed packages", "it"]
    sending = [
        finding(detector, f"com.{name}", severity="medium", title="Sends", message=f"com.{name}: code sends {what}.")
        for name, what in zip("dcba", words, strict=True)
    ]
    for order in (sending, sending[::-1]):
        assert [data_rank(one) for one in merged(order)] == sorted(map(data_rank, sending))
        assert [one.message for one in merged(order)] == [one.message for one in sending]
        assert judged(*order).reasons[0].finding == sending[0].key
    assert data_rank(one("tracker-present", "medium")) == 0


def test_the_table_names_what_exposes() -> None:
    """A detector that exposes data and has no row would come behind everything."""
    signs = {sign for rule in RULES if rule.outcome == OUTCOMES[2] for sign in rule.signs}
    exposing = {name for name, sign in SIGNS.items() if sign in signs}
    assert exposing <= {name for harm in HARMS for name in harm.detectors}
