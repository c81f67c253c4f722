"""Known trackers."""

from typing import Any

import pytest

from phone_audit.detect.detectors.trackers import TRACKER_PRESENT, tracker_present
from phone_audit.model.apk import AddressUse, ApkFile, Signature, Tier
from phone_audit.model.finding import Confidence, Finding, Subject, finding_key
from tests.detect.detectors.seen import CLASS, SOURCE, knowledge, tracker
from tests.judge.cases import apk_info, endpoint

SUBJECT = Subject(kind="package", name="com.a")


def test_the_code_of_a_tracker() -> None:
    assert list(tracker_present(apk_info("com.a", trackers=(tracker(),)), knowledge())) == [
        Finding(
            id="tracker-present",
            key=finding_key("tracker-present", SUBJECT, "ads"),
            category="tracker",
            sign="sends",
            title="Tracker: Ads",
            message="com.a holds the code of the tracker Ads.",
            severity="low",
            confidence="high",
            subject=SUBJECT,
            evidence=(CLASS,),
            sources=(SOURCE,),
            remedy=TRACKER_PRESENT.remedy,
            headline=TRACKER_PRESENT.held,
            held=True,
        )
    ]


@pytest.mark.parametrize(
    ("tier", "confidence", "message"),
    [
        ("initialised", "confirmed", "com.a starts the tracker Ads."),
        ("host-only", "low", "com.a holds addresses of the tracker Ads, but not its code."),
        ("referenced", "low", "com.a names classes of the tracker Ads that are not in it."),
    ],
)
def test_how_far_it_is_there(tier: Tier, confidence: Confidence, message: str) -> None:
    (found,) = tracker_present(apk_info("com.a", trackers=(tracker(tier),)), knowledge())
    assert (found.confidence, found.message) == (confidence, message)


@pytest.mark.parametrize(("use", "confidence"), [("fetched", "medium"), ("unknown", "low"), ("opened", "low")])
def test_addresses_alone_need_code_that_connects_to_them(use: AddressUse, confidence: Confidence) -> None:
    seen = tracker("host-only", endpoints=("ads.example",))
    (found,) = tracker_present(
        apk_info("com.a", trackers=(seen,), endpoints=(endpoint("ads.example", use=use),)), knowledge()
    )
    assert (found.severity, found.confidence) == ("low", confidence)


def test_what_watches_persons_is_worse() -> None:
    (found,) = tracker_present(
        apk_info("com.a", trackers=(tracker(categories=("analytics", "location")),)), knowledge()
    )
    assert found.severity == "medium"


@pytest.mark.parametrize("tier", ["host-only", "referenced"])
def test_where_the_code_is_not_there_nobody_is_watched_by_it(tier: Tier) -> None:
    (found,) = tracker_present(apk_info("com.a", trackers=(tracker(tier, categories=("location",)),)), knowledge())
    assert found.severity == "low"


@pytest.mark.parametrize("tier", ["initialised", "present", "host-only", "referenced"])
def test_without_the_network_it_is_there_and_no_more(tier: Tier) -> None:
    mute = apk_info("com.a", trackers=(tracker(tier, categories=("location",)),), permissions=())
    (found,) = tracker_present(mute, knowledge())
    assert (found.severity, found.confidence) == ("low", "low")
    assert found.message.endswith("; it has no permission to use the internet.")


@pytest.mark.parametrize(
    "changes",
    [
        {"permissions": ("android.permission.INTERNET",)},
        {"permissions": None},
        {"permissions": (), "shared_user_id": "com.a.shared"},
        {"permissions": (), "files": (ApkFile(path="a.apk", sha256=None, size=1, role="feature"),)},
        {"permissions": (), "signature": Signature(verified=None, schemes=())},
    ],
)
def test_a_tracker_cannot_be_hidden_where_somebody_else_asks_for_the_network(changes: dict[str, Any]) -> None:
    info = apk_info("com.a", trackers=(tracker("initialised", categories=("location",)),), **changes)
    (found,) = tracker_present(info, knowledge())
    assert (found.severity, found.confidence, found.message) == (
        "medium",
        "confirmed",
        "com.a starts the tracker Ads.",
    )


def test_two_trackers_have_two_keys_and_a_tracker_that_is_not_known_any_more_no_source() -> None:
    apk = apk_info("com.a", trackers=(tracker(), tracker(id="old", name="Old")))
    first, second = tracker_present(apk, knowledge())
    assert first.key != second.key
    assert second.sources == ()


def test_a_file_whose_package_is_not_known() -> None:
    (found,) = tracker_present(apk_info(None, "dir/a.apk", trackers=(tracker(),)), knowledge())
    assert found.subject == Subject(kind="apk", name="dir/a.apk")


def test_none_and_not_read() -> None:
    assert list(tracker_present(apk_info("com.a"), knowledge())) == []
    assert list(tracker_present(apk_info("com.a", trackers=None), knowledge())) == []
