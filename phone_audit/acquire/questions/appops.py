"""`dumpsys appops` → what each package may do beside its permissions, and when it last did.

The forms of AOSP `AppOpsService.dump`: Android 8 writes `OP: mode=0; time=+1h ago`; 9 writes `OP (allow):` and below it
one line a process state, `Access: top   = DATE`; 10 and later `Access: [top-s] DATE`, from 11 on inside
`ATTRIBUTION=[ … ]`. Modes that hold for a whole uid stand straight under the uid, as `OP: mode=ignore`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from phone_audit.acquire.commands import listed_command
from phone_audit.acquire.questions.identity import parse_date, utc, utc_of
from phone_audit.acquire.questions.question import PER_USER_RANGE
from phone_audit.acquire.text import lines_of, shown
from phone_audit.model.device import AppOp

APPOPS = listed_command("appops", timeout=60.0)

UID = re.compile(r"  Uid (?:u(\d{1,9})(ai|[ais])(\d{1,9})|(\d{1,10})):\s*")
PACKAGE = re.compile(r"    Package ([^\s:]{1,256}):\s*")
OP = re.compile(r" {6}([A-Z][A-Z0-9_]{1,80})(?: \(([a-z]{1,20})\))?:(?: mode=([a-z0-9]{1,20}))?(.*)")
STATE = re.compile(
    r"\s+(?:(Access|Reject): )?\[?(pers|top|fgsvcl?|fg|bg|cch)[^\s\]]*\s*(?:\]\s*)?(?:=\s*)?"
    r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.\d+)?\s.*"
)
RUNNING = re.compile(r"\s+(?:Running start at: .*|(?:[^\s=][^=]{0,199})?=\[|\])\s*")
AGO = re.compile(r"[;\s]time=\+((?:\d{1,6}(?:d|h|ms|m|s)){1,8}) ago")
PART = re.compile(r"(\d{1,6})(d|h|ms|m|s)")
SECONDS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
MODES = {"0": "allow", "1": "ignore", "2": "deny", "3": "default", "4": "foreground"}
BACKGROUND = ("bg", "cch")
"""Process states in which nothing of a package is seen by the person; a foreground service shows a notification."""
KNOWN = re.compile(r"\s*(?:state=.*|capability=.*|procStateCapability.*|pendingState.*|startNesting=.*|foregroundOps:|"
                   r"[A-Za-z]+=.*|)")  # fmt: skip
MOST_OPS = 500
"""Operations that are read of one package or uid; Android 16 knows fewer than 200. The others count as unknown."""
KINDS = {"a": 10_000, "s": 0, "i": 99_000, "ai": 90_000}
"""Letters of AOSP `UserHandle.formatUid` and the app id that they count from."""


@dataclass
class DumpedOp:
    """One operation. Times are RFC 3339, UTC; None where it is not known that it was ever done."""

    mode: str
    last_access: str | None = None
    last_background: str | None = None


@dataclass(eq=False)
class AppOps(Mapping[tuple[int, str], tuple[AppOp, ...]]):
    """The whole dump: user and package → its operations by name, made when they are asked for.

    A dump can name far more packages than there are on the phone. The mode of a uid stands above that of its packages.

    Attributes:
        packages: (user, package) → operation → what the dump says of it.
        uids: uid → operation → mode that holds for all packages of the uid.
        uid_of: (user, package) → uid.
        unknown: lines below a uid that were not understood.
    """

    packages: dict[tuple[int, str], dict[str, DumpedOp]] = field(default_factory=dict)
    uids: dict[int, dict[str, str]] = field(default_factory=dict)
    uid_of: dict[tuple[int, str], int] = field(default_factory=dict)
    unknown: int = 0

    def __getitem__(self, key: tuple[int, str]) -> tuple[AppOp, ...]:
        own = self.packages[key]
        shared = self.uids.get(self.uid_of[key], {})
        ops = []
        for name in sorted({*own, *shared}):
            op = own.get(name, DumpedOp("default"))
            mode = shown(shared.get(name, op.mode))
            ops.append(AppOp(op=name, mode=mode, last_access=op.last_access, last_background=op.last_background))
        return tuple(ops)

    def __iter__(self) -> Iterator[tuple[int, str]]:
        return iter(self.packages)

    def __len__(self) -> int:
        return len(self.packages)


def parse_appops(text: str) -> AppOps | None:
    r"""Read `date '+%s %z'; dumpsys appops`; None where there is no such dump.

    Example:
        >>> dump = parse_appops(
        ...     "1700000000 +0100\nCurrent AppOps Service state:\n  Uid u10a123:\n    Package com.a:\n"
        ...     "      CAMERA (allow): \n          Access: [bg-s] 2023-11-14 20:00:00.120 (-2h) duration=+3s\n"
        ... )
        >>> dump.packages[10, "com.a"]["CAMERA"].last_background
        '2023-11-14T19:00:00Z'
    """
    start = text.find("Current AppOps Service state:")
    if start < 0:
        return None
    now = parse_date(text[:start])
    return _AppOpsParser(now).read(lines_of(text[start:]))


class _AppOpsParser:
    """One pass over the lines."""

    def __init__(self, now: tuple[int, int] | None) -> None:
        self._now = now
        self._found = AppOps()
        self._uid: int | None = None
        self._package: str | None = None
        self._op: DumpedOp | None = None
        self._access = True

    def read(self, lines: list[str]) -> AppOps:
        for line in lines:
            if line.startswith("  Uid "):
                self._begin_uid(line)
            elif self._uid is not None and not self._line(line):
                if line and not line.startswith("    "):
                    self._uid = self._package = self._op = None
                elif not KNOWN.fullmatch(line):
                    self._found.unknown += 1
        return self._found

    def _begin_uid(self, line: str) -> None:
        match = UID.fullmatch(line)
        self._package = self._op = None
        self._uid = None
        if match and match[4]:
            self._uid = int(match[4])
        elif match:
            self._uid = int(match[1]) * PER_USER_RANGE + KINDS[match[2]] + int(match[3])
        else:
            self._found.unknown += 1

    def _line(self, line: str) -> bool:
        """Take a line below a uid; False where it is none of those that are read."""
        package = PACKAGE.fullmatch(line)
        if package and self._uid is not None:
            self._package, self._op = package[1], None
            key = (self._uid // PER_USER_RANGE, package[1])
            self._found.packages.setdefault(key, {})
            self._found.uid_of[key] = self._uid
            return True
        op = OP.fullmatch(line)
        if op:
            self._begin_op(op)
            return True
        time = STATE.fullmatch(line)
        if time:
            self._access = time[1] == "Access" if time[1] else self._access
            self._add(time[3], background=time[2] in BACKGROUND)
            return True
        return RUNNING.fullmatch(line) is not None

    def _begin_op(self, op: re.Match[str]) -> None:
        word = op[2] or op[3] or "default"
        mode = MODES.get(word, word)
        if self._package is None:
            of_uid = self._found.uids.setdefault(self._uid or 0, {})
            if self._has_room(of_uid, op[1]):
                of_uid[op[1]] = mode
            return
        self._access = True
        self._op = DumpedOp(mode)
        own = self._found.packages[(self._uid or 0) // PER_USER_RANGE, self._package]
        if self._has_room(own, op[1]):
            own[op[1]] = self._op
        ago = AGO.search(op[4])
        if ago and self._now:
            seconds = sum(int(count) * SECONDS[unit] for count, unit in PART.findall(ago[1]))
            self._op.last_access = utc_of(self._now[0] - seconds)

    def _has_room(self, ops: Mapping[str, object], name: str) -> bool:
        """Tell whether one more operation is taken; one that is not counts as unknown."""
        taken = name in ops or len(ops) < MOST_OPS
        self._found.unknown += not taken
        return taken

    def _add(self, local: str, *, background: bool) -> None:
        """Note one access; the latest counts. Times as text in UTC sort by time."""
        time = utc(local, self._now[1]) if self._now else None
        if self._op is None or time is None or not self._access:
            return
        self._op.last_access = max(self._op.last_access or time, time)
        if background:
            self._op.last_background = max(self._op.last_background or time, time)
