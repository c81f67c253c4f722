"""`pm list packages` in all its forms → what it lists."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from phone_audit.acquire.parse.text import lines_of, number

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


@dataclass(frozen=True)
class Listed:
    """One line of the list. None where the form does not say it; `uids` has one uid a user on Android 14 and later."""

    name: str
    path: str | None
    version_code: int | None
    installer: str | None
    uids: tuple[int, ...]


def parse_package_list(text: str, names: Collection[str] | None = None) -> tuple[Listed, ...]:
    r"""Read `package:[PATH=]NAME[ versionCode:N][  installer=X][ uid:N[,N]]` lines (AOSP PackageManagerShellCommand).

    A path may hold `=` and line feeds, an installer any text, so also a line that looks like another package. With
    `names`, a line that names none of them belongs to the package above it.

    Args:
        text: the answer, decoded with `text.decode`.
        names: the packages that exist, from a list without free text; None where no such list was had.

    Returns:
        In the phone's order; a package that is listed twice is there twice.

    Example:
        >>> parse_package_list("package:/data/app/a=b/base.apk=org.x versionCode:7  installer=null uid:10123,1010123\n")
        (Listed(name='org.x', path='/data/app/a=b/base.apk', version_code=7, installer=None, uids=(10123, 1010123)),)
    """
    _, records = _records(text, names)
    listed = (_read("\n".join(record)) or _read(record[0]) for record in records)
    return tuple(one for one in listed if one is not None and (names is None or one.name in names))


def unread_lines(text: str, names: Collection[str] | None = None) -> tuple[str, ...]:
    r"""Return the lines of a list that `parse_package_list` makes nothing of; empty ones are left out.

    Example:
        >>> unread_lines("WARNING: linker: x\npackage:org.x\npackage:org.y colour:blue\n")
        ('WARNING: linker: x', 'package:org.y colour:blue')
    """
    before, records = _records(text, names)
    unread = list(before)
    for record in records:
        if _read("\n".join(record)) is None:
            unread += record if _read(record[0]) is None else record[1:]
    return tuple(line for line in unread if line.strip())


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


def _read(record: str) -> Listed | None:
    match = RECORD.fullmatch(record.rstrip(), len(PREFIX))
    if match is None:
        return None
    uids = tuple(int(uid) for uid in (match["uids"] or "").split(",") if uid and len(uid) < 12)
    installer = match["installer"]
    return Listed(
        name=match["name"],
        path=match["path"],
        version_code=number(match["code"]),
        installer=None if installer in ("null", "") else installer,
        uids=uids,
    )
