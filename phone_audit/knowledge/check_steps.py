"""What a person is told to do: the affected first, each command with its way back, nothing about what was not found."""

import re
from collections.abc import Sequence

from phone_audit.knowledge.incident_schema import Step
from phone_audit.knowledge.problems import Report

_NOTHING = re.compile(r"nothing (?:else )?(?:needs|has) to be done|needs? to do nothing|no action", re.IGNORECASE)
_FOUND = re.compile(r"of the finding|in the finding|\bPACKAGE\b|disable-user|adb uninstall")
_COMMAND = re.compile(r"disable-user(?: --user \d+)? (?P<package>[\w.]*\w)")


def check_steps(steps: Sequence[Step], report: Report) -> None:
    """Report faults of `what_to_do`.

    The first step stands beside the verdict of those who are affected, so it may not say that all is well; and of those
    steps that are left for a build alone, the first may not either.
    """
    listed = [step for step in steps if step.needs != "found"]
    for heard in (steps, listed, [step for step in listed if step.needs is None]):
        if heard and _NOTHING.search(heard[0].text):
            place = f"what_to_do[{steps.index(heard[0])}]"
            report(place, "says first that nothing needs to be done; put the step of those who are affected first")
            break
    for number, step in enumerate(steps):
        place = f"what_to_do[{number}]"
        if step.needs != "found" and _FOUND.search(step.text):
            report(place, "is about a thing that was found; write it as text and needs: found")
        commands = [found["package"] for found in _COMMAND.finditer(step.text)]
        if len(commands) > 1:
            report(place, "holds several commands; write one step for each package")
        elif commands and not re.search(rf"Undo: adb shell pm enable {re.escape(commands[0])}\.(\s|$)", step.text):
            report(place, f"switches off without a way back; add: Undo: adb shell pm enable {commands[0]}.")
