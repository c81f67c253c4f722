"""The answer on one screen: what is said first, in which order, and what it never does."""

import re
import unicodedata

import pytest

from phone_audit.model.apk import Apks
from phone_audit.model.apps import App, CameFrom
from phone_audit.model.device import Package, PackageUser, StateItem
from phone_audit.model.finding import Finding, Question, Reason, ReasonKind, Remedy, Subject, Verdict
from phone_audit.model.results import Scan
from phone_audit.report.canvas import Style
from phone_audit.report.draw_answer import HELP_FIRST
from phone_audit.report.formats import render
from tests.documents import SKIPPED, apk, apks, finding, scan

WARNING = "do not remove it or switch it off yet"
LONG = "a long word after another " * 30


def shown(document: Scan | Apks, style: Style | None = None) -> str:
    return render("text", document, style or Style())


def words(document: Scan | Apks, style: Style | None = None) -> str:
    return " ".join(shown(document, style).split())


def installed(name: str = "com.a", *, here: bool | None = True) -> Package:
    its = PackageUser(
        id=0, installed=here, enabled=True, hidden=None, suspended=None, installer=None, first_install=None,
        last_update=None, granted=None, appops=None, traffic=None,
    )  # fmt: skip
    return Package(
        name=name, app_id=None, system=True, version_code=1, version_name="1", signers=None, files=(), users=(its,)
    )


def app(package: str = "com.a", label: str | None = "Torch") -> App:
    came_from = CameFrom(kind="firmware", installer=None, installed=None, updated=None)
    return App(package=package, label=label, user=0, system=True, came_from=came_from)


def reason(key: str | None, text: str = "com.a does things.", kind: ReasonKind = "detector") -> Reason:
    return Reason(finding=key, text=text, kind=kind)


def judged(document: Scan, *reasons: Reason, questions: tuple[Question, ...] = ()) -> Scan:
    verdict = Verdict(
        outcome=document.verdict.outcome, headline=document.verdict.headline, reasons=reasons, questions=questions
    )
    return document.model_copy(update={"verdict": verdict})


def bad(**changes: object) -> Scan:
    return scan("known-bad").model_copy(update={"packages": (installed(),), "apps": (app(),), **changes})


QUESTIONS = (
    Question(id="known-bad", answer="yes", text="A published incident."),
    Question(id="watched", answer="yes", text="Cleaner may read the screen.", findings=("k2",), package="com.b"),
    Question(id="sends", answer="yes", text="One app sends the IMEI."),
)


def test_the_verdict_comes_first_then_the_warning_the_phone_the_questions_and_what_to_do() -> None:
    document = judged(bad(), reason("k1", kind="incident"), questions=QUESTIONS)
    text = words(document)
    places = [
        text.index("KNOWN-BAD The headline of known-bad"),
        text.index(WARNING),
        text.index("Nokia 7 plus · Android 9 · build 00WW_3_22C · patches of 2018-09"),
        text.index("Is it a known-bad batch? YES. A published incident."),
        text.index("Can somebody watch you? YES. Cleaner may read the screen."),
        text.index("Where does data go? SEEN. One app sends the IMEI."),
        text.index("1. "),
        text.index("-> Disable the package."),
        text.index("All files that were to be read were read."),
        text.index("Everything as text: --details"),
        text.index("switch USB debugging off"),
        text.index("Do not remove or switch off anything yet"),
    ]
    assert places == sorted(places)


@pytest.mark.parametrize("format_", ["text", "markdown", "html"])
@pytest.mark.parametrize("details", [False, True])
def test_only_where_a_phone_was_there_debugging_is_to_be_switched_off(format_: str, details: bool) -> None:
    of_phone = judged(bad(), reason("k1", kind="incident"))
    image = of_phone.acquisition.model_copy(update={"source": "image"})
    of_image = of_phone.model_copy(update={"acquisition": image})
    advice = re.compile("switch USB debugging off", re.IGNORECASE)
    assert advice.search(render(format_, of_phone, Style(details=details)))
    assert not advice.search(render(format_, of_image, Style(details=details)))


def test_a_result_of_before_the_questions_has_none() -> None:
    assert "known-bad batch?" not in words(bad())


@pytest.mark.parametrize("format_", ["text", "markdown", "html"])
def test_no_word_that_a_phone_chose_stands_above_the_warning(format_: str) -> None:
    asked = (Question(id="watched", answer="yes", text="“Remove at once” may watch.", package="com.b"),)
    document = judged(bad(), reason("k1"), questions=asked)
    named = document.device.model_copy(update={"model": "Wipe it now"})
    text = render(format_, document.model_copy(update={"device": named}), Style())
    above = " ".join(text[text.index("known") : text.index("do not remove it")].split())
    assert "Remove at once" not in above
    assert "Wipe it now" not in above.partition("</title>")[2]


def test_markdown_does_not_speak_of_an_option() -> None:
    text = render("markdown", bad(), Style())
    assert "details" not in text
    assert "## Findings" in text


def test_an_app_is_called_by_its_name_once_with_the_package() -> None:
    text = words(judged(bad(), reason("k2", "com.a watches, and com.a sends; com.aa does not.")))
    assert '"Torch" (com.a) watches, and com.a sends; com.aa does not.' in text


def test_a_name_cannot_pretend_to_be_more_than_a_name() -> None:
    label = 'Settings" (com.android.settings) \x1b[31m\u202e' + "x" * 90
    text = shown(judged(bad(apps=(app(label=label),)), reason("k2")))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "Settings' (com.android.settings)" in text
    assert "x" * 40 not in text


@pytest.mark.parametrize("label", [" ", "\u3000", "\u2800\u2800", "...", "", None])
def test_a_blank_name_is_none(label: str | None) -> None:
    text = words(judged(bad(apps=(app(label=label),)), reason("k1", "com.a watches.", "detector")))
    assert "1. com.a watches." in text
    assert "Settings > Apps > com.a > Disable" in text


def test_what_is_said_better_by_another_reason_comes_later() -> None:
    told = [finding(key=key).model_copy(update={"id": name, "subject": Subject(kind="package", name=of)})
            for key, name, of in (("k1", "tracker-data", "com.a"), ("k2", "cleartext-data", "com.a"),
                                  ("k3", "network-data", "com.b"))]  # fmt: skip
    document = judged(bad(findings=tuple(told)), reason("k1", "One."), reason("k2", "Two."), reason("k3", "Three."))
    text = words(document)
    assert text.index("1. Two.") < text.index("2. Three.") < text.index("3. One.")


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_command_stands_on_one_line_of_its_own_with_its_undo(width: int) -> None:
    lines = [line.strip() for line in shown(bad(), Style(width=width)).splitlines()]
    assert "adb shell pm disable-user --user 0 com.a" in lines
    assert "undo: adb shell pm enable --user 0 com.a" in lines


def test_the_settings_come_before_the_command() -> None:
    text = words(bad())
    assert text.index('Settings > Apps > "Torch" (com.a) > Disable') < text.index("adb shell")


@pytest.mark.parametrize("packages", [(), (installed("com.other"),), (installed(here=False),)])
def test_no_command_for_a_package_that_is_not_there(packages: tuple[Package, ...]) -> None:
    text = words(bad(packages=packages))
    assert "adb shell" not in text
    assert "Settings > Apps" not in text
    assert "-> Disable the package." in text


@pytest.mark.parametrize("package", ["android", "com.android.systemui", "com.google.android.gms"])
def test_no_command_for_what_android_needs(package: str) -> None:
    switch = Remedy(
        text="Switch it off.", command=f"adb shell pm disable-user --user 0 {package}", undo="adb shell pm enable x"
    )
    found = finding(package).model_copy(update={"remedy": (switch,)})
    text = words(bad(findings=(found,), packages=(installed(package),)))
    assert "Switch it off." in text
    assert "adb shell" not in text


def test_no_command_for_another_package_or_without_undo() -> None:
    other = finding().model_copy(update={"subject": Subject(kind="package", name="com.b")})
    assert "adb shell" not in words(bad(findings=(other,), packages=(installed(), installed("com.b"))))
    lasting = tuple(one.model_copy(update={"undo": None}) for one in finding().remedy)
    assert "adb shell" not in words(bad(findings=(finding().model_copy(update={"remedy": lasting}),)))


def test_without_advice_there_is_no_warning() -> None:
    assert WARNING not in words(scan())


def test_what_watches_comes_right_behind_the_first_reason_and_in_a_second_headline() -> None:
    document = judged(bad(), reason("k1"), reason("k3", "Third."), reason("k2", "It watches."), questions=QUESTIONS)
    text = words(document)
    assert "SUSPICIOUS Somebody may be able to watch this phone" in text
    assert text.index("It watches.") < text.index("Third.")
    watching_first = judged(bad(), reason("k2", "It watches."), reason("k1"), questions=QUESTIONS)
    assert "SUSPICIOUS Somebody" not in words(watching_first)


def many(count: int, text: str = LONG) -> tuple[tuple[Finding, ...], tuple[Reason, ...]]:
    findings = tuple(
        finding(key=f"k{number}").model_copy(update={"remedy": (Remedy(text=LONG), *finding().remedy)})
        for number in range(count)
    )
    return findings, tuple(reason(f"k{number}", f"{number} {text}") for number in range(count))


def test_who_manages_the_phone_is_told_behind_who_watches_also_where_lines_are_scarce() -> None:
    findings, reasons = many(9)
    both = Question(
        id="watched", answer="yes", package="com.b", findings=("k2",),
        text="“Cleaner” (com.b), installed by hand with SHAREit, used the microphone 10 minutes before the scan "
        "(2026-01-10 11:50). Besides, “Policy” (com.mdm) may manage this profile.",
    )  # fmt: skip
    document = judged(bad(findings=findings), *reasons, questions=(QUESTIONS[0], both, QUESTIONS[2]))
    assert "Besides, “Policy” (com.mdm) may manage this profile." in words(document)


@pytest.mark.parametrize("text", ["com.a does it.", LONG])
def test_it_fits_on_a_screen_whatever_the_phone(text: str) -> None:
    findings, reasons = many(300, text)
    unread = tuple(Reason(finding=None, text=f"Not read: {LONG}", kind="unread") for _ in range(30))
    questions = tuple(question.model_copy(update={"text": LONG[:160]}) for question in QUESTIONS)
    document = judged(bad(findings=findings, label="a case"), *reasons, *unread, questions=questions)
    lines = shown(document).splitlines()
    assert len(lines) <= 40
    assert all(len(line) <= 80 for line in lines)
    told = sum(line.lstrip()[:1].isdigit() and line.lstrip()[1:3] == ". " for line in lines)
    assert 1 <= told <= 5
    assert f"And {300 - told} more reasons: see the full report." in words(document)


def columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)


@pytest.mark.parametrize(
    ("text", "label"),
    [("漢" * 400, "漢" * 60), ("a" * 400, "x" * 60), ("\u202e" * 400, "\u202e"), ("\n1. all fine" * 40, "\n")],
)
def test_it_fits_on_a_screen_whatever_the_letters(text: str, label: str) -> None:
    package = "c" + ".c" * 100
    findings, reasons = many(9, text)
    switch = Remedy(
        text=text, command=f"adb shell pm disable-user --user 0 {package}", undo=f"adb shell pm enable {package}"
    )
    findings = tuple(one.model_copy(update={"remedy": (Remedy(text=text), switch), "title": text}) for one in findings)
    questions = tuple(question.model_copy(update={"text": text}) for question in QUESTIONS)
    unread = tuple(Reason(finding=None, text=text, kind="unread") for _ in range(30))
    document = judged(
        bad(findings=findings, label=text, packages=(installed(package),), apps=(app(package, label),)),
        *(one.model_copy(update={"text": f"{package} {text}"}) for one in reasons), *unread, questions=questions,
    )  # fmt: skip
    verdict = document.verdict.model_copy(update={"headline": text})
    lines = shown(document.model_copy(update={"verdict": verdict})).splitlines()
    assert len(lines) <= 40
    assert all(columns(line) <= 80 for line in lines if "adb shell" not in line)


def test_what_was_not_read_is_told() -> None:
    unread = [Reason(finding=None, text=f"Not read: thing {number}.", kind="unread") for number in range(4)]
    text = words(judged(scan(skipped=(SKIPPED,)), *unread))
    assert "Not read: thing 0. Not read: thing 1. And 2 more kinds of things that were not read." in text
    assert "All files that were to be read were read" not in text


def test_an_old_result_that_lacks_something_never_says_that_all_was_read() -> None:
    text = words(scan(skipped=(SKIPPED,)))
    assert "Not read: 1 thing." in text
    assert "All files that were to be read were read" not in text


def test_quick_says_that_no_code_was_read() -> None:
    quick = scan()
    quick = quick.model_copy(update={"acquisition": quick.acquisition.model_copy(update={"depth": "quick"})})
    assert "their code was not read (depth quick)" in words(quick)


@pytest.mark.parametrize(
    ("level", "today", "said"),
    [
        ("2018-09-01", "2020-10-30T00:00:00Z", "patches of 2018-09, 25 months old"),
        ("2018-09-01", "2018-10-30T00:00:00Z", "patches of 2018-09 "),
        ("2018-09-01", "2001-10-30T00:00:00Z", "patches of 2018-09 "),
        ("soon", "2018-10-30T00:00:00Z", "patches of soon "),
        (None, None, "patch level unknown "),
    ],
)
def test_the_age_of_the_patches_is_that_by_the_phones_own_clock(
    level: str | None, today: str | None, said: str
) -> None:
    document = scan()
    acquisition = document.acquisition.model_copy(update={"device_time": today})
    build = document.build.model_copy(update={"security_patch": level})
    assert said in words(document.model_copy(update={"acquisition": acquisition, "build": build}))


def test_files_that_hold_all_are_named_and_else_the_option() -> None:
    assert "Full report: a.html, a.json" in words(scan(), Style(written=("a.html", "a.json")))
    assert "--details" in words(scan())


def test_the_long_text_ends_with_the_verdict() -> None:
    lines = shown(scan("known-bad"), Style(details=True)).splitlines()
    assert lines[-1] == " KNOWN-BAD  The headline of known-bad"
    assert lines[0] == lines[-1]


def test_a_folder_has_one_line_for_each_apk_the_most_harmful_first() -> None:
    records = [apk(f"{number:03}.apk") for number in range(50)]
    records.insert(25, apk("z.apk", "known-bad"))
    document = apks(*records, outcome="known-bad")
    lines = shown(document).splitlines()
    rows = [line.strip() for line in lines if '"A" (com.a)' in line]
    assert len(rows) == 20
    assert rows[0] == 'known-bad: "A" (com.a): A published incident'
    assert "And 31 more APKs: see the full report." in words(document)
    assert len(lines) <= 40
    assert all(len(line) <= 80 for line in lines)


def test_an_apk_without_a_package_is_called_by_its_file() -> None:
    nameless = apk("in/odd\x1b.apk", "inconclusive").model_copy(update={"package": None, "app_name": None})
    assert "inconclusive: package unknown, in/odd\\x1b.apk" in words(apks(nameless, outcome="inconclusive"))


@pytest.mark.parametrize("document", [scan(), apks(apk())])
@pytest.mark.parametrize(
    "left", ["; incomplete: 312 things could not be read", "; the code of the packages was not read"]
)
def test_a_long_headline_is_cut_before_what_was_not_read(document: Scan | Apks, left: str) -> None:
    judged_so = document.verdict.model_copy(update={"headline": LONG + left})
    text = words(document.model_copy(update={"verdict": judged_so}), Style(points=1))
    assert f"…{left}" in text


def test_advice_for_a_folder_stands_behind_the_warning() -> None:
    document = apks(apk("z.apk", "known-bad"), outcome="known-bad")
    advised = Reason(finding="k1", text="It is bad.", kind="incident", advice=(Remedy(text="Ask for help."),))
    verdict = document.verdict.model_copy(update={"reasons": (advised,)})
    text = words(document.model_copy(update={"verdict": verdict}))
    assert text.index(WARNING) < text.index("-> Ask for help.") < text.index(HELP_FIRST)
    assert text.endswith(HELP_FIRST)
    assert HELP_FIRST not in words(document)


def test_what_somebody_answers_for_comes_last_and_is_said_to_be_accepted() -> None:
    accepted = reason("k1", "First.").model_copy(update={"accepted": True})
    text = words(judged(bad(), accepted, reason("k2", "Second.")))
    assert text.index("1. Second.") < text.index("2. (accepted) First.")


def test_a_name_in_a_folder_cannot_imitate_the_line_of_another() -> None:
    record = apk("a.apk", "known-bad").model_copy(update={"app_name": 'x" (com.google.android.gm): nothing'})
    assert 'known-bad: "x\' (com.google.android.gm): nothing" (com.a): A published incident' in words(apks(record))


@pytest.mark.parametrize("points", [1, 2, 6])
def test_the_warning_stands_last_too_with_where_help_is(points: int) -> None:
    findings, reasons = many(points, "com.a does it.")
    last = " ".join(shown(judged(bad(findings=findings), *reasons, questions=QUESTIONS)).splitlines()[-2:])
    assert "Do not remove or switch off anything yet" in last
    assert "stopstalkerware.org, accessnow.org/help" in last


@pytest.mark.parametrize("format_", ["text", "html"])
def test_where_nothing_was_found_a_fear_that_remains_is_answered(format_: str) -> None:
    text = " ".join(render(format_, scan(), Style()).split())
    assert "If you still fear that somebody watches you: change nothing on the phone" in text
    assert "stopstalkerware.org" in text


@pytest.mark.parametrize("format_", ["text", "markdown", "html"])
def test_what_a_step_may_set_off_comes_before_it(format_: str) -> None:
    risky = Remedy(text="Then take it away.", risk="Get help first.")
    document = judged(bad(findings=(finding(key="k1").model_copy(update={"remedy": (risky,)}),)), reason("k1"))
    text = render(format_, document, Style())
    assert text.index("Get help first.") < text.index("Then take it away.")


def test_an_instruction_is_never_cut_inside_a_word_or_a_build() -> None:
    told = "Open Settings and install what is offered. The builds published as fixed are " + "00WW_3_22C_SP05 " * 20
    document = bad(findings=(finding(key="k1").model_copy(update={"remedy": (Remedy(text=told),)}),))
    text = words(judged(document, reason("k1")))
    assert "-> Open Settings and install what is offered. " in text
    assert "00WW" not in text.partition("->")[2]


def test_what_a_publisher_says_was_not_seen() -> None:
    cited = finding(key="k9").model_copy(update={"incident": "a-case"})
    sends = Question(id="sends", answer="yes", text="NRK published that it sends.", findings=("k9",))
    assert "PUBLISHED. NRK" in words(judged(bad(findings=(cited,)), reason("k9"), questions=(sends,)))
    seen = Question(id="sends", answer="yes", text="It was recorded.")
    assert "SEEN. It was" in words(judged(bad(findings=(cited,)), reason("k9"), questions=(seen,)))


def test_what_may_be_misread_is_said_first_of_all_that_was_read() -> None:
    document = scan()
    coverage = document.coverage.model_copy(update={"untested": ("Android 15: little was tried.",)})
    assert "Parts may be misread" in words(document.model_copy(update={"coverage": coverage}))
    assert "misread" not in words(document)


def test_the_age_of_the_patches_is_the_one_that_findings_tell() -> None:
    age = StateItem(key="patch_age_days", value="731", expected=None, evidence=())
    old = scan().model_copy(update={"state": (age,)})
    build = old.build.model_copy(update={"security_patch": "2024-12-05"})
    assert "patches of 2024-12, 24 months old" in words(old.model_copy(update={"build": build}))


def test_what_the_phone_did_not_tell_is_no_secret_of_the_question_alone() -> None:
    assert "This phone did not tell all that its apps may do, and did." in words(bad())
    image = bad().acquisition.model_copy(update={"source": "image"})
    assert "This phone did not tell" not in words(bad().model_copy(update={"acquisition": image}))
    assert "did not tell" not in words(scan())


def test_two_reasons_have_room_where_what_was_not_read_takes_one_line() -> None:
    findings, reasons = many(6, "com.a does it.")
    unread = Reason(
        finding=None, text="Not read: a thing of the phone. " + "3 of 39 were not there. " * 6, kind="unread"
    )
    text = words(judged(bad(findings=findings), *reasons, unread, questions=QUESTIONS))
    assert "2. " in text
    assert "Not read: a thing of the phone." in text
    assert text.count("3 of 39 were not there.") == 1  # as much as a line holds
