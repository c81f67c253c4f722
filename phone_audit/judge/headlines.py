"""The headline of each outcome. None says that all is well, and `nothing-found` says what it does not prove."""

from collections.abc import Mapping

from phone_audit.model.detection import MatchStrength
from phone_audit.model.finding import Outcome
from phone_audit.model.wording import counted

NO_INCIDENT = "No published incident names this build; that says nothing about what its apps do"
"""The contract's words for a build that is well-formed and not listed."""

NOT_UNDERSTOOD = "This is not a known form of build number, so it shows nothing"
BUILD_HEADLINES: Mapping[MatchStrength, str] = {
    "confirmed": "The properties show a published incident",
    "affected": "A publisher lists this build as affected",
    "weak": "The properties show a sign of a published incident",
    "candidate": "This build may be affected; the build alone cannot show it",
    "model": "A publisher names the model, but not this build",
    "fixed": "A publisher lists this build as fixed",
    "newer": "This build is newer than the published fix (inferred from its number)",
}
"""What the strongest match of a build says; the title of the incident follows."""
RULE_HEADLINES: Mapping[Outcome, str] = {
    "suspicious": "What this build says about itself is a strong sign that something is wrong",
    "inconclusive": "This build cannot be judged by what it says about itself",
}
"""Stands where no publisher says as much of a build; the titles of the findings follow."""

NOT_SENDING = "exposed, not sending"
"""Stands beside the outcomes: the headline of `exposed` where nothing that carries it sends data."""

LISTED_BAD = "known-bad, listed"
"""Stands beside the outcomes: the headline of `known-bad` where lists carry it, and no published incident."""
BOTH_BAD = "known-bad, published and listed"
"""The headline of `known-bad` where an incident and a list carry it."""


def phone_headlines(packages: int, apks: int) -> Mapping[str, str]:
    """Return the headlines of a phone by outcome, and those beside them; `{seen}` stands for what carries it."""
    read = f"{counted(packages, 'package')} and the code of {counted(apks, 'APK')}"
    return {
        "known-bad": "This phone matches a published incident: {seen}",
        LISTED_BAD: "This phone holds what a published list names as malicious: {seen}",
        BOTH_BAD: "This phone matches a published incident, and holds what a list names as malicious: {seen}",
        "suspicious": "This phone shows strong signs that something is wrong with it: {seen}",
        "exposed": "This phone holds software that may send data out by design: {seen}",
        NOT_SENDING: "This phone holds software that publishers warn of: {seen}",
        "inconclusive": "This phone cannot be judged from what was seen: {seen}",
        "nothing-found": f"Nothing was found in {read}; that is no proof that nothing is there",
    }


_ONE_APK: Mapping[str, str] = {
    "known-bad": "This APK matches a published incident: {seen}",
    LISTED_BAD: "This APK is or holds what a published list names as malicious: {seen}",
    BOTH_BAD: "This APK matches a published incident, and a list names it as malicious: {seen}",
    "suspicious": "This APK shows strong signs that something is wrong with it: {seen}",
    "exposed": "This APK may send data out by design: {seen}",
    NOT_SENDING: "Publishers warn of this APK: {seen}",
    "inconclusive": "This APK cannot be judged from what was seen: {seen}",
    "nothing-found": "Nothing was found in this APK; that is no proof that nothing is there",
}


def folder_headlines(counts: Mapping[str, int], total: int) -> Mapping[str, str]:
    """Return the headlines of a folder by outcome, and those beside them; `counts` are APKs by outcome."""
    if total == 1:
        return _ONE_APK
    known_bad, suspicious, exposed, unclear = (
        f"{counts.get(outcome, 0)} of {total}" for outcome in ("known-bad", "suspicious", "exposed", "inconclusive")
    )
    return {
        "known-bad": f"APKs that match a published incident: {known_bad} ({{seen}})",
        LISTED_BAD: f"APKs that a published list names as malicious: {known_bad} ({{seen}})",
        BOTH_BAD: f"APKs that match a published incident, or that a list names as malicious: {known_bad} ({{seen}})",
        "suspicious": f"APKs with strong signs that something is wrong: {suspicious} ({{seen}})",
        "exposed": f"APKs that may send data out by design: {exposed} ({{seen}})",
        NOT_SENDING: f"APKs that publishers warn of: {exposed} ({{seen}})",
        "inconclusive": f"APKs that cannot be judged from what was seen: {unclear} ({{seen}})",
        "nothing-found": f"Nothing was found in {counted(total, 'APK')}; that is no proof that nothing is there",
    }


def watch_headlines(looks: int, places: int) -> Mapping[str, str]:
    """Return the headlines of what was seen live, by outcome and those beside them."""
    seen = f"{counted(looks, 'look')} at the sockets, which showed {counted(places, 'place')} connected to"
    return {
        "known-bad": "A package that was connected matches a published incident: {seen}",
        LISTED_BAD: "What was connected is what a published list names as malicious: {seen}",
        BOTH_BAD: "What was connected matches a published incident, and what a list names as malicious: {seen}",
        "suspicious": "What was connected shows strong signs that something is wrong: {seen}",
        "exposed": "Something was connected in a way that may send data out by design: {seen}",
        NOT_SENDING: "Something was connected of which publishers warn: {seen}",
        "inconclusive": "What was connected cannot be judged from what was seen: {seen}",
        "nothing-found": f"Nothing was found in {seen}; that is no proof that nothing is there",
    }
