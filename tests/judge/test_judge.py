"""APKs, phones and folders, judged: the seed case, what was not read, and that a cheap phone is told as well."""

from typing import Any

import pytest

from phone_audit.detect.detectors import apk_findings, device_findings
from phone_audit.judge.judge import ApkJudgement, PhoneJudgement
from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.apk import ApkFile, ApkInfo
from phone_audit.model.finding import Finding, Severity, Skipped, Subject
from tests.judge.cases import (
    NOKIA,
    PIXEL,
    REGISTRATION,
    REGISTRATION_PATH,
    apk_info,
    endpoint,
    fact,
    finding,
    incident,
    judge_apk,
    judge_folder,
    judge_scan,
    knowledge_of,
    nokia,
    package,
    record,
    signer,
    snapshot,
)

SKIPPED = Skipped(subject="/a.apk", step="dex", code="truncated", reason="The file ends too early.")
ADUPS = "com.adups.fota"
HOST = fact("in.acme.example", kind="domain", weight="strong")
CASE = incident(packages=[fact("com.acme", standalone=False)], endpoints=[HOST])
ACME = knowledge_of(CASE)


def acme(path: str = "/acme.apk", **changes: Any) -> ApkInfo:
    return apk_info("com.acme", path, **{"endpoints": (endpoint("in.acme.example"),), **changes})


def scan(*apks: ApkInfo, detected: tuple[Finding, ...] = (), depth: Any = "standard", **changes: Any) -> PhoneJudgement:
    packages = [package(info.package or "com.unknown", info.path) for info in apks]
    return judge_scan(snapshot(PIXEL, packages, **changes), apks, detected, depth, ACME)


# ---- one APK


def test_an_apk_with_nothing_to_say() -> None:
    assert judge_apk(apk_info("com.a"), [], ACME) == ApkJudgement((), (), "nothing-found")


def test_an_apk_that_meets_an_incident() -> None:
    judged = judge_apk(acme(), [], ACME)
    assert judged.outcome == "known-bad"
    assert [entry.id for entry in judged.incidents] == ["case"]
    assert [(item.id, item.remedy[-1].command) for item in judged.findings] == [("published-incident", None)]


def test_detectors_and_incidents_stand_together() -> None:
    tracker = finding(name="com.acme")
    judged = judge_apk(acme(), [tracker], ACME)
    assert [item.id for item in judged.findings] == ["published-incident", "tracker-present"]
    assert judge_apk(apk_info("com.a"), [tracker], ACME).outcome == "exposed"


def test_without_a_phone_conditions_stay_open() -> None:
    """The file of the seed case: the model is not known, so it is only a sign."""
    _, info = nokia()
    judged = judge_apk(info, [], load_knowledge())
    assert judged.outcome == "suspicious"
    assert {item.id for item in judged.findings} == {"possible-incident"}


@pytest.mark.parametrize("info", [apk_info("com.a", skipped=(SKIPPED,)), apk_info(None)])
def test_an_apk_that_was_not_read_as_a_whole(info: ApkInfo) -> None:
    assert judge_apk(info, [], ACME).outcome == "inconclusive"
    assert judge_apk(info, [finding(name="com.a")], ACME).outcome == "exposed"


# ---- a phone


def test_a_headline_names_no_model_of_another_maker() -> None:
    """The updater of Adups came with phones of many makers; the published title names one model of one of them."""
    path = "/system/app/Fota/Fota.apk"
    info = apk_info("com.adups.fota", path, endpoints=(endpoint("bigdata.adups.com"),))
    phone = snapshot(PIXEL, [package("com.adups.fota", path)])
    judged = judge_scan(phone, [info], [], "standard", load_knowledge())
    assert judged.verdict.headline.startswith(
        "This phone matches a published incident: Adups updater sends SMS, call log and identifiers"
    )
    assert "(BLU R1 HD and others)" in judged.verdict.reasons[0].text


@pytest.mark.parametrize("severity", ["low", "medium"])
def test_a_small_hole_in_a_preinstalled_package(severity: Severity) -> None:
    case = incident(
        title="Acme Two: hole", headline="Hole", category="vulnerable-preinstall", severity=severity,
        raises="suspicious", packages=[fact("com.acme.hole", standalone=True)],
    )  # fmt: skip
    judged = judge_scan(snapshot(PIXEL, [package("com.acme.hole", "/system/app/H.apk")]), [], [], "quick",
                        knowledge_of(case))  # fmt: skip
    start = {
        "low": ("exposed", "This phone holds software that publishers warn of: Hole"),
        "medium": ("suspicious", "This phone shows strong signs that something is wrong with it: Hole"),
    }[severity]
    assert judged.verdict.outcome == start[0]
    assert judged.verdict.headline.startswith(start[1])


def test_the_seed_case() -> None:
    phone, info = nokia()
    judged = judge_scan(phone, [info], [], "standard", load_knowledge())
    assert judged.verdict.outcome == "known-bad"
    assert judged.verdict.headline == (
        "This phone matches a published incident: China Telecom activation client shipped on non-Chinese firmware"
    )
    assert judged.verdict.reasons[0].finding == judged.findings[0].key
    assert judged.complete
    assert [apk.outcome for apk in judged.apks] == ["known-bad"]
    first = judged.findings[0]
    assert (first.id, first.incident, first.subject) == (
        "published-incident",
        "nokia-7-plus-vnet-cn-2019",
        Subject(kind="package", name=REGISTRATION),
    )
    assert [(piece.kind, piece.where, piece.value) for piece in first.evidence[:3]] == [
        ("package", REGISTRATION_PATH, REGISTRATION),
        ("dex-string", "classes.dex", "http://zzhc.vnet.cn:9999/"),
        ("property", "getprop", "ro.build.display.id=00WW_3_22C"),
    ]
    commands = [step.command for step in first.remedy if step.command]
    assert commands == [f"adb shell pm disable-user --user 0 {REGISTRATION}"]


def test_the_same_phone_on_android_8() -> None:
    """A build that no list names: the package and the endpoint decide all the same."""
    phone, info = nokia(
        properties={
            **NOKIA,
            "ro.build.fingerprint": "Nokia/Onyx_00WW/B2N_sprout:8.1.0/OPR1.170623.026/00WW_2_35E:user/release-keys",
            "ro.build.display.id": "00WW_2_35E",
        }
    )
    judged = judge_scan(phone, [info], [], "standard", load_knowledge())
    assert judged.verdict.outcome == "known-bad"
    assert "The build alone cannot tell: the package and the endpoint in its code do." in judged.verdict.reasons[0].text


@pytest.mark.parametrize(
    "changes",
    [
        {"ro.build.display.id": "00CN_3_22C"},
        {"ro.product.name": "Onyx_00CN", "ro.build.fingerprint": ""},
    ],
)
def test_the_same_package_on_chinese_firmware(changes: dict[str, str]) -> None:
    phone, info = nokia(properties={**NOKIA, **changes})
    judged = judge_scan(phone, [info], [], "standard", load_knowledge())
    assert "nokia-7-plus-vnet-cn-2019" not in {item.incident for item in judged.findings}


def test_the_same_phone_with_the_fix() -> None:
    phone, _ = nokia(properties={**NOKIA, "ro.build.display.id": "00WW_3_22C_SP05"})
    info = apk_info(REGISTRATION, REGISTRATION_PATH)
    judged = judge_scan(phone, [info], [], "standard", load_knowledge())
    assert (judged.findings, judged.verdict.outcome) == ((), "nothing-found")


def test_a_cheap_phone_with_adups() -> None:
    path = "/system/priv-app/AdupsFota/AdupsFota.apk"
    info = apk_info(ADUPS, path, endpoints=(endpoint("fota5p.adups.com"), endpoint("bigdata.adups.com")))
    properties = {"ro.product.model": "P10 Pro Max", "ro.build.display.id": "P10_PRO_MAX_V1.3_20201123"}
    phone = snapshot(properties, [package(ADUPS, path, version_name="5.5.0.0.1")])
    judged = judge_scan(phone, [info], [], "standard", load_knowledge())
    assert judged.verdict.outcome == "known-bad"
    assert "the package com.adups.fota with bigdata.adups.com in its classes.dex" in judged.verdict.reasons[0].text
    harmless = apk_info(ADUPS, path, endpoints=(endpoint("fota5p.adups.com"),))
    assert judge_scan(phone, [harmless], [], "standard", load_knowledge()).verdict.outcome == "nothing-found"


def test_an_ordinary_phone() -> None:
    judged = scan(apk_info("com.a", "/a.apk"))
    assert (judged.findings, judged.incidents, judged.complete, judged.skipped) == ((), (), True, ())
    assert judged.verdict.outcome == "nothing-found"


def test_findings_stand_with_their_apk() -> None:
    mine, other, device = finding(name="com.acme"), finding(name="com.b"), finding("selinux-permissive", "selinux")
    judged = scan(acme(), apk_info("com.b", "/b.apk"), detected=(mine, other, device))
    assert len(judged.findings) == 4
    assert [item.id for item in judged.apks[0].findings] == ["published-incident", "tracker-present"]
    assert [entry.id for entry in judged.apks[0].incidents] == ["case"]
    assert judged.apks[1] == ApkJudgement((other.model_copy(update={"supports": "exposed"}),), (), "exposed")


def test_a_certificate_stands_with_every_apk_that_has_it() -> None:
    known = knowledge_of(incident(certificates=[fact("cd" * 32, algo="sha256", role="key", standalone=True)]))
    apks = [apk_info(f"com.{name}", f"/{name}.apk", signers=(signer("cd" * 32),)) for name in "ab"]
    phone = snapshot(PIXEL, [package(f"com.{name}", f"/{name}.apk") for name in "ab"])
    judged = judge_scan(phone, [*apks, apk_info("com.c", "/c.apk")], [], "standard", known)
    (found,) = judged.findings
    assert found.subject == Subject(kind="certificate", name="cd" * 32)
    assert [(piece.kind, piece.where) for piece in found.evidence] == [
        ("package", "/a.apk"),
        ("certificate", "/a.apk"),
        ("package", "/b.apk"),
        ("certificate", "/b.apk"),
    ]
    assert found.message.startswith(
        "The packages com.a and com.b with the listed signing certificate cdcdcdcdcdcdcdcd…"
    )
    assert [apk.findings for apk in judged.apks] == [(found,), (found,), ()]


def test_a_path_on_the_phone() -> None:
    known = knowledge_of(incident(paths=[fact("/data/system/Bad", standalone=True, type="folder")]))
    phone = snapshot(PIXEL)
    assert judge_scan(phone, [], [], "standard", known, {"/data/system/Bad": "folder"}).verdict.outcome == "known-bad"
    assert judge_scan(phone, [], [], "standard", known, {"/data/system/Bad": "file"}).verdict.outcome == "nothing-found"


def test_what_was_not_read_is_said_whatever_the_outcome() -> None:
    judged = scan(acme(), skipped=[SKIPPED])
    assert (judged.verdict.outcome, judged.complete, judged.skipped) == ("known-bad", False, (SKIPPED,))
    assert judged.verdict.headline.endswith("; incomplete: 1 thing could not be read")
    assert scan(apk_info("com.a", "/a.apk", skipped=(SKIPPED,))).verdict.outcome == "inconclusive"


def test_a_listed_apk_that_was_not_analysed() -> None:
    judged = judge_scan(snapshot(PIXEL, [package("com.a", "/a.apk")]), [], [], "standard", ACME)
    assert (judged.verdict.outcome, judged.complete) == ("inconclusive", False)
    assert [item.code for item in judged.skipped] == ["not-analysed"]


def test_quick_is_complete_and_never_finds_nothing() -> None:
    judged = judge_scan(snapshot(PIXEL, [package("com.a", "/a.apk")]), [], [], "quick", ACME)
    assert (judged.verdict.outcome, judged.complete, judged.skipped) == ("inconclusive", True, ())
    assert judged.verdict.headline == (
        "This phone cannot be judged from what was seen: not everything was read; the code of the packages was not read"
    )


def test_a_build_that_is_only_a_candidate() -> None:
    phone, _ = nokia()
    judged = judge_scan(phone, [apk_info(REGISTRATION, REGISTRATION_PATH)], [], "standard", load_knowledge())
    assert judged.verdict.outcome == "inconclusive"
    assert [item.id for item in judged.findings] == ["candidate-build"]
    assert judged.apks == (ApkJudgement((), (), "nothing-found"),)


def test_equal_input_gives_equal_output() -> None:
    phone, info = nokia()
    other = apk_info("com.b", "/b.apk")
    detected = [finding(name="com.b"), finding(name="com.a")]
    one = judge_scan(phone, [info, other], detected, "standard", load_knowledge())
    two = judge_scan(phone, [info, other], detected[::-1], "standard", load_knowledge())
    assert one == two


# ---- a folder


def test_a_folder_takes_the_strongest_outcome() -> None:
    infos = [acme("acme.apk"), acme("copy.apk"), apk_info("com.b", "b.apk"), apk_info("com.c", "c.apk")]
    tracker = finding(name="com.b")
    records = [record(info, judge_apk(info, [tracker] * (info.package == "com.b"), ACME)) for info in infos]
    verdict = judge_folder(records, [])
    assert verdict.outcome == "known-bad"
    assert verdict.headline == (
        "APKs that match a published incident: 2 of 4 (Acme One: weather service that sends the IMEI)"
    )
    assert [reason.text for reason in verdict.reasons] == [
        "acme.apk and copy.apk: The package com.acme with in.acme.example in its classes.dex: "
        "this is the published incident “Acme One: weather service that sends the IMEI”.",
        "com.b holds the code of the tracker Ads.",
    ]


def test_a_folder_with_a_file_that_could_not_be_read() -> None:
    info = apk_info(None, skipped=(SKIPPED,))
    verdict = judge_folder([record(info, judge_apk(info, [], ACME))], [])
    assert verdict.outcome == "inconclusive"
    assert verdict.headline == (
        "This APK cannot be judged from what was seen: not everything was read; incomplete: 1 thing could not be read"
    )


def test_a_folder_with_nothing_to_say() -> None:
    info = apk_info("com.a")
    verdict = judge_folder([record(info, judge_apk(info, [], ACME))], [])
    assert (verdict.outcome, verdict.reasons) == ("nothing-found", ())
    assert verdict.headline == "Nothing was found in this APK; that is no proof that nothing is there"


def test_what_a_folder_left_out_counts() -> None:
    info = apk_info("com.a")
    assert judge_folder([record(info, judge_apk(info, [], ACME))], [SKIPPED]).outcome == "inconclusive"


# ---- what a hostile review found

TEST_KEY = "a40da80a59d170caa950cf15c18c454d47a39b26989d8b640ecd745ba71bf5dc"


def judged_with_test_key(*, system: bool | None, tags: str = "release-keys") -> PhoneJudgement:
    """A phone with one package that is signed with the public test key of AOSP."""
    known = load_knowledge()
    info = apk_info("org.my.one", "/data/app/x/base.apk", signers=(signer(TEST_KEY),))
    fingerprint = PIXEL["ro.build.fingerprint"].replace("release-keys", tags)
    properties = {**PIXEL, "ro.build.tags": tags, "ro.build.fingerprint": fingerprint}
    phone = snapshot(properties, [package("org.my.one", info.path, system=system)])
    return judge_scan(phone, [info], [*device_findings(phone, known), *apk_findings(info, known)], "standard", known)


@pytest.mark.parametrize("system", [False, None])
def test_a_sideload_with_a_test_key_is_no_published_incident(system: bool | None) -> None:
    judged = judged_with_test_key(system=system)
    assert [item.id for item in judged.findings] == ["public-test-key"]
    assert (judged.verdict.outcome, judged.incidents) == ("inconclusive", ())
    assert judged.apks[0].outcome == "inconclusive"


def test_a_file_with_a_test_key_is_no_published_incident() -> None:
    known = load_knowledge()
    info = apk_info("org.my.one", signers=(signer(TEST_KEY),))
    judged = judge_apk(info, apk_findings(info, known), known)
    assert ([item.id for item in judged.findings], judged.outcome) == (["public-test-key"], "inconclusive")


def test_a_system_package_with_a_test_key_is_one_and_is_named() -> None:
    judged = judged_with_test_key(system=True)
    (found,) = judged.findings
    assert (found.id, found.incident) == ("published-incident", "aosp-test-keys")
    assert found.message.startswith("The package org.my.one with the listed signing certificate a40da80a59d170ca…")
    assert judged.verdict.headline.startswith("This phone holds software that publishers warn of")
    assert "On a bought phone ask the maker" in judged.verdict.reasons[0].text
    assert judged.apks[0].findings == (found,)


def test_test_keys_of_the_build_are_told_once() -> None:
    judged = judged_with_test_key(system=False, tags="test-keys")
    told = [item for item in judged.findings if any("ro.build.tags" in piece.value for piece in item.evidence)]
    assert [item.id for item in told] == ["test-keys-build"]
    assert "aosp-mirror" in " ".join(source.publisher for source in told[0].sources)
    assert judged.incidents == ()
    assert judged.verdict.outcome == "suspicious"


def test_a_record_says_no_less_than_the_phone_where_the_manifest_was_not_read() -> None:
    info = apk_info(None, "/acme.apk", endpoints=(endpoint("in.acme.example"),), skipped=(SKIPPED,))
    judged = judge_scan(snapshot(PIXEL, [package("com.acme", info.path)]), [info], [], "standard", ACME)
    assert judged.verdict.outcome == judged.apks[0].outcome == "known-bad"
    assert judged.apks[0].findings == judged.findings
    assert [entry.id for entry in judged.apks[0].incidents] == ["case"]


def test_a_manifest_that_names_another_package_hides_nothing() -> None:
    info = apk_info("com.mask", "/acme.apk", endpoints=(endpoint("in.acme.example"),))
    judged = judge_scan(snapshot(PIXEL, [package("com.acme", info.path)]), [info], [], "standard", ACME)
    assert judged.apks[0].outcome == "known-bad"


def test_the_headline_counts_files_as_the_coverage_does() -> None:
    files = ("/a/base.apk", "/a/split.apk")
    both = tuple(ApkFile(path=path, sha256="ab" * 32, size=1, role="base") for path in files)
    info = apk_info("com.a", files[0], files=both)
    judged = judge_scan(snapshot(PIXEL, [package("com.a", *files)]), [info], [], "standard", ACME)
    assert judged.verdict.headline.startswith("Nothing was found in 1 package and the code of 2 APKs;")


def test_each_message_of_a_folder_speaks_of_its_own_files() -> None:
    infos = [acme("one.apk"), acme("two.apk"), apk_info("com.other", "other.apk", endpoints=acme().endpoints)]
    verdict = judge_folder([record(info, judge_apk(info, [], ACME)) for info in infos], [])
    (reason,) = verdict.reasons
    assert reason.text == (
        "one.apk and two.apk: The package com.acme with in.acme.example in its classes.dex: "
        "this is the published incident “Acme One: weather service that sends the IMEI”. "
        "other.apk: The package com.other with in.acme.example in its classes.dex: "
        "this points to “Acme One: weather service that sends the IMEI”, a second sign is missing."
    )


def test_a_folder_of_many_messages_counts_the_rest() -> None:
    infos = [apk_info(f"com.a{n}", f"{n}.apk", endpoints=acme().endpoints) for n in range(5)]
    verdict = judge_folder([record(info, judge_apk(info, [], ACME)) for info in infos], [])
    assert verdict.reasons[0].text.endswith(" And 2 more files.")


def test_a_bundle_of_which_only_the_code_was_read() -> None:
    """What was read stands: evidence never lowers an outcome, and an unread manifest takes none away."""
    info = apk_info(None, "a.aab", skipped=(SKIPPED,))
    tracker = finding(name="a.aab", subject=Subject(kind="apk", name="a.aab"))
    assert judge_apk(info, [tracker], ACME).outcome == "exposed"
    assert judge_apk(info, [], ACME).outcome == "inconclusive"


def test_data_types_of_an_incident_are_sorted() -> None:
    entry = incident(packages=[fact("com.acme", standalone=True)], data_types=[fact("location"), fact("IMEI")])
    (cited,) = judge_apk(acme(), [], knowledge_of(entry)).incidents
    assert cited.data_types == ("IMEI", "location")
