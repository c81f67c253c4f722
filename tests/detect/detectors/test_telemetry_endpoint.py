"""Addresses of telemetry and advertising services."""

from typing import Any

import pytest

from phone_audit.detect.detectors.trackers import TELEMETRY_ENDPOINT, telemetry_endpoint
from phone_audit.model.apk import Endpoint, HeldBy
from phone_audit.model.finding import Evidence, Finding, Subject, finding_key
from tests.detect.detectors.seen import SOURCE, knowledge
from tests.judge.cases import apk_info, endpoint

SUBJECT = Subject(kind="package", name="com.a")


def stats(host: str = "stats.example", **changes: Any) -> Endpoint:
    return endpoint(host, **{"owner": "Acme", "category": "telemetry", **changes})


def test_one_address() -> None:
    assert list(telemetry_endpoint(apk_info("com.a", endpoints=(stats(),)), knowledge())) == [
        Finding(
            id="telemetry-endpoint",
            key=finding_key("telemetry-endpoint", SUBJECT, "Acme telemetry"),
            category="telemetry",
            sign="sends",
            title="Telemetry addresses of Acme",
            message="com.a holds the address stats.example of Acme for telemetry.",
            severity="low",
            confidence="medium",
            subject=SUBJECT,
            evidence=(Evidence(kind="dex-string", where="classes.dex", value="stats.example", offset=64),),
            sources=(SOURCE,),
            remedy=TELEMETRY_ENDPOINT.remedy,
            headline=TELEMETRY_ENDPOINT.held,
            held=True,
        )
    ]


def test_one_finding_for_each_owner_and_purpose() -> None:
    endpoints = (
        stats("a.stats.example"),
        stats("b.stats.example"),
        stats("ads.example", category="advertising"),
        stats("c.example", owner="Zeta"),
    )
    found = list(telemetry_endpoint(apk_info("com.a", endpoints=endpoints), knowledge()))
    assert [item.message for item in found] == [
        "com.a holds the address ads.example of Acme for advertising.",
        "com.a holds 2 addresses, a.stats.example among them, of Acme for telemetry.",
        "com.a holds the address c.example of Zeta for telemetry.",
    ]
    assert [piece.value for piece in found[1].evidence] == ["a.stats.example", "b.stats.example"]


@pytest.mark.parametrize(
    "changes",
    [{"category": "update"}, {"owner": None}, {"ruled_out": "documentation"}, {"category": "crash-reporting"}],
)
def test_near_misses(changes: dict[str, Any]) -> None:
    assert list(telemetry_endpoint(apk_info("com.a", endpoints=(stats(**changes),)), knowledge())) == []


def test_how_sure() -> None:
    (seen,) = telemetry_endpoint(apk_info("com.a", endpoints=(stats(observed=True),)), knowledge())
    assert seen.confidence == "confirmed"
    (mute,) = telemetry_endpoint(apk_info("com.a", endpoints=(stats(),), permissions=()), knowledge())
    assert mute.confidence == "low"
    (shared,) = telemetry_endpoint(
        apk_info("com.a", endpoints=(stats(),), permissions=(), shared_user_id="x"), knowledge()
    )
    assert shared.confidence == "medium"
    (unknown,) = telemetry_endpoint(apk_info("com.a", endpoints=(stats(),), permissions=None), knowledge())
    assert unknown.confidence == "medium"


def test_none_and_not_read() -> None:
    assert list(telemetry_endpoint(apk_info("com.a"), knowledge())) == []
    assert list(telemetry_endpoint(apk_info("com.a", endpoints=None), knowledge())) == []


@pytest.mark.parametrize(
    ("use", "confidence"),
    [("fetched", "medium"), ("unknown", "medium"), ("opened", "low"), ("compared", "low"), ("unused", "low")],
)
def test_what_code_does_with_it(use: Any, confidence: str) -> None:
    (found,) = telemetry_endpoint(apk_info("com.a", endpoints=(stats(use=use),)), knowledge())
    assert found.confidence == confidence
    (both,) = telemetry_endpoint(apk_info("com.a", endpoints=(stats(use=use), stats("b.example"))), knowledge())
    assert both.confidence == "medium"


def test_an_address_in_code_that_nothing_starts_takes_nothing_from_one_in_code_that_something_does() -> None:
    idle, told = stats(started=False), stats("b.example")
    (alone,) = telemetry_endpoint(apk_info("com.a", endpoints=(idle,)), knowledge())
    assert (alone.confidence, alone.message) == (
        "low",
        "com.a holds the address stats.example of Acme for telemetry; nothing was found in this app that starts code "
        "with them.",
    )
    (both,) = telemetry_endpoint(apk_info("com.a", endpoints=(idle, told)), knowledge())
    assert (both.confidence, "nothing was found" in both.message) == ("medium", False)


def test_a_resource_that_no_code_asks_for_is_less_sure_until_code_connects() -> None:
    def sure(**changes: Any) -> str:
        (finding,) = telemetry_endpoint(apk_info("com.a", endpoints=(stats(**changes),)), knowledge())
        return finding.confidence

    def held(class_: str | None, kind: Any = "resource") -> dict[str, Any]:
        place = Evidence(kind=kind, where="resources.arsc", value="http://stats.example", offset=1, class_=class_)
        return {"held_by": (HeldBy(party="unknown", library=None, evidence=(place,)),)}

    assert sure(**held(None)) == "low"
    assert sure(**held("com.a.Main")) == sure(**held(None, "asset")) == "medium"
    fetched = Evidence(kind="call", where="classes.dex", value="fetched: a.B.call", offset=64)
    assert sure(use="fetched", use_evidence=(fetched,)) == "medium", "the same address, connected to"
