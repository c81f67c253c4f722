"""Texts that a phone said, under the commands by which we ask for the same."""

import re
from collections.abc import Mapping

from phone_audit.acquire import commands
from phone_audit.acquire.condition import questions
from phone_audit.acquire.foreign.services import split_sections
from phone_audit.model.finding import Skipped

NAMESPACES = ("global", "secure", "system")
SETTINGS_TITLE = re.compile(r"^(GLOBAL|SECURE|SYSTEM|CONFIG) SETTINGS \(user (\d{1,9})\)", re.MULTILINE)
SETTING = re.compile(
    r"^_id:\S+ name:(\S+) (?:pkg:\S+ )?value:(.*?)(?: default:.*)?(?: defaultSystemSet:\S+)?$", re.MULTILINE
)


SAME = {
    questions.APPOPS.text: "dumpsys appops",
    questions.MOUNTS.text: "mount",
    questions.NETSTATS.text: "dumpsys netstats",
    questions.SYSTEM_SETTINGS.text: "settings list system",
    questions.secure_settings(0).text: "settings list secure",
}
"""Our command → a plainer one that says the same, or most of it."""


def settings_command(namespace: str) -> str:
    """Give the command that lists one table of settings."""
    return f"settings list {namespace}"


def from_dumps(text: bytes) -> tuple[dict[str, bytes], tuple[Skipped, ...]]:
    """Give what a whole `dumpsys`, or a bug report, answers, and what in it contradicts itself."""
    sections = split_sections(text)
    answers = {f"dumpsys {name}": body for name, body in sections.services.items()}
    for command, body in sections.commands.items():
        answers.setdefault(_ours(command), body)
    answers |= settings_answers(sections.services.get("settings", b"").decode("utf-8", "surrogateescape"))
    if "package" in sections.repeated:
        reason = "The dump of the package service stands there more than once; the first one was read."
        return answers, (Skipped(subject="dumpsys package", step="command", code="contradiction", reason=reason),)
    return answers, ()


def settings_answers(dump: str) -> dict[str, bytes]:
    r"""Read the dump of the settings service into the form of `settings list`, the owner's tables only.

    Source: AOSP `SettingsProvider.dumpInternal` and `SettingsState.dumpSettingsLocked`.

    Example:
        >>> settings_answers("GLOBAL SETTINGS (user 0)\nversion: 1\n_id:1 name:adb_enabled pkg:android value:1\n")
        {'settings list global': b'adb_enabled=1\n'}
    """
    answers: dict[str, bytes] = {}
    titles = list(SETTINGS_TITLE.finditer(dump))
    for number, title in enumerate(titles):
        end = titles[number + 1].start() if number + 1 < len(titles) else len(dump)
        namespace = title[1].lower()
        if title[2] != "0" or namespace not in NAMESPACES:
            continue
        lines = [f"{match[1]}={match[2]}\n" for match in SETTING.finditer(dump, title.end(), end)]
        answers.setdefault(settings_command(namespace), "".join(lines).encode("utf-8", "surrogateescape"))
    return answers


def listed_as(properties: Mapping[str, str]) -> bytes:
    """Write properties as `getprop` does, sorted; a value that cannot stand on a line is left as it is."""
    lines = [f"[{name}]: [{value}]\n" for name, value in sorted(properties.items())]
    return "".join(lines).encode("utf-8", "surrogateescape")


def _ours(command: str) -> str:
    """Give our command for one by which dumpstate asks for the same."""
    words = command.strip()
    if words == "getprop" or words.endswith("/getprop"):
        return commands.GETPROP.text
    return words
