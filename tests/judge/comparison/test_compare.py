"""What changed between two results; what one of them did not read is never told as gone."""

from collections.abc import Callable
from typing import Any

import pytest

from phone_audit.judge.comparison.compare import Comparison, compare
from phone_audit.judge.comparison.facts import ResultFacts, facts_of
from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.apk import Apk, Signature, Signer, Tracker
from phone_audit.model.apps import App, CameFrom, Power
from phone_audit.model.device import Package, PackageFile, PackageUser, StateItem, User
from phone_audit.model.diff import Change
from phone_audit.model.finding import SEVERITIES, Evidence, Finding, Reason, Skipped
from phone_audit.model.results import Scan
from tests.documents import apk, apks, finding, scan
from tests.report.test_indicators import endpoint
from tests.steps import LINEAR, growth

PRINT = "Nokia/Onyx/B2N:9/PPR1/1:user/release-keys"
OTHER = "Nokia/Onyx/B2N:9/PPR1/2:user/release-keys"
POWERS = load_knowledge().powers
UNREAD = Skipped(subject="com.a", step="dex", code="truncated", reason="The file ends too early.")


def package(name: str = "com.a", **changed: Any) -> Package:
    for_user: dict[str, Any] = {key: changed.pop(key) for key in ("granted", "installer", "enabled") if key in changed}
    user = PackageUser(
        id=0, installed=True, enabled=True, hidden=False, suspended=False, installer=None, first_install=None,
        last_update=None, granted=(), appops=None, traffic=None,
    ).model_copy(update=for_user)  # fmt: skip
    file = PackageFile(path=f"/data/app/{name}/base.apk", sha256="a" * 64, hash_source="device", size=1, role="base")
    made = Package(
        name=name, app_id=10001, system=False, version_code=1, version_name="1.0", signers=("5" * 64,), files=(file,),
        users=(user,),
    )  # fmt: skip
    return made.model_copy(update=changed)


def on_disk(path: str, digest: str | None) -> tuple[PackageFile, ...]:
    return (PackageFile(path=path, sha256=digest, hash_source="device", size=1, role="base"),)


def record(name: str = "com.a", **changed: Any) -> Apk:
    values = {"package": name, "app_name": None, "signers": None, **changed}
    return apk(f"/data/app/{name}/base.apk").model_copy(update=values)


def state(**items: str | None) -> tuple[StateItem, ...]:
    return tuple(StateItem(key=key, value=value, expected=None, evidence=()) for key, value in items.items())


def phone(*packages: Package, prints: str | None = PRINT, phone_name: str = "1" * 16, **changed: Any) -> Scan:
    made = scan()
    values = {
        "packages": packages or (package(),),
        "apks": tuple(record(one.name) for one in packages or (package(),)),
        "build": made.build.model_copy(update={"fingerprint": prints}),
        "device": made.device.model_copy(update={"pseudonym": phone_name}),
        "state": state(x="1"),
        **changed,
    }
    return made.model_copy(update=values)


def unread(document: Scan, *skipped: Skipped) -> Scan:
    coverage = document.coverage.model_copy(update={"skipped": skipped, "complete": not skipped})
    return document.model_copy(update={"coverage": coverage})


def facts(document: Any) -> ResultFacts:
    made = facts_of(document)
    assert made is not None
    return made


def compared(old: Any, new: Any) -> Comparison:
    return compare(facts(old), facts(new), POWERS)


def only(old: Any, new: Any) -> Change:
    (change,) = compared(old, new).changes
    return change


def test_a_result_has_no_change_against_itself() -> None:
    document = phone(package(), package("com.b"))
    same = compared(document, document)
    assert same == Comparison("same-phone", (), (), ())


def test_what_two_results_are_to_each_other() -> None:
    def kind(new: Any, old: Any = None) -> str:
        return compared(old or phone(), new).kind

    assert kind(phone()) == "same-phone"
    assert kind(phone(prints=OTHER)) == "same-phone"
    assert kind(phone(phone_name="2" * 16)) == "same-build"
    assert kind(phone(phone_name="2" * 16, prints=OTHER)) == "other-build"
    assert kind(phone(phone_name="2" * 16, prints=None), phone(prints=None)) == "other-build"
    assert kind(apks(apk()), apk()) == "app"


def test_new_app_in_one_change_with_what_it_may_do() -> None:
    spy = package("com.spy", granted=("android.permission.RECORD_AUDIO", "x.OTHER"), installer="com.android.chrome")
    assert only(phone(package()), phone(package(), spy)) == Change(
        what="package", change="new", subject="com.spy", old=None, new="1.0 (1)", severity="medium",
        text="com.spy is new, installed by com.android.chrome; it may record with the microphone.",
    )  # fmt: skip


def test_gone_and_updated_and_put_back_and_switched_off() -> None:
    gone = only(phone(package(), package("com.b")), phone(package()))
    assert (gone.change, gone.severity, gone.text) == ("gone", "info", "com.b is gone.")
    later = package(version_code=2, version_name="1.1", files=on_disk("/data/app/z/base.apk", "b" * 64))
    up, down = only(phone(), phone(later)), only(phone(later), phone())
    assert (up.severity, up.text) == ("info", "com.a was updated from 1.0 (1) to 1.1 (2).")
    assert (down.severity, down.text) == ("medium", "com.a went back from 1.1 (2) to 1.0 (1).")
    assert only(phone(), phone(package(enabled=False))).text == "com.a: enabled before, disabled now."


def test_another_signer_is_loud_on_one_phone() -> None:
    change = only(phone(), phone(package(signers=("6" * 64,))))
    assert (change.what, change.severity, change.old, change.new) == ("signer", "critical", "5" * 64, "6" * 64)
    assert change.text.startswith("com.a is signed by another key than before")
    other = only(phone(phone_name="2" * 16), phone(package(signers=("6" * 64,))))
    assert other.severity == "high"
    assert other.text.startswith("com.a is signed by another key on each phone")


def signed(*digests: str, lineage: tuple[str, ...] = (), verified: bool | None = True) -> Apk:
    signers = tuple(
        Signer(sha256=digest, sha1="1" * 40, subject="A", schemes=("v3",), not_before="", not_after="")
        for digest in digests
    )
    signature = Signature(verified=verified, schemes=("v3",), lineage=lineage)
    return apk().model_copy(update={"signers": signers, "signature": signature, "app_name": None})


def test_a_key_that_the_earlier_one_vouches_for_is_no_alarm() -> None:
    assert only(apks(signed("5" * 64)), apks(signed("6" * 64))).severity == "critical"
    change = only(apks(signed("5" * 64)), apks(signed("6" * 64, lineage=("5" * 64,))))
    assert (change.severity, change.text) == (
        "low",
        "com.a is signed by a new key, and the earlier one vouches for it.",
    )


def test_a_lineage_that_was_not_checked_is_only_stated() -> None:
    change = only(apks(signed("5" * 64)), apks(signed("6" * 64, lineage=("5" * 64,), verified=None)))
    assert (change.severity, change.text) == (
        "medium",
        "com.a is signed by a new key, and states that the earlier one vouches for it, which was not checked.",
    )
    broken = only(apks(signed("5" * 64)), apks(signed("6" * 64, lineage=("5" * 64,), verified=False)))
    assert broken.severity == "critical"


def test_a_further_signer_is_vouched_for_by_nobody() -> None:
    change = only(apks(signed("5" * 64)), apks(signed("5" * 64, "6" * 64)))
    assert (change.severity, change.text) == (
        "critical",
        "com.a is signed by a further key beside the earlier one, which Android takes for another signer.",
    )


def test_signers_that_were_not_read_are_no_change() -> None:
    found = compared(phone(), phone(package(signers=None)))
    assert found.changes == ()
    assert [(row.what, row.side, row.subjects) for row in found.not_compared] == [("signer", "new", ("com.a",))]


def test_permissions_newly_granted_and_taken_away() -> None:
    with_camera = phone(package(granted=("android.permission.CAMERA",)))
    change = only(phone(), with_camera)
    assert (change.what, change.change, change.severity) == ("permission", "new", "medium")
    assert change.text == "com.a may take pictures (android.permission.CAMERA) now."
    back = only(with_camera, phone())
    assert (back.change, back.severity) == ("gone", "info")
    assert back.text == "com.a may take pictures (android.permission.CAMERA) no longer."
    silent = compared(phone(package(granted=None)), with_camera)
    assert silent.changes == ()
    assert [(row.what, row.side) for row in silent.not_compared] == [("permission", "old")]
    asked = only(apks(apk()), apks(apk().model_copy(update={"permissions": ("android.permission.READ_SMS",)})))
    assert (asked.severity, asked.text) == (
        "medium",
        "A (com.a) asks to read text messages (android.permission.READ_SMS) now.",
    )


def test_special_access_by_the_state() -> None:
    before = phone(state=state(accessibility_services="com.b/.S", x="1"))
    change = only(before, phone(state=state(accessibility_services="com.b/.S:com.a/.Spy", x="1")))
    assert (change.what, change.subject, change.severity) == ("power", "com.a", "high")
    assert change.text == "com.a may read the screen and tap for you now."
    gone = only(before, phone(state=state(x="1")))
    assert (gone.what, gone.change, gone.severity) == ("power", "gone", "info")
    assert gone.text == "com.b may read the screen and tap for you no longer."


def test_an_older_name_of_the_same_access_is_told_once() -> None:
    both = state(accessibility_services="com.a/.S", enabled_accessibility_services="com.a/.S", x="1")
    assert only(phone(), phone(state=both)).new == "accessibility_services"


def test_settings_that_changed() -> None:
    change = only(phone(), phone(state=state(x="2")))
    assert (change.what, change.old, change.new, change.severity) == ("state", "1", "2", "low")
    assert change.text == "The setting x: 1 before, 2 now."
    odd = StateItem(key="x", value="2", expected="1", evidence=())
    change = only(phone(), phone(state=(odd,)))
    assert (change.severity, change.text) == (
        "medium",
        "The setting x: 1 before, 2 now. An ordinary phone says 1.",
    )
    assert compared(phone(), phone(state=state(x="1", patch_age_days="9"))).changes == ()


def test_a_setting_that_was_not_read_is_not_gone() -> None:
    silent = Skipped(subject="settings", step="command", code="timeout", reason="It did not answer.")
    found = compared(phone(state=state(x="1", device_owner="com.a/.O")), unread(phone(), silent))
    assert found.changes == ()
    assert [(row.what, row.side, row.subjects) for row in found.not_compared] == [("power", "new", ("device_owner",))]


def test_settings_of_a_user_that_only_one_has_are_told_as_the_user() -> None:
    work = (*phone().users, User(id=10, type="work", readable=True))
    new = phone(users=work, state=(*state(x="1"), StateItem(key="y@10", value="1", expected=None, evidence=())))
    change = only(phone(), new)
    assert (change.subject, change.severity, change.text) == (
        "user 10",
        "medium",
        "There is a user or profile 10 (work) now.",
    )


def test_files_of_one_firmware_that_differ() -> None:
    system, changed = (package(system=True, files=on_disk("/system/app/A/A.apk", digest * 64)) for digest in ("a", "b"))
    change = only(phone(system), phone(changed))
    assert (change.what, change.subject, change.severity) == ("file", "/system/app/A/A.apk", "high")
    assert (change.old, change.new) == ("a" * 64, "b" * 64)
    other = compared(phone(system), phone(changed, prints=OTHER))
    assert [one.what for one in other.changes] == ["state"]
    module = package(system=True, files=on_disk("/apex/x/A.apk", "a" * 64))
    assert only(phone(module), phone(package(system=True, files=on_disk("/apex/x/A.apk", "b" * 64)))).severity == "low"
    silent = compared(phone(system), phone(package(system=True, files=on_disk("/system/app/A/A.apk", None))))
    assert silent.changes == ()
    assert [row.what for row in silent.not_compared] == ["file"]


def test_files_of_the_framework_that_differ() -> None:
    def framework(digest: str) -> Scan:
        piece = Evidence(kind="hash", where="/system/framework/services.jar", value=digest * 64)
        return phone(state=(StateItem(key="framework_files", value=digest, expected=None, evidence=(piece,)),))

    change = only(framework("a"), framework("b"))
    assert (change.subject, change.severity) == ("/system/framework/services.jar", "high")


def test_a_package_of_the_firmware_that_the_other_phone_has_not() -> None:
    extra = package("com.extra", system=True, files=on_disk("/system/app/E/E.apk", "a" * 64))
    change = only(phone(package(), phone_name="2" * 16), phone(package(), extra))
    assert (change.severity, change.text) == (
        "high",
        "Only the second phone has com.extra, as part of its firmware, although that has the same fingerprint.",
    )


def test_the_same_version_with_other_bytes() -> None:
    change = only(phone(), phone(package(files=on_disk("/data/app/z==/base.apk", "b" * 64))))
    assert (change.what, change.severity) == ("file", "medium")
    assert change.text == "com.a has the same version and other bytes (base.apk)."


def with_code(*hosts: str, trackers: tuple[str, ...] = (), **changed: Any) -> Scan:
    seen = tuple(
        Tracker(id=one, name=one.title(), owner=None, categories=(), tier="initialised", endpoints=(), evidence=())
        for one in trackers
    )
    values = {"endpoints": tuple(endpoint(host) for host in hosts), "trackers": seen, **changed}
    return phone(apks=(record(**values),))


def test_endpoints_and_trackers_that_are_new() -> None:
    found = compared(with_code("a.example"), with_code("a.example", "b.example", trackers=("ads",)))
    assert [(one.what, one.change, one.new) for one in found.changes] == [
        ("tracker", "new", "Ads"),
        ("endpoint", "new", "b.example"),
    ]
    assert found.changes[0].text == "com.a holds the tracker Ads now."
    back = compared(with_code("b.example", trackers=("ads",)), with_code())
    assert {(one.what, one.change, one.severity) for one in back.changes} == {
        ("tracker", "gone", "info"),
        ("endpoint", "gone", "info"),
    }


def test_code_that_is_not_seen_to_be_started_any_more() -> None:
    plain = finding()
    weak = plain.model_copy(update={"key": "k2", "severity": "low"})
    hidden = endpoint("b.example").model_copy(update={"started": False})

    def judged(made: Scan, one: Finding, *reasons: Reason) -> Scan:
        verdict = made.verdict.model_copy(
            update={"outcome": "exposed" if reasons else "nothing-found", "reasons": reasons}
        )
        return made.model_copy(update={"findings": (one,), "verdict": verdict})

    old = judged(with_code("b.example"), plain, Reason(finding=plain.key, text="com.a sends.", kind="detector"))
    new = judged(phone(apks=(record(endpoints=(hidden,)),)), weak)
    texts = {(one.what, one.change): one.text for one in compared(old, new).changes}
    assert texts["endpoint", "gone"] == (
        "The code of com.a that talks, or may talk, to b.example is still there, but not seen to be started any more."
    )
    assert texts["finding", "gone"].endswith("com.a) is still there, but not seen to be started any more.")
    assert texts["verdict", "changed"] == (
        "The verdict: exposed before, nothing-found now. "
        "Its code is still there, but not seen to be started any more: com.a sends."
    )
    removed = judged(with_code(), weak)
    texts = {(one.what, one.change): one.text for one in compared(old, removed).changes}
    assert "no longer" in texts["endpoint", "gone"]
    assert "Not seen any more: com.a sends." in texts["verdict", "changed"]
    assert texts["finding", "gone"].startswith("No longer found: ")


def test_an_endpoint_that_counts_for_nothing_is_no_change() -> None:
    shown = endpoint("b.example").model_copy(update={"use": "opened"})
    assert compared(with_code(), phone(apks=(record(endpoints=(shown,)),))).changes == ()


def test_code_that_was_not_read_is_not_told_as_gone_nor_as_new() -> None:
    full, cut = with_code("a.example"), with_code(skipped=(UNREAD,))
    for old, new, side in ((full, cut, "new"), (cut, full, "old")):
        found = compared(old, new)
        assert found.changes == ()
        assert [(row.what, row.side) for row in found.not_compared] == [("tracker", side), ("endpoint", side)]
    (tracker, _) = compared(full, cut).not_compared
    assert (
        tracker.text == "The newer result did not read the trackers of 1 package, so a change there would not be seen."
    )


def test_a_package_that_was_not_listed_is_not_gone() -> None:
    lost = Skipped(subject="phone", step="transfer", code="device-lost", reason="It was pulled out.")
    found = compared(phone(package(), package("com.b")), unread(phone(package()), lost))
    assert found.changes == ()
    assert "package" in [row.what for row in found.not_compared]
    back = compared(unread(phone(package()), lost), phone(package(), package("com.b")))
    assert [change for change in back.changes if change.change == "new"] == []


def test_findings_new_and_gone() -> None:
    change = only(phone(), phone(findings=(finding(),)))
    assert (change.what, change.severity, change.new) == ("finding", "high", "k1")
    assert change.text == "New: com.a matches a published incident."
    back = only(phone(findings=(finding(),)), phone())
    assert (back.change, back.severity, back.text) == ("gone", "info", "No longer found: A published incident (com.a).")
    milder = finding().model_copy(update={"severity": "low"})
    changed = only(phone(findings=(finding(),)), phone(findings=(milder,)))
    assert (changed.change, changed.text) == ("changed", "A published incident (com.a): high before, low now.")


def test_a_finding_that_is_surer_now_or_less_sure_is_a_change() -> None:
    unsure = finding().model_copy(update={"confidence": "low"})
    surer = only(phone(findings=(unsure,)), phone(findings=(finding(),)))
    assert (surer.change, surer.severity, surer.old, surer.new) == ("changed", "high", "low", "confirmed")
    assert surer.text == "How sure it is: A published incident (com.a): low before, confirmed now."
    less = only(phone(findings=(finding(),)), phone(findings=(unsure,)))
    assert (less.severity, less.old, less.new) == ("info", "confirmed", "low")
    word = finding().model_copy(update={"confidence": "of a later version"})
    assert only(phone(findings=(word,)), phone(findings=(finding(),))).severity == "high"
    assert only(phone(findings=(finding(),)), phone(findings=(word,))).severity == "info"


def test_a_finding_whose_package_was_not_read_is_not_gone() -> None:
    partly = unread(phone(apks=(record(skipped=(UNREAD,)),)), UNREAD)
    found = compared(phone(findings=(finding(),)), partly)
    assert [change for change in found.changes if change.what == "finding"] == []
    assert ("finding", "new", ("A published incident: com.a",)) in [
        (row.what, row.side, row.subjects) for row in found.not_compared
    ]
    back = compared(partly, phone(findings=(finding(),)))
    (new,) = [change for change in back.changes if change.what == "finding"]
    assert new.text.endswith("The older result had not read what this rests on.")


def test_a_verdict_that_changed_and_why() -> None:
    good = phone()
    bad = phone(findings=(finding(),), verdict=scan("known-bad").verdict)
    first = compared(good, bad).changes[0]
    assert (first.what, first.severity, first.old, first.new) == ("verdict", "critical", "nothing-found", "known-bad")
    assert first.text == "The verdict: nothing-found before, known-bad now. A reason."
    (last,) = [change for change in compared(bad, good).changes if change.what == "verdict"]
    assert (last.severity, last.text) == (
        "info",
        "The verdict: known-bad before, nothing-found now. Not seen any more: A reason.",
    )


def test_most_harmful_first_whatever_the_order() -> None:
    new = phone(
        package(signers=("6" * 64,)), package("com.b"), findings=(finding(),), verdict=scan("known-bad").verdict
    )
    changes = compared(phone(), new).changes
    ranks = [SEVERITIES.index(change.severity) for change in changes]
    assert ranks == sorted(ranks)
    assert changes[0].what == "verdict"
    turned = new.model_copy(update={"packages": new.packages[::-1], "apks": new.apks[::-1]})
    assert compared(phone(), turned).changes == changes


def test_different_facts_and_depths_are_remarked() -> None:
    other = phone()
    knowledge = other.knowledge.model_copy(update={"digest": "e" * 64})
    acquisition = other.acquisition.model_copy(update={"depth": "deep"})
    remarks = compared(phone(), other.model_copy(update={"knowledge": knowledge, "acquisition": acquisition})).remarks
    assert [remark.split(":")[0] for remark in remarks] == [
        "The two results were judged by different facts",
        "They were read to different depths (standard and deep).",
    ]


def test_of_several_versions_in_a_folder_the_newest_is_compared() -> None:
    old, new = (apk(f"{code}.apk").model_copy(update={"version_code": code}) for code in (1, 3))
    found = only(apks(old), apks(new, old))
    assert (found.old, found.new) == ("1 (1)", "1 (3)")


def test_what_has_no_packages_is_not_compared() -> None:
    assert facts_of(scan().verdict) is None


@pytest.mark.parametrize("what", ["packages", "hosts"])
def test_twice_as_much_takes_twice_the_steps(what: str) -> None:
    def large(count: int) -> tuple[ResultFacts, ResultFacts]:
        if what == "packages":
            old, new = (
                phone(*(package(f"com.{side}{number}", granted=("a", "b")) for number in range(count)))
                for side in ("a", "b")
            )
        else:
            old, new = (with_code(*(f"{side}{number}.example" for number in range(count))) for side in ("a", "b"))
        return facts(old), facts(new)

    def work(count: int) -> Callable[[], object]:
        old, new = large(count)
        return lambda: compare(old, new, POWERS)

    assert growth(work, 200) < LINEAR


def with_access(*given: tuple[str, bool | None]) -> Scan:
    powers = tuple(Power(what=what, granted=granted) for what, granted in given)
    origin = CameFrom(kind="store", installer=None, installed=None, updated=None)
    app = App(package="com.a", label=None, user=0, system=False, came_from=origin, powers=powers)
    return phone(apps=(app,))


def test_special_access_that_only_the_record_of_an_app_shows() -> None:
    change = only(with_access(), with_access(("overlay", True), ("microphone", True)))
    assert (change.what, change.subject, change.new, change.severity) == ("power", "com.a", "overlay", "medium")
    assert change.text == "com.a may draw over other apps now."
    gone = only(with_access(("screen-recording", True)), with_access(("screen-recording", False)))
    assert (gone.change, gone.text) == ("gone", "com.a may record the screen no longer.")
    silent = compared(with_access(("overlay", None)), with_access(("overlay", True)))
    assert (silent.changes, [(row.what, row.side) for row in silent.not_compared]) == ((), [("power", "old")])
    earlier = compared(phone(), with_access(("overlay", True)))
    assert (earlier.changes, [(row.what, row.side) for row in earlier.not_compared]) == ((), [("power", "old")])


def test_a_permission_of_which_there_is_no_fact_is_told_by_its_name() -> None:
    change = only(phone(), phone(package(granted=("x.OTHER",))))
    assert (change.severity, change.text) == ("low", "com.a has the permission x.OTHER now.")
