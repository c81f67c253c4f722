"""The trackers of one package, and what its manifest tells them."""

from phone_audit.model.apk import OptOut, Tracker
from phone_audit.report.canvas import Style
from phone_audit.report.draw_apks import tracker_lines
from phone_audit.report.formats import render
from tests.documents import apk, apks
from tests.judge.cases import endpoint


def tracker(*switches: OptOut) -> Tracker:
    return Tracker(
        id="t", name="Spotter", owner=None, categories=(), tier="present", endpoints=(), evidence=(), opt_out=switches
    )


OFF = OptOut(name="spotter_on", value="false", meaning="sends nothing")
ODD = OptOut(name="spotter_on", value="perhaps", meaning=None)


def test_no_trackers_no_lines() -> None:
    assert tracker_lines(()) == []


def test_trackers_and_what_the_manifest_tells_them() -> None:
    assert tracker_lines([tracker()]) == ["trackers: Spotter (present)"]
    assert tracker_lines([tracker(OFF, ODD)]) == [
        "trackers: Spotter (present)",
        "manifest for Spotter: spotter_on = false: it sends nothing",
        "manifest for Spotter: spotter_on = perhaps",
    ]
    assert tracker_lines([tracker(OFF)], brief=True) == ["trackers: Spotter (present)"]


def test_a_hostile_value_is_short_and_there_are_not_many() -> None:
    long = ODD.model_copy(update={"value": "x" * 5000})
    lines = tracker_lines([tracker(*[long] * 50)])
    assert len(lines) == 9
    assert max(map(len, lines)) <= 201


def test_the_text_report_says_it() -> None:
    result = apks(apk().model_copy(update={"trackers": (tracker(OFF),)}))
    assert "manifest for Spotter: spotter_on = false: it sends nothing" in render("text", result, Style(details=True))


def test_links_stand_apart_from_where_code_connects_to() -> None:
    hosts = (
        endpoint("b.example", cleartext=True, use="unknown", cleartext_use="unknown"),
        endpoint("c.example", cleartext=True, use="fetched", cleartext_use="fetched"),
        endpoint("compared.example", use="compared"),
        endpoint("idle.example", cleartext=True, use="fetched", cleartext_use="fetched", started=False),
        endpoint("link.example", cleartext=True, use="opened", cleartext_use="opened"),
        endpoint("192.168.1.10", use="fetched", ruled_out="private-address"),
        endpoint("out.example", use="unknown", ruled_out="namespace"),
        endpoint("unused.example", use="unused"),
    )
    text = render("text", apks(apk().model_copy(update={"endpoints": hosts})), Style(details=True))
    lines = [line.strip(" -") for line in text.splitlines()]
    assert "2 endpoints: c.example, b.example" in lines
    assert "unencrypted: c.example, b.example" in lines
    assert "links and texts, shown or given to other apps: link.example" in lines
    assert "only compared: compared.example" in lines
    assert "in code that nothing was found to start: idle.example" in lines
    assert "never used: unused.example" in lines
    assert "connects to the phone itself or to its own network: 192.168.1.10" in lines
    assert "out.example" not in text
