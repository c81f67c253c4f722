"""Can somebody watch the person?"""

from typing import Any

import pytest

from phone_audit.judge.questions.watched import watched
from phone_audit.model.apps import App, CameFrom
from phone_audit.model.finding import Question
from tests.judge.cases import finding
from tests.judge.questions.phone_questions import AGO, app, basis, power

ACCESSIBILITY = power("accessibility", watching="all", can="read the screen")
MICROPHONE = power("microphone", watching="part", can="record", did="used the microphone")
ADMIN = power("device-admin", can="lock or erase the phone")
USED = MICROPHONE.model_copy(update={"last_used": AGO})
USED_IT = "used the microphone 10 minutes before the scan (2026-01-10 11:50)"
OLD = MICROPHONE.model_copy(update={"last_used": "2026-01-01T00:00:00Z"})


def powers(confidence: Any = "high", name: str = "com.app") -> Any:
    return finding("watching-powers", name, severity="high", confidence=confidence, category="powers")


def test_by_hand_able_to_watch_and_it_did() -> None:
    found = powers()
    spy = app(label="Super Cleaner", powers=(ACCESSIBILITY, USED))
    assert watched(basis(found, apps=(spy,))) == Question(
        id="watched",
        answer="yes",
        text=f"“Super Cleaner” (com.app), installed by hand, {USED_IT}.",
        findings=(found.key,),
        package="com.app",
    )


@pytest.mark.parametrize(
    ("found", "held", "answer"),
    [
        (powers("high"), (ACCESSIBILITY,), "yes"),
        (powers("medium"), (ACCESSIBILITY, USED), "yes"),
        (powers("medium"), (ACCESSIBILITY, OLD), "not-seen"),
        (powers("medium"), (ACCESSIBILITY, MICROPHONE), "not-seen"),
        (None, (ACCESSIBILITY, USED), "yes"),
        (None, (ACCESSIBILITY,), "not-seen"),
        (None, (ADMIN,), "not-seen"),
        (powers("medium"), (), "not-seen"),
        (None, (MICROPHONE, USED), "not-seen"),
        (None, (MICROPHONE, OLD), "no"),
        (powers("medium", "com.other"), (), "no"),
    ],
)
def test_what_makes_a_watcher(found: Any, held: tuple[Any, ...], answer: str) -> None:
    findings = () if found is None else (found,)
    assert watched(basis(*findings, apps=(app(powers=held),))).answer == answer


@pytest.mark.parametrize("origin", ["store", "firmware"])
def test_what_came_from_a_store_or_with_the_phone_is_no_watcher(origin: str) -> None:
    said = watched(basis(apps=(app(origin=origin, powers=(ACCESSIBILITY, USED)),)))
    assert said.answer == ("not-seen" if origin == "store" else "no")


def test_the_one_that_did_more_is_named_and_the_others_are_counted() -> None:
    apps = (app("com.a", powers=(ACCESSIBILITY,)), app("com.b", label="B", powers=(ACCESSIBILITY, USED)))
    said = watched(basis(powers(name="com.a"), powers(name="com.b"), apps=apps))
    assert said.text == (f"“B” (com.b), installed by hand, {USED_IT}; 1 other app can watch too.")


def test_an_app_that_lists_call_stalkerware() -> None:
    found = finding(
        "indicator.package", "com.app", confidence="confirmed", category="stalkerware", title="Spy (stalkerware)"
    )
    said = watched(basis(found, apps=(app(powers=(USED,)),)))
    assert (said.answer, said.package) == ("yes", "com.app")
    assert said.text == f"“App” (com.app) is listed as Spy (stalkerware); it {USED_IT}."


def owner() -> App:
    return app(
        "com.mdm", origin="firmware", label="Policy", powers=(power("profile-owner", can="manage this profile"),)
    )


@pytest.mark.parametrize(
    ("apps", "changes", "answer", "text"),
    [
        (
            (),
            {},
            "no",
            "No app that was added may see the screen, notifications or typing, or used microphone, camera, place or "
            "messages within 7 days. The phone's own apps are not judged.",
        ),
        ((), {"whole": False}, "not-seen", "Nobody was seen, but not all that apps may do, and did, was told."),
        ((), {"trusted": False}, "not-seen", "Nobody was seen, but what this phone says of itself can be false."),
        ((owner(),), {}, "not-seen", "Nobody but whoever manages it: “Policy” (com.mdm) may manage this profile."),
        (
            (app(origin="store", powers=(ACCESSIBILITY,)),),
            {},
            "not-seen",
            "None but apps that the phone notes as from a store: “App” (com.app) may read the screen.",
        ),
    ],
)
def test_no_and_not_seen(apps: tuple[App, ...], changes: dict[str, Any], answer: str, text: str) -> None:
    said = watched(basis(apps=apps, **changes))
    assert (said.answer, said.text) == (answer, text)


SAYS = f"can watch and {USED_IT}"
ORDINARY = "That can be ordinary use: if you do not know the app, ask for help before you remove it."


@pytest.mark.parametrize(
    ("origin", "held", "text"),
    [
        ("unknown", (ACCESSIBILITY, USED), f"of which it is not known who put it there, {SAYS}."),
        ("unknown", (ADMIN, USED), f"of which it is not known who put it there, {SAYS}."),
        ("later-word", (ACCESSIBILITY, USED), f"of which it is not known who put it there, {SAYS}."),
        ("other", (ACCESSIBILITY, USED), f"installed by another app, {SAYS}; who chose it is not known."),
        ("store", (ACCESSIBILITY, USED), f"installed from a store, as the phone notes, {SAYS}."),
        ("hand", (ADMIN, USED), f"installed by hand, {SAYS}."),
        ("unknown", (ACCESSIBILITY,),
         "of which it is not known who put it there, may read the screen; nothing shows that it is used to watch."),
        ("other", (ACCESSIBILITY,),
         "installed by another app, may read the screen; nothing shows that it is used to watch."),
        ("hand", (USED,),
         f"installed by hand, {USED_IT}. {ORDINARY}"),
        ("store", (USED,), f"installed from a store, as the phone notes, {USED_IT}. {ORDINARY}"),
    ],
)  # fmt: skip
def test_what_can_watch_is_named_whoever_put_it_there(origin: Any, held: tuple[Any, ...], text: str) -> None:
    came_from = CameFrom.model_construct(kind=origin, installer=None, installed=None, updated=None, installer_name=None)
    said = watched(basis(apps=(app(powers=held).model_copy(update={"came_from": came_from}),)))
    assert (said.answer, said.package, said.text) == ("not-seen", "com.app", f"“App” (com.app), {text}")


def test_the_ones_that_nobody_is_shown_to_have_chosen_come_first() -> None:
    store = app("com.a", origin="store", label=None, powers=(ACCESSIBILITY, USED))
    unknown = app("com.b", origin="unknown", label=None, powers=(ACCESSIBILITY, USED))
    idle = app("com.c", origin="hand", label=None, powers=(ACCESSIBILITY,))
    said = watched(basis(apps=(store, idle, unknown)))
    assert said.text == f"com.b, of which it is not known who put it there, {SAYS}; 2 other apps can watch too."
    said = watched(basis(apps=(store, app("com.d", label=None, powers=(USED,)))))
    assert said.package == "com.d"


def test_a_watcher_of_which_no_power_is_told() -> None:
    said = watched(basis(powers("medium"), apps=(app(),)))
    assert said.text == "“App” (com.app), installed by hand, can watch; nothing shows that it is used to watch."


def test_an_administrator_from_a_store_alone_watches_nobody() -> None:
    assert watched(basis(apps=(app(origin="store", powers=(ADMIN,)),))).answer == "no"


def test_without_a_time_no_use_can_be_called_old() -> None:
    assert watched(basis(apps=(app(powers=(OLD,)),), now=None)).answer == "not-seen"


def test_a_phone_with_something_worse_is_never_told_no() -> None:
    assert watched(basis(finding("test-keys-build", severity="high", confidence="high"))).answer == "not-seen"


def test_who_manages_the_phone_is_told_before_an_app_that_was_used() -> None:
    said = watched(basis(apps=(app(origin="store", powers=(USED,)), owner())))
    assert said.text.startswith(
        "Whoever manages this phone or a profile on it: “Policy” (com.mdm) may manage this profile. “App” (com.app)"
    )


@pytest.mark.parametrize("listed", [True, False])
def test_who_manages_the_phone_is_told_behind_an_app_that_is_there_to_watch(*, listed: bool) -> None:
    """A work profile does not go unsaid because something worse was found."""
    spy = app("com.spy", origin="hand", powers=(ACCESSIBILITY, USED))
    found = (finding("indicator.stalkerware", "com.spy", category="stalkerware"),) if listed else ()
    said = watched(basis(*found, apps=(spy, owner())))
    assert said.answer == "yes"
    assert said.package == "com.spy"
    assert said.text.endswith(". Besides, “Policy” (com.mdm) may manage this profile.")
    assert "Besides" not in watched(basis(*found, apps=(spy,))).text


def test_an_app_that_watches_and_manages_is_named_once() -> None:
    both = app("com.spy", origin="hand", powers=(ACCESSIBILITY, USED, power("device-owner", can="manage this phone")))
    said = watched(basis(apps=(both,)))
    assert said.answer == "yes"
    assert "Besides" not in said.text
