"""What an acquisition of another tool does not contain."""

from collections.abc import Iterator, Mapping

from phone_audit.acquire.importers.answers import SAME
from phone_audit.acquire.importers.imported import OWN, ImportedAcquisition
from phone_audit.acquire.importers.texts import note
from phone_audit.acquire.packages.package_dump import PACKAGE_DUMP
from phone_audit.acquire.packages.users import USER_DUMP
from phone_audit.acquire.questions.accessibility import ACCESSIBILITY
from phone_audit.acquire.questions.appops import APPOPS
from phone_audit.acquire.questions.connectivity import CONNECTIVITY
from phone_audit.acquire.questions.device_policy import DEVICE_POLICY
from phone_audit.acquire.questions.netstats import NETSTATS
from phone_audit.acquire.questions.question import OWNER
from phone_audit.acquire.questions.settings import GLOBAL_SETTINGS, secure_settings_command
from phone_audit.model.finding import Skipped, Step

FURTHER = {
    USER_DUMP.text: "the users",
    secure_settings_command(OWNER).text: "secure settings",
    ACCESSIBILITY.text: "accessibility services",
    DEVICE_POLICY.text: "device administrators",
    APPOPS.text: "what packages used",
    NETSTATS.text: "traffic",
    CONNECTIVITY.text: "networks",
}
"""Question → what an acquisition without an answer to it does not show."""


def cannot_hold(imported: ImportedAcquisition) -> tuple[str, ...]:
    """Return sentences on what the acquisition does not contain: what its kind never does, and what this one lacks."""
    answers = imported.answers
    missing = [what for command, what in FURTHER.items() if command not in answers and SAME.get(command) not in answers]
    if not missing:
        return imported.cannot_hold
    return (*imported.cannot_hold, f"This acquisition does not show: {', '.join(missing)}.")


def lacking(imported: ImportedAcquisition, properties: Mapping[str, str], copies: int) -> Iterator[Skipped]:
    """Note what is missing on which a verdict rests.

    Args:
        imported: the acquisition.
        properties: the phone's properties.
        copies: how many APKs could be taken out of it.
    """
    for subject, step, what in _missing(imported, properties):
        yield note(subject, step, "not-held", f"The acquisition does not hold {what}.")
    listed = sum(len(package.files) for package in imported.packages)
    if 0 < copies < listed:
        reason = f"The acquisition holds {copies} of {listed} APK files; the code of the others was not read."
        yield note("APK files", "transfer", "not-held", reason)


def _missing(imported: ImportedAcquisition, properties: Mapping[str, str]) -> Iterator[tuple[str, Step, str]]:
    """Name what such an acquisition normally holds, on which a verdict rests, and this one lacks."""
    dumped = PACKAGE_DUMP.text in imported.answers
    if not properties:
        yield "getprop", "command", "the phone's properties, so its firmware is not known"
    if not imported.packages and not dumped:
        yield "packages", "list", "a list of the packages"
    elif not dumped and any(package.granted is None for package in imported.packages):
        yield PACKAGE_DUMP.text, "command", "the dump of the package service, so permissions are not known"
    if GLOBAL_SETTINGS.text not in imported.answers and OWN not in imported.cannot_hold:
        yield GLOBAL_SETTINGS.text, "command", "the phone's settings"
