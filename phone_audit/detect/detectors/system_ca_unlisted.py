"""Certificate authorities in the system's store that Android itself does not put there, or took out."""

from collections.abc import Iterator, Sequence

from phone_audit.detect.detector import Detector, setting, source_of
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.device import Snapshot, StateItem
from phone_audit.model.finding import Confidence, Evidence, Finding, Remedy, Severity

DETECTOR = Detector(id="system-ca-unlisted", category="certificates")
CONSCRYPT, SYSTEM = "ca_certificates_conscrypt", "ca_certificates"
CONSCRYPT_SINCE = 34
MOST_NAMED = 3
REMEDY = Remedy(
    text="Ask the maker what these authorities are for. Each can be switched off: Settings, Security, Trusted "
    "credentials, System."
)


def check(snapshot: Snapshot, knowledge: Knowledge) -> Iterator[Finding]:
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
            text = f"{count} of the system are on none of AOSP's lists"
            yield _finding(stores[key], "that Android does not ship", text, others, knowledge, "medium", "confirmed")
        if withdrawn:
            text = f"Android had taken {len(withdrawn)} of the system's certificate authorities out before this version"
            yield _finding(stores[key], "that Android took out", text, withdrawn, knowledge, "low", "low")


def _finding(
    store: StateItem,
    which: str,
    text: str,
    pieces: Sequence[Evidence],
    knowledge: Knowledge,
    severity: Severity,
    confidence: Confidence,
) -> Finding:
    names = [piece.value.partition(" ")[2] or piece.value[:16] for piece in pieces]
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    sources = dict.fromkeys(source for fact in knowledge.authorities for source in fact.sources)
    return DETECTOR.finding(
        setting(store.key),
        f"The system trusts authorities {which}",
        f"{text}: {', '.join(names[:MOST_NAMED])}{more}.",
        severity=severity,
        confidence=confidence,
        evidence=pieces,
        main="" if confidence == "confirmed" else which,
        sources=[source for name in sources for source in source_of(knowledge, name)],
        remedy=(REMEDY,),
    )
