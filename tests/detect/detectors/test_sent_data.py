"""Private data on the way to the network."""

from collections.abc import Sequence
from typing import Any

import pytest

from phone_audit.detect.detectors.sent_data import CHECKS, CLEARTEXT_DATA
from phone_audit.judge.headlines import phone_headlines
from phone_audit.judge.outcomes import supports
from phone_audit.judge.verdict import RatedFinding, Scope, UnreadTally, verdict
from phone_audit.model.apk import ApkInfo, Behaviour, Party, Whose
from phone_audit.model.finding import Evidence, Finding, Subject, finding_key
from phone_audit.model.wording import DATA_WORDS
from tests.detect.detectors.seen import knowledge, policy, tracker
from tests.judge.cases import apk_info

OWN: tuple[tuple[Party, str | None], ...] = (("first-party", None),)
STEP = Evidence(kind="flow", where="classes.dex", value="calls java.net.URL.openConnection", class_="com.a.Main")
PLACE = "the place of the phone"
WORDS = {"imei": "the IMEI", "location": PLACE}


def flow(
    data: str = "imei", whose: Sequence[tuple[Party, str | None]] = OWN, *, sink: str = "network", **changes: Any
) -> Behaviour:
    fields: dict[str, Any] = {
        "id": f"flow.{data}-{sink}",
        "title": f"Passes on {WORDS.get(data, data)} over the network",
        "evidence": (STEP,),
        "whose": tuple(Whose(party=party, library=library) for party, library in whose),
        "data": data,
        "cleartext": None,
    }
    return Behaviour(**(fields | changes))


def found(*flows: Behaviour, **changes: Any) -> list[Finding]:
    info: ApkInfo = apk_info("com.a", behaviours=flows, **changes)
    return [item for _, check in CHECKS for item in check(info, knowledge())]


def test_its_own_code_without_encryption() -> None:
    subject = Subject(kind="package", name="com.a")
    assert found(flow(cleartext=True), flow("location", cleartext=True)) == [
        Finding(
            id="cleartext-data",
            key=finding_key("cleartext-data", subject, "its own code"),
            category="cleartext",
            sign="sends",
            title="Sends private data over an unencrypted connection",
            message=f"com.a: its own code sends {PLACE} and the IMEI over an unencrypted connection.",
            severity="high",
            confidence="high",
            subject=subject,
            evidence=(STEP,),
            remedy=CLEARTEXT_DATA.remedy,
            headline=CLEARTEXT_DATA.held,
            held=True,
        )
    ]


def test_a_tracker_that_is_there() -> None:
    (one,) = found(flow(whose=[*OWN, ("library", "Ads")]), trackers=(tracker(),))
    assert (one.id, one.severity, one.confidence) == ("tracker-data", "medium", "high")
    assert one.message == "com.a: code of the tracker Ads sends the IMEI over the network."


@pytest.mark.parametrize(
    ("whose", "said"),
    [
        (OWN, "com.a: its own code sends the IMEI over the network."),
        ([*OWN, ("library", "Loader")], "com.a: its own code sends the IMEI over the network."),
        ([("library", "Loader")], "com.a: code of the library Loader sends the IMEI over the network."),
        ([("obfuscated", None)], "com.a: renamed code in it sends the IMEI over the network."),
        ([("unknown", None)], "com.a: code in it sends the IMEI over the network."),
        ([], "com.a: code in it sends the IMEI over the network."),
    ],
)
def test_whoever_else_sends_it(whose: Sequence[tuple[Party, str | None]], said: str) -> None:
    (one,) = found(flow(whose=whose), trackers=(tracker(),))
    assert (one.id, one.severity, one.message) == ("network-data", "medium", said)


def test_the_name_of_a_tracker_hides_nothing_that_everybody_can_read() -> None:
    (one,) = found(flow(whose=[("library", "Ads")], cleartext=True), trackers=(tracker(),))
    assert (one.id, one.severity) == ("cleartext-data", "high")


def test_one_finding_a_party_its_own_code_first() -> None:
    parties: list[tuple[Party, str | None]] = [("library", "Aaa"), ("first-party", None), ("library", "Zzz")]
    said = [item.message for item in found(*(flow(whose=[one]) for one in parties))]
    assert [text.partition(" sends ")[0] for text in said] == [
        "com.a: its own code",
        "com.a: code of the library Aaa",
        "com.a: code of the library Zzz",
    ]


@pytest.mark.parametrize(
    ("changes", "flow_changes", "ending"),
    [
        ({"permissions": ()}, {}, ", if it had the permission to use the internet."),
        ({}, {"allowed": False, "needs": ("android.permission.READ_PHONE_STATE",)}, "the permission to read that."),
        ({"network_policy": policy()}, {}, ", but its network policy makes Android block such connections."),
        ({}, {"library_only": True}, ", but no such way was seen to be taken."),
    ],
)
def test_what_android_keeps_it_from(changes: dict[str, Any], flow_changes: dict[str, Any], ending: str) -> None:
    (one,) = found(flow(cleartext=True, **flow_changes), **changes)
    assert (one.severity, one.confidence) == ("low", "low")
    assert one.message.endswith(ending)


@pytest.mark.parametrize(
    ("changes", "flow_changes"),
    [
        ({"permissions": (), "shared_user_id": "com.a.shared"}, {}),
        ({"permissions": None}, {}),
        ({}, {"allowed": True, "needs": ("android.permission.READ_PHONE_STATE",)}),
        ({"shared_user_id": "com.a.shared"}, {"allowed": None, "needs": ("android.permission.READ_PHONE_STATE",)}),
        ({"network_policy": policy(domains=("api.a.example",))}, {}),
        ({"network_policy": policy(cleartext=True)}, {}),
    ],
)
def test_what_only_looks_like_that(changes: dict[str, Any], flow_changes: dict[str, Any]) -> None:
    (one,) = found(flow(cleartext=True, **flow_changes), **changes)
    assert (one.severity, one.confidence) == ("high", "high")


def test_what_may_be_read_is_told_and_not_what_may_not() -> None:
    (one,) = found(flow(allowed=False, needs=("x",)), flow("location", allowed=True, needs=("y",)))
    assert (one.severity, one.message) == (
        "medium",
        "com.a: its own code sends the place of the phone over the network.",
    )


def test_a_way_that_is_seen_to_be_taken_is_told_and_no_other_hides_it() -> None:
    one, other = found(flow(library_only=True), flow("location"), flow("location", library_only=True))
    assert (one.severity, one.message) == ("medium", f"com.a: its own code sends {PLACE} over the network.")
    assert (other.severity, other.confidence, other.message) == (
        "low",
        "low",
        "com.a: its own code may also send the IMEI over the network; the ways that were found for that are less sure.",
    )


def test_what_only_less_sure_ways_send_is_told_beside_the_rest_as_far_as_it_may_be_read() -> None:
    sure, less = flow("location"), flow(library_only=True)
    assert len(found(sure, less)) == 2
    assert len(found(sure, less.model_copy(update={"allowed": False, "needs": ("x",)}))) == 1
    assert len(found(sure, flow("location", library_only=True))) == 1


def test_its_own_code_is_told_before_a_library() -> None:
    """Whatever the keys of the findings are."""
    parties: list[tuple[Party, str | None]] = [("library", f"L{number}") for number in range(9)]
    findings = found(*(flow(whose=[one], cleartext=True) for one in (*parties, ("first-party", None))))
    rated = [RatedFinding(item, supports(item, {}), item.message) for item in findings]
    (reason,) = verdict(rated, Scope(phone_headlines(1, 1), UnreadTally())).reasons
    assert reason.text == (
        "com.a: its own code sends the IMEI over an unencrypted connection. 9 more findings of this kind."
    )


@pytest.mark.parametrize(("data", "words"), DATA_WORDS.items())
def test_whatever_is_followed_is_named(data: str, words: str) -> None:
    (one,) = found(flow(title=f"Passes on {words} over the network", id=f"flow.{data}-network", data=data))
    assert one.message == f"com.a: its own code sends {words} over the network."


def test_near_misses_and_what_was_not_read() -> None:
    assert found(flow(sink="log"), flow(id="read.imei"), flow(sink="sms")) == []
    assert found() == []
    info = apk_info("com.a", behaviours=None)
    assert [item for _, check in CHECKS for item in check(info, knowledge())] == []


def test_what_was_not_seen_to_be_started_is_told_beside_the_rest() -> None:
    """A maker who starts code by what cannot be followed hides nothing by it."""
    unseen = flow("location", cleartext=True, start_seen=False)
    sent, other = found(flow(cleartext=True), unseen, flow(cleartext=True, start_seen=False))
    assert sent.message == "com.a: its own code sends the IMEI over an unencrypted connection."
    assert other.message == (
        f"com.a: its own code can send {PLACE} over an unencrypted connection. Nothing was seen to start that code, "
        "but other code that could not be followed may."
    )
    assert other.title == "May send private data over an unencrypted connection"
    assert (other.severity, other.confidence, other.remedy) == ("medium", "medium", ())
    assert sent.key != other.key


@pytest.mark.parametrize("whose", [(("library", "Volley"),), (("library", "Adjust"),)])
def test_of_a_library_that_was_not_seen_to_be_started_little_is_said(whose: Any) -> None:
    (only,) = found(flow(whose=whose, start_seen=False))
    assert only.severity == "low"
    assert "can send the IMEI over the network. Nothing was seen" in only.message


def test_what_nothing_can_start_is_no_such_way() -> None:
    (only,) = found(flow(library_only=True, start_seen=False))
    assert only.message == "com.a: its own code sends the IMEI over the network, but no such way was seen to be taken."


def test_the_most_private_is_named_first_whatever_the_order() -> None:
    (only,) = found(*map(flow, ("android-id", "imei", "sms", "contacts")))
    assert "its own code sends text messages, the contacts, the IMEI and the Android ID over" in only.message


def test_of_a_library_that_was_not_seen_to_be_started_clear_text_is_said_all_the_same() -> None:
    """A name makes code a library's, so nobody hides what is readable by it."""
    (only,) = found(flow(whose=(("library", "Volley"),), start_seen=False, cleartext=True))
    assert (only.severity, only.confidence) == ("medium", "medium")
