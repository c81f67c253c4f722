"""Certificate authorities that somebody added to the phone, that Android does not bring, or that it took out."""

from collections.abc import Iterator, Sequence

from phone_audit.detect.detector import Detector, DeviceCheck, setting, source_of
from phone_audit.detect.privileged_apps import per_user, shown_user
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.device import Snapshot, StateItem
from phone_audit.model.finding import Confidence, Evidence, Finding, Severity

USER_CA_ADDED = Detector(
    id="user-ca-added",
    category="certificates",
    sign="unclear",
    advice="If neither you nor the company that owns the phone added it: Settings, Security, Trusted credentials, "
    "User.",
    risk="In the network of a company some services may then be out of reach.",
)
SYSTEM_CA_UNLISTED = Detector(
    id="system-ca-unlisted",
    category="certificates",
    sign="altered",
    advice="Ask the maker what these authorities are for. Each can be switched off: Settings, Security, Trusted "
    "credentials, System.",
)
ADDED, CONSCRYPT, SYSTEM = "ca_certificates_added", "ca_certificates_conscrypt", "ca_certificates"
CONSCRYPT_SINCE = 34
MOST_NAMED = 3
MOST_STRANGE = 8
"""Authorities that a maker or an intruder adds; where there are more, it is the list here that does not fit."""


def user_ca_added(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding for each user who has authorities that were added."""
    for user, item in per_user(snapshot, ADDED):
        count = len(item.evidence)
        if item.value != "0" and count:
            yield USER_CA_ADDED.finding(
                setting(ADDED),
                "Certificate authorities were added",
                f"{count} certificate {'authority was' if count == 1 else 'authorities were'} added{shown_user(user)} "
                f"({', '.join(_names(item.evidence)[:MOST_NAMED])}): whoever holds the key can read the encrypted "
                "traffic of packages that trust it.",
                severity="medium",
                confidence="confirmed",
                evidence=item.evidence,
                main=str(user),
            )


def system_ca_unlisted(snapshot: Snapshot, knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding for the certificates of a store that no release of Android holds, and one for withdrawn ones.

    One that AOSP has from a later API level on counts as known: updates of the module bring newer lists to old phones.
    """
    known = {fact.sha256: fact for fact in knowledge.authorities}
    stores = {item.key: item for item in snapshot.state if item.key in (SYSTEM, CONSCRYPT)}
    level = snapshot.build.sdk or 0
    if level >= CONSCRYPT_SINCE and CONSCRYPT in stores:
        stores.pop(SYSTEM, None)
    for key in sorted(stores) if known else ():
        held = [(known.get(piece.value.partition(" ")[0]), piece) for piece in stores[key].evidence]
        others = [piece for fact, piece in held if fact is None]
        withdrawn = [piece for fact, piece in held if fact is not None and fact.api_levels[-1] < level]
        if others:
            count = f"{len(others)} of the {stores[key].value} certificate authorities"
            text = f"{count} of the system {'is' if len(others) == 1 else 'are'} on none of AOSP's lists"
            if len(others) > MOST_STRANGE:
                yield _of_another_list(stores[key], text, others, knowledge)
                continue
            yield _in_store(stores[key], "that Android does not ship", text, others, knowledge, "medium", "confirmed")
        if withdrawn:
            text = f"Android had taken {len(withdrawn)} of the system's certificate authorities out before this version"
            yield _in_store(stores[key], "that Android took out", text, withdrawn, knowledge, "low", "low")


def _of_another_list(store: StateItem, text: str, pieces: Sequence[Evidence], knowledge: Knowledge) -> Finding:
    """Say that the list does not fit. Nobody is told to switch off what may be most of a phone's encryption."""
    finding = _in_store(store, "of another list than Android's", text, pieces, knowledge, "low", "medium")
    message = f"{finding.message} So many mean that our list does not fit this phone; it says nothing of each of them."
    return finding.model_copy(update={"message": message, "remedy": ()})


def _in_store(
    store: StateItem,
    which: str,
    text: str,
    pieces: Sequence[Evidence],
    knowledge: Knowledge,
    severity: Severity,
    confidence: Confidence,
) -> Finding:
    names = _names(pieces)
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    sources = dict.fromkeys(source for fact in knowledge.authorities for source in fact.sources)
    return SYSTEM_CA_UNLISTED.finding(
        setting(store.key),
        f"The system trusts authorities {which}",
        f"{text}: {', '.join(names[:MOST_NAMED])}{more}.",
        severity=severity,
        confidence=confidence,
        evidence=pieces,
        main="" if confidence == "confirmed" else which,
        sources=[source for name in sources for source in source_of(knowledge, name)],
    )


def _names(pieces: Sequence[Evidence]) -> list[str]:
    return [piece.value.partition(" ")[2] or piece.value[:16] for piece in pieces]


CHECKS: tuple[tuple[Detector, DeviceCheck], ...] = (
    (USER_CA_ADDED, user_ca_added),
    (SYSTEM_CA_UNLISTED, system_ca_unlisted),
)
