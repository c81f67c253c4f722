"""Text of a feed → the value that is looked up, or why it is none."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.knowledge.feeds.indicator import KINDS, About, Indicator, Kind, Rejected
from phone_audit.knowledge.feeds.values import NoValueError, guessed, read, row, shown


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("host", "Evil.Example.", ("host", "evil.example")),
        ("host", "*.evil.example", ("host", "evil.example")),
        ("host", "evil[.]example", ("host", "evil.example")),
        ("host", "http://evil.example/", ("host", "evil.example")),
        ("host", "bücher.example", ("host", "xn--bcher-kva.example")),
        ("host", "evil.example:8443", ("host", "evil.example")),
        ("host", "8.8.8.8", ("address", "8.8.8.8")),
        ("address", "8.8.8.8:9865", ("address", "8.8.8.8")),
        ("host", "hxxp://8.8.8[.]8", ("address", "8.8.8.8")),
        ("address", "2A00:1450:4001:0::200e", ("address", "2a00:1450:4001::200e")),
        ("url", "http://[2a00:1450:4001::200e]:8080/", ("address", "2a00:1450:4001::200e")),
        ("address", "8.8.8.0/24", ("network", "8.8.8.0/24")),
        ("address", "8.8.8.8/32", ("address", "8.8.8.8")),
        ("url", "HTTPS://Evil.Example:8443/Gate?x=1#top", ("url", "evil.example/Gate?x=1")),
        ("url", "evil.example/", ("host", "evil.example")),
        ("hash", "A" * 32, ("hash", "a" * 32)),
        ("certificate", ":".join(["AB"] * 20), ("certificate", "ab" * 20)),
        ("package", "com.spy.one", ("package", "com.spy.one")),
        ("path", "/data/local/tmp/wd/", ("path", "/data/local/tmp/wd")),
        ("property", "sys.brand.note", ("property", "sys.brand.note")),
        ("property", "sys.a=b=c", ("property", "sys.a=b=c")),
        ("code", "com/spy/one/Start", ("code", "com.spy.one.Start")),
        ("code", "com.spy.", ("code", "com.spy.")),
    ],
)
def test_values(kind: Kind, text: str, value: tuple[Kind, str]) -> None:
    assert read(kind, text) == value
    assert read(*value) == value, "what was read once stays as it is"


@pytest.mark.parametrize(
    ("kind", "text", "why"),
    [
        ("host", "com.br", "is a public suffix"),
        ("host", "appspot.com", "is a public suffix"),
        ("host", "localhost", "is no host name"),
        ("host", "192.168.1.1", "is no public address"),
        ("address", "::1", "is no public address"),
        ("host", "a b.example", "is no host name"),
        ("hash", "abc", "is no hash"),
        ("hash", "g" * 32, "is no hash"),
        ("package", "android", "is no package name"),
        ("package", "com.spy; rm -rf", "is no package name"),
        ("path", "relative/x", "is no path from the root"),
        ("path", "/system/app/", "is on every phone"),
        ("file", "a.b", "too short"),
        ("property", "a b", "is no name of a property"),
        ("code", "retrofit", "two labels"),
        ("name", "  ", "is empty"),
        ("name", "a\x1b[31m", "control characters"),
        ("url", "a" * 3000, "too long"),
    ],
)
def test_what_is_no_value(kind: Kind, text: str, why: str) -> None:
    with pytest.raises(NoValueError, match=why):
        read(kind, text)


def test_a_row_that_is_left_out_says_why() -> None:
    assert row("hash", "x\x1by", About("A", "malware")) == Rejected(
        "x?y", "the value is too long or holds control characters"
    )


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("com.spy.agent", "package"), ("com.hs.app", "package"), ("cn.oyo.store", "package"), ("spy.com", "host"),
        ("a.spy.co.uk", "host"), ("8.8.8.8", "host"), ("/data/x", "path"), ("a" * 64, "hash"), ("a" * 63, "host"),
    ],
)  # fmt: skip
def test_a_bare_value_is_told_by_its_form(text: str, kind: Kind) -> None:
    assert guessed(text) == kind


@given(st.sampled_from(KINDS), st.text(alphabet="abz019.:/[]%@#?-_=*\\ \t\x00é", max_size=60))
def test_anything_else_is_refused_and_never_raises_otherwise(kind: Kind, text: str) -> None:
    with contextlib.suppress(NoValueError):
        found = read(kind, text)
        assert read(*found) == found
    assert shown(text).isprintable()


@pytest.mark.parametrize(
    ("kind", "text", "why"),
    [
        ("network", "0.0.0.0/0", "too wide"),
        ("network", "::/0", "too wide"),
        ("host", "8.0.0.0/6", "too wide"),
        ("network", "2a00::/31", "too wide"),
        ("network", "10.0.0.0/16", "no public address"),
        ("network", "127.0.0.0/24", "no public address"),
        ("network", "fe80::/64", "no public address"),
        ("hash", "d41d8cd98f00b204e9800998ecf8427e", "empty file"),
        ("hash", "da39a3ee5e6b4b0d3255bfef95601890afd80709", "empty file"),
        ("hash", "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855", "empty file"),
        ("host", "gov.pl", "public suffix"),
        ("host", "edu.vn", "public suffix"),
        ("host", "k12.ca.us", "public suffix"),
        ("host", "in-addr.arpa", "public suffix"),
        ("package", "co.uk", "public suffix"),
    ],
)
def test_what_is_everybodys_is_taken_only_as_commonplace(kind: Kind, text: str, why: str) -> None:
    left = row(kind, text, About("A", "malware"))
    assert isinstance(left, Rejected)
    assert why in left.why
    assert isinstance(row(kind, text, About("A", "commonplace")), Indicator)


@pytest.mark.parametrize("text", ["8.8.0.0/16", "8.8.8.0/24", "2a00:1450::/32"])
def test_a_public_network_is_taken(text: str) -> None:
    assert row("network", text, About("A", "malware")) == Indicator("network", text, About("A", "malware"))


@pytest.mark.parametrize("text", ["evil.gov.pl", "spy.k12.ca.us", "spy.hq.us", "co.example", "shop.ac.spy.uk"])
def test_a_host_below_a_suffix_is_taken(text: str) -> None:
    assert row("host", text, About("A", "malware")) == Indicator("host", text, About("A", "malware"))
