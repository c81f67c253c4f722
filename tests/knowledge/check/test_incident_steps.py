"""What a person is told to do: the affected first, each command with its way back, nothing about what was not found."""

from typing import Any

import pytest

from phone_audit.knowledge.check.incident import check_incident, check_steps
from phone_audit.knowledge.schema.incident import IncidentEntry, Step
from tests.knowledge.folders import incident

UPDATE = "Install the update."
OFF = "Switch it off: adb shell pm disable-user --user 0 com.bad. Undo: adb shell pm enable com.bad."
NOTHING = "says first that nothing needs to be done; put the step of those who are affected first"
FOUND = "is about a thing that was found; write it as text and needs: found"


def step(given: str | tuple[str]) -> Step:
    """A text, or in a tuple of one: a step that needs the thing to be found."""
    return Step(text=given) if isinstance(given, str) else Step(text=given[0], needs="found")


def problems(*steps: str | tuple[str]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    check_steps([step(given) for given in steps], lambda place, text: found.append((place, text)))
    return found


def test_steps_without_faults() -> None:
    assert problems() == []
    assert problems(UPDATE, (OFF,), "Otherwise nothing has to be done.") == []


@pytest.mark.parametrize(
    "text",
    [
        "On a home-built system or an emulator nothing needs to be done.",
        "Nothing has to be done; it is how these phones work.",
        "Who does not mind it needs to do nothing.",
    ],
)
def test_the_first_step_is_for_those_who_are_affected(text: str) -> None:
    assert problems(text, UPDATE) == [("what_to_do[0]", NOTHING)]
    assert problems((OFF,), text) == [("what_to_do[1]", NOTHING)]
    assert problems(UPDATE, text) == []
    found: list[str] = []
    steps = [step((OFF,)), Step(text=text, needs="listed"), step(UPDATE)]
    check_steps(steps, lambda place, _: found.append(place))
    assert found == ["what_to_do[1]"]


@pytest.mark.parametrize(
    "text", [OFF, "Uninstall the package of the finding.", "Uninstall it (adb uninstall PACKAGE)."]
)
def test_a_build_alone_is_told_nothing_of_what_was_found(text: str) -> None:
    assert problems(text) == [("what_to_do[0]", FOUND)]
    assert problems((text,)) == []


def test_one_command_a_step_with_its_own_way_back() -> None:
    both = "Switch them off: adb shell pm disable-user --user 0 a.b, adb shell pm disable-user --user 0 c.d."
    assert problems((both,)) == [("what_to_do[0]", "holds several commands; write one step for each package")]
    other = "Switch it off: adb shell pm disable-user --user 0 com.bad. Undo: adb shell pm enable com.badder."
    without = "switches off without a way back; add: Undo: adb shell pm enable com.bad."
    assert problems((other,)) == [("what_to_do[0]", without)]


def test_a_step_is_a_text_or_says_what_it_needs() -> None:
    entry = IncidentEntry.model_validate(incident(what_to_do=[UPDATE, {"text": OFF, "needs": "found"}]))
    assert entry.what_to_do == (step(UPDATE), step((OFF,)))


def test_both_sides_of_what_is_disputed() -> None:
    def missing(**changes: Any) -> list[str]:
        found: list[str] = []
        entry = IncidentEntry.model_validate(incident(status="disputed", raises="suspicious", **changes))
        check_incident(entry, lambda place, _: found.append(place))
        return found

    assert missing() == ["vendor_response"]
    assert missing(vendor_response=[{"value": "Maker denies it", "confidence": "sourced", "source": 1}]) == []


def test_a_headline_names_no_model() -> None:
    """What is found may be on a phone of another maker."""

    def told(**changes: Any) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        models = [
            {"value": value, "confidence": "sourced", "source": 1, "field": "description"}
            for value in ("Acme_One (2024)", "One")
        ]
        entry = IncidentEntry.model_validate(incident(models=models, **changes))
        check_incident(entry, lambda place, text: found.append((place, text)))
        return found

    assert told(title="Weather service of the ACME ONE, and others") == [
        ("title", "names the model 'acme one'; write a headline without it")
    ]
    assert told(title="Acme One", headline="The One that sends the IMEI") == [
        ("headline", "names the model 'one'; write a headline without it")
    ]
    assert told(title="Acme One", headline="Acme: Weather of Oneness") == []
