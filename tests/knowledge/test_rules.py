import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from phone_audit.knowledge.rules import RuleIndex, split_url
from phone_audit.knowledge.schema.facts import RuledOutRule


def rule(name: str, *, hosts: tuple[str, ...] = (), urls: tuple[str, ...] = ()) -> RuledOutRule:
    return RuledOutRule(id=name, reason="r", hosts=hosts, url_prefixes=urls, source="s", matches=(), ignores=())


def found(index: RuleIndex, url: str) -> str | None:
    match = index.find(split_url(url)[0], url)
    return match.id if match else None


LICENCES = RuleIndex([rule("licence", urls=("www.apache.org/licenses/",))])


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://www.apache.org/licenses/LICENSE-2.0", ("www.apache.org", "/licenses/LICENSE-2.0")),
        ("www.apache.org/licenses/", ("www.apache.org", "/licenses/")),
        ("http://www.apache.org@evil.dev/licenses/", ("evil.dev", "/licenses/")),
        ("http://host.dev:8080?a=/b", ("host.dev", "?a=/b")),
        ("https://[2001:DB8::1]:8443/x", ("2001:db8::1", "/x")),
        ("http://evil.dev\\@www.apache.org/licenses/", ("evil.dev", "\\@www.apache.org/licenses/")),
        ("", ("", "")),
    ],
)
def test_a_url_is_split_as_a_client_reads_it(url: str, expected: tuple[str, str]) -> None:
    assert split_url(url) == expected


@given(st.text(alphabet=":/[]@?#\\.%ahttp8", max_size=30))
def test_any_text_can_be_split_and_looked_up(text: str) -> None:
    host, _ = split_url(text)
    assert LICENCES.find(host, text) is None


def test_a_url_prefix_holds_for_its_host_and_path_only() -> None:
    assert found(LICENCES, "https://www.apache.org/licenses/LICENSE-2.0") == "licence"
    assert found(LICENCES, "http://www.apache.org/dyn/closer.cgi") is None
    assert found(LICENCES, "http://sub.www.apache.org/licenses/") is None
    assert found(LICENCES, "http://www.apache.org.evil.dev/licenses/") is None
    assert found(LICENCES, "http://www.apache.org@evil.dev/licenses/") is None


def test_a_path_that_climbs_out_is_not_covered() -> None:
    assert found(LICENCES, "http://www.apache.org/licenses/../collect") is None


def test_a_url_that_leads_to_another_host_than_named_is_not_covered() -> None:
    assert LICENCES.find("www.apache.org", "http://evil.dev/licenses/") is None


def test_the_bare_host_of_a_url_prefix_is_not_covered() -> None:
    assert LICENCES.find("www.apache.org", "") is None


def test_a_host_rule_covers_subdomains_whatever_the_url() -> None:
    index = RuleIndex([rule("example", hosts=("example.com", "test"))])
    assert found(index, "http://www.example.com/collect?imei=1") == "example"
    assert found(index, "http://api.vendor.test/") == "example"
    assert found(index, "http://myexample.com/") is None


def test_the_narrowest_network_counts() -> None:
    index = RuleIndex([rule("private", hosts=("10.0.0.0/8",)), rule("loopback", hosts=("10.0.2.2/32", "::1/128"))])
    assert found(index, "http://10.0.2.2:8080/") == "loopback"
    assert found(index, "http://10.0.2.3/") == "private"
    assert found(index, "http://[::1]/") == "loopback"
    assert found(index, "http://11.0.0.1/") is None


def test_a_host_that_only_looks_like_an_address_is_no_address() -> None:
    index = RuleIndex([rule("private", hosts=("10.0.0.0/8",))])
    assert found(index, "http://10.0.2.2.evil.dev/") is None
    assert found(index, "http://10.0.2/") is None


SCHEMAS = RuleIndex(
    [
        RuledOutRule(
            id="schema", reason="r", hosts=(), url_prefixes=(), url_patterns=(r"[\w.-]+/[^?#]*\.dtd",), source="s",
            matches=(), ignores=(),
        )
    ]
)  # fmt: skip


def test_a_url_pattern_holds_for_the_whole_of_host_and_path() -> None:
    assert found(SCHEMAS, "http://www.vendor.dev/a/b.dtd") == "schema"
    assert found(SCHEMAS, "http://user@www.vendor.dev:8080/b.dtd") == "schema"
    assert found(SCHEMAS, "http://www.vendor.dev/b.dtd?upload=1") is None
    assert found(SCHEMAS, "http://www.vendor.dev/b.dtd.php") is None
    assert found(SCHEMAS, "http://www.vendor.dev/a/../b.dtd") is None
    assert SCHEMAS.find("www.vendor.dev", "") is None


@pytest.mark.parametrize("host", ["203.0.113.9", "[2001:db8::1]"])
def test_a_url_pattern_never_holds_for_an_address(host: str) -> None:
    assert found(SCHEMAS, f"http://{host}/b.dtd") is None


def test_an_exception_stays_in_for_prefixes_and_patterns_of_its_rule_only() -> None:
    docs = RuledOutRule(
        id="docs", reason="r", hosts=(), url_prefixes=("git.dev/known/",), url_patterns=(r"git\.dev/[a-z]+/issues/.*",),
        url_exceptions=(r"git\.dev/[a-z]+/(?:.*/)?raw/.*",), source="s", matches=(), ignores=(),
    )  # fmt: skip
    index = RuleIndex([docs])
    assert found(index, "https://git.dev/known/wiki") == "docs"
    assert found(index, "https://git.dev/known/raw/list.txt") is None
    assert found(index, "https://git.dev/other/issues/1") == "docs"
    assert found(index, "https://git.dev/other/issues/raw/1") is None
    both = RuleIndex([docs, rule("other", urls=("git.dev/else/",))])
    assert found(both, "https://git.dev/else/raw/x") == "other"


def test_a_pattern_that_cannot_be_read_is_a_fault() -> None:
    with pytest.raises(ValidationError, match="is no regular expression"):
        RuledOutRule(
            id="x", reason="r", hosts=(), url_prefixes=(), url_patterns=("(",), source="s", matches=(), ignores=()
        )
