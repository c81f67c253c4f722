"""The most that a match with an incident can give: the strongest word of its facts, and the outcome that follows."""

from collections.abc import Iterable, Iterator
from typing import Literal, TypeVar

from phone_audit.knowledge.schema.incident import PROSE, Fact, IncidentEntry

FactType = TypeVar("FactType", bound=Fact)
Best = Literal["confirmed", "affected", "weak", "candidate", "model", "fixed", "nothing"]
BESTS: tuple[Best, ...] = ("confirmed", "affected", "weak", "candidate", "model", "fixed", "nothing")
"""Strongest first."""


def at_most(entry: IncidentEntry) -> str:
    """Return the strongest word, and the outcome that follows where there is one."""
    best, outcome = best_word(entry), best_outcome(entry)
    return best if outcome == "nothing" else f"{best}: {outcome}"


def best_outcome(entry: IncidentEntry) -> str:
    """Return the strongest outcome that a match can have, or `nothing`."""
    best = best_word(entry)
    if best in ("confirmed", "affected"):
        return entry.raises
    if best == "weak":
        return "exposed" if entry.raises == "exposed" else "suspicious"
    return "inconclusive" if best in ("candidate", "model") else "nothing"


def best_word(entry: IncidentEntry) -> Best:
    """Return the strongest word that the facts of an incident can give, whatever is found on a phone."""
    compared = [fact for fact in entry.builds if fact.field != PROSE and fact.match is not None]
    affected = any(fact.status == "affected" and fact.confidence == "sourced" for fact in compared)
    if _confirms(entry, affected=affected) and (affected or "build" not in entry.requires):
        return "confirmed"
    strong = any(it.weight == "strong" and it.kind != "url-path" for it in sourced(entry.endpoints))
    there = {
        "affected": affected,
        "weak": strong,
        "candidate": any(fact.status != "fixed" for fact in compared),
        "model": any(fact.field != PROSE for fact in entry.models),
        "fixed": any(fact.status == "fixed" for fact in compared),
    }
    return next((word for word in BESTS if there.get(word)), "nothing")


def _confirms(entry: IncidentEntry, *, affected: bool) -> bool:
    """Tell whether one thing is enough alone, or a name and a second fact can stand together."""
    names = [fact for fact in sourced(entry.packages) if fact.kind is None]
    alone = (
        any(fact.standalone for fact in names),
        any(sourced(entry.hashes)),
        any(fact.standalone for fact in sourced(entry.certificates)),
        any(fact.standalone and fact.kind is None for fact in sourced(entry.paths)),
        any(fact.standalone or affected for fact in sourced(entry.properties)),
    )
    hosts = any(fact.weight != "none" and fact.kind != "url-path" for fact in sourced(entry.endpoints))
    return any(alone) or (bool(names) and (affected or hosts or any(sourced(entry.certificates))))


def sourced(facts: Iterable[FactType]) -> Iterator[FactType]:
    return (fact for fact in facts if fact.confidence == "sourced")
