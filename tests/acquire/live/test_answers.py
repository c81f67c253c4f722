"""What is on the screen, as AOSP prints it in Android 9, 10 and 12 to 15; names looked up; bytes counted."""

import pytest

from phone_audit.acquire.live.poller import DnsQuery, Moment, parse_dns_log, parse_moment

CHROME = "ActivityRecord{1a2b3c u0 com.android.chrome/org.chromium.chrome.browser.ChromeTabbedActivity t42}"
TEAMS = "ActivityRecord{9f8e7d u10 com.microsoft.teams/.MainActivity t7}"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        (f"  mWakefulness=Awake\n  mResumedActivity: {CHROME}\n", Moment(True, frozenset({(0, "com.android.chrome")}))),
        (
            f"  mWakefulness=Awake\n    topResumedActivity={CHROME}\n  ResumedActivity: {TEAMS}\n",
            Moment(True, frozenset({(0, "com.android.chrome"), (10, "com.microsoft.teams")})),
        ),
        ("  mWakefulness=Dozing\n", Moment(False, frozenset())),
        (f"mWakefulness=Asleep\n  ResumedActivity: {CHROME}\n", Moment(False, frozenset())),
        ("  mWakefulness=Awake\n  topResumedActivity=null\n", Moment(True, None)),
        ("  mWakefulness=3\n", Moment(None, None)),
        ("mWakefulnessChanging=false\n", Moment(None, None)),
        ("", Moment(None, None)),
    ],
)
def test_moments(text: str, moment: Moment) -> None:
    assert parse_moment(text) == moment


# AOSP's `DnsQueryLog::dump`; a masked line tells nothing.
LINE = "  time=10:00:00.123 netId=100 uid=10123 pid=812 hostname={} answer=[{}] (12ms)\n"


def test_a_phone_that_tells_names() -> None:
    text = "DNS query log (last 30 minutes):\n" + LINE.format(
        "Zzhc.Vnet.CN.", "203.0.113.77, ::ffff:203.0.113.78, 1.2.3"
    )
    assert parse_dns_log(text) == (DnsQuery(10123, "zzhc.vnet.cn", ("203.0.113.77", "203.0.113.78")),)


@pytest.mark.parametrize(
    ("host", "answer"),
    [
        ("z***", "203.***"),
        ("a.example", "203.***"),
        ("z***", ""),
        ("a\x1b.example", "203.0.113.1"),
        ("alone", "203.0.113.1"),
    ],
)
def test_lines_that_tell_nothing(host: str, answer: str) -> None:
    assert parse_dns_log(LINE.format(host, answer)) == ()


def test_a_name_without_an_answer() -> None:
    assert parse_dns_log(LINE.format("a.example", "")) == (DnsQuery(10123, "a.example", ()),)
