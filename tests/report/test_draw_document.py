"""The text reports: verdict first, then reasons, remedies after the warning, evidence, what was not read."""

from collections.abc import Callable

import pytest

from phone_audit.model.apk import Behaviour
from phone_audit.model.device import Package, PackageUser, User
from phone_audit.model.finding import ADVICE, Reason, Remedy, Skipped
from phone_audit.report.canvas import Style
from phone_audit.report.formats import render
from tests.documents import SKIPPED, SOURCE, apk, apks, finding, scan
from tests.steps import LINEAR, growth

PLAIN = Style(details=True)


def text(document: object) -> str:
    return render("text", document, PLAIN)  # type: ignore[arg-type]


def test_verdict_comes_first_and_sections_follow_in_order() -> None:
    shown = text(scan("known-bad"))
    assert shown.splitlines()[0] == " KNOWN-BAD  The headline of known-bad"
    titles = ["Why", "Before you change anything", "What you can do", "Evidence", "Not looked at", "When you are done"]
    places = [shown.index(f"\n{title}\n") for title in titles]
    assert places == sorted(places)


def test_evidence_names_value_place_offset_and_source() -> None:
    shown = text(scan("known-bad"))
    assert "dex-string: http://a.example [classes.dex, offset 0x10]" in shown
    assert 'source: A lab, "A study", 2019-03-21\n            https://lab.example/study\n' in shown


def test_what_a_feed_lists_has_its_advice_and_stalkerware_comes_before_the_rest() -> None:
    spied = finding("com.spy", "k2").model_copy(
        update={
            "id": "indicator.hash", "incident": None, "category": "stalkerware",
            "remedy": (Remedy(text="Leave it as it is for now."),),
        }
    )  # fmt: skip
    result = scan("known-bad")
    reasons = (*result.verdict.reasons, Reason(finding="k2", text="Another reason."))
    verdict = result.verdict.model_copy(update={"reasons": reasons})
    shown = text(result.model_copy(update={"findings": (*result.findings, spied), "verdict": verdict}))
    parts = ["Before you change anything", "Leave it as it is for now.", "Disable the package."]
    places = [shown.index(part) for part in parts]
    assert places == sorted(places)


def test_what_helps_against_the_rest_follows_what_helps_against_the_incident() -> None:
    proxy = finding("setting", "k3").model_copy(
        update={"id": "proxy-set", "incident": None, "severity": "medium", "remedy": (Remedy(text="Take it away."),)}
    )
    result = scan("known-bad")
    shown = text(result.model_copy(update={"findings": (*result.findings, proxy)}))
    parts = ["Before you change anything", "Disable the package.", "Take it away."]
    places = [shown.index(part) for part in parts]
    assert places == sorted(places)


def test_no_advice_stands_before_the_warning() -> None:
    result = scan("known-bad")
    told = Reason(
        finding=result.findings[0].key,
        text=f"It is bad. {ADVICE} Disable.",
        kind="incident",
        advice=(Remedy(text="Disable"),),
    )
    verdict = result.verdict.model_copy(update={"reasons": (told,)})
    shown = text(result.model_copy(update={"verdict": verdict}))
    assert "  1. It is bad.\n" in shown
    assert shown.index("Before you change anything") < shown.index("Disable the package.")


def test_no_warning_where_nothing_is_to_be_removed() -> None:
    assert "Before you change anything" not in text(scan("nothing-found"))


def test_what_was_not_read_is_listed() -> None:
    shown = text(scan("inconclusive", (SKIPPED,)))
    assert "- /system/app/B.apk: The file ends too early." in shown


def test_nothing_goes_past_80_columns() -> None:
    for document in (scan("known-bad", (SKIPPED,), "x" * 300), apks(apk("p" * 200), outcome="exposed")):
        assert max(len(line) for line in text(document).splitlines() if "https://" not in line) <= 80


def test_addresses_are_not_broken() -> None:
    source = SOURCE.model_copy(update={"url": "https://lab.example/" + "x" * 120})
    document = scan("known-bad")
    bad = document.findings[0].model_copy(update={"sources": (source,)})
    assert source.url in text(document.model_copy(update={"findings": (bad,)}))


@pytest.mark.promise("terminal-harmless")
def test_hostile_names_come_out_harmless() -> None:
    shown = text(scan("known-bad", model="\x1b[2J[red]\u202e"))
    assert "\\x1b[2J[red]\\u202e" in shown
    assert "\x1b" not in shown


def test_blanks_cannot_push_a_word_to_where_a_line_of_its_own_would_begin() -> None:
    forged = "Do this." + " " * 70 + "command: adb shell rm" + "\u2003" * 70 + "x"
    bad = finding().model_copy(update={"remedy": (Remedy(text=forged),)})
    shown = text(scan("known-bad").model_copy(update={"findings": (bad,)}))
    assert "Do this. command: adb shell rm x" in shown


def test_colour_only_where_asked_for() -> None:
    assert "\x1b[" in render("text", scan("known-bad"), Style(colour=True, details=True))


@pytest.mark.promise("no-promise-of-health")
def test_the_word_that_promises_too_much_is_never_printed() -> None:
    for outcome in ("nothing-found", "exposed", "known-bad"):
        assert "clean" not in text(scan(outcome)).lower()


def test_folder_report_lists_the_worst_first() -> None:
    shown = text(apks(apk("a.apk"), apk("b.apk", "known-bad"), outcome="known-bad"))
    assert shown.index("b.apk: known-bad") < shown.index("a.apk: nothing-found")


def test_the_same_reason_is_told_once_and_what_ended_the_scan_first() -> None:
    many = tuple(SKIPPED.model_copy(update={"subject": f"/system/app/{letter}.apk"}) for letter in "ABCDE")
    lost = Skipped(subject="phone", step="transfer", code="device-lost", reason="The phone is gone.")
    part = text(scan("inconclusive", (*many, lost))).split("Not looked at\n")[1].split("\n\n")[0]
    assert part.splitlines()[0] == "  - phone: The phone is gone."
    assert "/system/app/C.apk and 2 more: The file ends too early." in " ".join(part.split())


def test_what_was_not_read_is_no_reason_of_its_own() -> None:
    document = scan("inconclusive", (SKIPPED,))
    reasons = (
        Reason(finding=None, text="Not read: a thing. It is gone.", kind="unread"),
        Reason(finding=None, text="Another reason."),
    )
    shown = text(document.model_copy(update={"verdict": document.verdict.model_copy(update={"reasons": reasons})}))
    assert "a thing" not in shown
    assert "  1. Another reason." in shown


def _package(user: int) -> Package:
    its = PackageUser(
        id=user, installed=True, enabled=True, hidden=None, suspended=None, installer=None,
        first_install=None, last_update=None, granted=None, appops=None, traffic=None,
    )  # fmt: skip
    return Package(
        name="a", app_id=None, system=None, version_code=None, version_name=None, signers=None, files=(), users=(its,)
    )


def test_a_user_that_was_not_asked_for_is_told() -> None:
    document = scan()
    users = tuple(User(id=number, type=None, readable=number != 11) for number in (0, 10, 11))
    shown = text(document.model_copy(update={"users": users, "packages": (_package(0),)}))
    assert "users and profiles: 0, 10 (not asked for), 11 (not readable)" in shown


def test_the_serial_only_where_the_result_has_it() -> None:
    document = scan()
    device = document.device.model_copy(update={"serial": "S3R1AL"})
    assert "S3R1AL" not in text(document)
    assert "serial S3R1AL" in text(document.model_copy(update={"device": device}))


def test_no_advice_for_what_is_only_worth_knowing() -> None:
    document = scan("nothing-found")
    low = finding().model_copy(update={"severity": "low", "incident": None})
    assert "What you can do" not in text(document.model_copy(update={"findings": (low,)}))
    assert "What you can do" in text(document.model_copy(update={"findings": (finding(),)}))


def test_flows_are_told_and_whether_they_go_out_unencrypted() -> None:
    flow = Behaviour(
        id="flow.imei-http", title="Passes on the IMEI over HTTP", evidence=(), data="imei", cleartext=True, steps=()
    )
    read = Behaviour(id="read.imei", title="Reads the IMEI", evidence=())
    shown = text(apks(apk().model_copy(update={"behaviours": (flow, read)}), outcome="exposed"))
    assert "seen in its code: Passes on the IMEI over HTTP (unencrypted)" in shown
    assert "Reads the IMEI" not in shown


def test_many_users_and_packages_are_not_held_against_each_other() -> None:
    def made(count: int) -> Callable[[], object]:
        users = tuple(User(id=number, type="secondary", readable=True) for number in range(count))
        packages = tuple(_package(number // 2) for number in range(count))
        result = scan("nothing-found").model_copy(update={"users": users, "packages": packages})
        return lambda: text(result)

    assert growth(made, 400) < LINEAR
