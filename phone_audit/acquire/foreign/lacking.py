"""What an acquisition of another tool does not contain."""

from collections.abc import Iterator, Mapping

from phone_audit.acquire import commands
from phone_audit.acquire.condition import questions
from phone_audit.acquire.foreign.held import OWN, Held
from phone_audit.acquire.foreign.notes import note
from phone_audit.acquire.foreign.transport import HeldTransport
from phone_audit.acquire.packages.listing import OWNER
from phone_audit.model.finding import Skipped, Step

FURTHER = {
    commands.USER_DUMP.text: "the users",
    questions.secure_settings(OWNER).text: "secure settings",
    questions.ACCESSIBILITY.text: "accessibility services",
    questions.DEVICE_POLICY.text: "device administrators",
    questions.APPOPS.text: "what packages used",
    questions.NETSTATS.text: "traffic",
    questions.CONNECTIVITY.text: "networks",
}
"""Question → what an acquisition without an answer to it does not show."""


def cannot_hold(held: Held) -> tuple[str, ...]:
    """Return sentences on what the acquisition does not contain: what its kind never does, and what this one lacks."""
    asked = {command: what for command, what in FURTHER.items() if not HeldTransport("", held.answers).holds(command)}
    if not asked:
        return held.cannot_hold
    return (*held.cannot_hold, f"This acquisition does not show: {', '.join(asked.values())}.")


def lacking(held: Held, properties: Mapping[str, str], copies: int) -> Iterator[Skipped]:
    """Note what is missing on which a verdict rests.

    Args:
        held: the acquisition.
        properties: the phone's properties.
        copies: how many APKs could be taken out of it.
    """
    for subject, step, what in _missing(held, properties):
        yield note(subject, step, "not-held", f"The acquisition does not hold {what}.")
    listed = sum(len(package.files) for package in held.packages)
    if 0 < copies < listed:
        reason = f"The acquisition holds {copies} of {listed} APK files; the code of the others was not read."
        yield note("APK files", "transfer", "not-held", reason)


def _missing(held: Held, properties: Mapping[str, str]) -> Iterator[tuple[str, Step, str]]:
    """Name what such an acquisition normally holds, on which a verdict rests, and this one lacks."""
    dumped = commands.PACKAGE_DUMP.text in held.answers
    if not properties:
        yield "getprop", "command", "the phone's properties, so its firmware is not known"
    if not held.packages and not dumped:
        yield "packages", "list", "a list of the packages"
    elif not dumped and any(package.granted is None for package in held.packages):
        yield commands.PACKAGE_DUMP.text, "command", "the dump of the package service, so permissions are not known"
    if commands.GLOBAL_SETTINGS.text not in held.answers and OWN not in held.cannot_hold:
        yield commands.GLOBAL_SETTINGS.text, "command", "the phone's settings"
