"""Traffic per uid: `dumpsys netstats`, and `/proc/net/xt_qtaguid/stats` of Android 8 and 9.

The dump is AOSP's `NetworkStatsService.dump`: sections at the margin, under `UID stats:` a line for each identity,
uid and counter set, then the buckets of `NetworkStatsHistory.dump` (seconds and bytes). A `NetworkIdentity` writes the
kind of network as a word up to Android 11 and as a `ConnectivityManager.TYPE_*` number later. From Android 14 on the
kernel's own counters (`BPF map content:`) stand at the end; they are of this moment, while buckets are as old as the
last poll of the service.

The name of a Wi-Fi network stands unescaped in an identity, and may hold line feeds: an identity is read up to the
first line that completes one, and buckets count only right under a whole identity.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from phone_audit.acquire.commands import listed_command
from phone_audit.acquire.questions.identity import utc_of
from phone_audit.acquire.questions.question import PER_USER_RANGE
from phone_audit.acquire.text import lines_of
from phone_audit.model.device import Traffic

NETSTATS = listed_command("netstats", timeout=60.0)

Network = Literal["wifi", "mobile", "vpn", "bluetooth", "ethernet", "other"]

NETWORKS: Mapping[str, Network] = {
    "0": "mobile", "MOBILE": "mobile",
    "1": "wifi", "WIFI": "wifi",
    "7": "bluetooth", "BLUETOOTH": "bluetooth", "BLUETOOTH_TETHER": "bluetooth",
    "9": "ethernet", "ETHERNET": "ethernet",
    "17": "vpn", "VPN": "vpn",
}  # fmt: skip

SECTION = re.compile(r"\S.*:|\s+(?:Dev|Xt|UID|UID tag) stats:")
KEY = re.compile(r"\s*ident=\[(.*)\] uid=(-?\d{1,10}) set=([A-Z_0-9]+) tag=(0x[0-9a-f]+)", re.DOTALL)
FIRST_TYPE = re.compile(r"\{type=(\w+)")
BUCKET = re.compile(r"\s*st=(\d{1,15}) rb=(\d{1,19}) rp=\d+ tb=(\d{1,19}) tp=\d+(?: op=\d+)?")
EXPECTED = re.compile(
    r"\s*(?:NetworkStatsHistory: bucketDuration=\d+|Pending bytes: \d+|History since boot:|Complete history:|"
    r"\(omitting \d{1,9} buckets\))?"
)
BPF_MAP = re.compile(r"\s*(m[A-Z]\w*):")
BPF_TOTAL = re.compile(r"\s*(\d{1,10}) (\d{1,19}) \d+ (\d{1,19}) \d+")
FIRST_SANDBOX, LAST_SANDBOX = 20_000, 29_999
"""App ids of SDK sandboxes (`Process.FIRST_SDK_SANDBOX_UID`, Android 13): 10,000 above their package's."""

IDENTITY_LINES = 8
"""Lines that an identity is looked for in, where its first is not whole."""


@dataclass(frozen=True)
class Usage:
    """Bytes of one uid on one kind of network.

    Attributes:
        uid: of Linux, so with the user in it; negative for what belongs to no package (-1 all, -4 removed packages,
            -5 tethering).
        foreground: counted while the package had the screen.
        network: the kind; `vpn` holds what also stands under the network that the tunnel ran over.
        received, sent: bytes.
        since: start of the oldest bucket that holds any, seconds since 1970.
    """

    uid: int
    foreground: bool
    network: Network
    received: int
    sent: int
    since: int


@dataclass(frozen=True)
class ByteCounter:
    """Bytes since the phone started."""

    received: int
    sent: int

    def plus(self, received: int, sent: int) -> "ByteCounter":
        """Return the counter with so many bytes more."""
        return ByteCounter(self.received + received, self.sent + sent)


@dataclass(frozen=True)
class NetStats:
    """The whole dump.

    Attributes:
        usages: from `UID stats:`, sorted; one a uid, set and network.
        counters: the kernel's own totals by uid, from the BPF maps; empty before Android 14.
        unknown: lines under `UID stats:` that were not understood.
    """

    usages: tuple[Usage, ...] = ()
    counters: Mapping[int, ByteCounter] = field(default_factory=dict)
    unknown: int = 0


def parse_netstats(text: str) -> NetStats:
    r"""Read `dumpsys netstats detail` (also with `--full`); other sections than the two named above are passed over.

    Rows with a tag are parts of the row without one, so they are not counted.

    Example:
        >>> parse_netstats(
        ...     'UID stats:\n  ident=[{type=1, ratType=COMBINED, wifiNetworkKey="Home"wpa2-psk}] uid=10144 set=DEFAULT'
        ...     ' tag=0x0\n    NetworkStatsHistory: bucketDuration=7200\n      st=1787544000 rb=9 rp=1 tb=4 tp=1 op=0\n'
        ... ).usages
        (Usage(uid=10144, foreground=False, network='wifi', received=9, sent=4, since=1787544000),)
    """
    return _NetStatsParser(lines_of(text)).read()


def parse_qtaguid(text: str) -> dict[int, ByteCounter]:
    """Read `/proc/net/xt_qtaguid/stats` (kernel module `xt_qtaguid`, Android 8 and 9): totals by uid since the start.

    Loopback is left out. Rows with a tag are parts of the row without one.
    """
    totals: dict[int, ByteCounter] = {}
    for line in lines_of(text):
        words = line.split()
        if len(words) < 8 or not words[0].isdecimal() or words[1] == "lo" or words[2] != "0x0":
            continue
        numbers = [word for word in (words[3], words[5], words[7]) if word.isdecimal() and len(word) < 20]
        if len(numbers) == 3:
            uid, received, sent = map(int, numbers)
            totals[uid] = totals.get(uid, ByteCounter(0, 0)).plus(received, sent)
    return totals


def app_of(uid: int) -> tuple[int, int]:
    """Return the user and the app id that a uid stands for; an SDK sandbox stands for its package.

    Example:
        >>> app_of(1010144), app_of(20144)
        ((10, 10144), (0, 10144))
    """
    user, app_id = divmod(uid, PER_USER_RANGE)
    return user, app_id - 10_000 if FIRST_SANDBOX <= app_id <= LAST_SANDBOX else app_id


def traffic_of(stats: NetStats) -> dict[tuple[int, int], Traffic] | None:
    """Return the bytes of every package by user and app id; None where nothing was counted at all.

    What went through a tunnel stands twice in the counters, as the tunnel's and as that of the network below: only the
    network's is taken.
    """
    if not stats.usages:
        return None
    sums: dict[tuple[int, int], list[Usage]] = {}
    for one in stats.usages:
        if one.uid < 0 or one.network == "vpn":
            continue
        sums.setdefault(divmod(one.uid, PER_USER_RANGE), []).append(one)
    return {key: _traffic(sums[key]) for key in sorted(sums)}


def _traffic(usages: Sequence[Usage]) -> Traffic:
    background = [one for one in usages if not one.foreground]
    mobile = [one for one in usages if one.network == "mobile"]
    return Traffic(
        since=utc_of(min(one.since for one in usages)),
        received=sum(one.received for one in usages),
        sent=sum(one.sent for one in usages),
        sent_background=sum(one.sent for one in background),
        received_background=sum(one.received for one in background),
        mobile_received=sum(one.received for one in mobile),
        mobile_sent=sum(one.sent for one in mobile),
    )


class _NetStatsParser:
    """One pass over the lines."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._sums: dict[tuple[int, bool, Network], list[int]] = {}
        self._counters: dict[int, ByteCounter] = {}
        self._key: tuple[int, bool, Network] | None = None
        self._counts = False  # whether buckets under the last identity are wanted: those with a tag are not
        self._unknown = 0

    def read(self) -> NetStats:
        section = ""
        at = 0
        while at < len(self._lines):
            line = self._lines[at]
            title = BPF_MAP.fullmatch(line)
            if title or SECTION.fullmatch(line):
                section, self._key, self._counts = title[1] if title else line.strip(), None, False
            elif section == "UID stats:":
                at = self._usage(at)
                continue
            elif section == "mAppUidStatsMap" and (total := BPF_TOTAL.fullmatch(line)):
                self._counters[int(total[1])] = ByteCounter(int(total[2]), int(total[3]))
            at += 1
        usages = tuple(
            Usage(*key, received, sent, since) for key, (received, sent, since) in sorted(self._sums.items())
        )
        return NetStats(usages, self._counters, self._unknown)

    def _usage(self, at: int) -> int:
        """Take one line of the section, or an identity with all its lines, and give the index of the next."""
        line = self._lines[at]
        if line.lstrip().startswith("ident="):
            return self._identity(at)
        bucket = BUCKET.fullmatch(line)
        if bucket and self._counts:
            self._add(int(bucket[1]), int(bucket[2]), int(bucket[3]))
        elif not bucket and not EXPECTED.fullmatch(line):
            self._unknown += 1
            self._key, self._counts = None, False
        return at + 1

    def _identity(self, at: int) -> int:
        self._key, self._counts = None, False
        for end in range(at + 1, min(at + IDENTITY_LINES, len(self._lines)) + 1):
            key = KEY.fullmatch("\n".join(self._lines[at:end]))
            if key:
                kind = FIRST_TYPE.match(key[1])
                network = NETWORKS.get(kind[1], "other") if kind else "other"
                if key[4] == "0x0":
                    self._key = (int(key[2]), key[3] == "FOREGROUND", network)
                    self._counts = True
                return end
        self._unknown += 1
        return at + 1

    def _add(self, start: int, received: int, sent: int) -> None:
        if self._key is None or not (received or sent):
            return
        sums = self._sums.setdefault(self._key, [0, 0, start])
        sums[0] += received
        sums[1] += sent
        sums[2] = min(sums[2], start)
