"""The form is AOSP's `DnsQueryLog::dump`; a masked line tells nothing."""

import pytest

from phone_audit.acquire.live.answers import DnsQuery, parse_dns_log

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
