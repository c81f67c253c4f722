"""What follows from what was seen: nothing known-bad from an address alone, every claim in the words of its join."""

import pytest

from phone_audit.detect.watch.connection_join import EndpointIndex, with_join
from phone_audit.detect.watch.watch_findings import WatchedPackage, detect_watch
from phone_audit.judge.judge import WatchJudgement, judge_watch
from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.apk import ApkInfo, Endpoint, HeldBy
from phone_audit.model.finding import Evidence, Skipped
from phone_audit.model.watch import Observation, Samples
from tests.detect.watch.test_connection_join import endpoint, seen
from tests.documents import apk

KNOWN = load_knowledge()
ACTIVATION = "com.qualcomm.qti.autoregistration"
NOKIA = {
    "ro.product.model": "Nokia 7 plus",
    "ro.build.display.id": "00WW_3_22C",
    "ro.product.brand": "Nokia",
    "ro.product.manufacturer": "HMD Global",
    "ro.build.fingerprint": "Nokia/Onyx_00WW/B2N_sprout:9/PPR1.180610.011/00WW_3_22C:user/release-keys",
}
SAMPLES = Samples(taken=9, failed=0, interval_ms=100, longest_gap_ms=200)
HELD = HeldBy(
    party="first-party",
    library=None,
    evidence=(Evidence(kind="dex-string", where="classes.dex", value="http://zzhc.vnet.cn:9999/"),),
)


def info(package: str, endpoints: tuple[Endpoint, ...]) -> ApkInfo:
    return ApkInfo(
        **{name: getattr(apk(), name) for name in ApkInfo.model_fields} | {"package": package, "endpoints": endpoints}
    )


def beacon() -> Endpoint:
    return endpoint("zzhc.vnet.cn", ports=(9999,), schemes=("http",)).model_copy(update={"held_by": (HELD,)})


def judged(
    *seen_: Observation,
    code: dict[str, tuple[Endpoint, ...]] | None = None,
    names: tuple[str, ...] = (),
    skipped: tuple[Skipped, ...] = (),
) -> WatchJudgement:
    held = code or {}
    joined = [
        with_join(one, EndpointIndex({name: held.get(name, ()) for name in one.packages}), names, KNOWN)
        for one in seen_
    ]
    packages = {
        name: WatchedPackage(name, (info(name, held.get(name, ())),), system=True)
        for one in seen_
        for name in one.packages
    }
    return judge_watch(joined, detect_watch(joined, packages, NOKIA, KNOWN), SAMPLES, skipped)


def ids(result: WatchJudgement) -> list[str]:
    return [finding.id for finding in result.findings]


def test_nothing_known_is_nothing_found() -> None:
    result = judged(seen(port=443), code={"com.a": (endpoint("x.example"),)})
    assert (result.findings, result.verdict.outcome) == ((), "nothing-found")
    assert result.verdict.headline == (
        "Nothing was found in 9 looks at the sockets, which showed 1 place connected to; that is no proof that nothing "
        "is there"
    )


def test_a_package_of_an_incident_is_known_bad_by_its_code_and_the_connection_is_told_beside_it() -> None:
    result = judged(seen("203.0.113.77", 9999, (ACTIVATION,)), code={ACTIVATION: (beacon(),)})
    assert {"published-incident", "watch.incident"} <= set(ids(result))
    assert result.verdict.outcome == "known-bad"
    talks = next(finding for finding in result.findings if finding.id == "watch.incident")
    assert talks.message.startswith(f"{ACTIVATION}, which “Nokia 7 Plus")
    assert talks.message.endswith(
        "was connected to 203.0.113.77:9999; its code holds zzhc.vnet.cn; not shown to be the same."
    )
    assert [(piece.kind, piece.value) for piece in talks.evidence] == [
        ("socket", "203.0.113.77:9999"),
        ("dex-string", "http://zzhc.vnet.cn:9999/"),
    ]
    published = next(finding for finding in result.findings if finding.id == "published-incident")
    assert "socket" not in {piece.kind for piece in published.evidence}, "nothing of it rests on the connection"


def test_a_shared_uid_says_so() -> None:
    result = judged(seen("203.0.113.77", 9999, (ACTIVATION, "com.android.phone")), code={ACTIVATION: (beacon(),)})
    talks = next(finding for finding in result.findings if finding.id == "watch.incident")
    assert "(or one of the 1 others that share its uid)" in talks.message


def test_without_its_code_the_name_alone_proves_nothing() -> None:
    result = judged(seen("203.0.113.77", 9999, (ACTIVATION,)))
    assert result.verdict.outcome not in ("known-bad", "suspicious")
    assert "watch.incident" not in ids(result)


def test_the_name_that_the_phone_reported_is_a_second_fact() -> None:
    result = judged(seen("203.0.113.77", 9999, (ACTIVATION,)), names=("zzhc.vnet.cn",))
    published = next(finding for finding in result.findings if finding.id == "published-incident")
    assert "socket" in {piece.kind for piece in published.evidence}
    assert result.verdict.outcome == "known-bad"


def test_what_a_shared_uid_was_connected_to_is_no_fact_of_one_of_its_packages() -> None:
    result = judged(seen("203.0.113.77", 9999, (ACTIVATION, "com.android.phone")), names=("zzhc.vnet.cn",))
    assert "published-incident" not in ids(result)
    assert result.verdict.outcome == "suspicious"


def test_unencrypted_connections() -> None:
    result = judged(seen(port=80), seen("203.0.113.8", 80), seen(port=443))
    assert ids(result) == ["watch.cleartext"]
    assert result.verdict.outcome == "exposed"
    assert result.findings[0].message == (
        "com.a was connected to 203.0.113.7:80 and 203.0.113.8:80, where by custom nothing is encrypted."
    )


def test_the_screen_was_off() -> None:
    result = judged(seen(port=443).model_copy(update={"screen_off": True}))
    assert [(finding.id, finding.severity) for finding in result.findings] == [("watch.screen-off", "info")]
    assert result.verdict.outcome == "nothing-found"


def test_a_uid_of_the_system_has_no_package() -> None:
    result = judged(seen(port=80, packages=()))
    assert [(finding.subject.kind, finding.subject.name) for finding in result.findings] == [("device", "uid 10123")]


def test_what_was_not_read_is_told() -> None:
    note = Skipped(subject="/proc/net/tcp", step="read", code="refused", reason="The phone does not hand it out.")
    result = judged(skipped=(note, note))
    assert (result.verdict.outcome, result.skipped) == ("inconclusive", (note,))


@pytest.mark.parametrize("port", [443, 9999])
def test_adding_evidence_never_lowers_the_outcome(port: int) -> None:
    less = judged(seen("203.0.113.77", port, (ACTIVATION,)), code={ACTIVATION: (beacon(),)})
    more = judged(seen("203.0.113.77", port, (ACTIVATION,)), seen(port=80), code={ACTIVATION: (beacon(),)})
    assert less.verdict.outcome == more.verdict.outcome == "known-bad"
