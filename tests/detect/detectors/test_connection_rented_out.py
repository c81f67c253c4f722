"""Kits that let strangers use the connection of the phone."""

from typing import Any

import pytest

from phone_audit.detect.detectors.trackers import CONNECTION_RENTED_OUT, connection_rented_out, tracker_present
from phone_audit.model.apk import Tier, Tracker
from phone_audit.model.finding import Finding, Source, Subject, finding_key
from tests.detect.detectors.seen import CLASS, SOURCE, knowledge, tracker
from tests.judge.cases import apk_info

SUBJECT = Subject(kind="package", name="com.a")
TAKEN = Source(title="What Rented takes", publisher="lab.example", date="", url="https://lab.example/takes")


def kit(tier: Tier = "present", **changes: Any) -> Tracker:
    return tracker(
        tier,
        **{"id": "rented", "name": "Rented", "owner": "Proxy Inc.", "categories": ("residential-proxy",)} | changes,
    )


def test_the_code_of_a_kit() -> None:
    info = apk_info("com.a", trackers=(kit(),))
    assert list(connection_rented_out(info, knowledge())) == [
        Finding(
            id="connection-rented-out",
            key=finding_key("connection-rented-out", SUBJECT, "rented"),
            category="tracker",
            sign="sends",
            title="Your connection is rented out: Rented",
            message="com.a holds the code of a kit that rents out the phone's internet connection to strangers: "
            "Rented (Proxy Inc., Finland), which is documented to take the IMEI and the position.",
            severity="medium",
            confidence="high",
            subject=SUBJECT,
            evidence=(CLASS,),
            sources=(SOURCE, TAKEN),
            remedy=CONNECTION_RENTED_OUT.remedy,
            headline=CONNECTION_RENTED_OUT.held,
            held=True,
        )
    ]
    assert list(tracker_present(info, knowledge())) == []


@pytest.mark.parametrize("tier", ["host-only", "referenced"])
def test_where_its_code_is_not_there_nothing_is_rented_out_by_it(tier: Tier) -> None:
    (found,) = connection_rented_out(apk_info("com.a", trackers=(kit(tier),)), knowledge())
    assert found.severity == "low"
    assert "documented" not in found.message


def test_without_the_network_it_rents_out_nothing() -> None:
    (found,) = connection_rented_out(apk_info("com.a", trackers=(kit(),), permissions=()), knowledge())
    assert (found.severity, found.confidence) == ("low", "low")


def test_a_tracker_is_no_kit() -> None:
    assert list(connection_rented_out(apk_info("com.a", trackers=(tracker(),)), knowledge())) == []
