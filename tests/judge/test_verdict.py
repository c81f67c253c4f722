"""The verdict: adding a finding never lowers it, what was not read is always said, and nothing is ever called clean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.judge.headlines import folder_headlines, phone_headlines
from phone_audit.judge.outcomes import CONFIDENCES, supports
from phone_audit.judge.verdict import RatedFinding, Scope, UnreadTally, verdict
from phone_audit.model.finding import OUTCOMES, SEVERITIES, Finding, Outcome, Reason, Skipped, Subject
from tests.judge.cases import SIGNS, finding

SKIPPED = Skipped(subject="/a.apk", step="dex", code="truncated", reason="The file ends too early.")
FINDINGS = st.builds(
    lambda detector, name, severity, confidence: finding(
        detector, f"com.{name}", severity=severity, confidence=confidence
    ),
    st.sampled_from(sorted(SIGNS)),
    st.sampled_from("abcd"),
    st.sampled_from(SEVERITIES),
    st.sampled_from(CONFIDENCES),
)


def reading(skipped: tuple[Skipped, ...] = (), *, quick: bool = False) -> Scope:
    return Scope(phone_headlines(2, 2), UnreadTally(skipped), code_left_out=quick)


def supported(*findings: Finding) -> list[RatedFinding]:
    return [RatedFinding(item, supports(item, {}), item.message) for item in findings]


@given(st.lists(FINDINGS, max_size=6), FINDINGS, st.booleans(), st.booleans())
def test_adding_a_finding_never_lowers_the_outcome(
    before: list[Finding], more: Finding, incomplete: bool, quick: bool
) -> None:
    read = reading((SKIPPED,) if incomplete else (), quick=quick)
    fewer, all_of_them = verdict(supported(*before), read), verdict(supported(*before, more), read)
    assert OUTCOMES.index(all_of_them.outcome) >= OUTCOMES.index(fewer.outcome)


@given(st.lists(FINDINGS, max_size=6).flatmap(lambda found: st.tuples(st.just(found), st.permutations(found))))
def test_the_order_of_the_findings_does_not_matter(orders: tuple[list[Finding], list[Finding]]) -> None:
    unique = {item.key: item for item in orders[0]}
    one = [item for item in orders[0] if unique[item.key] is item]
    other = [item for item in orders[1] if unique[item.key] is item]
    assert verdict(supported(*one), reading()) == verdict(supported(*other), reading())


@given(st.lists(FINDINGS, max_size=4), st.booleans())
def test_what_was_not_read_is_always_said(found: list[Finding], quick: bool) -> None:
    judged = verdict(supported(*found), reading((SKIPPED,), quick=quick))
    assert judged.outcome != "nothing-found"
    assert "; incomplete: 1 thing could not be read" in judged.headline
    assert Reason(finding=None, text="Not read: /a.apk. The file ends too early.", kind="unread") in judged.reasons


@given(st.lists(FINDINGS, max_size=4))
def test_quick_never_finds_nothing(found: list[Finding]) -> None:
    judged = verdict(supported(*found), reading(quick=True))
    assert judged.outcome != "nothing-found"
    assert judged.headline.endswith("; the code of the packages was not read")


@given(st.lists(FINDINGS, max_size=6))
def test_every_reason_names_a_finding_that_is_there(found: list[Finding]) -> None:
    judged = verdict(supported(*found), reading())
    assert {reason.finding for reason in judged.reasons} <= {item.key for item in found}
    if judged.outcome != "nothing-found":
        assert judged.reasons


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_no_headline_says_that_all_is_well(outcome: Outcome) -> None:
    for headlines in (phone_headlines(2, 2), folder_headlines({outcome: 2}, 2)):
        said = headlines[outcome].format(seen="x").lower()
        assert not {"clean", "safe", "secure", "harmless"} & set(said.split())
    assert "no proof that nothing is there" in phone_headlines(0, 0)["nothing-found"]


def test_nothing_found() -> None:
    judged = verdict(supported(finding("debuggable-package")), reading())
    assert (judged.outcome, judged.reasons) == ("nothing-found", ())
    assert judged.headline == (
        "Nothing was found in 2 packages and the code of 2 APKs; that is no proof that nothing is there"
    )


def test_many_packages_are_one_reason() -> None:
    trackers = [finding(name=f"com.{name}") for name in "abcdef"]
    judged = verdict(supported(*trackers), reading())
    assert judged.outcome == "exposed"
    assert judged.headline == "This phone holds software that may send data out by design: code of known trackers"
    assert judged.reasons == (
        Reason(
            finding=trackers[0].key,
            text="6 packages hold code of known trackers: com.a, com.b, com.c, com.d and 2 more.",
            kind="detector",
        ),
    )


def test_one_package_speaks_for_itself() -> None:
    judged = verdict(supported(finding(name="com.a")), reading())
    assert [reason.text for reason in judged.reasons] == ["com.a holds the code of the tracker Ads."]


def test_other_detectors_are_told_by_their_title() -> None:
    keys = [finding("leaked-key", name, title="Signed with a leaked key") for name in ("com.a", "com.b")]
    judged = verdict(supported(*keys), reading())
    assert judged.headline == (
        "This phone shows strong signs that something is wrong with it: Signed with a leaked key"
    )
    assert [reason.text for reason in judged.reasons] == ["Signed with a leaked key: com.a and com.b."]


def test_an_incident_speaks_once_for_all_its_packages() -> None:
    items = [
        RatedFinding(
            finding("published-incident", name, incident="case", title="Acme"), "known-bad", "The whole story."
        )
        for name in ("com.a", "com.b")
    ]
    judged = verdict([*items, *supported(finding(name="com.c"))], reading())
    assert judged.outcome == "known-bad"
    assert judged.headline == "This phone matches a published incident: Acme"
    assert [reason.text for reason in judged.reasons] == [
        "The whole story.",
        "com.c holds the code of the tracker Ads.",
    ]


def test_a_candidate_is_only_a_possibility() -> None:
    item = RatedFinding(
        finding("candidate-build", incident="case", headline="it may be affected by “Acme”"), "inconclusive", "Perhaps."
    )
    assert verdict([item], reading()).headline == (
        "This phone cannot be judged from what was seen: it may be affected by “Acme”"
    )


def test_a_signing_key_gives_no_data_away() -> None:
    """`exposed` is said of what sends; of an incident that is by design and sends nothing, other words are used."""
    key = finding("published-incident", title="Public keys", category="leaked-key")
    tracker = finding(title="Tracker: Ads")
    exposed = [RatedFinding(item, "exposed", item.message) for item in (key, tracker)]
    alone = verdict(exposed[:1], reading())
    assert alone.headline == "This phone holds software that publishers warn of: Public keys"
    both = verdict(exposed, reading())
    assert both.headline == "This phone holds software that may send data out by design: code of known trackers"
    assert len(both.reasons) == 2


def test_accepting_any_certificate_lets_others_read() -> None:
    found = finding("accepts-any-certificate", "com.a", confidence="high", category="network-policy")
    judged = verdict(supported(found), reading())
    assert (
        judged.headline
        == "This phone holds software that may send data out by design: code that accepts any certificate"
    )


def test_files_are_not_counted_as_packages() -> None:
    subjects = [Subject(kind="package", name="com.a"), Subject(kind="apk", name="/b.apk")]
    found = [finding(name=subject.name, subject=subject) for subject in subjects]
    (reason,) = verdict(supported(*found), reading()).reasons
    assert reason.text == "1 package and 1 file hold code of known trackers: /b.apk and com.a."
