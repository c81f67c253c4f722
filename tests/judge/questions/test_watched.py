"""Can somebody watch the person?"""

from typing import Any

import pytest

from phone_audit.judge.questions.watched import watched
from phone_audit.model.apps import App
from phone_audit.model.finding import Question
from tests.judge.cases import finding
from tests.judge.questions.phone_questions import AGO, app, basis, power

ACCESSIBILITY = power("accessibility", watching="all", can="read the screen")
MICROPHONE = power("microphone", watching="part", can="record", did="used the microphone")
USED = MICROPHONE.model_copy(update={"last_used": AGO})
OLD = MICROPHONE.model_copy(update={"last_used": "2026-01-01T00:00:00Z"})


def powers(confidence: Any = "high", name: str = "com.app") -> Any:
    return finding("watching-powers", name, severity="high", confidence=confidence, category="powers")


def test_by_hand_able_to_watch_and_it_did() -> None:
    found = powers()
    spy = app(label="Super Cleaner", powers=(ACCESSIBILITY, USED))
    assert watched(basis(found, apps=(spy,))) == Question(
        id="watched",
        answer="yes",
        text="Super Cleaner (com.app), installed by hand, used the microphone 10 minutes ago.",
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
        (None, (MICROPHONE, USED), "no"),
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
    assert said.text == ("B (com.b), installed by hand, used the microphone 10 minutes ago; 1 other app can watch too.")


def test_an_app_that_lists_call_stalkerware() -> None:
    found = finding(
        "indicator.package", "com.app", confidence="confirmed", category="stalkerware", title="Spy (stalkerware)"
    )
    said = watched(basis(found, apps=(app(powers=(USED,)),)))
    assert (said.answer, said.package) == ("yes", "com.app")
    assert said.text == "App (com.app) is listed as Spy (stalkerware); it used the microphone 10 minutes ago."


def owner() -> App:
    return app(
        "com.mdm", origin="firmware", label="Policy", powers=(power("profile-owner", can="manage this profile"),)
    )


@pytest.mark.parametrize(
    ("apps", "changes", "answer", "text"),
    [
        ((), {}, "no", "No app that was added may read the screen, the notifications or what is typed."),
        ((), {"whole": False}, "not-seen", "Nobody was seen, but not everything was read."),
        ((), {"trusted": False}, "not-seen", "Nobody was seen, but what this phone says of itself can be false."),
        ((owner(),), {}, "not-seen", "Nobody but whoever manages it: Policy (com.mdm) may manage this profile."),
        (
            (app(origin="store", powers=(ACCESSIBILITY,)),),
            {},
            "not-seen",
            "Nobody but apps that were chosen: App (com.app) may read the screen.",
        ),
    ],
)
def test_no_and_not_seen(apps: tuple[App, ...], changes: dict[str, Any], answer: str, text: str) -> None:
    said = watched(basis(apps=apps, **changes))
    assert (said.answer, said.text) == (answer, text)


def test_a_phone_with_something_worse_is_never_told_no() -> None:
    assert watched(basis(finding("test-keys-build", severity="high", confidence="high"))).answer == "not-seen"
