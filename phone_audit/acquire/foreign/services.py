"""A whole `dumpsys`, or the main text of a bug report → the dumps of the single services.

Layout: AOSP `frameworks/native/cmds/dumpsys/dumpsys.cpp` (a line of dashes, `DUMP OF SERVICE name:`, and after the dump
`--------- N s was the duration of dumpsys name`) and `frameworks/native/cmds/dumpstate/dumpstate.cpp`
(`------ TITLE (command) ------`, and after it `------ N s was the duration of 'TITLE' ------`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

SERVICE = re.compile(
    rb"^-{60,}[ \t\r]*\nDUMP OF SERVICE (?:(?:CRITICAL|HIGH|NORMAL) )?([A-Za-z0-9_.\-/@]{1,200}):[ \t\r]*$",
    re.MULTILINE,
)
BARE = re.compile(rb"^DUMP OF SERVICE ([A-Za-z0-9_.\-/@]{1,200}):[ \t\r]*$", re.MULTILINE)
SECTION = re.compile(rb"^------ (.{1,200}?) \((.{1,400})\) ------[ \t\r]*$", re.MULTILINE)
SECTION_END = re.compile(rb"^------ [0-9.]+s was the duration of '.{1,200}' ------[ \t\r]*$", re.MULTILINE)
DURATION = rb"^-{9} [0-9.]+s was the duration of dumpsys "


@dataclass(frozen=True)
class Sections:
    """The parts of such a text.

    Attributes:
        services: name of a service → its dump; the first one counts, since text of a package can pretend others.
        commands: command of a section of a bug report → what it said.
        repeated: services that stand there more than once.
    """

    services: dict[str, bytes]
    commands: dict[str, bytes]
    repeated: tuple[str, ...]


def split_sections(text: bytes) -> Sections:
    r"""Take the text apart.

    Example:
        >>> text = b"DUMP OF SERVICE user:\nUsers:\n--------- 0.01s was the duration of dumpsys user, ending at: now\n"
        >>> split_sections(text).services
        {'user': b'Users:\n'}
    """
    starts = list(SERVICE.finditer(text))
    first = BARE.search(text)  # the first dump of a text that was cut in front has no line of dashes
    if first is not None and (not starts or first.end() < starts[0].end()):
        starts.insert(0, first)
    services: dict[str, bytes] = {}
    repeated: dict[str, None] = {}
    for match, end in zip(starts, _ends(starts, text), strict=True):
        name = match[1].decode("ascii")
        if name in services:
            repeated[name] = None
        else:
            services[name] = _service(text[match.end() + 1 : end], match[1])
    return Sections(services, _commands(text), tuple(repeated))


def _service(body: bytes, name: bytes) -> bytes:
    """Cut where the dump ends; the last such line counts, since text inside it can hold one."""
    ends = [match.start() for match in re.finditer(DURATION + re.escape(name) + rb"\b", body, re.MULTILINE)]
    return body[: ends[-1]] if ends else body


def _ends(starts: Sequence[re.Match[bytes]], text: bytes) -> list[int]:
    """Give where each part can end at most: where the next begins."""
    return [match.start() for match in starts[1:]] + [len(text)] if starts else []


def _commands(text: bytes) -> dict[str, bytes]:
    commands: dict[str, bytes] = {}
    starts = list(SECTION.finditer(text))
    for match, end in zip(starts, _ends(starts, text), strict=True):
        stop = SECTION_END.search(text, match.end(), end)
        body = text[match.end() + 1 : stop.start() if stop else end]
        commands.setdefault(match[2].decode("utf-8", "replace"), body)
    return commands
