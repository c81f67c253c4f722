"""What the code of one package can do, in a few lines: what it can read, whose code, ways out, what is not seen."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from phone_audit.model.apk import Apk, ApkInfo, Behaviour, Endpoint, HeldBy, NetworkPolicy
from phone_audit.model.wording import counted
from phone_audit.report.safe import shortened

READS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("text messages", ("read.sms", "read.sms-incoming", "read.sms-sender", "listen.sms")),
    ("contacts", ("read.contacts",)),
    ("call log", ("read.call-log",)),
    ("phone calls", ("listen.outgoing-call",)),
    ("when there are calls", ("read.call-state",)),
    ("location", ("read.location-background", "read.location-updates", "read.location")),
    ("microphone", ("read.microphone",)),
    ("camera", ("read.camera",)),
    ("screen", ("read.screen", "read.screen-hidden", "read.screen-shell", "read.screen-accessibility")),
    ("what other packages show", ("read.screen-text",)),
    ("notifications", ("read.notifications",)),
    ("clipboard", ("read.clipboard", "read.clipboard-watch")),
    ("calendar", ("read.calendar",)),
    ("photos and videos", ("read.photos",)),
    ("browser history", ("read.browser-history",)),
    ("accounts", ("read.accounts",)),
    ("the account signed in with", ("read.signed-in",)),
    ("phone number", ("read.phone-number",)),
    ("IMEI", ("read.imei",)),
    ("IMSI", ("read.imsi",)),
    ("SIM card number", ("read.iccid",)),
    ("serial number", ("read.serial", "read.serial-field", "read.serial-property")),
    ("hardware addresses", ("read.wifi-mac", "read.interface-mac", "read.bluetooth-mac", "read.bluetooth-mac-setting")),
    ("Android ID", ("read.android-id",)),
    ("advertising ID", ("read.advertising-id", "read.vendor-advertising-id")),
    ("ID of Google's services", ("read.services-id",)),
    ("ID of the copy protection", ("read.drm-id",)),
    ("installed packages", ("read.packages", "read.packages-shell", "listen.package-change")),
    ("running packages", ("read.running-packages",)),
    ("running services", ("read.running-services",)),
    ("use of packages", ("read.usage",)),
    ("Wi-Fi networks", ("read.wifi-name", "read.wifi-networks")),
    ("mobile masts", ("read.cell-towers",)),
    ("system log", ("read.log",)),
    ("motion sensors", ("read.sensors",)),
    ("mobile operator", ("read.sim-operator",)),
)
"""What can be read, and the behaviours that read it."""

WAYS_OUT: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("HTTP", ("send.http-url-connection", "send.okhttp", "send.apache-http", "send.retrofit", "send.volley",
              "send.cronet")),
    ("connections of its own", ("send.socket", "send.ssl-socket", "send.channel", "send.datagram", "send.native")),
    ("web sockets and message servers", ("send.websocket", "send.mqtt")),
    ("web pages", ("send.webview", "send.webview-bridge")),
    ("native code", ("send.native-library",)),
    ("downloads of the system", ("send.download",)),
    ("text messages", ("act.send-sms",)),
    ("mail", ("send.mail",)),
    ("Bluetooth", ("send.bluetooth",)),
    ("connections that others open to it", ("send.listening",)),
)  # fmt: skip
"""How data can leave, and the behaviours that show it."""

_LOG: Final = "log"
_SINKS: Final = ("network", "sms", "page", "process", "intent", "file", _LOG)
"""What ends the id of a flow: where the data goes, in the order of telling."""

_WORDS: Final = {name: words for words, names in (*READS, *WAYS_OUT) for name in names}
_ORDER: Final = {words: rank for rank, (words, _) in enumerate((*reversed(WAYS_OUT), *reversed(READS)))}
_READERS: Final = frozenset(name for _, names in READS for name in names)
_SENDERS: Final = frozenset(name for _, names in WAYS_OUT for name in names)


def reads(behaviour: str) -> bool:
    """Tell whether a behaviour, by its id, reads something; one of extra knowledge does if its id says so."""
    return behaviour in _READERS or behaviour.startswith("read.")


def sends(behaviour: str) -> bool:
    """Tell whether a behaviour, by its id, is a way out."""
    return behaviour in _SENDERS or behaviour.startswith("send.")


def in_words(behaviours: Iterable[str]) -> list[str]:
    """Return words for behaviours by their ids, each once, the most private first; an unknown one keeps its id's words.

    Example:
        >>> in_words(["read.serial", "read.sms", "read.serial-property", "read.tea-time"])
        ['text messages', 'serial number', 'tea time']
    """
    words = {_WORDS.get(name, name.partition(".")[2].replace("-", " ")) for name in behaviours}
    return sorted(words, key=lambda one: (-_ORDER.get(one, -1), one))


_MOST_NAMES: Final = 8
_NAME_LENGTH: Final = 100
_MOST_OTHERS: Final = 3
"""Things done that are named in short; of more, only the number is told."""
_MANY_RENAMED: Final = 0.3
"""Share of classes with renamed names from which on it often stays open whose code it is."""
_INTERNET: Final = "android.permission.INTERNET"

_PARTIES: Final = (
    ("first-party", "its own code", "its own code"),
    ("library", "libraries in it", "libraries"),
    ("obfuscated", "renamed code in it", "renamed code"),
    ("unknown", "code in it whose owner is not known", "code whose owner is not known"),
)
"""Party, and what its code is called at the beginning of a line and in a count."""
REFUSED: Final = "holds code that would, if it were allowed,"
_ELSEWHERE: Final = "files or text that no code was seen to use"


def code_lines(apk: Apk, *, brief: bool = False) -> list[str]:
    """Say what the code can read, by whose code it is, what else it does, how data can leave, and what was not seen.

    What Android would refuse it, since it does not ask for the permission or was not granted it, is said to be so, and
    what only base libraries hold.

    `brief` gives counts instead of names where there is much of it.
    """
    seen = apk.behaviours or ()
    told = [one for one in seen if one.told]
    flows = [one for one in told if is_flow(one)]
    reading = [one for one in told if reads(one.id)]
    others = [one for one in told if _does(one)]
    lines = [reading_line(reading)] if brief and reading else _by_owner("can read", reading)
    if brief and len(others) > _MOST_OTHERS:
        lines.append(f"{len(others)} other things that its code does, all in the JSON result (-f json)")
    else:
        lines.extend(_by_owner("also", others))
    lines.extend(_if_allowed(seen))
    lines.extend(f"{said}: {some(_counted(titles))}" for said, titles in by_start(flows))
    lines.extend(_leaving(apk))
    lines.extend(() if brief else _not_told(seen))
    if spots := blind_spots(apk):
        lines.append("not seen: " + "; ".join(spots.values()))
    return lines


def _does(behaviour: Behaviour) -> bool:
    """Tell whether a behaviour neither reads nor is a way out."""
    return not (is_flow(behaviour) or reads(behaviour.id) or sends(behaviour.id))


def _if_allowed(seen: Iterable[Behaviour]) -> list[str]:
    """Say what the code is written to do and is not allowed to."""
    refused = [one for one in seen if not one.possible and not one.library_only]
    lines = []
    if words := readings(refused):
        lines.append(f"{REFUSED} read: {some(words)}")
    if others := [one for one in refused if _does(one) or is_flow(one)]:
        lines.append(f"{REFUSED} do more: {some(_named(others))}")
    return lines


def _not_told(seen: Iterable[Behaviour]) -> list[str]:
    """Say what base libraries hold and nothing else calls, and of what data only less sure ways were found."""
    seen = list(seen)
    sure = {one.id for one in seen if one.told}
    alone = [one for one in seen if one.possible and one.library_only]
    held = [one for one in alone if not is_flow(one)]
    flows = [one for one in alone if is_flow(one) and one.id not in sure]
    kinds = (reads, sends, lambda name: not reads(name) and not sends(name))
    words = [
        name for kind in kinds if (here := [one for one in held if kind(one.id)]) for name in _with_libraries(here)
    ]
    lines = [f"in libraries, and called by nothing else in it: {some(words)}"] if words else []
    return [*lines, f"ways of data that are less sure: {some(_with_libraries(flows))}"] if flows else lines


def reading_line(reading: Sequence[Behaviour]) -> str:
    """Say on one line what can be read, and how much of it by whose code."""
    counts = [
        (short, len(in_words(one.id for one in reading if party in _parties(one)))) for party, _, short in _PARTIES
    ]
    whose = ", ".join(f"{count} in {short}" for short, count in counts if count)
    return f"can read: {some(readings(reading))}" + (f" ({whose})" if _owners_known(reading) else "")


def holders_line(endpoints: Sequence[Endpoint]) -> str:
    """Say how many endpoints are held by whose code; some by several. What no code was seen to hold stands in files."""
    counts: Counter[str] = Counter()
    for endpoint in endpoints:
        counts.update({_holder(one) for one in endpoint.held_by})
    order = [*(short for _, _, short in _PARTIES), _ELSEWHERE]
    return ", ".join(f"{counts[words]} in {words}" for words in order if counts[words])


def _holder(holder: HeldBy) -> str:
    if holder.party == "unknown" and not any(one.class_ for one in holder.evidence):
        return _ELSEWHERE
    return next((short for party, _, short in _PARTIES if party == holder.party), _ELSEWHERE)


_STARTS: Final = (("seen in its code", True), ("in code that nothing was seen to start", False))
"""What is said of flows, by whether something was seen to start each step."""


def is_flow(behaviour: Behaviour) -> bool:
    """Tell whether data was followed from where it is read to where it leaves."""
    return behaviour.id.startswith("flow.")


def flow_titles(flows: Iterable[Behaviour]) -> list[str]:
    """Name each flow, what leaves the phone first; what only libraries write to the log is told in one line."""
    flows = list(flows)
    folded = [one for one in flows if _sink(one) == _LOG and {it.party for it in one.whose} == {"library"}]
    told = sorted((one for one in flows if one not in folded), key=lambda one: (_rank(one), not one.cleartext))
    titles = [f"{one.title}{' (unencrypted)' if one.cleartext else ''}" for one in told]
    if data := {one.id for one in folded}:
        titles.append(f"Passes on {counted(len(data), 'kind')} of data to the system log in libraries")
    return titles


def by_start(flows: Iterable[Behaviour]) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the names of flows by whether something was seen to start their code, with what is said before them."""
    flows = list(flows)
    for said, is_seen in _STARTS:
        if titles := flow_titles(one for one in flows if one.start_seen is is_seen):
            yield said, titles


def _counted(titles: Iterable[str]) -> list[str]:
    return [title if count == 1 else f"{title} ({count} times)" for title, count in Counter(titles).items()]


def _sink(flow: Behaviour) -> str:
    return flow.id.rpartition("-")[2]


def _rank(flow: Behaviour) -> int:
    sink = _sink(flow)
    return _SINKS.index(sink) if sink in _SINKS else len(_SINKS)


def readings(behaviours: Iterable[Behaviour]) -> list[str]:
    """Name what can be read, the most private first, and with which Android where it is no longer."""
    reading = [one for one in behaviours if reads(one.id)]
    levels = {words: _last_level(reading, words) for words in in_words(one.id for one in reading)}
    return [words if level is None else f"{words} ({until(level)})" for words, level in levels.items()]


def _last_level(behaviours: Iterable[Behaviour], words: str) -> int | None:
    """Return the last API level with which what these words stand for can be read, None where it still can."""
    levels = [one.until_sdk for one in behaviours if in_words([one.id]) == [words]]
    known = [level for level in levels if level is not None]
    return max(known) if known and len(known) == len(levels) else None


def until(level: int) -> str:
    """Say up to which Android something holds.

    Example:
        >>> until(29), until(32), until(99)
        ('before Android 11', 'before Android 13', 'up to API level 99')
    """
    later = _FIRST_VERSIONS.get(level + 1)
    return f"up to API level {level}" if later is None else f"before Android {later}"


_FIRST_VERSIONS: Final = {
    21: "5", 23: "6", 24: "7", 26: "8", 28: "9", 29: "10", 30: "11", 31: "12", 33: "13", 34: "14", 35: "15", 36: "16",
}  # fmt: skip
"""The versions of Android that begin with an API level. Source: developer.android.com, `Build.VERSION_CODES`."""


def blind_spots(apk: ApkInfo) -> dict[str, str]:
    """Return the kinds of code that could not be looked into, each with what is not known because of it."""
    hidden = apk.obfuscation
    spots = {}
    if apk.behaviours is None and apk.has_code:
        spots["code that was not read"] = "what its code does, which was not read"
    if hidden is not None and hidden.packers:
        spots["hidden code"] = f"code that is hidden by {', '.join(hidden.packers)}"
    if hidden is not None and hidden.encrypted:
        spots["files that look encrypted"] = "files that look encrypted"
    if hidden is not None and hidden.dynamic_code:
        spots["code that is loaded while it runs"] = "code that is loaded while it runs"
    if hidden is not None and (hidden.name_share or 0) >= _MANY_RENAMED:
        said = f"whose code much of it is, since {hidden.name_share:.0%} of its classes were renamed"
        spots["renamed code"] = said
    if apk.flows_complete is False:
        spots["code in which data was not followed to the end"] = (
            "where all data goes, which is never promised, since some of it could not be followed to the end"
        )
    if any(one.id == "send.native-library" for one in apk.behaviours or ()):
        spots["native code"] = "what its native code does"
    return spots


def some(names: Sequence[str]) -> str:
    """Return the first few names and how many more there are."""
    shown = ", ".join(shortened(name, _NAME_LENGTH) for name in names[:_MOST_NAMES])
    more = len(names) - _MOST_NAMES
    return shown + (f" and {more} more" if more > 0 else "")


def _by_owner(does: str, behaviours: Sequence[Behaviour]) -> list[str]:
    """Return a line for each kind of owner; one for all where the result does not say whose code it is."""
    if not _owners_known(behaviours):
        return [f"its code {does}: {some(_named(behaviours))}"] if behaviours else []
    lines = []
    for party, said, _ in _PARTIES:
        here = [one for one in behaviours if party in _parties(one)]
        if here:
            lines.append(f"{said} {does}: {some(_with_libraries(here) if party == 'library' else _named(here))}")
    return lines


def _owners_known(behaviours: Sequence[Behaviour]) -> bool:
    """Tell whether the result says whose code it is; one of an earlier version does not."""
    return any(one.whose for one in behaviours)


def _parties(behaviour: Behaviour) -> set[str]:
    return {owner.party for owner in behaviour.whose} or {"unknown"}


def _named(behaviours: Sequence[Behaviour]) -> list[str]:
    """Name what is read, the most private first, or what is done."""
    if reads(behaviours[0].id):
        return readings(behaviours)
    if sends(behaviours[0].id):
        return in_words(one.id for one in behaviours)
    return list(dict.fromkeys(one.title[:1].lower() + one.title[1:] for one in behaviours))


def _with_libraries(behaviours: Sequence[Behaviour]) -> list[str]:
    """Name what is read or done, and by which libraries."""
    by_words: dict[str, list[str]] = {words: [] for words in _named(behaviours)}
    for behaviour in behaviours:
        (words,) = _named([behaviour])
        by_words[words] += [owner.library for owner in behaviour.whose if owner.library]
    return [f"{words} ({_first_of(sorted(set(names)))})" if names else words for words, names in by_words.items()]


def _first_of(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} +{len(names) - 1}"


def _leaving(apk: Apk) -> list[str]:
    sending = [one for one in apk.behaviours or () if sends(one.id) and not one.library_only]
    if not sending:
        return []
    if apk.permissions is not None and _INTERNET not in apk.permissions and apk.shared_user_id is None:
        ways = in_words(one.id for one in sending)
        return [f"ways out in its code: {some(ways)}; it has no permission to use the internet"]
    ways = in_words(one.id for one in sending if one.possible)
    refused = [words for words in in_words(one.id for one in sending) if words not in ways]
    lines = [f"ways out: {some(ways)}{_unencrypted(apk.network_policy)}"] if ways else []
    return [*lines, *([f"{REFUSED} send over: {some(refused)}"] if refused else [])]


def _unencrypted(policy: NetworkPolicy | None) -> str:
    if policy is None:
        return ""
    if policy.cleartext:
        return "; unencrypted connections are allowed"
    if policy.domains:
        return f"; unencrypted connections are allowed to {some(policy.domains)} only"
    return "; unencrypted connections are refused where it uses the system's HTTP"
