"""What a maker's hosts are for, by the words in their names; and how many hosts of a list of others that tells."""

from pathlib import Path

import pytest

from phone_audit.knowledge.hosts import HostRules
from phone_audit.knowledge.kinds import HOST_RULES
from phone_audit.knowledge.load import load_knowledge
from phone_audit.knowledge.schema.facts import HostFact
from phone_audit.knowledge.schema.host_rule import HostRule, words_in
from phone_audit.model.apk import EndpointCategory
from phone_audit.pipeline.db import show
from tests.knowledge.folders import shared

KNOWN = load_knowledge()
RULES: tuple[HostRule, ...] = KNOWN.entries(HOST_RULES)
SAID = ("telemetry", "advertising")
LEAST = {
    "huawei": (0.8, 0.9), "oppo-realme": (0.65, 0.68), "samsung": (0.57, 0.59), "vivo": (0.64, 0.7),
    "xiaomi": (0.46, 0.63),
}  # fmt: skip
"""Of a list that blocks what makers collect with, the share that is told to be telemetry or advertising, and the share
that is told to be for something. Xiaomi's also names the browser's pages, game centres, shops, payment, television and
test machines, of which nothing published says that they collect."""


def rule(category: EndpointCategory = "telemetry", *words: str) -> HostRule:
    return HostRule(
        id=f"{category}-rule", owners=("Maker",), category=category, words=words, reason="", source="rules",
        matches=(), ignores=(),
    )  # fmt: skip


def fact(host: str = "maker.example", category: EndpointCategory = "other", owner: str = "Maker") -> HostFact:
    return HostFact(host=host, owner=owner, category=category, source="facts")


def test_labels_are_taken_apart_into_words() -> None:
    assert words_in("metrics1-drcn.dt") == {"metrics", "drcn", "dt"}
    assert words_in("") == {""}


@pytest.mark.parametrize(
    ("host", "category"),
    [
        ("stat.maker.example", "telemetry"),
        ("EU-Stat2.data.maker.example.", "telemetry"),
        ("status.maker.example", "other"),
        ("restat.maker.example", "other"),
        ("maker.example", "other"),
    ],
)
def test_a_word_counts_as_a_whole_part_of_a_label(host: str, category: str) -> None:
    assert HostRules([rule("telemetry", "stat")]).told(host, fact()).category == category


def test_a_label_counts_as_it_stands() -> None:
    rules = HostRules([rule().model_copy(update={"labels": ("sec",)})])
    assert rules.told("api.sec.maker.example", fact()).category == "telemetry"
    assert rules.told("sec-cdn.maker.example", fact()).category == "other"
    assert rules.told("sec2.maker.example", fact()).category == "other"


def test_the_domain_itself_is_no_part_of_the_name() -> None:
    known = fact("stat.example")
    assert HostRules([rule("telemetry", "stat")]).told("www.stat.example", known) is known


def test_a_rule_holds_for_its_makers_only() -> None:
    known = fact(owner="Somebody")
    assert HostRules([rule("telemetry", "stat")]).told("stat.maker.example", known) is known


def test_what_a_fact_says_of_sending_stands_above_the_rules() -> None:
    known = fact(category="advertising")
    assert HostRules([rule("telemetry", "stat")]).told("stat.maker.example", known) is known


def test_of_several_words_that_counts_which_says_most_of_the_sending() -> None:
    rules = HostRules([rule("cloud", "files"), rule("telemetry", "log"), rule("push", "push")])
    assert rules.told("files.log.push.maker.example", fact()).category == "telemetry"
    assert rules.told("files.push.maker.example", fact()) == HostFact(
        host="files.push.maker.example", owner="Maker", category="push", source="rules"
    )


@pytest.mark.parametrize("one", RULES, ids=lambda one: one.id)
def test_the_examples_of_a_rule_are_hosts_of_its_makers(one: HostRule) -> None:
    for host in one.matches:
        found = KNOWN.owner_of(host)
        assert found is not None, host
        assert found.owner in one.owners, host
        assert found.category in (one.category, *SAID), host
    for host in one.ignores:
        near = KNOWN.owner_of(host)
        assert near is not None, host
        assert near.owner in one.owners, host
        assert near.category != one.category, host


def test_every_maker_of_a_rule_owns_a_domain() -> None:
    assert {owner for one in RULES for owner in one.owners} <= {host.owner for host in KNOWN.hosts}


@pytest.mark.parametrize(
    ("host", "owner"),
    [
        ("stsdk.vivo.com.cn", "vivo"),
        ("metrics.shalltry.com", "Transsion"),
        ("analytics.hmdglobal.com", "HMD"),
        ("bigdata.tclking.com", "TCL"),
        ("argo.svcmot.com", "Motorola"),
        ("log.lenovomm.com", "Lenovo"),
        ("dc.ztems.com", "ZTE"),
        ("metrics-drcn.dt.hihonorcloud.com", "Honor"),
        ("a.hl.mi.com", "Xiaomi"),
        ("d.g.mi.com", "Xiaomi"),
    ],
)
def test_makers_of_which_no_list_names_the_hosts(host: str, owner: str) -> None:
    found = KNOWN.owner_of(host)
    assert found is not None
    assert (found.owner, found.category) == (owner, "telemetry")


@pytest.mark.parametrize(
    "host", ["www.vivo.com.cn", "developer.honor.com", "support.hmdglobal.com", "shop.xiaomi.com", "www.motorola.com"]
)
def test_websites_of_makers_are_no_telemetry(host: str) -> None:
    found = KNOWN.owner_of(host)
    assert found is not None
    assert found.category == "other"


@pytest.mark.parametrize(
    ("host", "owner", "category"),
    [
        ("mistat.india.xiaomi.com.edgesuite.net", "Xiaomi", "telemetry"),
        ("Ad.Intl.Xiaomi.com.edgesuite.net.", "Xiaomi", "advertising"),
        ("mistat.xiaomi.com.download.ks-cdn.com", "Xiaomi", "telemetry"),
        ("www.xiaomi.com.edgekey.net", "Xiaomi", "other"),
        ("edgesuite.net", "Akamai", "cloud"),
        ("www.nobody-known.example.edgesuite.net", "Akamai", "cloud"),
        ("images-xiaomi.com.edgesuite.net", "Akamai", "cloud"),
        ("mistat.xiaomi.com.cdn.edgesuite.net", "Akamai", "cloud"),
        ("mistat.xiaomi.com.akamaized.net", "Akamai", "cloud"),
    ],
)
def test_the_name_of_a_delivery_network_begins_with_the_whole_host_it_delivers(
    host: str, owner: str, category: str
) -> None:
    found = KNOWN.owner_of(host)
    assert found is not None
    assert (found.owner, found.category) == (owner, category)


@pytest.mark.parametrize("host", ["mistat.xiaomi.com.evil.example", "mistat.xiaomi.com.ks-cdn.com"])
def test_what_another_domain_begins_with_says_nothing(host: str) -> None:
    assert KNOWN.owner_of(host) is None


def listed(path: Path) -> list[str]:
    lines = (line.strip() for line in path.read_text("utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize(
    ("name", "least", "purpose_least"), [(name, *least) for name, least in LEAST.items()], ids=LEAST
)
def test_of_a_list_that_is_not_bundled_most_hosts_are_told(name: str, least: float, purpose_least: float) -> None:
    """The list is read here and nowhere else: it is a yardstick and no source."""
    hosts = listed(shared("feeds", "native-tracking-domains", "hagezi") / f"native.{name}.txt")
    found = [known for host in hosts if (known := KNOWN.owner_of(host)) is not None]
    sending = sum(known.category in SAID for known in found)
    purpose = sum(known.category not in ("other", "unknown") for known in found)
    assert len(hosts) > 100
    assert sending / len(hosts) >= least, f"{sending} of {len(hosts)}"
    assert purpose / len(hosts) >= purpose_least, f"{purpose} of {len(hosts)}"


def test_a_host_is_shown_by_the_domain_above_it() -> None:
    (shown,) = show(KNOWN, "stsdk.vivo.com.cn")
    assert (shown.kind, shown.id, shown.title) == ("hosts", "stsdk.vivo.com.cn", "vivo")
    assert ("category", "telemetry") in shown.facts
    (above,) = show(KNOWN, "www.vivo.com.cn")
    assert ("domain", "vivo.com.cn") in above.facts
    assert any(one.title == "MiPush" for one in show(KNOWN, "api.xmpush.xiaomi.com"))
