"""Settings that lead the phone's traffic elsewhere: a proxy for all networks, a private DNS host."""

from typing import Any

import pytest

from phone_audit.detect.detectors.network_settings import PRIVATE_DNS_SET, PROXY_SET, private_dns_set, proxy_set
from phone_audit.model.device import StateItem
from phone_audit.model.finding import Evidence, Finding, Subject, finding_key
from tests.detect.detectors.seen import knowledge
from tests.judge.cases import PIXEL, snapshot


def says(text: str) -> Evidence:
    return Evidence(kind="setting", where="settings list global", value=text)


def on_phone(detector: Any, **settings: str | None) -> list[Finding]:
    state = [
        StateItem(key=name, value=value, expected="", evidence=(says(f"{name}={value}"),))
        for name, value in settings.items()
    ]
    return list(detector(snapshot(PIXEL, state=tuple(state)), knowledge()))


def test_a_proxy() -> None:
    subject = Subject(kind="setting", name="http_proxy")
    assert on_phone(
        proxy_set, global_http_proxy_host="203.0.113.9", global_http_proxy_port="8080", http_proxy="203.0.113.9:8080"
    ) == [
        Finding(
            id="proxy-set",
            key=finding_key("proxy-set", subject, ""),
            category="network",
            sign="unclear",
            title="A proxy is set for all networks",
            message="All traffic of packages that honour the system's proxy goes through 203.0.113.9:8080.",
            severity="low",
            confidence="confirmed",
            subject=subject,
            evidence=(
                says("global_http_proxy_host=203.0.113.9"),
                says("global_http_proxy_port=8080"),
                says("http_proxy=203.0.113.9:8080"),
            ),
            remedy=PROXY_SET.remedy,
        )
    ]


@pytest.mark.parametrize(
    ("settings", "through"),
    [
        ({"http_proxy": "proxy.example:3128"}, "proxy.example:3128"),
        ({"global_http_proxy_host": "proxy.example"}, "proxy.example"),
        ({"global_proxy_pac_url": "http://pac.example/p.pac"}, "http://pac.example/p.pac"),
        ({"http_proxy": "a.example:1", "global_http_proxy_host": "b.example"}, "b.example and a.example:1"),
    ],
)
def test_where_the_traffic_goes(settings: dict[str, str], through: str) -> None:
    (found,) = on_phone(proxy_set, **settings)
    assert found.message.endswith(f" goes through {through}.")


@pytest.mark.parametrize("settings", [{}, {"http_proxy": ""}, {"http_proxy": None}, {"global_http_proxy_port": "8080"}])
def test_no_proxy(settings: dict[str, str | None]) -> None:
    assert on_phone(proxy_set, **settings) == []


def test_a_private_dns_host() -> None:
    (found,) = on_phone(private_dns_set, private_dns_mode="hostname", private_dns_specifier="dns.example")
    assert (found.id, found.severity, found.confidence) == ("private-dns-set", "info", "confirmed")
    assert found.message == "The phone looks up the name of every host it contacts at dns.example."
    assert found.evidence == (says("private_dns_mode=hostname"), says("private_dns_specifier=dns.example"))
    assert found.remedy == PRIVATE_DNS_SET.remedy


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"private_dns_mode": "opportunistic", "private_dns_specifier": "dns.example"},
        {"private_dns_mode": "hostname", "private_dns_specifier": None},
        {"private_dns_specifier": "dns.example"},
    ],
)
def test_private_dns_that_is_not_used(settings: dict[str, str | None]) -> None:
    assert on_phone(private_dns_set, **settings) == []
