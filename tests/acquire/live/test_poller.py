"""What is asked beside the looks: the moment, the bytes, the names; and that nothing of it can end a watch."""

import threading

import pytest

from phone_audit.acquire.live.poller import MOMENT_EVERY, DnsQuery, Moment, Poller, PollLog, totals_of
from phone_audit.acquire.questions.netstats import ByteCounter
from phone_audit.acquire.transport import Answer
from phone_audit.errors import CommandError, DeviceLostError
from tests.watch_phone import WatchPhone, wait_until

QTAGUID = "idx iface acct_tag_hex uid_tag_int cnt_set rx_bytes rx_packets tx_bytes tx_packets\n"
NETSTATS = (
    "UID stats:\n"
    "  ident=[{type=WIFI}] uid=10123 set=DEFAULT tag=0x0\n    st=1 rb=5 rp=1 tb=6 tp=1 op=0\n"
    "  ident=[{type=WIFI}] uid=10123 set=FOREGROUND tag=0x0\n    st=1 rb=50 rp=1 tb=60 tp=1 op=0\n"
    "  ident=[{type=VPN}] uid=10123 set=FOREGROUND tag=0x0\n    st=1 rb=50 rp=1 tb=60 tp=1 op=0\n"
    "  ident=[{type=WIFI}] uid=-4 set=DEFAULT tag=0x0\n    st=1 rb=7 rp=1 tb=8 tp=1 op=0\n"
)
LOG = "DNS query log (last 30 minutes):\n  time=1:0:0.1 netId=1 uid=7 pid=1 hostname={} answer=[192.0.2.1] (1ms)\n"


def watched(answers: dict[str, str | Exception]) -> tuple[PollLog, WatchPhone]:
    phone = WatchPhone([""], answers)
    bystander = Poller(phone)
    bystander.start()
    wait_until(lambda: any("dumpsys power" in command for command in phone.asked))
    bystander.stop()
    return bystander.log, phone


def test_everything_is_asked() -> None:
    beside, phone = watched(
        {
            "dumpsys power": "mWakefulness=Awake\n  mResumedActivity: ActivityRecord{1 u0 com.a/.B t1}\n",
            "cat /proc/net/xt_qtaguid": QTAGUID + "2 wlan0 0x0 10123 0 100 1 10 1\n",
            "dumpsys dnsresolver": LOG.format("a.example"),
        }
    )
    assert [moment for _, moment in beside.moments] == [Moment(True, frozenset({(0, "com.a")}))]
    assert beside.first == beside.last == {10123: ByteCounter(100, 10)}
    assert beside.queries == [DnsQuery(7, "a.example", ("192.0.2.1",))]
    assert sum("dnsresolver" in command for command in phone.asked) == 2


def test_names_that_are_hidden_are_not_asked_for_again() -> None:
    beside, phone = watched({"dumpsys dnsresolver": LOG.format("a***")})
    assert beside.queries == []
    assert sum("dnsresolver" in command for command in phone.asked) == 1


@pytest.mark.parametrize("error", [CommandError("no"), DeviceLostError("gone")])
def test_nothing_that_is_asked_ends_a_watch(error: Exception) -> None:
    beside, phone = watched(dict.fromkeys(("dumpsys power", "cat", "dumpsys dnsresolver"), error))
    assert (beside.moments, beside.first, beside.queries) == ([], None, [])
    assert len(phone.asked) >= 5


def test_a_question_that_hangs_holds_up_no_end() -> None:
    released = threading.Event()

    class Hanging(WatchPhone):
        def shell(self, command: str, *, timeout: float = 0, limit: int = 0) -> Answer:
            released.wait()
            return super().shell(command)

    bystander = Poller(Hanging([""]))
    bystander.start()
    try:
        bystander.stop(patience=0.1)  # the question is never answered meanwhile
        assert bystander.log.moments == []
    finally:
        released.set()


def test_a_moment_holds_for_a_while() -> None:
    awake, asleep = Moment(True, None), Moment(False, frozenset())
    beside = PollLog(moments=[(10.0, awake), (13.0, asleep)])
    assert beside.moment_at(9.9) == Moment(None, None)
    assert beside.moment_at(12.0) == awake
    assert beside.moment_at(13.0) == asleep
    assert beside.moment_at(13.1 + 2 * MOMENT_EVERY) == Moment(None, None)


def test_bytes_moved() -> None:
    beside = PollLog(
        first={1: ByteCounter(100, 10), 2: ByteCounter(9, 9)},
        last={1: ByteCounter(150, 10), 2: ByteCounter(1, 1), 3: ByteCounter(5, 6)},
    )
    assert [beside.moved(uid) for uid in (1, 2, 3, 4)] == [
        ByteCounter(50, 0),
        ByteCounter(0, 0),
        ByteCounter(5, 6),
        ByteCounter(0, 0),
    ]
    assert PollLog().moved(1) is None


def test_totals_are_the_latest_that_the_phone_tells() -> None:
    assert totals_of(NETSTATS) == {10123: ByteCounter(55, 66)}
    bpf = "  mAppUidStatsMap:\n    uid rxBytes rxPackets txBytes txPackets\n    10123 1000 1 2000 1\n"
    assert totals_of(NETSTATS + "BPF map content:\n" + bpf) == {10123: ByteCounter(1000, 2000)}
    assert totals_of(QTAGUID + "2 wlan0 0x0 10123 0 1 1 2 1\n") == {10123: ByteCounter(1, 2)}
    assert totals_of("Can't find service: netstats\n") == {}
