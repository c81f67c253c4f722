"""`pm list packages` in all its forms: asked with the most that the phone takes, and read."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from phone_audit.acquire.asking import Reader
from phone_audit.acquire.commands import Command, listed_command
from phone_audit.acquire.text import decode, lines_of, number
from phone_audit.acquire.transport import Answer

LIST_FLAGS = ("-f -u -i -U --show-versioncode", "-f -u -i -U", "-f -u -i", "-f -u", "-f")
"""Flags of the package list, richest first. `--show-versioncode` came with Android 9, `-U` with 8."""

NAME_FLAGS = ("-u -U", "-u", "")
"""Flags of the lists that have no free text, so that nothing in them can pretend another package."""
APEX_FLAGS = ("--apex-only -f --show-versioncode", "--apex-only -f", "--apex-only")
"""Flags of the list of APEX modules, which came with Android 10; the path stands in it from Android 11 on."""

LIST_TOOLS = ("pm", "cmd package")
"""Programs that list packages; the first one only hands on to the second, and some makers take it away."""

PREFIX = "package:"
RECORD = re.compile(
    r"(?:(?P<path>/.*?)=)?(?P<name>[A-Za-z0-9_.\-]+)(?: versionCode:(?P<code>-?\d+))?"
    r"(?: +installer=(?P<installer>.*?))?(?: uid:(?P<uids>\d+(?:,\d+)*))?",
    re.DOTALL,
)
"""A record without the blanks at its end: an installer takes any text, so looking for them would be tried anywhere."""
REFUSED_FLAG = re.compile(r"Unknown option|Unsupported option|unrecognized option", re.IGNORECASE)
ERROR = re.compile(r"^(?:Error:|Exception occurred|java\.[a-z.]+\.[A-Za-z]+Exception)", re.MULTILINE)
LOCKED = re.compile(r"SecurityException|does not have permission to access user")
NO_SUCH_PROGRAM = (126, 127)
QUOTED_ERROR = 200
"""Characters of an error that a note repeats."""


@dataclass(frozen=True)
class ListEntry:
    """One line of the list. None where the form does not say it; `uids` has one uid a user on Android 14 and later."""

    name: str
    path: str | None
    version_code: int | None
    installer: str | None
    uids: tuple[int, ...]


@dataclass(frozen=True)
class PackageList:
    """What a list says.

    Attributes:
        packages: in the phone's order; a package that is listed twice is there twice.
        unread: lines that were not understood; empty ones are left out.
    """

    packages: tuple[ListEntry, ...]
    unread: tuple[str, ...]

    @property
    def names(self) -> set[str]:
        return {one.name for one in self.packages}


def parse_package_list(text: str, names: Collection[str] | None = None) -> PackageList:
    r"""Read `package:[PATH=]NAME[ versionCode:N][  installer=X][ uid:N[,N]]` lines (AOSP PackageManagerShellCommand).

    A path may hold `=` and line feeds, an installer any text, so also a line that looks like another package. With
    `names`, the packages that exist by a list without free text, a line that names none of them belongs to the package
    above it. The text is decoded with `text.decode`.

    Example:
        >>> found = parse_package_list("a warning\npackage:/data/app/a=b/base.apk=org.x versionCode:7 uid:10123\n")
        >>> found.packages
        (ListEntry(name='org.x', path='/data/app/a=b/base.apk', version_code=7, installer=None, uids=(10123,)),)
        >>> found.unread
        ('a warning',)
    """
    unread, records = _records(text, names)
    packages = []
    for record in records:
        entry = _read("\n".join(record))
        if entry is None:
            entry = _read(record[0])
            unread += record if entry is None else record[1:]
        if entry is not None and (names is None or entry.name in names):
            packages.append(entry)
    return PackageList(tuple(packages), tuple(line for line in unread if line.strip()))


def until_error(text: str) -> tuple[str, str]:
    r"""Split a list at the error behind its last package; the error is empty where there is none.

    Seen where the phone goes through its users one after another, and may not look into the next one.

    Example:
        >>> until_error("package:org.x\nError: java.lang.SecurityException: no\n")
        ('package:org.x\n', 'Error: java.lang.SecurityException: no\n')
    """
    last = text.rfind("\n" + PREFIX) + 1
    error = ERROR.search(text, last) if text.startswith(PREFIX, last) else None
    return (text[: error.start()], text[error.start() :]) if error else (text, "")


def _records(text: str, names: Collection[str] | None) -> tuple[list[str], list[list[str]]]:
    """Return the lines before the first package, and those of each package."""
    before: list[str] = []
    records: list[list[str]] = []
    for line in lines_of(text):
        if line.startswith(PREFIX) and _starts(line, names):
            records.append([line])
        else:
            (records[-1] if records else before).append(line)
    return before, records


def flag_refused(text: str) -> bool:
    """Tell whether the answer says that this Android version lacks a flag of the command."""
    return PREFIX not in text and REFUSED_FLAG.search(text) is not None


def user_locked(text: str) -> bool:
    """Tell whether the answer says that the shell may not look into the user.

    Some phones end with status 0 all the same (seen on Samsung's user 150), so the text decides.
    """
    return not text.startswith(PREFIX) and LOCKED.search(text) is not None


def _starts(line: str, names: Collection[str] | None) -> bool:
    if names is None:
        return True
    listed = _read(line)
    # No package in the line at all: a path that goes on in the next line.
    return listed is None or listed.name in names


def _read(record: str) -> ListEntry | None:
    match = RECORD.fullmatch(record.rstrip(), len(PREFIX))
    if match is None:
        return None
    uids = tuple(int(uid) for uid in (match["uids"] or "").split(",") if uid and len(uid) < 12)
    installer = match["installer"]
    return ListEntry(
        name=match["name"],
        path=match["path"],
        version_code=number(match["code"]),
        installer=None if installer in ("null", "") else installer,
        uids=uids,
    )


def package_list_command(flags: str, user: int, tool: str = LIST_TOOLS[0]) -> Command:
    """Ask for the packages of one user.

    Without a user, Android 14 and later list all of them, and fail as a whole where one forbids the shell to look.
    """
    flags = f" {flags}".rstrip()
    return listed_command("package list", lister=tool, list_flags=flags, user=user, timeout=60.0)


@dataclass(frozen=True)
class ListAnswer:
    """What the phone said.

    Attributes:
        text: the list, without an error behind it.
        whole: whether the phone finished it; else it says nothing of what is not in it.
        locked: the shell may not look into the user; the list is empty.
    """

    text: str
    whole: bool = True
    locked: bool = False


def ask_list(reader: Reader, kind: str, variants: tuple[str, ...], user: int) -> ListAnswer | None:
    """Ask for the packages of a user, with fewer flags where the phone refuses one; None, and a note, without a list.

    `kind` are flags that choose packages, with a blank behind them, or nothing; `variants` say what stands in a line,
    richest first. Raises a DeviceLostError where the phone is gone.
    """
    for flags in variants:
        answer = _ask(reader, kind + flags, user)
        if answer is None:
            return None
        text = decode(answer.output)
        if flag_refused(text):
            continue
        if user_locked(text):
            return ListAnswer("", whole=False, locked=True)
        return _taken(reader, package_list_command(kind + flags, user).text, answer, text)
    reader.skip(
        f"pm list packages {kind}".strip(), "list", "flag-refused", "The phone refuses every form of this list."
    )
    return None


def _ask(reader: Reader, flags: str, user: int) -> Answer | None:
    """Ask the usual program, and the one behind it where the phone lacks that."""
    answer = None
    for tool in LIST_TOOLS:
        answer = reader.try_ask(package_list_command(flags, user, tool))
        if answer is None or answer.exit not in NO_SUCH_PROGRAM:
            break
    return answer


def _taken(reader: Reader, command: str, answer: Answer, text: str) -> ListAnswer | None:
    """Return the list as far as it goes, with a note where that is not to its end."""
    listed, error = until_error(text)
    if answer.truncated:
        reader.skip(command, "list", "cut-off", "The phone did not finish its list of packages.")
    elif answer.exit not in (0, None) and PREFIX not in text:
        reason = f"The phone gave no list of packages (status {answer.exit}): {text.strip()[:QUOTED_ERROR]}"
        reader.skip(command, "list", "command-failed", reason)
        return None
    elif error or answer.exit not in (0, None):
        ending = (
            error.strip() or f"It ended with status {answer.exit}; the last line is {lines_of(listed.rstrip())[-1]}"
        )
        reader.skip(command, "list", "cut-off", f"The phone cut its list of packages short: {ending[:QUOTED_ERROR]}")
    else:
        return ListAnswer(listed)
    return ListAnswer(listed, whole=False)
