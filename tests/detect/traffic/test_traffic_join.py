"""Whose a recorded connection is, and how that is said."""

import pytest

from phone_audit.detect.traffic.traffic_join import NETWORK, WireHost, hosts_by_package, join_traffic, phone_apps
from phone_audit.model.finding import Subject
from phone_audit.model.traffic import HostTraffic, SentIdentifier, TrafficLog
from tests.judge.cases import endpoint

APPS = phone_apps(
    [("com.alone", 10_001), ("com.phone", 1001), ("com.registration", 1001), ("com.no.id", None)],
    [("com.registration", (endpoint("held.example"), endpoint("doc.example", ruled_out="documentation")))],
)

TWICE = ", 2 times (router.log)"


def seen(host: str | None = "a.example", **changes: object) -> HostTraffic:
    fields: dict[str, object] = {
        "host": host, "address": "203.0.113.77", "port": 443, "protocol": "tls", "package": None, "uid": None,
        "cleartext": False, "times": 2,
    }  # fmt: skip
    return HostTraffic(**(fields | changes))  # type: ignore[arg-type]


def joined(one: HostTraffic) -> WireHost:
    log = TrafficLog("router.log", "ab" * 32, "pcap", "2026-11-28T08:00:00Z", None, (one,))
    return join_traffic([log], APPS)[0]


@pytest.mark.parametrize(
    ("one", "package", "said"),
    [
        (seen(), None, f"{NETWORK} was connected to a.example:443{TWICE}"),
        (seen(protocol="dns", port=None, times=1), None, f"{NETWORK} looked up a.example, 1 time (router.log)"),
        (seen(package="com.alone"), "com.alone", f"com.alone was connected to a.example:443{TWICE}"),
        (seen(package="com.alone", uid=10_001), "com.alone", f"com.alone was connected to a.example:443{TWICE}"),
        (seen(package="com.alone", uid=1_010_001), "com.alone", f"com.alone was connected to a.example:443{TWICE}"),
        (seen(package="com.alone", uid=10_002), None, f"{NETWORK} was connected to a.example:443{TWICE}"),
        (seen(package="com.no.id", uid=10_002), "com.no.id", f"com.no.id was connected to a.example:443{TWICE}"),
        (seen(package="com.no.id"), "com.no.id", f"com.no.id was connected to a.example:443{TWICE}"),
        (seen(package="com.of.another.phone"), None, f"{NETWORK} was connected to a.example:443{TWICE}"),
        (
            seen(package="com.phone"),
            None,
            f"com.phone (or the other package that shares its uid) was connected to a.example:443{TWICE}",
        ),
        (
            seen("held.example", package="com.phone"),
            "com.registration",
            f"com.registration (or the other package that shares its uid) was connected to held.example:443{TWICE}",
        ),
        (
            seen("held.example"),
            None,
            f"{NETWORK} was connected to held.example:443, which the code of com.registration holds{TWICE}",
        ),
        (seen("doc.example"), None, f"{NETWORK} was connected to doc.example:443{TWICE}"),
    ],
)  # fmt: skip
def test_who_it_was(one: HostTraffic, package: str | None, said: str) -> None:
    wire = joined(one)
    assert (wire.package, wire.said) == (package, said)
    expected = Subject(kind="package", name=package) if package else Subject(kind="endpoint", name=one.host or "")
    assert wire.subject == expected


def test_its_own_identifier_shows_that_it_was_this_phone() -> None:
    own = SentIdentifier("serial", "serial number …0123", own=True, times=1)
    assert joined(seen(sent=(own,))).who == "some app on this phone"
    other = SentIdentifier("imei", "IMEI …7518", own=False, times=1)
    assert joined(seen(sent=(other,))).who == NETWORK


def test_a_place_without_a_name() -> None:
    wire = joined(seen(None))
    assert wire.name == "203.0.113.77"
    assert wire.endpoint.kind == "ipv4"
    assert wire.evidence.value == "203.0.113.77:443 (tls), 2 times"
    assert wire.evidence.observed_at == "2026-11-28T08:00:00Z"


def test_what_may_have_been_several_is_nobodys() -> None:
    wires = [joined(seen(package="com.phone")), joined(seen(package="com.alone")), joined(seen())]
    assert {name: [one.name for one in ones] for name, ones in hosts_by_package(wires).items()} == {
        "com.alone": ["a.example"]
    }
