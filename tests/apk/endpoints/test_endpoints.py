from collections.abc import Collection, Iterable, Sequence
from typing import Any

import pytest

from phone_audit.apk.assets.asset_walker import AssetFacts
from phone_audit.apk.assets.urls import Mention
from phone_audit.apk.code.libraries import UNKNOWN_OWNER
from phone_audit.apk.dex.file import DexFile, read_dex
from phone_audit.apk.endpoints import endpoints as endpoints_module
from phone_audit.apk.endpoints import host_collector
from phone_audit.apk.endpoints.address_nodes import READ_OUT, Spot, TextUse
from phone_audit.apk.endpoints.address_use import NOT_SETTLED
from phone_audit.apk.endpoints.endpoints import find_endpoints
from phone_audit.apk.endpoints.holders import name_holders
from phone_audit.apk.endpoints.host_collector import (
    BY_ANALYSIS,
    DOTTED_NUMBER,
    LOOK_ALIKE,
    MARKUP_NAME,
    MAX_EVIDENCE,
    MAX_URLS,
    UNKNOWN_SUFFIX,
)
from phone_audit.apk.endpoints.uses import PROBE
from phone_audit.apk.text.host_text import find_bare_host, find_urls
from phone_audit.knowledge.load import Knowledge, load_knowledge
from phone_audit.model.apk import Endpoint, HeldBy
from phone_audit.model.finding import Evidence, Skipped
from tests.apk.assets.builders import look
from tests.apk.dex.builder import Source, build_dex, string_data
from tests.apk.facts import incident, knowledge, owner, rule, tracker

_ANALYSED = [rule(name, by="analysis") for name in sorted(BY_ANALYSIS)]
_BUNDLED = load_knowledge()
_KNOWN = knowledge(
    trackers=[tracker("Shared", hosts=["shared.name"], owner="A"), tracker("Other", hosts=["shared.name"], owner="B")],
    hosts=[owner("stat.example.cn", "Example Ltd", "push")],
    rules=[
        rule("namespace", hosts=["schemas.example.com"], url_prefixes=["www.example.org/ns/"]),
        rule("documentation", url_prefixes=["www.example.org/docs/"]),
        rule("identifier", url_prefixes=["gcm.example.org/refresh"]),
        *_ANALYSED,
        rule("loopback", hosts=["127.0.0.0/8", "localhost"]),
    ],
)


def _find(*sources: Source, known: Knowledge = _KNOWN) -> tuple[Endpoint, ...]:
    files = [(f"classes{number}.dex", build_dex(source)) for number, source in enumerate(sources)]
    endpoints, skipped = find_endpoints(
        [read_dex(name, data) for name, data in files], [[b"Landroid/net/Uri;"] for _ in files], known
    )
    assert skipped == ()
    return endpoints


def _by_host(*strings: str) -> dict[str, Endpoint]:
    return {endpoint.host: endpoint for endpoint in _find(Source(strings=strings))}


def _counted(found: Iterable[Endpoint]) -> list[str]:
    return sorted(endpoint.host for endpoint in found if endpoint.ruled_out is None)


def test_the_whole_of_one_endpoint() -> None:
    source = Source(strings=("http://a.stat.example.cn:8080/x",))
    data = build_dex(source)
    evidence = Evidence(
        kind="dex-string",
        where="classes0.dex",
        value="http://a.stat.example.cn:8080/x",
        offset=data.index(string_data("http://a.stat.example.cn:8080/x")),
    )
    assert _find(source) == (
        Endpoint(
            host="a.stat.example.cn",
            kind="domain",
            registered_domain="example.cn",
            urls=("http://a.stat.example.cn:8080/x",),
            schemes=("http",),
            ports=(8080,),
            cleartext=True,
            owner="Example Ltd",
            category="push",
            ruled_out=None,
            held_by=(HeldBy(party="unknown", library=None, evidence=(evidence,)),),
            use="unknown",
            cleartext_use="unknown",
        ),
    )


def test_sightings_in_several_files_are_one_endpoint() -> None:
    first = Source(strings=("https://a.example.cn/2", "a.example.cn:444"))
    second = Source(strings=("HTTPS://A.example.cn:443/1",))
    (endpoint,) = _find(first, second)
    assert endpoint.urls == ("HTTPS://A.example.cn:443/1", "https://a.example.cn/2")
    assert (endpoint.schemes, endpoint.ports, endpoint.cleartext) == (("https",), (443, 444), False)
    assert [one.where for one in endpoint.held_by[0].evidence] == ["classes0.dex", "classes0.dex", "classes1.dex"]


def test_hosts_without_anything_known() -> None:
    (endpoint,) = _find(Source(strings=("zzhc.vnet.cn",)))
    assert (endpoint.owner, endpoint.category, endpoint.urls, endpoint.schemes) == (None, "unknown", (), ())
    assert endpoint.cleartext is False


def test_addresses() -> None:
    found = _by_host("http://192.0.2.7/", "ws://[2001:db8::1]:81/", "14.17.43.18", "2001:db8:0:1::5", "2.5.29.14")
    assert {host: (one.kind, one.registered_domain) for host, one in found.items()} == {
        "192.0.2.7": ("ipv4", None),
        "14.17.43.18": ("ipv4", None),
        "2.5.29.14": ("ipv4", None),
        "2001:db8::1": ("ipv6", None),
        "2001:db8:0:1::5": ("ipv6", None),
    }
    assert {host for host, one in found.items() if one.ruled_out} == {"2.5.29.14"}


def test_what_a_rule_takes_out_stays_listed() -> None:
    found = _by_host(
        "http://schemas.example.com/android",
        "http://www.example.org/ns/a",
        "http://www.example.org/docs/a",
        "http://localhost:80/",
        "127.0.0.1:7912",
        "http://javax.xml.XMLConstants/feature",
        "http://intranet/",
    )
    assert {host: (one.ruled_out, one.cleartext) for host, one in found.items()} == {
        "schemas.example.com": ("namespace", False),
        "www.example.org": ("documentation", False),
        "localhost": ("loopback", False),
        "127.0.0.1": ("loopback", False),
        "javax.xml.xmlconstants": (UNKNOWN_SUFFIX, False),
        "intranet": (UNKNOWN_SUFFIX, False),
    }
    assert found["www.example.org"].urls == ("http://www.example.org/docs/a", "http://www.example.org/ns/a")


def test_what_code_does_with_an_address_of_its_own_network_is_told() -> None:
    """It can be connected to, though nothing leaves; an address that leads nowhere cannot."""
    texts = ("http://192.168.1.10:3000/", "10.55.66.77", "http://239.255.255.250:1900/", "http://203.0.113.7/")
    dex = read_dex("classes.dex", build_dex(Source(strings=texts)))
    fetched = TextUse("fetched", Evidence(kind="call", where="classes.dex", value="java.net.URL.openConnection"))
    found, _ = find_endpoints([dex], [()], load_knowledge(), uses_of=lambda spots: dict.fromkeys(spots, fetched))
    assert {one.host: (one.ruled_out, one.use, one.counts) for one in found} == {
        "10.55.66.77": ("private-address", "fetched", False),
        "192.168.1.10": ("private-address", "fetched", False),
        "203.0.113.7": ("reserved-address", "unknown", False),
        "239.255.255.250": ("multicast", "fetched", False),
    }


def test_one_free_url_brings_the_host_back() -> None:
    found = _by_host("http://www.example.org/ns/a", "https://www.example.org/upload")["www.example.org"]
    assert (found.ruled_out, found.cleartext) == (None, False)
    found = _by_host("https://www.example.org/ns/a", "http://www.example.org/upload")["www.example.org"]
    assert (found.ruled_out, found.cleartext) == (None, True)


def test_a_bare_name_is_no_more_than_its_urls() -> None:
    assert _by_host("www.example.org", "http://www.example.org/docs/a")["www.example.org"].ruled_out == "documentation"
    assert _by_host("www.example.org")["www.example.org"].ruled_out is None


def test_what_looks_like_a_name_stays_listed_and_counts_for_nothing() -> None:
    found = _by_host("com.example.app", "android.net", "libx.so", "foo.js", "user.name", "java.util.List", "1.2.3.4")
    assert {host: one.ruled_out for host, one in found.items()} == {
        "com.example.app": LOOK_ALIKE,
        "android.net": LOOK_ALIKE,
        "libx.so": LOOK_ALIKE,
        "user.name": LOOK_ALIKE,
        "1.2.3.4": DOTTED_NUMBER,
    }


def test_trackers_and_urls_support_bare_names() -> None:
    found = _by_host("a.shared.name", "cdn.vendor.dev", "https://api.vendor.dev/", "other.name")
    assert _counted(found.values()) == ["a.shared.name", "api.vendor.dev", "cdn.vendor.dev"]


def test_a_port_or_a_url_brings_a_look_alike_back() -> None:
    assert _by_host("other.name", "other.name:443")["other.name"].ruled_out is None
    assert _by_host("1.2.3.4", "http://1.2.3.4/")["1.2.3.4"].ruled_out is None
    documented = _by_host("www.example.org", "com.example.org", "http://www.example.org/docs/a")
    assert documented["com.example.org"].ruled_out == LOOK_ALIKE


def test_a_path_behind_a_bare_name_is_tried_by_the_rules_too() -> None:
    assert _by_host("gcm.example.org/refresh")["gcm.example.org"].ruled_out == "identifier"
    assert _by_host("gcm.example.org/send")["gcm.example.org"].ruled_out is None
    assert _by_host("gcm.example.org/refresh", "gcm.example.org/send")["gcm.example.org"].ruled_out == "identifier"


def test_without_its_rule_nothing_is_taken_out_by_analysis() -> None:
    found = _find(Source(strings=("http://intranet/", "user.name")), known=knowledge())
    assert {one.host: one.ruled_out for one in found} == {"intranet": None, "user.name": None}


def test_the_rules_that_are_tried_here_are_those_of_the_knowledge() -> None:
    rules = {rule.id: rule for rule in load_knowledge().rules if rule.by == "analysis"}
    rules = {name: rule for name, rule in rules.items() if not rule.texts or name == PROBE}
    assert rules.keys() == BY_ANALYSIS
    for name in (UNKNOWN_SUFFIX, LOOK_ALIKE, DOTTED_NUMBER):
        for text in rules[name].matches:
            (found,) = _find(Source(strings=(text,)), known=load_knowledge())
            assert found.ruled_out == name, text
        for text in rules[name].ignores:
            (found,) = _find(Source(strings=(text,)), known=load_knowledge())
            assert found.ruled_out is None, text


_CHECK = "http://connectivitycheck.gstatic.com/generate_204"
_POLICY = "http://www.vendor.dev/mobile/privacy.html"


def _used(use: Any, *texts: str, wanted: bool = False) -> Endpoint:
    """Return what is told of one host where all of its texts are used so."""
    rules = [one for one in load_knowledge().rules if one.by == "use"]
    trackers = [tracker("T", hosts=["gstatic.com", "vendor.dev"])] if wanted else ()
    dex = read_dex("classes.dex", build_dex(Source(strings=texts)))
    seen = TextUse(use, None)
    known = knowledge(rules=rules, trackers=trackers)
    (found,) = find_endpoints([dex], [[]], known, uses_of=lambda spots: dict.fromkeys(spots, seen))[0]
    return found


def test_the_question_whether_a_network_leads_anywhere_is_no_reason_to_worry_and_stays_a_destination() -> None:
    asked = _used("fetched", _CHECK)
    assert (asked.use, asked.counts, asked.urls, asked.schemes) == ("fetched", True, (_CHECK,), ("http",))
    assert (asked.cleartext, asked.counts_in_cleartext, asked.ruled_out) == (False, False, None)
    for more in (f"{_CHECK}?imei=", "http://connectivitycheck.gstatic.com/"):
        assert _used("fetched", _CHECK, more).counts_in_cleartext
        assert _used("fetched", more).counts_in_cleartext
    assert _used("fetched", _CHECK, wanted=True).counts_in_cleartext


def test_a_page_for_people_counts_once_code_connects_to_it() -> None:
    unsettled = _used("unknown", _POLICY)
    assert (unsettled.use, unsettled.counts, unsettled.cleartext_use) == ("unknown", True, "opened")
    assert (unsettled.cleartext, unsettled.counts_in_cleartext) == (True, False)
    assert _used("fetched", _POLICY).counts_in_cleartext
    assert _used("unknown", _POLICY, "http://www.vendor.dev/mobile/upload").counts_in_cleartext
    assert _used("unknown", _POLICY, wanted=True).counts_in_cleartext


@pytest.mark.parametrize(
    "begin", ["mqtt://", "ws://", "ftp://", "http://user:word@", "tcp://"], ids=lambda begin: begin.partition(":")[0]
)
def test_only_what_is_asked_for_by_http_is_a_page_for_people(begin: str) -> None:
    assert _used("unknown", _POLICY.replace("http://", begin)).counts_in_cleartext


def test_a_page_for_people_lies_where_everybody_has_it() -> None:
    assert _used("unknown", "http://www.vendor.dev:8081/privacy.html").counts_in_cleartext
    assert not _used("unknown", "http://www.vendor.dev:80/privacy.html").counts_in_cleartext
    assert _used("fetched", "http://www.google.com:8080/gen_204").counts_in_cleartext


@pytest.mark.parametrize("wanted", [True, False])
def test_names_in_markup_unless_a_tracker_has_the_host(wanted: bool) -> None:
    rules = {rule.id: rule for rule in load_knowledge().rules}
    trackers = [tracker("T", hosts=["vendor.dev"])] if wanted else ()
    known = knowledge(rules=[rule(MARKUP_NAME, by="analysis")], trackers=trackers)
    for text in rules[MARKUP_NAME].matches:
        assert _in_file(text, known).ruled_out == (None if wanted else MARKUP_NAME), text
        (found,) = _find(Source(strings=(text,)), known=known)
        assert found.ruled_out is None, "code may cut it"
    for text in rules[MARKUP_NAME].ignores:
        assert _in_file(text, known).ruled_out is None, text


def _in_file(text: str, known: Knowledge) -> Endpoint:
    mentions = tuple(Mention(found, "asset", "assets/a", 0) for found in find_urls(text))
    (found,), _ = find_endpoints([], [], known, AssetFacts(mentions))
    return found


def test_hosts_of_incidents_are_taken_bare_under_any_suffix() -> None:
    known = knowledge(incidents=[incident("bad.click", "http://c2.info/x", "(path only)")], rules=_ANALYSED)
    found = _find(Source(strings=("s.bad.click", "c2.info", "other.click", "notbad.click")), known=known)
    assert _counted(found) == ["c2.info", "s.bad.click"]


def test_lists_stay_short() -> None:
    (endpoint,) = _find(Source(strings=tuple(f"http://a.example.cn/{number:03}" for number in range(MAX_URLS + 30))))
    assert endpoint.urls == tuple(f"http://a.example.cn/{number:03}" for number in range(MAX_URLS))
    (shown,) = name_holders([endpoint], [], lambda _: UNKNOWN_OWNER)
    assert len(shown.held_by[0].evidence) == MAX_EVIDENCE


@pytest.mark.parametrize("limit", ["MAX_HOSTS", "MAX_MENTIONS"])
def test_too_many_hosts_are_said_to_be_left_out(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (endpoints_module, host_collector):
        monkeypatch.setattr(module, limit, 3)
    data = build_dex(Source(strings=tuple(f"See http://a{number}.cn/" for number in range(5))))
    endpoints, skipped = find_endpoints([read_dex("classes.dex", data)], [[]], _KNOWN)
    assert [endpoint.host for endpoint in endpoints] == ["a0.cn", "a1.cn", "a2.cn"]
    reason = skipped[0].reason
    assert skipped == (Skipped(subject="classes.dex", step="dex", code="too-many-endpoints", reason=reason),)


def test_a_text_that_no_string_table_names_is_not_read() -> None:
    data = build_dex(Source(strings=("a",))) + string_data("http://hidden.example.cn/")
    assert find_endpoints([read_dex("classes.dex", data)], [[]], _KNOWN) == ((), ())


def test_no_dex_file_no_endpoints() -> None:
    assert find_endpoints([], [], _KNOWN) == ((), ())


@pytest.mark.parametrize(
    ("name", "before", "use"),
    [
        ("a.js", 'fetch("', "fetched"),
        ("a.js", 'var x=new XMLHttpRequest();x.open("POST","', "fetched"),
        ("a.html", "<script>$.post('", "fetched"),
        ("a.js", "axios.post(`", "fetched"),
        ("a.js", 'navigator.sendBeacon("', "fetched"),
        ("a.js", 'var server="', "unknown"),
        ("a.js", 'window.open("', "unknown"),
        ("a.js", 'prefetch("', "unknown"),
        ("a.json", 'fetch("', "unknown"),
    ],
)
def test_a_script_that_connects(name: str, before: str, use: str) -> None:
    seen = look({f"assets/www/{name}": f'{before}http://vendor.dev/up"'.encode()})
    (found,), _ = find_endpoints([], [], knowledge(), seen)
    assert (found.use, found.cleartext_use, found.counts_in_cleartext) == (use, use, True)
    assert [one.where for one in found.use_evidence] == ([f"assets/www/{name}"] if use == "fetched" else [])


LOOKS = (
    "http://vendor.dev/data/a.dtd",
    "http://vendor.dev:8080/a.xsd",
    "https://vendor.dev/schemas/1.27.0",
    "https://vendor.dev/2012/04/schema/Service",
    "http://vendor.dev/show_bug.cgi?id=1",
    "https://vendor.dev/browse/ABC-12",
    "http://vendor.dev/uaprof/a.xml",
    "vendor.dev/data/a.dtd",
    "https://github.com/someone/x/issues/1",
    "https://github.com/someone/x/blob/main/LICENSE",
    "https://evil.readthedocs.io/en/latest/",
    "http://yourserver.com/up",
    "http://www.w3.org/2001/XMLSchema",
    "evil.app",
    "com.evil.live",
    "user.name",
    "4.31.1.9",
    "203.0.114.0",
)
"""Of each rule that goes by the looks of a text, what a maker could give an address of their own."""


def _looking(text: str, use: Any, *, runs: bool = True, rule: str | None = None, more: Sequence[str] = ()) -> Endpoint:
    """Return what is told of the host of a text that code uses so, by the rules of the knowledge."""
    dex = read_dex("classes.dex", build_dex(Source(strings=(text, *more))))
    seen = TextUse(use, Evidence(kind="call", where="classes.dex", value=f"{use}: x"), rule, runs)
    uses = dict.fromkeys(_spots(dex, text), seen)
    found, _ = find_endpoints(
        [dex], [[]], _BUNDLED, uses_of=lambda spots: {one: uses.get(one, NOT_SETTLED) for one in spots}
    )
    (host,) = {one.host for one in (*find_urls(text), find_bare_host(text)) if one}
    return next(one for one in found if one.host == host)


def _spots(dex: DexFile, text: str) -> list[Spot]:
    return [Spot(dex.name, one.offset) for one in dex.strings.beginning(text) if one.text == text]


@pytest.mark.parametrize("text", LOOKS)
def test_what_looks_like_something_else_counts_where_code_connects_to_it(text: str) -> None:
    for use in ("opened", "compared", "unused"):
        assert _looking(text, use).ruled_out is not None
    found = _looking(text, "fetched")
    assert (found.ruled_out, found.use, found.counts) == (None, "fetched", True)
    assert found.counts_in_cleartext is text.startswith("http://")
    assert [one.value for one in found.use_evidence] == ["fetched: x"]


@pytest.mark.parametrize(
    "text", ["http://203.0.113.7/", "http://intranet/", "http://api.vendor.test/", "http://192.168.1.10/"]
)
def test_what_leads_nowhere_on_the_internet_does_not(text: str) -> None:
    assert not _looking(text, "fetched").counts


def test_what_code_hands_on_inside_of_other_addresses_does_not() -> None:
    """Only its owner could serve something at the name of a permission."""
    assert _looking("https://www.googleapis.com/auth/drive.file", "fetched").ruled_out == "identifier"


def test_a_shape_hides_nothing_of_which_it_is_not_known_what_becomes_of_it() -> None:
    """Anybody can give an address of their own a shape, but not the name of a known project."""
    shape, named = "http://vendor.dev/data/a.dtd", "http://www.w3.org/2001/XMLSchema"
    assert _looking(shape, "unknown").counts
    assert not _looking(named, "unknown").counts
    assert _looking(shape, "fetched", runs=False).counts
    assert not _looking(named, "fetched", runs=False).counts
    for text in ("evil.app", "4.31.1.9"):
        assert _looking(text, "fetched", runs=False).counts
        assert not _looking(text, "unknown").counts


def test_a_report_named_in_a_message_that_code_reads_out_is_none_unless_it_stands_alone() -> None:
    report = "https://bugs.vendor.dev/show_bug.cgi?id=1"
    said = f"This is a fault that is known, see {report} for more."
    assert _looking(said, "unknown", rule=READ_OUT).ruled_out == "documentation"
    assert _looking(report, "unknown", rule=READ_OUT).counts


def test_neither_other_texts_of_its_host_nor_their_number_hide_it() -> None:
    more = [f"https://vendor.dev/other/{number}.dtd" for number in range(150)]
    found = _looking("http://vendor.dev/data/a.dtd", "fetched", more=more[:50])
    assert (found.use, found.counts_in_cleartext) == ("fetched", True)
    assert _looking("http://vendor.dev/data/a.dtd", "compared", more=more).counts, "more than are followed"


def test_the_number_of_names_under_one_host_decides_nothing() -> None:
    """A library of documents may bring hundreds of names of namespaces; nobody can hide one address among them."""
    for host, taken_out_by in (("schemas.openxmlformats.org", "namespace"), ("evil.readthedocs.io", "documentation")):
        more = [f"http://{host}/package/{number}" for number in range(300)]
        assert _looking(f"http://{host}/z", "compared", more=more).ruled_out == taken_out_by
        assert _looking(f"http://{host}/z", "fetched", more=more).counts


def test_what_a_script_connects_to_counts_whatever_it_looks_like() -> None:
    for before, counts in (('fetch("', True), ('var server="', False)):
        seen = look({"assets/www/a.js": f'{before}http://vendor.dev/up.dtd"'.encode()})
        (found,), _ = find_endpoints([], [], _BUNDLED, seen)
        assert (found.counts, found.ruled_out) == (counts, None if counts else "namespace")


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("turn:relay.vendor.id", "relay.vendor.id", 3478),
        ("stuns:relay.vendor.app", "relay.vendor.app", 5349),
        ("turn:relay.vendor.pw:80?transport=UDP", "relay.vendor.pw", 80),
    ],
)
def test_a_relay_for_calls_is_an_address_whatever_it_looks_like(text: str, host: str, port: int) -> None:
    found = _looking(text, "opened")
    assert (found.host, found.ports, found.ruled_out) == (host, (port,), None)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("14.17.43.18:14000,14.17.43.19:80;14.17.43.20:8080", ["14.17.43.18", "14.17.43.19", "14.17.43.20"]),
        ("14.17.43.18,14.17.43.19", []),
        ("14.17.43.18:80,a.vendor.app:80", []),
        ("14.17.43.18:80,", []),
    ],
)
def test_a_list_of_addresses_with_ports(text: str, found: list[str]) -> None:
    """As the servers of Tencent Beacon stand in code, one text for each operator."""
    assert list(_by_host(text)) == found


@pytest.mark.parametrize(
    "text",
    ["api.vendor.app:8080/v1;id=1", "//api.vendor.app/a,b.js", "api.vendor.app/a|b", "api.vendor.app:8080/?a=1,2"],
)
def test_what_stands_between_addresses_may_stand_in_a_path(text: str) -> None:
    assert list(_by_host(text)) == ["api.vendor.app"]


def test_a_relay_for_calls_that_stands_inside_of_a_text() -> None:
    said = '{"ice": [{"server": "stun:relay.vendor.app"}, {"server": "turn:14.17.43.18:80"}]} return:a.vendor.app'
    dex = read_dex("classes.dex", build_dex(Source(strings=(said,))))
    found, _ = find_endpoints([dex], [[]], _BUNDLED)
    assert {(one.host, one.ports) for one in found} == {("relay.vendor.app", (3478,)), ("14.17.43.18", (80,))}


@pytest.mark.parametrize(("text", "counts"), [("1.2.3.4", True), ("user.name", True), ("http://www.w3.org/x", False)])
def test_what_a_short_look_does_not_settle_is_followed(text: str, counts: bool) -> None:
    """But for names that only their owner could serve."""
    dex = read_dex("classes.dex", build_dex(Source(strings=(text,))))
    (spot,) = _spots(dex, text)
    shown = Evidence(kind="call", where="classes.dex", value="fetched: x")
    seen, cut = TextUse("fetched", shown), TextUse("unknown", None, is_cut=True)
    asked: list[Spot] = []

    def uses_of(spots: Collection[Spot]) -> dict[Spot, TextUse]:
        asked.extend(spots)
        return dict.fromkeys(spots, seen)

    def glance(spots: Collection[Spot]) -> dict[Spot, TextUse]:
        return dict.fromkeys(spots, cut)

    (found,), _ = find_endpoints([dex], [[]], _BUNDLED, uses_of=uses_of, glance=glance)
    assert (found.counts, spot in asked) == (counts, counts)
    (found,), _ = find_endpoints(
        [dex], [[]], _BUNDLED, uses_of=uses_of, glance=lambda spots: dict.fromkeys(spots, seen)
    )
    assert found.counts
