"""One fact, one claim; and the same finding in several files is one."""

from typing import Any

from phone_audit.detect.incidents.citations import cited
from phone_audit.judge.findings import deduplicated, merged
from phone_audit.model.finding import Evidence, Finding, Source, Subject
from tests.judge.cases import finding, incident

TAGS = Evidence(kind="property", where="getprop", value="ro.build.tags=test-keys")
KEY = Evidence(kind="certificate", where="/system/app/a.apk", value="cd" * 32)
SCHEME = Evidence(kind="certificate", where="v2", value="cd" * 32)
PACKAGE = Evidence(kind="package", where="/system/app/a.apk", value="com.a")
PUBLISHED = Source(title="Keys", publisher="AOSP", date="2025", url="")
INCIDENTS = {"keys": cited(incident("keys", status="by-design", raises="exposed"))}


def published(*evidence: Evidence, **changes: Any) -> Finding:
    build = Subject(kind="build", name="A")
    return finding("published-incident", incident="keys", confidence="confirmed", category="leaked-key", subject=build,
                   sources=(PUBLISHED,), evidence=evidence, **changes)  # fmt: skip


def detected(detector: str, *evidence: Evidence, **changes: Any) -> Finding:
    return finding(detector, confidence="confirmed", category="leaked-key", evidence=evidence, **changes)


def test_the_stronger_detector_speaks_for_the_incident() -> None:
    build = detected("test-keys-build", TAGS, subject=Subject(kind="setting", name="ro.build.tags"))
    (kept,) = deduplicated([published(TAGS), build], INCIDENTS)
    assert (kept.id, kept.evidence, kept.sources) == ("test-keys-build", (TAGS,), (PUBLISHED,))


def test_the_stronger_incident_speaks_for_the_detector() -> None:
    (kept,) = deduplicated([detected("public-test-key", SCHEME, name="com.a"), published(PACKAGE, KEY)], INCIDENTS)
    assert kept.id == "published-incident"


def test_what_shows_more_or_is_of_another_package_stays() -> None:
    for other in (
        detected("public-test-key", SCHEME, name="com.b"),
        detected("public-test-key", SCHEME, TAGS, name="com.a"),
        detected("public-test-key", SCHEME, name="com.a").model_copy(update={"category": "tracker"}),
    ):
        assert deduplicated([other, published(PACKAGE, KEY)], INCIDENTS) == (other, published(PACKAGE, KEY))


def test_two_of_one_kind_stay() -> None:
    both = (detected("public-test-key", KEY, name="com.a"), detected("leaked-key", KEY, PACKAGE, name="com.a"))
    assert deduplicated(both, {}) == both


def test_one_key_is_one_finding() -> None:
    one = finding(evidence=(Evidence(kind="class", where="classes.dex", value="a"),), confidence="low")
    two = finding(
        evidence=(
            Evidence(kind="class", where="classes.dex", value="a"),
            Evidence(kind="class", where="classes2.dex", value="b"),
        ),
        severity="medium",
        confidence="high",
    )
    assert merged([one, two]) == merged([two, one]) == (two,)


def test_the_worst_severity_and_the_highest_confidence_need_not_come_together() -> None:
    worse = finding(severity="high", confidence="low")
    surer = finding(severity="low", confidence="confirmed")
    assert merged([worse, surer]) == merged([surer, worse]) == (finding(severity="high", confidence="confirmed"),)


def test_sorted_worst_and_surest_first() -> None:
    low = finding(name="com.a")
    unsure = finding(name="com.b", severity="high", confidence="low")
    sure = finding(name="com.c", severity="high", confidence="confirmed")
    assert merged([low, unsure, sure]) == (sure, unsure, low)
