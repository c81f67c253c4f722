"""A watch against the real adbd: every connection that the phone had is seen, and nothing else is claimed."""

import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.watch import Observation, Watch
from phone_audit.pipeline.options import Budget
from phone_audit.pipeline.watch import watch_device
from phone_audit.pipeline.watch_session import WatchOptions, WatchSession
from tests.kit import Phone
from tests.watch_phone import wait_until

pytestmark = pytest.mark.adbd

KNOWN = load_knowledge()
ACTIVATION = "com.qualcomm.qti.autoregistration"


def watched(phone: Phone, seconds: float, *, meanwhile: Callable[[], None] = lambda: None, until: str = "") -> Watch:
    """Watch, do something once it is under way, and end with `until` as soon as that place and its code were seen."""
    begun = threading.Event()
    done: list[str] = []

    def look(live: WatchSession) -> None:
        begun.set()
        if until and any(one.place == until and one.endpoints is not None for one in live.observations()):
            done.append(until)

    def act() -> None:
        wait_until(begun.is_set, 60)
        meanwhile()

    actor = threading.Thread(target=act)
    actor.start()
    options = WatchOptions(
        via="direct", seconds=seconds, on_look=look, stopped=lambda: bool(done), budget=Budget(jobs=1)
    )
    try:
        return watch_device(phone.address, knowledge=KNOWN, options=options)
    finally:
        actor.join()


def of(result: Watch, package: str) -> list[Observation]:
    return [one for one in result.observations if package in one.packages]


def sockets(phone: Phone, package: str) -> list[dict[str, Any]]:
    facts = phone.facts()
    found: list[dict[str, Any]] = next(item["sockets"] for item in facts["packages"] if item["name"] == package)
    return found


def test_the_activation_package_is_seen_within_30_seconds(nokia: Phone) -> None:
    result = watched(nokia, 30, until="203.0.113.77:9999")
    (one,) = of(result, ACTIVATION)
    assert (one.uid, one.place, one.joined_by, one.host) == (1001, "203.0.113.77:9999", "app-only", None)
    assert one.held_in == (ACTIVATION,)
    assert one.same_port == ("zzhc.vnet.cn",)
    assert one.said() == (
        f"connected to 203.0.113.77:9999; the code of {ACTIVATION} holds zzhc.vnet.cn; not shown to be the same"
    )
    assert result.verdict.outcome == "known-bad"
    published = next(finding for finding in result.findings if finding.id == "published-incident")
    assert {piece.kind for piece in published.evidence}.isdisjoint({"socket", "netstats"})


def test_nothing_is_flagged_on_an_ordinary_phone_and_looking_costs_little(pixel: Phone) -> None:
    result = watched(pixel, 12)
    assert result.findings == ()
    assert (result.verdict.outcome, result.skipped) == ("nothing-found", ())
    assert {one.joined_by for one in result.observations} == {"app-only"}
    assert [one.user for one in of(result, "com.microsoft.teams")] == [10]
    assert result.samples.core_share is not None
    assert result.samples.core_share < 0.05
    assert result.samples.taken >= 40


def test_every_connection_of_a_second_is_seen_and_bytes_are_counted(pixel: Phone) -> None:
    def connect() -> None:
        for number in range(1, 6):
            pixel.ctl("connect", "com.android.chrome", f"203.0.113.{number}:80", "tcp", "seconds=1", "rx=5000")
            time.sleep(0.4)
        pixel.ctl("connect", "com.android.chrome", "[2001:db8::53]:53", "udp", "seconds=1")
        pixel.ctl("connect", "com.android.chrome", "203.0.113.9:443", "tcp", "seconds=1", "native=1")

    before = {entry["remote"]: entry for entry in sockets(pixel, "com.android.chrome")}
    result = watched(pixel, 8, meanwhile=connect)
    opened = [item for item in sockets(pixel, "com.android.chrome") if item["remote"] not in before]
    assert len(opened) == 7
    seen = {one.place: one for one in of(result, "com.android.chrome")}
    for item in opened:
        one = seen[item["remote"]]
        assert one.connections == 1, item
        first = datetime.fromisoformat(one.first_seen).timestamp()
        assert int(item["opened"]) <= first <= item["closed"] + 1
    assert result.samples.missed_connections == 0
    assert seen["203.0.113.9:443"].cleartext is False
    plain = next(finding for finding in result.findings if finding.id == "watch.cleartext")
    assert "203.0.113.1:80" in {piece.value for piece in plain.evidence}
    assert result.verdict.outcome == "exposed"
    moved = next(item for item in result.traffic if item.packages == ("com.android.chrome",))
    assert moved.received > 5 * 5000


def test_a_phone_that_hides_its_sockets(pixel: Phone) -> None:
    pixel.ctl("proc_net", "denied")
    try:
        result = watched(pixel, 2)
    finally:
        pixel.ctl("proc_net", "open")
    assert result.observations == ()
    assert {note.subject for note in result.skipped if note.code == "refused"} >= {"/proc/net/tcp", "/proc/net/tcp6"}
    assert result.verdict.outcome == "inconclusive"


def test_the_screen(pixel: Phone) -> None:
    overrides = pixel.root.parent / "overrides"
    texts = {
        "dumpsys_power.txt": "POWER MANAGER (dumpsys power)\n  mWakefulness=Asleep\n",
        "dumpsys_activity.txt": "  topResumedActivity=ActivityRecord{1 u0 com.whatsapp/.Main t1}\n",
    }
    overrides.mkdir(exist_ok=True)
    for name, text in texts.items():
        (overrides / name).write_text(text, "utf-8")
    try:
        result = watched(pixel, 4)
    finally:
        for name in texts:
            (overrides / name).unlink()
    assert {one.screen_off for one in of(result, "com.whatsapp")} == {True}
    assert "com.whatsapp" in {finding.subject.name for finding in result.findings if finding.id == "watch.screen-off"}
    assert result.verdict.outcome == "nothing-found"


def test_the_cable_is_pulled_and_plugged_in_again(pixel: Phone) -> None:
    def pull() -> None:
        time.sleep(1)
        pixel.ctl("unplug")
        time.sleep(1)
        pixel.ctl("replug")
        pixel.ctl("connect", "com.whatsapp", "203.0.113.50:443", "tcp", "seconds=20")

    result = watched(pixel, 12, meanwhile=pull, until="203.0.113.50:443")
    assert "203.0.113.50:443" in {one.place for one in of(result, "com.whatsapp")}
    assert "device-lost" not in {note.code for note in result.skipped}
    assert "samples-failed" in {note.code for note in result.skipped}
