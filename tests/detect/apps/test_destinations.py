"""Where an app sends, by the strongest link that was seen."""

from typing import Any

import pytest

from phone_audit.detect.apps.destinations import MOST, places_of
from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.apk import Behaviour, Endpoint, FlowStep
from phone_audit.model.apps import Destination
from phone_audit.model.finding import Evidence
from phone_audit.model.watch import Observation, Remote
from tests.detect.apps.phone_apps import seen
from tests.judge.cases import apk_info, endpoint

SENDING = ("com.app.Net", "send()V")


def connects(host: str, *, method: tuple[str, str] = SENDING, **changes: Any) -> Endpoint:
    evidence = Evidence(kind="call", where="classes.dex", value="fetched: x", class_=method[0], method=method[1])
    return endpoint(host, use="fetched", use_evidence=(evidence,), **changes)


def flow(data: str = "imei", *, method: tuple[str, str] = SENDING, **changes: Any) -> Behaviour:
    steps = tuple(FlowStep(class_=name, method=what, offset=1, what="x") for name, what in (("a.B", "c()V"), method))
    fields: dict[str, Any] = {
        "id": f"flow.{data}-network", "title": "x", "evidence": (), "source": "s", "sink": "t", "data": data,
        "steps": steps,
    }  # fmt: skip
    return Behaviour(**(fields | changes))


def told(
    *endpoints: Endpoint, flows: tuple[Behaviour, ...] = (), live: tuple[Observation, ...] = (), **info: Any
) -> Any:
    return places_of([apk_info("com.app", endpoints=endpoints, behaviours=flows, **info)], live, load_knowledge()).told


def place(host: str | None, by: str, **changes: Any) -> Destination:
    fields: dict[str, Any] = {"host": host, "owner": None, "category": "unknown", "cleartext": None, "by": by}
    return Destination(**(fields | changes))


def test_addresses_by_what_code_does_with_them() -> None:
    found = told(
        connects("b.example"),
        endpoint("a.example", use="unknown"),
        endpoint("shown.example", use="opened"),
        endpoint("unused.example", use="unused"),
        endpoint("ns.example", use="fetched", ruled_out="xml-namespace"),
    )
    assert found == (place("b.example", "fetched"), place("a.example", "held"))


@pytest.mark.parametrize(
    ("schemes", "cleartext", "use", "expected"),
    [
        (("https",), False, None, False),
        (("http",), True, None, True),
        (("http", "https"), True, "unused", None),
        ((), False, None, None),
    ],
)
def test_whether_others_can_read_along(
    schemes: tuple[str, ...], cleartext: bool, use: Any, expected: bool | None
) -> None:
    assert told(connects("a.example", schemes=schemes, cleartext=cleartext, cleartext_use=use)) == (
        place("a.example", "fetched", cleartext=expected),
    )


def test_data_goes_where_the_method_that_sends_it_connects() -> None:
    found = told(connects("a.example"), connects("b.example", method=("x.Y", "z()V")), flows=(flow(), flow("location")))
    assert found == (place("a.example", "flow", data=("imei", "location")), place("b.example", "fetched"))


def test_data_of_which_the_address_is_not_known_has_no_place() -> None:
    assert told(flows=(flow(cleartext=True), flow("location"))) == (
        place(None, "flow", data=("imei",), cleartext=True),
        place(None, "flow", data=("location",)),
    )


def test_a_method_that_connects_to_many_places_names_none() -> None:
    hosts = [connects(f"h{number}.example") for number in range(4)]
    assert [(one.host, one.by) for one in told(*hosts, flows=(flow(),))][:2] == [
        (None, "flow"),
        ("h0.example", "fetched"),
    ]


@pytest.mark.parametrize(
    "changes",
    [{"allowed": False, "needs": ("p",)}, {"library_only": True}, {"id": "flow.imei-log"}, {"data": None}],
)
def test_flows_that_are_not_told_or_reach_no_network_count_for_nothing(changes: dict[str, Any]) -> None:
    assert told(connects("a.example"), flows=(flow(**changes),)) == (place("a.example", "fetched"),)


def test_without_the_right_to_use_the_network_nothing_is_sent() -> None:
    assert told(connects("a.example"), flows=(flow(),), permissions=()) == ()


def test_what_was_seen_is_stronger_than_code_and_takes_over_what_code_says() -> None:
    live = (seen("A.example", cleartext=True, times_seen=2), seen("a.example", times_seen=3))
    found = told(connects("a.example", schemes=("https",)), flows=(flow(),), live=live)
    assert found == (place("A.example", "seen", cleartext=True, data=("imei",), times=5),)


def test_an_address_without_a_name_is_told_as_it_is() -> None:
    assert told(live=(seen(None),)) == (place("203.0.113.7", "seen", times=2),)
    assert [one.host for one in told(live=(seen(None), seen("a.example")))] == ["a.example"]
    other = seen(None, remote=Remote(address="203.0.113.9", port=80))
    assert [one.host for one in told(live=(other, seen("a.example")))] == ["203.0.113.9", "a.example"]


def test_a_name_that_only_its_code_holds_was_not_seen() -> None:
    found = told(live=(seen("code.example", joined_by="app-only", owner="Somebody"),))
    assert found == (place("203.0.113.7", "seen", times=2),)


def test_the_owner_is_named_where_it_is_known() -> None:
    (found,) = told(live=(seen("graph.facebook.com"),))
    assert found.owner is not None
    assert found.category != "unknown"


def test_of_very_many_places_the_strongest_are_told_and_the_others_counted() -> None:
    endpoints = [endpoint(f"held{number}.example", use="unknown") for number in range(500)]
    places = places_of([apk_info("com.app", endpoints=(*endpoints, connects("z.example")))], (), load_knowledge())
    assert (len(places.told), places.count, places.told[0].host) == (MOST, 501, "z.example")
