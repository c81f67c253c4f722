"""What a phone says while it is watched: who has the screen, how many bytes each uid moved, which names were looked up.

`dumpsys power` prints `mWakefulness=` and a word of AOSP's `PowerManagerInternal.wakefulnessToString`. `dumpsys
activity activities` names the resumed activity of each display as `mResumedActivity: ActivityRecord{…}` (Android 8 to
11), `topResumedActivity=ActivityRecord{…}` (10 and later) or `ResumedActivity: ActivityRecord{…}` (12 and later), and
an `ActivityRecord` as `ActivityRecord{HASH uUSER PACKAGE/CLASS tTASK}` (`ActivityRecord.toString`).

AOSP's `DnsQueryLog::dump` (packages/modules/DnsResolver, Android 11 and later) prints a line for each query of the last
minutes, but with all of the name but its first letter, and of the addresses, replaced by `***`. A phone whose maker
left that out tells who asked for which name; a masked line tells nothing that could be held against an address.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass

from phone_audit.acquire.commands import MEGABYTE, listed_command
from phone_audit.acquire.questions.netstats import ByteCounter, parse_netstats, parse_qtaguid

MOMENT = listed_command("moment", timeout=10.0, limit=MEGABYTE)
TRAFFIC = listed_command("traffic", timeout=30.0, limit=32 * MEGABYTE)
"""The kernel's own counters where the shell may read them (Android 8 and 9), else what the service has counted."""
NAMES = listed_command("looked up names", timeout=10.0, limit=8 * MEGABYTE)

WAKEFULNESS = re.compile(r"^[ \t\r]*mWakefulness=(\w+)[ \t\r]*$", re.MULTILINE)
RESUMED = re.compile(r"ResumedActivity[:=]\s*ActivityRecord\{[^\s{}]{1,64} u(\d{1,9}) ([A-Za-z0-9_.]+)/")

SCREEN_ON = {"Awake": True, "Dreaming": True, "Dozing": False, "Asleep": False}

ENTRY = re.compile(
    r"\s*time=\S+ netId=\d+ uid=(\d{1,10}) pid=-?\d+ hostname=(\S+) answer=\[([0-9A-Fa-f:., *]*)\] \(\d+ms\)\s*"
)
NAME = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})(?:\.[A-Za-z0-9_-]{1,63})+\.?")
MASK = "***"

Totals = Mapping[int, ByteCounter]


@dataclass(frozen=True)
class Moment:
    """What was so at one moment; None is not known.

    Attributes:
        screen_on: whether somebody could be looking; a dozing phone that shows the time counts as off.
        in_front: user and package of each activity that has a screen.
    """

    screen_on: bool | None
    in_front: frozenset[tuple[int, str]] | None


def parse_moment(text: str) -> Moment:
    r"""Read the two dumps, one after the other, or the lines of them that matter.

    Example:
        >>> parse_moment("  mWakefulness=Asleep\n").screen_on
        False
    """
    words = WAKEFULNESS.findall(text)
    on = SCREEN_ON.get(words[0]) if words else None
    resumed = frozenset((int(user), package) for user, package in RESUMED.findall(text))
    return Moment(on, frozenset() if on is False else resumed or None)


@dataclass(frozen=True)
class DnsQuery:
    """One look-up: whose, of which name, with which addresses as the answer."""

    uid: int
    host: str
    addresses: tuple[str, ...]


def parse_dns_log(text: str) -> tuple[DnsQuery, ...]:
    """Read the lines that are not masked, in order.

    Example:
        >>> parse_dns_log("  time=10:00:00.123 netId=100 uid=10123 pid=7 hostname=a.example answer=[192.0.2.1] (9ms)")
        (DnsQuery(uid=10123, host='a.example', addresses=('192.0.2.1',)),)
    """
    queries = []
    for line in text.split("\n"):
        match = ENTRY.fullmatch(line)
        if match is None or MASK in line or not NAME.fullmatch(match[2]):
            continue
        addresses = tuple(
            address for word in match[3].split(",") if word.strip() and (address := _address(word.strip())) is not None
        )
        queries.append(DnsQuery(int(match[1]), match[2].lower().rstrip("."), addresses))
    return tuple(queries)


def _address(text: str) -> str | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def totals_of(text: str) -> Totals:
    """Read what `TRAFFIC` prints: bytes by uid, as late as the phone tells them."""
    if text.startswith("idx "):
        return parse_qtaguid(text)
    stats = parse_netstats(text)
    if stats.counters:
        return stats.counters
    sums: dict[int, ByteCounter] = {}
    for usage in stats.usages:
        if usage.uid >= 0 and usage.network != "vpn":
            sums[usage.uid] = sums.get(usage.uid, ByteCounter(0, 0)).plus(usage.received, usage.sent)
    return sums
