"""A whole `dumpsys`, or the main text of a bug report → the dumps of the single services.

Layout: AOSP `frameworks/native/cmds/dumpsys/dumpsys.cpp` (a line of dashes, `DUMP OF SERVICE name:`, and after the dump
`--------- N s was the duration of dumpsys name`) and `frameworks/native/cmds/dumpstate/dumpstate.cpp`
(`------ TITLE (command) ------`, and after it `------ N s was the duration of 'TITLE' ------`).

Any text of a package may stand in a dump, and so look like the beginning or end of another. A dump therefore goes to
the last line that ends it, whatever begins in between, and what begins in between is read as well: nothing can be
hidden, and every such place is told. A section of a bug report counts only outside the dumps.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

MARK = re.compile(rb"^(?:------|DUMP OF SERVICE )[^\n]*", re.MULTILINE)
HEADER = re.compile(rb"DUMP OF SERVICE (?:(CRITICAL|HIGH|NORMAL) )?([A-Za-z0-9_.\-/@]{1,200}):")
END = re.compile(rb"--------- [0-9.]{1,20}s was the duration of dumpsys ([A-Za-z0-9_.\-/@]{1,200})(?:, ending at: .*)?")
SECTION_END = re.compile(rb"------ [0-9.]{1,20}s was the duration of '(.{1,200})' ------")
FEWEST_DASHES = 60
SEVERAL = frozenset({"SurfaceFlinger", "activity", "connectivity", "input", "netpolicy", "window"})
"""Services that a bug report asks once for each of their priorities."""
PROPERTIES = b"SYSTEM PROPERTIES"
"""The title under which dumpstate asks for the properties."""
_MOST_TIMES = 3
"""How often the bytes of a text may be given out, as parts of dumps that seem to lie in each other."""


@dataclass(frozen=True)
class DumpSections:
    """The parts of such a text.

    Attributes:
        services: name of a service → its dump; all of them, one after another, where there are several.
        commands: command of a section of a bug report → what it said; the first one counts.
        repeated: services that stand there more than once.
        disputed: services in whose dump others begin.
        cut: services, and commands, without the line that ends them.
        repeated_commands: commands that stand there more than once with different answers.
        hidden_commands: commands of which only a place is known that may be text of a package.
        broken_off: the last service, where the text ends inside of it.
    """

    services: dict[str, bytes]
    commands: dict[str, bytes]
    repeated: tuple[str, ...] = ()
    disputed: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()
    repeated_commands: tuple[str, ...] = ()
    hidden_commands: tuple[str, ...] = ()
    broken_off: str | None = None


@dataclass(frozen=True)
class _Dump:
    """One dump. It goes to `near` where nothing pretends anything, and to `end` at most."""

    name: str
    priority: bytes | None
    begin: int
    body: int
    near: int
    end: int
    closed: bool
    disputed: bool


@dataclass(frozen=True)
class _Section:
    title: bytes
    command: str
    begin: int
    body: int


@dataclass
class _Marks:
    """Lines of a known form, in the order of the text. Of `headers`: begin, body, priority, name."""

    headers: list[tuple[int, int, bytes | None, str]] = field(default_factory=list)
    sections: list[_Section] = field(default_factory=list)
    ends: dict[str, list[int]] = field(default_factory=dict)
    section_ends: dict[bytes, list[int]] = field(default_factory=dict)


def split_sections(text: bytes) -> DumpSections:
    r"""Take the text apart.

    Example:
        >>> text = b"DUMP OF SERVICE user:\nUsers:\n--------- 0.01s was the duration of dumpsys user, ending at: now\n"
        >>> split_sections(text).services
        {'user': b'Users:\n'}
    """
    marks = _marks(text)
    dumps = _dumps(marks, len(text))
    services, repeated = _services(text, dumps)
    commands, repeated_commands, cut, hidden = _commands(text, marks, dumps)
    return DumpSections(
        services=services,
        commands=commands,
        repeated=repeated,
        disputed=_once(dump.name for dump in dumps if dump.disputed),
        cut=(*_once(f"dumpsys {dump.name}" for dump in dumps if not dump.closed), *cut),
        repeated_commands=repeated_commands,
        hidden_commands=hidden,
        broken_off=dumps[-1].name if dumps and not dumps[-1].closed else None,
    )


def _marks(text: bytes) -> _Marks:
    marks = _Marks()
    dashes = -1  # where the line after a line of dashes begins
    for match in MARK.finditer(text):
        line = match[0].rstrip(b" \t\r")
        if line.startswith(b"DUMP"):
            header = HEADER.fullmatch(line)
            # The first dump of a text that was cut in front has no line of dashes.
            if header and (match.start() == dashes or not marks.headers):
                marks.headers.append((match.start(), match.end() + 1, header[1], header[2].decode("ascii")))
        elif len(line) >= FEWEST_DASHES and not line.strip(b"-"):
            dashes = match.end() + 1
        elif ending := END.fullmatch(line):
            marks.ends.setdefault(ending[1].decode("ascii"), []).append(match.start())
        elif ending := SECTION_END.fullmatch(line):
            marks.section_ends.setdefault(ending[1], []).append(match.start())
        elif section := _section(line, match.start(), match.end() + 1):
            marks.sections.append(section)
    return marks


def _section(line: bytes, begin: int, body: int) -> _Section | None:
    """Read `------ TITLE (command) ------`."""
    inside = line.removeprefix(b"------ ").removesuffix(b") ------")
    title, found, command = inside.partition(b" (")
    if len(line) - len(inside) != 15 or not found or not title or not command or len(line) > 700:
        return None
    return _Section(title, command.decode("utf-8", "replace"), begin, body)


def _dumps(marks: _Marks, length: int) -> list[_Dump]:
    dumps = []
    begins = [begin for begin, *_ in marks.headers]
    following: dict[str, int] = {}
    for number in reversed(range(len(marks.headers))):
        begin, body, priority, name = marks.headers[number]
        next_one = begins[number + 1] if number + 1 < len(begins) else length
        next_same = following.get(name, length)
        following[name] = begin
        ends = marks.ends.get(name, [])
        last = bisect_right(ends, next_same) - 1
        if last < 0 or ends[last] < body:
            last += 1  # another one of this name begins before this one ends
        closed = last < len(ends) and ends[last] >= body
        end = ends[last] if closed else next_one
        before = bisect_right(ends, next_one) - 1
        near = ends[before] if before >= 0 and ends[before] >= body else body
        dumps.append(_Dump(name, priority, begin, body, near, end, closed, disputed=end > next_one))
    return dumps[::-1]


def _services(text: bytes, dumps: Sequence[_Dump]) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Put the dumps of each service one after another; those that begin inside another dump come last."""
    reached = [0, *accumulate((dump.end for dump in dumps), max)]
    inside = [dump.begin < end for dump, end in zip(dumps, reached, strict=False)]
    chosen: dict[str, list[tuple[bool, bool, int]]] = {}
    for number, dump in enumerate(dumps):
        chosen.setdefault(dump.name, []).append((inside[number], dump.priority is not None, number))
    services: dict[str, bytes] = {}
    repeated = []
    left = _MOST_TIMES * len(text)
    for name, places in chosen.items():
        its = [dumps[number] for *_, number in sorted(places)]
        if len(its) > 1 and name in SEVERAL and len({one.priority for one in its}) == len(its):
            its = its[:1]
        elif len(its) > 1:
            repeated.append(name)
        bodies = []
        for one in _outermost(its):
            end = one.end if one.end - one.body <= left else max(one.near, one.body)
            left -= end - one.body
            bodies.append(text[one.body : end])
        services[name] = b"".join(bodies)
    return services, tuple(repeated)


def _outermost(dumps: Sequence[_Dump]) -> list[_Dump]:
    """Leave out the dumps that lie within another one of the same service."""
    reached = 0
    within = set()
    for one in sorted(dumps, key=lambda dump: dump.begin):
        if one.end <= reached:
            within.add(one.begin)
        reached = max(reached, one.end)
    return [one for one in dumps if one.begin not in within]


def _commands(
    text: bytes, marks: _Marks, dumps: Sequence[_Dump]
) -> tuple[dict[str, bytes], tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return what each command said, which said several things, which have no end, which may be text of a package."""
    far = _Inside([(dump.begin, dump.end) for dump in dumps])
    near = _Inside([(dump.begin, dump.near) for dump in dumps])
    outside = [one for one in marks.sections if not near.holds(one.begin)]
    stops = sorted([one.begin for one in outside] + [dump.begin for dump in dumps] + [len(text)])
    commands: dict[str, bytes] = {}
    repeated, cut, hidden = [], [], []
    other = {one.begin for one in outside if one.command == "getprop" and one.title != PROPERTIES}
    ranked = sorted(outside, key=lambda one: (far.holds(one.begin), one.begin in other))
    for one in ranked:
        stop = stops[bisect_right(stops, one.begin)] if one.begin < len(text) else len(text)
        ends = marks.section_ends.get(one.title, [])
        last = bisect_right(ends, stop) - 1
        ended = last >= 0 and ends[last] >= one.body
        body = text[one.body : ends[last] if ended else stop]
        if one.command in commands:
            repeated += [one.command] if commands[one.command] != body else []
            continue
        commands[one.command] = body
        cut += [] if ended else [one.command]
        hidden += [one.command] if far.holds(one.begin) else []
    return commands, _once(repeated), tuple(cut), tuple(hidden)


class _Inside:
    """Tells whether a place lies in one of several stretches, given in the order of their beginnings."""

    def __init__(self, stretches: Sequence[tuple[int, int]]) -> None:
        self._begins = [begin for begin, _ in stretches]
        self._reached = list(accumulate((end for _, end in stretches), max))

    def holds(self, place: int) -> bool:
        at = bisect_right(self._begins, place) - 1
        return at >= 0 and place < self._reached[at]


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
