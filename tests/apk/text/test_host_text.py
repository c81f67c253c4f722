import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.apk.text.host_text import (
    EXCERPT,
    MAX_URL,
    SCHEMES,
    Host,
    find_bare_host,
    find_bare_ipv6,
    find_urls,
    registered_domain,
)
from phone_audit.model.apk import CLEARTEXT_SCHEMES


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("zzhc.vnet.cn", "vnet.cn"),
        ("stat.shop.example.co.uk", "example.co.uk"),
        ("example.com", "example.com"),
        ("a.s3.amazonaws.com", "amazonaws.com"),  # a private suffix: the registry's names count
        ("someone.github.io", "github.io"),
        ("a_b.example.com", "example.com"),
        ("xn--fiq228c.com", "xn--fiq228c.com"),
        ("co.uk", None),
        ("com", None),
        ("localhost", None),
        ("javax.xml.xmlconstants", None),
        ("www.localnetwork.uop", None),
        ("printer.local", None),
    ],
)
def test_registered_domain(host: str, domain: str | None) -> None:
    assert registered_domain(host) == domain


def _hosts(text: str) -> list[tuple[str, int | None]]:
    return [(found.host, found.port) for found in find_urls(text)]


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("http://zzhc.vnet.cn/", [("zzhc.vnet.cn", None)]),
        ("HTTPS://API.Example.COM:8443/v1", [("api.example.com", 8443)]),
        ("ws://a.example:80 and wss://b.example", [("a.example", 80), ("b.example", None)]),
        ("mqtt://broker.example:1883", [("broker.example", 1883)]),
        ("jdbc:mysql://db.example:3306/x", [("db.example", 3306)]),
        ("http://a.com,http://b.com;", [("a.com", None), ("b.com", None)]),
        ("https://a.com/?u=http://b.com/x", [("a.com", None), ("b.com", None)]),
        ('{"u":"http:\\/\\/a.com:81\\/x"}', [("a.com", 81)]),
        (r"(https?|http://www\.a\.com:81/.*?\.sgf)", [("www.a.com", 81)]),
        ("http://user:secret@a.com/", [("a.com", None)]),
        ("http://good.example@evil.example/", [("evil.example", None)]),
        ("http://192.0.2.7:8080/x", [("192.0.2.7", 8080)]),
        ("http://[2001:DB8::1]:81/", [("2001:db8::1", 81)]),
        ("http://[fe80::1%25wlan0]/", [("fe80::1", None)]),
        ("http://http://a.com", [("a.com", None)]),
        ("http://a.com.", [("a.com", None)]),
        ("see (http://a.com/x).", [("a.com", None)]),
        ("<a href='http://a.com'>b</a>", [("a.com", None)]),
        ("http://localhost:8080", [("localhost", 8080)]),
        ("http://javax.xml.transform.dom.DOMSource/feature", [("javax.xml.transform.dom.domsource", None)]),
        ("http://under_score.example.com", [("under_score.example.com", None)]),
        ("http://bücher.example.de/", [("xn--bcher-kva.example.de", None)]),
        ("http://%65vil-host.net:81/x", [("evil-host.net", 81)]),
        ("http://a%2Eevil-host.net", [("a.evil-host.net", None)]),
        ("http://%s.evil-host.net/%65", [("evil-host.net", None)]),
        ("http://%65:%d", []),
        ("http://\U0001f600evil.net/x", [("xn--evil-u973c.net", None)]),
        ("http://evil.net\U0001f600", [("evil.net", None)]),
        ("http://evil-host\u00ad.net/x", [("evil-host.net", None)]),
        ("http://ev\u200bil.net/\u200b", [("evil.net", None)]),
        ("请访问http://a.com\uff0c谢谢", [("a.com", None)]),
        ("http://a.com谢谢", [("a.com", None)]),
        ("http://%s.stat.example.com:90/x", [("stat.example.com", 90)]),
        ("https://{region}-api.example.co.uk/", [("example.co.uk", None)]),
        ("https://${a}.${b}.example.com", [("example.com", None)]),
        ("http://a.com:%d/", [("a.com", None)]),
        ("http://a.com%s", [("a.com", None)]),
        ("http://*.example.com", [("example.com", None)]),
        ("http://.example.com", [("example.com", None)]),
        ("http://a.com:99999/", [("a.com", None)]),
        ("http://a.com:0/", [("a.com", None)]),
        ("http://ev\u3002il.example.com/x", [("ev.il.example.com", None)]),
        ("http://a\uff0eexample\uff61com:81", [("a.example.com", 81)]),
        ("请访问http://a.com\u3002谢谢", [("a.com", None)]),
        ("http://8\u30028\u30024\u30024/", [("8.8.4.4", None)]),
        ("http://134744068/x", [("8.8.8.4", None)]),
        ("http://0X08080404:81/", [("8.8.4.4", 81)]),
        ("http://010.8.0x404/", [("8.8.4.4", None)]),
        ("http://1.2.3/", [("1.2.0.3", None)]),
        ("socket://s.example.com:1", [("s.example.com", 1)]),
        ("my+push.v2:\\/\\/192.0.2.7:5222", [("192.0.2.7", 5222)]),
    ],
)
def test_urls(text: str, hosts: list[tuple[str, int | None]]) -> None:
    assert _hosts(text) == hosts


@pytest.mark.parametrize(
    "text",
    [
        "http://",
        "http://http://",
        "http:// a.com",
        "http://%s/",
        "http://%s",
        "https://api-",
        "http://-a.com",
        "http://a..com",
        "http://999.1.1.1/",
        "http://999.1.3/",
        "http://1.2.3.4.5/",
        "http://1.2.65536/",
        "http://4294967296/",
        "http://09.1.1.1/",
        "http://0xfffffffff/",
        "http://1_0.1/",
        "http://0o7.1/",
        "http://" + "9" * 5000,
        "socket://s.example.com",
        "socket://intranet:80",
        "content://com.example.app:80/x",
        "http://[::1",
        "http://[12:34]/",
        "http://[",
        "http://]:[@.%",
        "http://www.%s.com/",
        "https://%s.com",
        "http://stat.com.%s/",  # what stands there may be cn
        "http://" + "a" * 64 + ".com",
        "http://" + "a." * 130 + "com",
        "content://com.example.app/x",
        "android-app://com.example.app/http/a",
        "market://details?id=a.com",
        "file:///sdcard/a.com",
        "news.example.com",
        "xws://a.com",
        "a:/b.com",
        "mailto:someone@a.com",
    ],
)
def test_no_urls(text: str) -> None:
    assert _hosts(text) == []


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("See http://a.com/x, then", "http://a.com/x"),
        ("(http://a.com/x)", "http://a.com/x"),
        ("http://a.com/x(1)", "http://a.com/x(1)"),
        ("http://a.com/x?q={k}&r=%s!", "http://a.com/x?q={k}&r=%s"),
        ('"http:\\/\\/a.com\\/x"', "http://a.com/x"),
        ("http://a.com/x\ny", "http://a.com/x"),
        ("HTTP://A.com/X", "HTTP://A.com/X"),
    ],
)
def test_the_url_is_kept_as_it_stands_without_its_sentence(text: str, url: str) -> None:
    assert [found.url for found in find_urls(text)] == [url]


def test_schemes_without_encryption_are_among_all_schemes() -> None:
    every = re.compile("|".join(SCHEMES))
    assert all(every.fullmatch(scheme) for scheme in CLEARTEXT_SCHEMES)
    encrypted = {"https", "wss", "ssl", "tls", "quic", "mqtts", "ssh", "mongodb+srv", "rediss", "coaps", "socket"}
    assert not CLEARTEXT_SCHEMES & encrypted
    assert {"mqtt", "tcp", "udp", "rtmp", "mysql", "telnet", "redis", "ldap", "smtp", "coap"} <= CLEARTEXT_SCHEMES


def test_all_of_one_sighting() -> None:
    assert list(find_urls("x ws://A.example.com:81/y")) == [
        Host("a.example.com", "domain", "ws://A.example.com:81/y", "ws", 81, "x ws://A.example.com:81/y")
    ]


def test_long_texts_are_cut_around_the_host() -> None:
    (found,) = find_urls("b" * 5000 + " http://a.com/" + "p" * 5000)
    assert found.url == "http://a.com/" + "p" * (MAX_URL - len("a.com/"))
    assert len(found.excerpt) == EXCERPT
    assert "http://a.com/" in found.excerpt


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("zzhc.vnet.cn", "zzhc.vnet.cn", None),
        ("zzhc.vnet.cn:8080", "zzhc.vnet.cn", 8080),
        ("a.example.com/path?q=1", "a.example.com", None),
        ("//a.example.com/path", "a.example.com", None),
        ("a-b.example.co.uk", "a-b.example.co.uk", None),
        ("14.17.43.18", "14.17.43.18", None),
        ("127.0.0.1:80", "127.0.0.1", 80),
        ("com.example.app", "com.example.app", None),  # what it is, the package around it tells
        ("libmain.so", "libmain.so", None),
    ],
)
def test_texts_that_can_be_a_bare_host(text: str, host: str, port: int | None) -> None:
    found = find_bare_host(text)
    assert found is not None
    assert (found.host, found.port, found.url, found.scheme) == (host, port, "", "")


@pytest.mark.parametrize(
    "text",
    [
        "", ".", "a", "a.", ".com", "com", "co.uk", "a.b", "android.intent.action.MAIN", "java.util.List", "foo.js",
        "foo.txt", "index.html", "4.3.0.316", "1.2.3", "1.2.840.113549.1.1.11", "10.0.0.0/8", "a..com", "-a.com",
        "a.com-", "a.com b", "a_b.com", "someone@a.com", "a.com:port", "a.com:", "http://a.com", "01.02.03.04",
        "cvc-elt.5.2.2.2", "python3.8", "a.com\n", "a.com/\n", "///a.com", "12:30:45", "::",
    ],
)  # fmt: skip
def test_texts_that_are_no_bare_host(text: str) -> None:
    assert find_bare_host(text) is None


def test_bare_ipv6() -> None:
    found = find_bare_ipv6("2001:4860:4860:0::8888")
    assert found is not None
    assert (found.host, found.kind, found.port) == ("2001:4860:4860::8888", "ipv6", None)
    found = find_bare_ipv6("[2001:4860:4860:0::8888]:853")
    assert found is not None
    assert (found.host, found.port) == ("2001:4860:4860::8888", 853)
    assert find_bare_ipv6("[2001:4860::8888]") is not None


@pytest.mark.parametrize(
    "text",
    [
        "[2001:db8::1",
        "2001:db8::1]",
        "2001:db8::1]:53",
        "[2001:db8::1]:",
        "::1",
        "12:30:45",
        "00:11:22:33:44:55:66:77",
        "dead:beef",
        "a::b",
        "2001::1::2",
        "",
    ],
)
def test_no_bare_ipv6(text: str) -> None:
    assert find_bare_ipv6(text) is None


_PIECES = st.sampled_from(
    ["http://", "https://", "ws://", "[", "]", ":", "::1", "@", ".", "..", "%", "%s", "{a}", "$", "*", "a", "b.com",
     "example.co.uk", "1.2.3.4", "8080", "-", "_", "/", "\\/", "?", "#", " ", "\n", "\0", "é", "\ud800", "。",
     "xn--", "'"]
)  # fmt: skip


@given(st.lists(_PIECES, max_size=12).map("".join))
def test_almost_urls_never_raise_and_hosts_are_plain(text: str) -> None:
    candidates = [*find_urls(text), find_bare_host(text), find_bare_ipv6(text)]
    for found in filter(None, candidates):
        assert found.host.isascii()
        assert found.host == found.host.lower()
        assert 0 < len(found.host) <= 253
        assert (":" in found.host) == (found.kind == "ipv6")


@pytest.mark.timeout(30)
@pytest.mark.parametrize("piece", ["http://", "http://a", "a.", "%", "(", "http://a.com/", "http:\\/\\/", ":", "[::"])
def test_time_is_linear_in_the_length(piece: str) -> None:
    text = piece * (300_000 // len(piece))
    assert {found.host for found in find_urls(text)} <= {"ahttp", "a", "a.com"}
    assert find_bare_host(text) is None


@pytest.mark.parametrize("scheme", ["imap+ssl+", "smtp+tls+", "pop3+ssl+trustallcerts", "imap+tls", "smtp+ssl"])
def test_servers_of_mail_programs(scheme: str) -> None:
    (found,) = find_urls(f"{scheme}://imap.provider.com")
    assert (found.host, found.scheme) == ("imap.provider.com", scheme)
    assert found.scheme not in CLEARTEXT_SCHEMES
    assert not list(find_urls("imap+sasl+://imap.provider.com"))
