"""Texts that a phone said, under the commands by which we ask for the same, and notes of what was not read.

They came through other computers, so line ends and encoding may be those of Windows.
"""

import codecs
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from phone_audit.acquire.importers.dump_sections import DumpSections, split_sections
from phone_audit.acquire.packages.package_dump import PACKAGE_DUMP
from phone_audit.acquire.packages.users import USER_DUMP, USERS
from phone_audit.acquire.questions.accessibility import ACCESSIBILITY
from phone_audit.acquire.questions.adb_keys import ADB
from phone_audit.acquire.questions.appops import APPOPS
from phone_audit.acquire.questions.connectivity import CONNECTIVITY
from phone_audit.acquire.questions.device_policy import DEVICE_POLICY
from phone_audit.acquire.questions.identity import GETPROP, SELINUX
from phone_audit.acquire.questions.mounts import MOUNTS
from phone_audit.acquire.questions.netstats import NETSTATS
from phone_audit.acquire.questions.roles import ROLES
from phone_audit.acquire.questions.settings import SYSTEM_SETTINGS, secure_settings_command
from phone_audit.acquire.store.container import FileContainer
from phone_audit.acquire.text import decode, shown
from phone_audit.errors import SnapshotError
from phone_audit.files.bounded_lines import without_long_lines
from phone_audit.files.bounds import PHONE_TEXT_LINE
from phone_audit.model.finding import Skipped, Step
from phone_audit.model.text import parse_getprop

_WIDE = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def text_of(data: bytes) -> bytes:
    r"""Return a text in UTF-8 with plain line feeds. `adb shell getprop > file` in PowerShell writes UTF-16.

    Example:
        >>> text_of("a\r\nb\r\n".encode("utf-16")), text_of(b"\xef\xbb\xbfa\xff\n")
        (b'a\nb\n', b'a\xff\n')
    """
    encoding = _WIDE.get(data[:2])
    if encoding:
        data = data[2:].decode(encoding, "replace").encode("utf-8")
    return data.removeprefix(codecs.BOM_UTF8).replace(b"\r\n", b"\n")


def bounded_text(data: bytes, name: str) -> tuple[bytes, tuple[Skipped, ...]]:
    """Return a text as `text_of` does, its lines of a bounded length, and a note where that left lines out."""
    text, left_out = without_long_lines(text_of(data), PHONE_TEXT_LINE)
    if not left_out:
        return text, ()
    lines = "One line was" if left_out == 1 else f"{left_out} lines were"
    reason = f"{lines} not read: longer than {PHONE_TEXT_LINE // 2**20} MB, which no line of a phone's answer is."
    return text, (note(name, "read", "long-line", reason),)


def note(subject: str, step: Step, code: str, reason: str) -> Skipped:
    """Return a note that can be published."""
    return Skipped(subject=shown(subject), step=step, code=code, reason=shown(reason))


def contradiction(subject: str, reason: str) -> Skipped:
    """Note that an answer contradicts itself, or another."""
    return note(subject, "command", "contradiction", reason)


def damaged(name: str, error: SnapshotError) -> Skipped:
    """Note that one file of an acquisition cannot be read, which costs that file alone."""
    return note(name, "read", "damaged", error.message)


NAMESPACES = ("global", "secure", "system")
SETTINGS_TITLE = re.compile(r"^(GLOBAL|SECURE|SYSTEM|CONFIG) SETTINGS \(user (\d{1,9})\)", re.MULTILINE)
SETTING = re.compile(
    r"^_id:\S+ name:(\S+) (?:pkg:\S+ )?value:(.*?)(?: default:.*)?(?: defaultSystemSet:\S+)?$", re.MULTILINE
)


SAME = {
    APPOPS.text: "dumpsys appops",
    MOUNTS.text: "mount",
    NETSTATS.text: "dumpsys netstats",
    SYSTEM_SETTINGS.text: "settings list system",
    secure_settings_command(0).text: "settings list secure",
}
"""Our command → a plainer one that says the same, or most of it."""


TELLING = ("ro.build.fingerprint", "ro.build.display.id", "ro.serialno")

READ = frozenset(
    {
        GETPROP.text,
        PACKAGE_DUMP.text,
        SELINUX.text,
        USER_DUMP.text,
        USERS.text,
        ACCESSIBILITY.text,
        ADB.text,
        CONNECTIVITY.text,
        DEVICE_POLICY.text,
        ROLES.text,
        "dumpsys settings",
        *SAME.values(),
        *(f"settings list {namespace}" for namespace in NAMESPACES),
    }
)
"""Every answer of an acquisition that something reads."""


def settings_command(namespace: str) -> str:
    """Return the command that lists one table of settings."""
    return f"settings list {namespace}"


Said = tuple[dict[str, bytes], tuple[Skipped, ...]]
"""Our command → what the phone said to it, and what was not read of that."""


def read_files(
    container: FileContainer, readers: Mapping[str, Callable[[FileContainer, str], Said]]
) -> tuple[dict[str, dict[str, bytes]], list[Skipped]]:
    """Return what each file answers that is there, and what was not read; a damaged one costs itself alone."""
    names = set(container.names())
    answers: dict[str, dict[str, bytes]] = {}
    skipped: list[Skipped] = []
    for name in (name for name in readers if name in names):
        try:
            said, notes = readers[name](container, name)
        except SnapshotError as error:
            skipped.append(damaged(name, error))
            continue
        answers[name] = said
        skipped += notes
    return answers, skipped


def first_answers(files: Mapping[str, Mapping[str, bytes]]) -> dict[str, bytes]:
    """Put what several files answer together; the first answer to a question counts."""
    first: dict[str, bytes] = {}
    for answers in files.values():
        first = {**answers, **first}
    return first


def read_dumps(container: FileContainer, name: str) -> Said:
    """Read a file with the output of `dumpsys`; see `from_dumps`."""
    text, long_lines = bounded_text(container.read(name), name)
    said, notes = from_dumps(text)
    return said, (*long_lines, *notes)


def from_dumps(text: bytes) -> Said:
    """Return what a whole `dumpsys`, or a bug report, answers, and what in it is cut off or contradicts itself."""
    sections = split_sections(text)
    answers = {f"dumpsys {name}": body for name, body in sections.services.items()}
    for command, body in sections.commands.items():
        answers.setdefault(_ours(command), body)
    answers |= settings_answers(sections.services.get("settings", b"").decode("utf-8", "surrogateescape"))
    return answers, tuple(_notes(sections))


def _notes(sections: DumpSections) -> Iterator[Skipped]:
    """Tell what of the answers is not to be relied on. Of dumps that nothing here reads only contradictions count."""
    for name in sections.repeated:
        yield contradiction(f"dumpsys {name}", "The dump of this service appears more than once; all were read.")
    for name in sections.disputed:
        yield contradiction(f"dumpsys {name}", "Other dumps begin inside this one: its text has invented them.")
    for command in sections.repeated_commands:
        if _ours(command) in READ:
            yield contradiction(command, "This section appears more than once, with different contents.")
    for command in sections.hidden_commands:
        if _ours(command) in READ:
            yield contradiction(command, "This section stands where a package may have written it.")
    for command in sections.cut:
        if _ours(command) in READ or command == f"dumpsys {sections.broken_off}":
            yield note(command, "command", "cut-off", "The line that ends this part is missing: it may be cut off.")


def settings_answers(dump: str) -> dict[str, bytes]:
    r"""Read the dump of the settings service into the form of `settings list`, the owner's tables only.

    A table that is there twice gives the entries of both, so that a reader of settings sees them disagree.

    Source: AOSP `SettingsProvider.dumpInternal` and `SettingsState.dumpSettingsLocked`.

    Example:
        >>> settings_answers("GLOBAL SETTINGS (user 0)\nversion: 1\n_id:1 name:adb_enabled pkg:android value:1\n")
        {'settings list global': b'adb_enabled=1\n'}
    """
    found: dict[str, list[str]] = {}
    titles = list(SETTINGS_TITLE.finditer(dump))
    for number, title in enumerate(titles):
        end = titles[number + 1].start() if number + 1 < len(titles) else len(dump)
        namespace = title[1].lower()
        if title[2] != "0" or namespace not in NAMESPACES:
            continue
        lines = [f"{match[1]}={match[2]}\n" for match in SETTING.finditer(dump, title.end(), end)]
        found.setdefault(settings_command(namespace), []).extend(lines)
    return {command: "".join(lines).encode("utf-8", "surrogateescape") for command, lines in found.items()}


def listed_as(properties: Mapping[str, str]) -> bytes:
    """Write properties as `getprop` does, sorted; a value that cannot stand on a line is left as it is."""
    lines = [f"[{name}]: [{value}]\n" for name, value in sorted(properties.items())]
    return "".join(lines).encode("utf-8", "surrogateescape")


def _ours(command: str) -> str:
    """Return our command for one by which dumpstate asks for the same."""
    words = command.strip()
    if words == "getprop" or words.endswith("/getprop"):
        return GETPROP.text
    return words


def one_phone(path: Path, properties: Mapping[str, bytes]) -> None:
    """Refuse properties of several phones, by what tells phones and builds apart: a SnapshotError where two disagree.

    `properties` is the name of a text → its properties, as `getprop` prints them.
    """
    seen: dict[str, tuple[str, str]] = {}
    for name, text in properties.items():
        its = parse_getprop(decode(text[: GETPROP.limit]))
        for key in TELLING:
            if its.get(key) and seen.setdefault(key, (name, its[key]))[1] != its[key]:
                first = seen[key][0]
                raise SnapshotError(
                    f"{path} holds the properties of two phones: {shown(first)} and {shown(name)} disagree on {key}.",
                    "Put each phone into a folder of its own.",
                )
