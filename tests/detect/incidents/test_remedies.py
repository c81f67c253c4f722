"""What a person can do: no command that could break the phone, and the warning first."""

from phone_audit.detect.incidents.remedies import HELP, remedies, risk
from phone_audit.model.finding import Remedy
from tests.judge.cases import fact, incident

BAD = "com.bad.spy"
SIDE_EFFECT = "What needs this package stops working, for the main user only; the undo command brings it back."
WARNING = risk("backdoor") or ""


def test_a_command_in_the_advice_becomes_a_command() -> None:
    entry = incident(
        what_to_do=[
            "Install the update.",
            f"If there is none, switch it off: adb shell pm disable-user --user 0 {BAD}. "
            f"Undo: adb shell pm enable {BAD}. Nothing needs it.",
        ]
    )
    assert remedies(entry, BAD) == (
        Remedy(text="Install the update."),
        Remedy(
            text="If there is none, switch it off. Nothing needs it.",
            command=f"adb shell pm disable-user --user 0 {BAD}",
            undo=f"adb shell pm enable {BAD}",
            risk=SIDE_EFFECT,
        ),
    )


def test_an_undo_in_words_is_completed() -> None:
    entry = incident(what_to_do=[f"Switch it off: adb shell pm disable-user --user 0 {BAD}. Undo: enable it."])
    (step,) = remedies(entry, BAD)
    assert step.text == "Switch it off. Undo: enable it."
    assert step.undo == f"adb shell pm enable --user 0 {BAD}"


def test_a_command_about_another_package_stays_text() -> None:
    text = f"Switch it off: adb shell pm disable-user --user 0 {BAD}.more"
    assert remedies(incident(what_to_do=[text]), BAD) == (Remedy(text=text),)
    assert remedies(incident(what_to_do=[text]), None) == (Remedy(text=text),)


def test_malware_by_name_can_be_switched_off() -> None:
    entry = incident(packages=[fact(BAD, standalone=True)], what_to_do=["Return it."], category="backdoor")
    assert remedies(entry, BAD) == (
        Remedy(text="Return it.", risk=WARNING),
        Remedy(
            text=f"Until the firmware is replaced: switch off {BAD}.",
            command=f"adb shell pm disable-user --user 0 {BAD}",
            undo=f"adb shell pm enable --user 0 {BAD}",
            risk=f"{WARNING} {SIDE_EFFECT}",
        ),
    )


def test_a_part_of_android_is_never_switched_off_unasked() -> None:
    entry = incident(packages=[fact("com.android.settings", standalone=False)], what_to_do=["Return it."])
    assert remedies(entry, "com.android.settings") == (Remedy(text="Return it."),)


def test_a_hostile_name_gets_no_command() -> None:
    name = "com.bad;reboot"
    entry = incident(packages=[fact(name, standalone=True)], what_to_do=["Return it."])
    assert remedies(entry, name) == (Remedy(text="Return it."),)


def test_who_may_be_watched_is_warned() -> None:
    for category in ("backdoor", "preinstalled-malware", "spyware", "stalkerware"):
        assert HELP in (risk(category) or "")
    assert risk("telemetry") is None
    steps = remedies(incident(category="backdoor", what_to_do=["One.", "Two."]), None)
    assert [step.risk for step in steps] == [WARNING, None]


def test_each_package_gets_its_own_command() -> None:
    other = "com.bad.two"
    steps = [f"Switch it off: adb shell pm disable-user --user 0 {name}. Undo: adb shell pm enable {name}."
             for name in (BAD, other)]  # fmt: skip
    entry = incident(what_to_do=["Update.", *steps])
    for name in (BAD, other):
        _, step = remedies(entry, name)
        assert (step.command, step.undo) == (
            f"adb shell pm disable-user --user 0 {name}",
            f"adb shell pm enable {name}",
        )
    assert [step.text for step in remedies(entry, None)] == ["Update.", *steps]


def test_the_package_of_the_finding_takes_its_place() -> None:
    text = "Switch it off: adb shell pm disable-user --user 0 PACKAGE. Undo: adb shell pm enable PACKAGE."
    (step,) = remedies(incident(what_to_do=[text, "Uninstall it (adb uninstall PACKAGE)."]), BAD)[:1]
    assert (step.text, step.undo) == ("Switch it off.", f"adb shell pm enable {BAD}")
    assert remedies(incident(what_to_do=["Uninstall it (adb uninstall PACKAGE)."]), BAD)[0].text == (
        f"Uninstall it (adb uninstall {BAD})."
    )
