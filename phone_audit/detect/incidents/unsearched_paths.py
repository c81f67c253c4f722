"""Paths that incidents name and that a saved acquisition was never asked about: which of them leave a doubt."""

from typing import Final

from phone_audit.detect.build_properties import with_fingerprint_parts
from phone_audit.detect.incidents.incident_match import Conditional, Fit, fit
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.detection import Detection, MatchStrength
from phone_audit.model.device import Snapshot
from phone_audit.model.finding import Skipped

_OPEN: Final[frozenset[MatchStrength]] = frozenset({"weak", "candidate", "model"})
"""Strengths of matches that a path could still make stronger."""


def doubtful_paths(snapshot: Snapshot, detected: Detection, knowledge: Knowledge) -> tuple[Skipped, ...]:
    """Note the paths of incidents that fit this phone otherwise: by its build, its model, a package or a condition.

    Knowledge grows each month, and a saved phone is never asked again: a path that any phone could have says nothing of
    this one, and does not make an old result incomplete.
    """
    properties = with_fingerprint_parts(snapshot.properties)
    met = {match.incident.id for match in detected.matched if match.strength in _OPEN}
    paths = {
        fact.value
        for incident in knowledge.incidents
        for fact in incident.paths
        if fact.value in snapshot.never_asked
        and (incident.id in met or _fits(incident, properties) or _fits(fact, properties))
    }
    if not paths:
        return ()
    reason = (
        f"Incidents that fit this phone otherwise name what was not looked for: {len(paths)}, such as {min(paths)}. A "
        "saved phone answers only what it was asked; scan the phone itself again to look there."
    )
    return (Skipped(subject="paths that incidents name", step="command", code="not-looked-for", reason=reason),)


def _fits(thing: Conditional, properties: dict[str, str]) -> bool:
    """Tell whether a thing demands something of a phone, and this phone has it."""
    return bool(thing.only_if) and fit(thing, properties) is not Fit.NO
