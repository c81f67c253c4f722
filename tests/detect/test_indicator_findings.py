"""What feeds list of a package or a phone, and what follows from it."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from phone_audit.detect.incidents.match_input import MatchInput
from phone_audit.detect.indicator_findings import indicator_findings
from phone_audit.knowledge.feeds.importing import FeedDetails, import_feed, read_feed
from phone_audit.knowledge.feeds.index import Indicators
from phone_audit.knowledge.feeds.indicator import THIS_ONLY, About, Indicator, ThreatClass
from phone_audit.knowledge.load import Knowledge, load_knowledge
from phone_audit.model.apk import ApkFile
from phone_audit.model.finding import Evidence, Finding, Source, Subject
from tests.judge.cases import (
    PIXEL,
    apk_info,
    endpoint,
    fact,
    incident,
    judge_apk,
    judge_folder,
    judge_scan,
    knowledge_of,
    observed,
    package,
    record,
    snapshot,
)
from tests.knowledge.feeds.feeds import item, keep

HASH, SIGNER = "d" * 64, "e" * 40
SPY = "com.spy.one"


def knowing(folder: Path, *indicators: Indicator, base: Knowledge | None = None) -> Knowledge:
    return replace(base or knowledge_of(), indicators=Indicators([keep(folder, *indicators)]))


def findings(knowledge: Knowledge, *, on_phone: bool = True, **changes: Any) -> tuple[Finding, ...]:
    name = changes.pop("name", SPY)
    return indicator_findings(MatchInput(packages=(observed(name, **changes),)), knowledge, on_phone=on_phone)


def only(found: tuple[Finding, ...]) -> Finding:
    assert len(found) == 1
    return found[0]


def test_a_listed_hash_is_confirmed(tmp_path: Path) -> None:
    found = only(findings(knowing(tmp_path, item("hash", HASH)), hashes=frozenset({HASH})))
    assert (found.id, found.confidence, found.severity) == ("indicator.hash", "confirmed", "critical")
    assert (found.title, found.category) == ("SpyOne (stalkerware)", "stalkerware")
    assert found.subject == Subject(kind="package", name=SPY)
    assert found.evidence == (Evidence(kind="hash", where="/system/app/A/A.apk", value=HASH),)
    assert found.sources == (
        Source(title="The list lab", publisher="A lab", date="2026-01-31", url="https://lab.example/list"),
    )
    assert found.message == (
        "The package com.spy.one is listed as SpyOne, stalkerware, by A lab (2026-01-31): the hash of its file."
    )


def test_the_first_step_against_stalkerware_is_not_to_remove_it(tmp_path: Path) -> None:
    found = only(findings(knowing(tmp_path, item("hash", HASH)), hashes=frozenset({HASH})))
    first, last = found.remedy[0], found.remedy[-1]
    assert first.command is None
    assert first.text.startswith("Leave it as it is for now.")
    assert "https://stopstalkerware.org" in first.text
    assert first.risk is not None
    assert "can notice" in first.risk
    assert last.command == "adb shell pm disable-user --user 0 com.spy.one"
    assert last.undo == "adb shell pm enable --user 0 com.spy.one"
    assert last.risk is not None
    assert "can notice" in last.risk


def test_without_a_phone_there_is_no_command(tmp_path: Path) -> None:
    found = only(findings(knowing(tmp_path, item("hash", HASH)), hashes=frozenset({HASH}), on_phone=False))
    assert [remedy.command for remedy in found.remedy] == [None]


def test_a_listed_signer_is_confirmed(tmp_path: Path) -> None:
    found = only(findings(knowing(tmp_path, item("certificate", SIGNER)), signers=frozenset({SIGNER, "f" * 64})))
    assert (found.id, found.confidence) == ("indicator.certificate", "confirmed")


def test_a_key_that_everybody_has_proves_nothing(tmp_path: Path) -> None:
    bundled = load_knowledge()
    public = next(key for key in bundled.keys if key.kind == "aosp-test-key")
    for digest in (public.sha256, public.sha1):
        assert digest is not None
        knowledge = knowing(tmp_path, item("certificate", digest), base=bundled)
        found = only(findings(knowledge, signers=frozenset({digest})))
        assert (found.id, found.severity) == ("indicator.commonplace", "info")
        assert "everybody can sign with this key" in found.message


def test_a_name_alone_is_a_weak_sign(tmp_path: Path) -> None:
    found = only(findings(knowing(tmp_path, item("package", SPY))))
    assert (found.id, found.confidence) == ("indicator.package", "medium")
    assert found.message.endswith("its name. One sign alone proves nothing: a second one is missing.")
    assert all(remedy.command is None for remedy in found.remedy)


def test_a_name_with_a_listed_host_in_its_code_is_confirmed(tmp_path: Path) -> None:
    knowledge = knowing(tmp_path, item("package", SPY), item("host", "spy.example.net"))
    found = only(findings(knowledge, endpoints=(endpoint("a.b.spy.example.net"),)))
    assert (found.id, found.confidence) == ("indicator.package", "confirmed")
    assert {piece.kind for piece in found.evidence} == {"package", "dex-string"}


def test_the_name_of_a_file_brings_no_name_and_host_together(tmp_path: Path) -> None:
    path = tmp_path / "collected.txt"
    path.write_text(f"{SPY}\nspy.example.net\n", "utf-8")
    imported = read_feed("values", path, FeedDetails(class_="spyware"), lambda: datetime(2026, 2, 1, tzinfo=UTC))
    known = replace(knowledge_of(), indicators=Indicators([import_feed(imported, tmp_path / "own")]))
    found = only(findings(known, endpoints=(endpoint("spy.example.net"),)))
    assert (found.id, found.confidence) == ("indicator.package", "medium")


def test_a_host_of_another_name_is_no_second_fact(tmp_path: Path) -> None:
    knowledge = knowing(tmp_path, item("package", SPY), item("host", "spy.example.net", "Another"))
    found = findings(knowledge, endpoints=(endpoint("spy.example.net"),))
    assert sorted((one.id, one.confidence) for one in found) == [
        ("indicator.host", "medium"),
        ("indicator.package", "medium"),
    ]


@pytest.mark.parametrize("host", ["notspy.example.net", "example.net", "spy.example.net.cn"])
def test_hosts_match_by_whole_labels(tmp_path: Path, host: str) -> None:
    assert findings(knowing(tmp_path, item("host", "spy.example.net")), endpoints=(endpoint(host),)) == ()


def test_an_endpoint_that_is_ruled_out_is_none(tmp_path: Path) -> None:
    knowledge = knowing(tmp_path, item("host", "spy.example.net"))
    assert findings(knowledge, endpoints=(endpoint("spy.example.net", ruled_out="documentation"),)) == ()


def test_a_weak_host_is_only_worth_knowing(tmp_path: Path) -> None:
    knowledge = knowing(tmp_path, item("host", "spy.example.net", weight="weak"))
    found = only(findings(knowledge, endpoints=(endpoint("spy.example.net"),)))
    assert (found.id, found.confidence, found.severity) == ("indicator.host", "low", "info")


def test_a_url_is_met_by_what_lies_below_it(tmp_path: Path) -> None:
    knowledge = knowing(tmp_path, item("url", "shared.example.net/gate"))
    near = endpoint("shared.example.net", urls=("https://shared.example.net/gateway",))
    assert findings(knowledge, endpoints=(near,)) == ()
    met = endpoint("shared.example.net", urls=("http://shared.example.net/gate/in?x=1",))
    assert only(findings(knowledge, endpoints=(met,))).id == "indicator.url"


def test_an_address_is_met_by_its_network(tmp_path: Path) -> None:
    knowledge = knowing(tmp_path, item("network", "45.249.247.0/24"))
    assert only(findings(knowledge, endpoints=(endpoint("45.249.247.65", kind="ipv4"),))).id == "indicator.network"
    assert findings(knowledge, endpoints=(endpoint("45.249.248.65", kind="ipv4"),)) == ()


def test_a_warning_list_takes_a_host_out_and_says_so(tmp_path: Path) -> None:
    warning = item("host", "example.net", "List of public services", "commonplace")
    knowledge = knowing(tmp_path, item("host", "spy.example.net"), item("package", SPY), warning)
    found = {one.id: one for one in findings(knowledge, endpoints=(endpoint("spy.example.net"),))}
    assert set(found) == {"indicator.package"}
    assert found["indicator.package"].confidence == "medium"
    alone = only(findings(knowledge, name="com.other", endpoints=(endpoint("spy.example.net"),)))
    assert (alone.id, alone.severity) == ("indicator.commonplace", "info")
    assert "List of public services (A lab) names it as commonplace" in alone.message


def test_a_warning_list_of_whole_values_spares_what_lies_below(tmp_path: Path) -> None:
    very = Indicator("host", "example.net", About("Common", "commonplace", note=THIS_ONLY))
    knowledge = knowing(tmp_path, item("host", "spy.example.net"), item("host", "example.net", "Two"), very)
    found = findings(knowledge, endpoints=(endpoint("spy.example.net"),))
    assert sorted((one.id, one.title) for one in found) == [
        ("indicator.commonplace", "Listed, but commonplace"),
        ("indicator.host", "SpyOne (stalkerware)"),
    ]


def test_the_host_of_a_known_company_is_no_sign(tmp_path: Path) -> None:
    bundled = load_knowledge()
    knowledge = knowing(tmp_path, item("host", "app-measurement.com"), base=bundled)
    found = only(findings(knowledge, endpoints=(endpoint("app-measurement.com"),)))
    assert found.id == "indicator.commonplace"


def test_a_list_of_trackers_names_companies_on_purpose(tmp_path: Path) -> None:
    knowledge = knowing(tmp_path, item("host", "app-measurement.com", class_="tracker"), base=load_knowledge())
    found = only(findings(knowledge, endpoints=(endpoint("app-measurement.com"),)))
    assert (found.id, found.confidence, found.title) == ("indicator.tracker", "medium", "On lists of trackers")
    assert found.message == ("The package com.spy.one is listed by A lab (2026-01-31): app-measurement.com (host).")


def test_a_host_that_a_company_gives_to_a_customer_is_one(tmp_path: Path) -> None:
    knowledge = knowing(tmp_path, item("host", "spy-one.firebaseio.com"), base=load_knowledge())
    found = only(findings(knowledge, endpoints=(endpoint("spy-one.firebaseio.com"),)))
    assert (found.id, found.confidence) == ("indicator.host", "medium")


@pytest.mark.parametrize(
    ("class_", "claim"),
    [
        ("watchware", ("indicator.unwanted", "high")),
        ("adware", ("indicator.unwanted", "high")),
        ("vulnerable", ("indicator.listed", "medium")),
        ("listed", ("indicator.listed", "medium")),
        ("tracker", ("indicator.tracker", "medium")),
    ],
)
def test_what_is_not_malicious_never_confirms(tmp_path: Path, class_: ThreatClass, claim: tuple[str, str]) -> None:
    found = only(findings(knowing(tmp_path, item("hash", HASH, class_=class_)), hashes=frozenset({HASH})))
    assert (found.id, found.confidence) == claim
    assert found.severity in ("info", "medium")


@pytest.mark.parametrize("class_", ["preinstalled", "owner", "public-key", "anti-feature", "commonplace"])
def test_what_only_describes_is_no_finding(tmp_path: Path, class_: ThreatClass) -> None:
    assert findings(knowing(tmp_path, item("package", SPY, class_=class_))) == ()


def test_a_property_and_a_path_of_the_phone(tmp_path: Path) -> None:
    knowledge = knowing(
        tmp_path,
        item("property", "sys.spy=1", "A"),
        item("property", "sys.other", "B"),
        item("path", "/data/x/spy", "C"),
    )
    phone = MatchInput(properties={"sys.spy": "2", "sys.other": ""}, paths={"/data/x/spy": "file"})
    found = indicator_findings(phone, knowledge, on_phone=True)
    assert sorted((one.id, one.title, one.confidence) for one in found) == [
        ("indicator.path", "C (stalkerware)", "medium"),
        ("indicator.property", "B (stalkerware)", "medium"),
    ]


def test_two_feeds_of_one_name_are_one_finding_with_both_sources(tmp_path: Path) -> None:
    one, two = keep(tmp_path, item("hash", HASH), feed="one"), keep(tmp_path, item("hash", HASH, "spyone"), feed="two")
    knowledge = replace(knowledge_of(), indicators=Indicators([one, two]))
    found = only(findings(knowledge, hashes=frozenset({HASH})))
    assert [source.title for source in found.sources] == ["The list one", "The list two"]


def test_an_apk_is_judged_by_its_hash(tmp_path: Path) -> None:
    info = apk_info(SPY, sha256=HASH)
    judged = judge_apk(info, (), knowing(tmp_path, item("hash", HASH)))
    assert judged.outcome == "known-bad"
    assert judge_apk(info, (), knowing(tmp_path, item("hash", "c" * 64))).outcome == "nothing-found"


def test_an_md5_is_a_hash_too(tmp_path: Path) -> None:
    file = ApkFile(path="a.apk", sha256="c" * 64, size=1, role="base", md5="9" * 32)
    judged = judge_apk(apk_info(SPY, files=(file,)), (), knowing(tmp_path, item("hash", "9" * 32)))
    assert judged.outcome == "known-bad"


def test_a_phone_is_judged_and_says_why(tmp_path: Path) -> None:
    knowledge = knowing(tmp_path, item("hash", HASH), item("package", "com.two", "Two"))
    phone = snapshot(PIXEL, [package(SPY, "/data/app/a.apk"), package("com.two", "/data/app/b.apk")])
    apks = [apk_info(SPY, "/data/app/a.apk", sha256=HASH), apk_info("com.two", "/data/app/b.apk")]
    judged = judge_scan(phone, apks, (), "standard", knowledge)
    assert judged.verdict.outcome == "known-bad"
    assert judged.verdict.headline == (
        "This phone holds what a published list names as malicious: SpyOne (stalkerware, listed by A lab)"
    )
    assert [apk.outcome for apk in judged.apks] == ["known-bad", "suspicious"]
    assert [reason.text.split(":")[0] for reason in judged.verdict.reasons] == [
        "The package com.spy.one is listed as SpyOne, stalkerware, by A lab (2026-01-31)",
        "The package com.two is listed as Two, stalkerware, by A lab (2026-01-31)",
    ]


def test_what_an_incident_says_already_is_said_once_with_both_sources(tmp_path: Path) -> None:
    published = incident(
        category="backdoor", packages=[fact(SPY, standalone=False)], hashes=[fact(HASH, algo="sha256", file="a.apk")]
    )
    knowledge = knowing(tmp_path, item("hash", HASH), base=knowledge_of(published))
    info = apk_info(SPY, sha256=HASH)
    (found,) = judge_apk(info, (), knowledge).findings
    assert found.incident == "case"
    assert found.sources[-1].title == "The list lab"


def test_an_indicator_that_shows_more_than_a_weaker_incident_stays(tmp_path: Path) -> None:
    published = incident(endpoints=[fact("spy.example.net", kind="domain", weight="strong")])
    knowledge = knowing(tmp_path, item("hash", HASH), base=knowledge_of(published))
    info = apk_info(SPY, sha256=HASH, endpoints=(endpoint("spy.example.net"),))
    judged = judge_apk(info, (), knowledge)
    assert sorted(one.id for one in judged.findings) == ["indicator.hash", "possible-incident"]
    assert judged.outcome == "known-bad"


def test_a_list_and_an_incident_are_told_apart_in_the_headline(tmp_path: Path) -> None:
    """What a list names is no published incident; where both are there, both are said."""
    published = incident(category="backdoor", packages=[fact("com.acme.weather", standalone=True)])
    knowledge = knowing(tmp_path, item("hash", HASH), base=knowledge_of(published))
    installed = [package(SPY, "/data/app/a.apk"), package("com.acme.weather", "/system/app/b.apk")]
    apks = [apk_info(SPY, "/data/app/a.apk", sha256=HASH), apk_info("com.acme.weather", "/system/app/b.apk")]
    judged = judge_scan(snapshot(PIXEL, installed), apks, (), "standard", knowledge)
    assert judged.verdict.headline == (
        "This phone matches a published incident, and holds what a list names as malicious: "
        "Acme One: weather service that sends the IMEI and SpyOne (stalkerware, listed by A lab)"
    )
    only_acme = judge_scan(snapshot(PIXEL, installed[1:]), apks[1:], (), "standard", knowledge)
    assert only_acme.verdict.headline == (
        "This phone matches a published incident: Acme One: weather service that sends the IMEI"
    )


def test_one_weak_sign_is_not_said_to_be_the_thing_itself(tmp_path: Path) -> None:
    knowledge = knowing(tmp_path, item("package", SPY))
    judged = judge_scan(snapshot(PIXEL, [package(SPY, "/data/app/a.apk")]), [], (), "quick", knowledge)
    assert judged.verdict.outcome == "suspicious"
    assert judged.verdict.headline.startswith(
        "This phone shows strong signs that something is wrong with it: a sign of SpyOne (stalkerware, listed by A lab)"
    )


@pytest.mark.parametrize(
    ("class_", "said"),
    [("tracker", "what lists of trackers name"), ("listed", "what imported lists name")],
)
def test_what_is_only_listed_is_said_in_words_that_fit(tmp_path: Path, class_: ThreatClass, said: str) -> None:
    knowledge = knowing(tmp_path, item("package", SPY, class_=class_), item("package", "com.two", "Two", class_=class_))
    phone = snapshot(PIXEL, [package(SPY, "/data/app/a.apk"), package("com.two", "/data/app/b.apk")])
    judged = judge_scan(phone, [], (), "quick", knowledge)
    assert said in judged.verdict.headline
    assert judged.verdict.reasons[0].text == f"2 packages hold {said}: com.spy.one and com.two."


def test_a_folder_of_files_says_the_same(tmp_path: Path) -> None:
    published = incident(category="backdoor", packages=[fact("com.acme.weather", standalone=True)])
    knowledge = knowing(tmp_path, item("hash", HASH), base=knowledge_of(published))
    infos = (apk_info(SPY, sha256=HASH), apk_info("com.acme.weather", "b.apk"))
    spy, acme = (record(info, judge_apk(info, (), knowledge)) for info in infos)
    assert judge_folder([spy], ()).headline == (
        "This APK is or holds what a published list names as malicious: SpyOne (stalkerware, listed by A lab)"
    )
    assert judge_folder([spy, acme], ()).headline.startswith(
        "APKs that match a published incident, or that a list names as malicious: 2 of 2 (Acme One: weather service"
    )
    assert judge_folder([acme], ()).headline.startswith("This APK matches a published incident: Acme One")
