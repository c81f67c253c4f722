"""Private data that code was followed to the network with: unencrypted, by a tracker, or otherwise.

What is encrypted before it is sent counts as sent otherwise, whatever the connection.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from phone_audit.detect.detector import ApkCheck, Detector, apk_subject, may_use_network
from phone_audit.knowledge.families import family_of
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apk import ApkInfo, Behaviour
from phone_audit.model.finding import Evidence, Finding, Severity
from phone_audit.model.wording import kinds_of_data, listed

CLEARTEXT_DATA = Detector(
    "cleartext-data",
    "cleartext",
    "sends",
    "Do not use it on networks you do not trust, and do not enter in it what you use elsewhere.",
    held="code that sends private data over unencrypted connections",
)
TRACKER_DATA = Detector(
    "tracker-data",
    "tracker",
    "sends",
    "Look for a switch for analytics or personalised advertising in its settings, or stop using it.",
    held="trackers that send private data",
)
NETWORK_DATA = Detector(
    "network-data",
    "telemetry",
    "sends",
    "Take away the permission that it reads this with, in the phone's settings, or stop using it.",
    held="code that sends private data",
)
_NETWORK: Final = "-network"
"""Ends the ids of flows that reach the network."""
_PARTIES: Final = (("first-party", "its own code"), ("obfuscated", "renamed code in it"))
_UNKNOWN: Final = "code in it"
_OF_OTHERS: Final = "code of the "
"""Begins what code of trackers and of libraries is called."""
_MOST: Final = 8
"""Kinds of data that a sentence names."""


@dataclass(frozen=True)
class _Way:
    """One way in which data is sent: whose detector speaks of it, how bad that is, and what it is called.

    `may` is what it is called where nothing was seen to start the code.
    """

    detector: Detector
    severity: Severity
    title: str
    may: str
    over: str = "over the network"


_CLEARTEXT = _Way(
    CLEARTEXT_DATA,
    "high",
    "Sends private data over an unencrypted connection",
    "May send private data over an unencrypted connection",
    "over an unencrypted connection",
)
_TRACKER = _Way(TRACKER_DATA, "medium", "A tracker sends private data", "A tracker may send private data")
_OTHERWISE = _Way(NETWORK_DATA, "medium", "Sends private data", "May send private data")


def cleartext_data(info: ApkInfo, knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding for each party whose code sends data without encryption, its own code first."""
    yield from _checked(_CLEARTEXT, info, knowledge)


def tracker_data(info: ApkInfo, knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding for each tracker whose code sends data that was not seen to go without encryption."""
    yield from _checked(_TRACKER, info, knowledge)


def network_data(info: ApkInfo, knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding for each other party whose code sends data that was not seen to go without encryption."""
    yield from _checked(_OTHERWISE, info, knowledge)


def _checked(way: _Way, info: ApkInfo, knowledge: Knowledge) -> Iterator[Finding]:
    trackers = _names_of_trackers(info, knowledge)
    by_holder: dict[str, list[Behaviour]] = {}
    for flow in info.behaviours or ():
        if flow.id.startswith("flow.") and flow.id.endswith(_NETWORK):
            tracker, holder = _holder(flow, trackers)
            if way is _way(flow, by_tracker=tracker):
                by_holder.setdefault(holder, []).append(flow)
    own = _PARTIES[0][1]
    for holder, flows in sorted(by_holder.items(), key=lambda item: (item[0] != own, item[0])):
        told = [flow for flow in flows if flow.told]
        seen = [flow for flow in told if flow.start_seen]
        if seen or not told:
            yield _finding(way, info, holder, seen or flows)
        sent = {flow.data for flow in seen}
        if more := [flow for flow in told if not flow.start_seen and flow.data not in sent]:
            yield _not_settled(way, info, holder, more)
        known = {flow.data for flow in told}
        if unsure := [flow for flow in flows if known and flow.possible and flow.data not in known]:
            yield _unsure(way, info, holder, unsure)


def _way(flow: Behaviour, *, by_tracker: bool) -> _Way:
    if flow.cleartext:
        return _CLEARTEXT
    return _TRACKER if by_tracker else _OTHERWISE


def _names_of_trackers(info: ApkInfo, knowledge: Knowledge) -> Mapping[str, str]:
    """Return the trackers whose code is there, by all names that their code may be told by."""
    there = {tracker.id: tracker.name for tracker in info.trackers or () if tracker.tier in ("present", "initialised")}
    if not there:
        return {}
    known = [fact for fact in knowledge.trackers if fact.id in there]
    return {name: there[fact.id] for fact in reversed(known) for name in (*family_of(fact, knowledge), fact.name)}


def _holder(flow: Behaviour, trackers: Mapping[str, str]) -> tuple[bool, str]:
    """Tell whether code of a tracker is on the way, and name whose code it is: a tracker's, its own, a library's."""
    libraries = [owner.library for owner in flow.whose if owner.library is not None]
    tracker = next((trackers[name] for name in libraries if name in trackers), None)
    if tracker is not None:
        return True, f"{_OF_OTHERS}tracker {tracker}"
    parties = {owner.party for owner in flow.whose}
    own = next((words for party, words in _PARTIES[:1] if party in parties), None)
    if own is None and libraries:
        return False, f"{_OF_OTHERS}library {libraries[0]}"
    return False, next((words for party, words in _PARTIES if party in parties), _UNKNOWN)


def _finding(way: _Way, info: ApkInfo, holder: str, flows: Sequence[Behaviour]) -> Finding:
    subject = apk_subject(info)
    allowed = [flow for flow in flows if flow.allowed is not False]
    possible = [flow for flow in allowed if not flow.library_only]
    but = _why_not(way, info, allowed) or ("" if possible else ", but no such way was seen to be taken")
    shown = possible or allowed or flows
    return way.detector.finding(
        subject,
        _title(way, holder, way.title),
        f"{subject.name}: {holder} sends {_data(shown)} {way.over}{but}.",
        severity="low" if but else way.severity,
        confidence="low" if but else "high" if all(flow.is_followed for flow in shown) else "medium",
        evidence=_evidence(shown),
        main=holder,
    )


def _not_settled(way: _Way, info: ApkInfo, holder: str, flows: Sequence[Behaviour]) -> Finding:
    """Write of code that sends data and that nothing was seen to start: of a library's a package needs little.

    Without encryption it stays a reason to worry, for a name alone makes code a library's.
    """
    subject = apk_subject(info)
    but = _why_not(way, info, flows)
    is_low = bool(but) or (holder.startswith(_OF_OTHERS) and way is not _CLEARTEXT)
    return way.detector.finding(
        subject,
        _title(way, holder, way.may),
        f"{subject.name}: {holder} can send {_data(flows)} {way.over}{but}. Nothing was seen to start that code, but "
        "other code that could not be followed may.",
        severity="low" if is_low else "medium",
        confidence="low" if is_low else "medium",
        evidence=_evidence(flows),
        main=f"{holder} not seen to be started",
        advised=False,
    )


def _unsure(way: _Way, info: ApkInfo, holder: str, flows: Sequence[Behaviour]) -> Finding:
    """Write of data for which no way was found but such as are not told of the package."""
    subject = apk_subject(info)
    return way.detector.finding(
        subject,
        _title(way, holder, way.may),
        f"{subject.name}: {holder} may also send {_data(flows)} {way.over}{_why_not(way, info, flows)}; the ways that "
        "were found for that are less sure.",
        severity="low",
        confidence="low",
        evidence=_evidence(flows),
        main=f"{holder} less sure",
        advised=False,
    )


def _title(way: _Way, holder: str, title: str) -> str:
    return f"{title}, by a library" if holder.startswith(_OF_OTHERS) and way is not _TRACKER else title


def _data(flows: Sequence[Behaviour]) -> str:
    """Name the data of flows, the most private first, and last what only a digest is sent of."""
    whole = {str(flow.data) for flow in flows if not flow.is_digest}
    digests = {str(flow.data) for flow in flows} - whole
    return listed([*kinds_of_data(whole), *(f"a digest of {words}" for words in kinds_of_data(digests))], _MOST)


def _evidence(flows: Sequence[Behaviour]) -> tuple[Evidence, ...]:
    return tuple(dict.fromkeys(piece for flow in flows for piece in flow.evidence))


def _why_not(way: _Way, info: ApkInfo, possible: Sequence[Behaviour]) -> str:
    """Say what in Android keeps it from happening; empty where nothing is known to."""
    if may_use_network(info) is False:
        return ", if it had the permission to use the internet"
    if not possible:
        return ", if it had the permission to read that"
    policy = info.network_policy
    if way is _CLEARTEXT and policy is not None and not policy.cleartext and not policy.domains:
        return ", but its network policy makes Android block such connections"
    return ""


CHECKS: tuple[tuple[Detector, ApkCheck], ...] = (
    (CLEARTEXT_DATA, cleartext_data),
    (TRACKER_DATA, tracker_data),
    (NETWORK_DATA, network_data),
)
