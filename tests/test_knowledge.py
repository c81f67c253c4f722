"""The facts that come with the package: complete, sourced, allowed to be there, and readable by a worried owner."""

import json
import re
from collections import Counter
from typing import Any

import pytest

from phone_audit.knowledge.check.folder import check_folder
from phone_audit.knowledge.load import BUNDLED, Knowledge, load_knowledge
from phone_audit.knowledge.rules import split_url
from tests.knowledge.folders import ROOT, shared

INCIDENTS = sorted(path.stem for path in (BUNDLED / "incidents").glob("*.json"))
LICENCES = {"MIT", "Apache-2.0", "ODbL-1.0, contents DbCL-1.0", "fact"}
NEVER_PRINTED = re.compile(r"\bclean|\bmisc\b|\bapps?\b", re.IGNORECASE)
RENAMED = {"vendor": "vendors", "component_vendor": "component_vendors", "system_properties": "properties"}
FACT_LISTS = (
    "vendor", "component_vendor", "models", "packages", "hashes", "certificates", "paths", "system_properties",
    "endpoints", "data_types", "cves", "vendor_response",
)  # fmt: skip


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    """Loaded in the tests, not at import: one bad entry then fails with its name."""
    return load_knowledge()


def test_no_entry_has_a_problem() -> None:
    assert check_folder(BUNDLED).problems == []


def test_the_counts(knowledge: Knowledge) -> None:
    facts = Counter(fact.confidence for entry in knowledge.incidents for _, fact in entry.facts())
    assert facts["recalled"] <= 41
    assert facts["sourced"] >= 1837
    counts = {name: knowledge.info.counts[name] for name in ("hosts", "incidents", "keys", "rules", "trackers")}
    assert counts == {"hosts": 715, "incidents": 162, "keys": 12, "rules": 29, "trackers": 531}
    assert sum(len(entry.sources) for entry in knowledge.incidents) >= 414
    assert sum(len(entry.tests.matches) for entry in knowledge.incidents) >= 290
    assert sum(len(entry.tests.ignores) for entry in knowledge.incidents) >= 284
    assert Counter(entry.raises for entry in knowledge.incidents) == {"known-bad": 57, "suspicious": 66, "exposed": 39}


@pytest.fixture(scope="module")
def dossier() -> dict[str, dict[str, Any]]:
    listed = json.loads(shared("knowledge", "incidents.json").read_bytes())
    return {entry["id"]: entry for entry in listed}


MENDED: dict[tuple[str, str], set[str]] = {
    ("nokia-7-plus-vnet-cn-2019", "vendor_response"): {
        "Said a China activation client was packaged by mistake in a single batch; fixed February 2019 by switching to "
        "the right country variant; denied that personal data was processed"
    },
    ("gdata-26-models-2015", "vendor"): {"Huawei, Lenovo, Xiaomi and others (tampering attributed to middlemen)"},
    ("gdata-26-models-2015", "models"): {"26 models"},
    ("rottensys-2018", "component_vendor"): {"Tian Pai (Hangzhou distributor)"},
}
"""Facts of the dossier that a better source put right: entry, kind of fact, and the values that are gone."""


def test_every_incident_of_the_dossier_is_here(knowledge: Knowledge, dossier: dict[str, dict[str, Any]]) -> None:
    assert {entry.id for entry in knowledge.incidents} >= set(dossier)


def test_no_fact_of_the_dossier_is_lost(knowledge: Knowledge, dossier: dict[str, dict[str, Any]]) -> None:
    for entry in knowledge.incidents:
        given = dossier.get(entry.id, {})
        for name in (*FACT_LISTS, "affected_builds", "fixed_builds"):
            field = "builds" if name.endswith("_builds") else RENAMED.get(name, name)
            here = {fact.value for fact in getattr(entry, field)}
            meant = {fact.get("value", fact.get("name")) for fact in given.get(name) or []}
            assert meant - here == MENDED.get((entry.id, name), set()), (entry.id, name)


def test_no_near_miss_of_the_dossier_is_lost(knowledge: Knowledge, dossier: dict[str, dict[str, Any]]) -> None:
    for entry in knowledge.incidents:
        here = [(test.kind, test.value) for test in entry.tests.ignores]
        given = dossier.get(entry.id, {}).get("tests", {}).get("ignores", [])
        assert [test for test in given if (test["kind"], test["value"]) not in here] == [], entry.id


@pytest.mark.parametrize("name", INCIDENTS)
def test_an_incident_is_told_in_a_few_plain_sentences(knowledge: Knowledge, name: str) -> None:
    entry = knowledge.incident(name)
    texts = [entry.summary, *(step.text for step in entry.what_to_do)]
    words = entry.summary.replace("Android.DownLoader.", "").replace("Android.Sprovider.", "")
    sentences = re.findall(r"[.!?](?=\s|$)", words.replace("Inc.", "Inc"))
    assert 1 <= len(sentences) <= 3, entry.summary
    assert entry.summary != f"{entry.title}."
    assert 1 <= len(entry.what_to_do) <= 4
    for text in texts:
        without_packages = re.sub(r"\b[a-z]+(\.\w+){2,}", "", text)
        assert not NEVER_PRINTED.search(without_packages), text
        assert text.endswith("."), text
        assert "  " not in text


@pytest.mark.parametrize("name", INCIDENTS)
def test_no_advice_can_harm(knowledge: Knowledge, name: str) -> None:
    entry = knowledge.incident(name)
    steps = [step.text for step in entry.what_to_do]
    advice = " ".join(steps)
    assert not re.search(r"\b(pm uninstall|fastboot|flash|rm |root the|adb root|su -c)", advice)
    for step in entry.what_to_do:
        if "disable-user" in step.text:
            (named,) = re.findall(r"disable-user --user 0 ([A-Za-z][\w.]+\w)", step.text)
            assert f"Undo: adb shell pm enable {named}." in step.text, "every command comes with its own way back"
            assert named in {"PACKAGE", *(fact.value for fact in entry.packages)}
            assert named not in {"com.android.settings", "android"}
            assert step.needs == "found", "nothing is switched off that was not seen"
            if re.search(r"fota|com\.rock\.gota", named):
                assert "Warning: the phone then gets no system updates." in step.text


def test_the_seed_case_reads_like_an_answer(knowledge: Knowledge) -> None:
    entry = knowledge.incident("nokia-7-plus-vnet-cn-2019")
    for part in ("One production batch", "Nokia 7 Plus", "IMEI", "Wi-Fi MAC", "ICCID", "cell", "zzhc.vnet.cn"):
        assert part in entry.summary
    assert "without encryption" in entry.summary
    advice = " ".join(step.text for step in entry.what_to_do)
    assert "00WW_3_22C_SP05" in advice
    assert "00WW_3_39B from SP03" in advice
    assert "com.qualcomm.qti.autoregistration" in advice


def test_every_tracker_with_code_or_hosts_is_known_by_them(knowledge: Knowledge) -> None:
    assert {found.id for found in knowledge.trackers_of_host("settings.crashlytics.com")} == {"exodus-27"}
    assert [found.name for found in knowledge.trackers_of_host("app.adjust.com")] == ["Adjust"]
    assert knowledge.trackers_of_host("graph.facebook.com") == ()
    assert knowledge.trackers_of_host("play.google.com") == ()


def test_the_test_tool_of_a_vendor_is_not_its_advertising(knowledge: Knowledge) -> None:
    pangle = next(found for found in knowledge.trackers if found.name == "Pangle")
    assert pangle.code == ("com.bytedance.sdk.openadsdk", "com.pangle.global", "com.pgl.ssdk", "com.pgl.sys.ces")


@pytest.mark.parametrize(
    ("host", "owner", "category"),
    [
        ("data.mistat.intl.xiaomi.com", "Xiaomi", "telemetry"),
        ("metrics.data.hicloud.com", "Huawei", "telemetry"),
        ("nmetrics.samsung.com", "Samsung", "telemetry"),
        ("stat-in.dc.oppomobile.com", "OPPO", "telemetry"),
        ("iot-logser.realme.com", "realme", "telemetry"),
        ("www.vivo.com.cn", "vivo", "other"),
        ("graph.facebook.com", "Meta", "social"),
        ("reports.crashlytics.com", "Google", "crash-reporting"),
        ("app-measurement.com", "Google", "telemetry"),
        ("firestore.googleapis.com", "Google", "cloud"),
        ("mtalk.google.com", "Google", "push"),
        ("log.tbs.qq.com", "Tencent", "telemetry"),
        ("tbs.imtt.qq.com", "Tencent", "other"),
        ("api.branch.io", "Branch", "telemetry"),
    ],
)
def test_owners_of_hosts_that_stand_in_many_packages(
    knowledge: Knowledge, host: str, owner: str, category: str
) -> None:
    found = knowledge.owner_of(host)
    assert found is not None
    assert (found.owner, found.category) == (owner, category)


def test_hosts_that_nobody_is_known_to_own(knowledge: Knowledge) -> None:
    assert knowledge.owner_of("zzhc.vnet.cn") is None
    assert knowledge.owner_of("notgoogle.com") is None


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("http://schemas.android.com/apk/res/android", "namespace"),
        ("http://www.apache.org/licenses/LICENSE-2.0", "licence"),
        ("https://developer.android.com/guide", "documentation"),
        ("http://www.example.com/", "example"),
        ("http://127.0.0.1:8080/", "loopback"),
        ("http://192.168.0.1/", "private-address"),
        ("http://203.0.113.7/", "reserved-address"),
        ("http://255.255.255.255:4002/", "broadcast"),
        ("http://239.255.255.250:1900/", "multicast"),
        ("https://api.vendor.test/", "test"),
        ("http://zzhc.vnet.cn", None),
        ("https://www.googleapis.com/auth/games", "identifier"),
        ("https://www.googleapis.com/upload/", None),
        ("https://goo.gl/NAOOOI", "documentation"),
        ("https://goo.gl/abcdef", None),
        ("https://github.com/someone/repository", None),
        ("http://www.apache.org/collect", None),
        ("http://8.8.8.8/", None),
    ],
)
def test_what_is_taken_out_and_what_stays(knowledge: Knowledge, url: str, rule: str | None) -> None:
    found = knowledge.rule_for(split_url(url)[0], url)
    assert (found.id if found else None) == rule


def test_the_public_test_keys_of_android_are_known(knowledge: Knowledge) -> None:
    platform = knowledge.key_of("c8a2e9bccf597c2fb6dc66bee293fc13f2fc47ec77bc6b2b0d52c11f51192ab8")
    assert platform is not None
    assert (platform.id, platform.kind) == ("aosp-platform", "aosp-test-key")
    assert {key.kind for key in knowledge.keys} == {"aosp-test-key", "aosp-build-testdata"}


def test_every_source_of_bulk_facts_has_a_licence_that_allows_it_here(knowledge: Knowledge) -> None:
    assert {source.licence for source in knowledge.sources} == LICENCES
    assert "Open Database License" in (BUNDLED / "trackers" / "LICENSE").read_text()
    hosts = (BUNDLED / "hosts" / "LICENSE").read_text()
    assert all(holder in hosts for holder in ("NextDNS", "Perflyst", "V2Ray"))
    other = [source.licence for source in knowledge.sources if source.id == "exodus"]
    assert other == ["ODbL-1.0, contents DbCL-1.0"]
    for folder in ("hosts", "keys", "rules"):
        assert "ODbL" not in "".join(path.read_text("utf-8") for path in (BUNDLED / folder).glob("*.json"))


def test_the_data_files_are_tidy() -> None:
    for path in sorted(BUNDLED.rglob("*.json")):
        text = path.read_text("utf-8")
        assert text == json.dumps(json.loads(text), indent=1, ensure_ascii=False) + "\n", path.relative_to(ROOT)
