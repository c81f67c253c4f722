"""What an incident says a person can do, as far as it fits what was seen."""

from collections.abc import Iterable
from typing import Literal

from phone_audit.judge.observed import Hit
from phone_audit.knowledge.schema.incident import IncidentEntry

Seen = Literal["found", "listed", "named"]
"""The thing itself was found, surely or as a sign; or the build is listed as affected; or only a name fits."""
ONLY_A_SCAN_TELLS = "Install the newest firmware of the maker; whether it is there only a scan of the device tells."
"""Where all steps of an incident ask for more than was seen."""


def seen_in(hits: Iterable[Hit]) -> Seen:
    """Tell what hits have shown: the thing itself, an affected build, or a name (of a model, a build, a version)."""
    telling = [hit for hit in hits if hit.word in ("confirmed", "affected", "weak")]
    if any(hit.kind != "build" for hit in telling):
        return "found"
    return "listed" if telling else "named"


def advice(incident: IncidentEntry, seen: Seen) -> tuple[str, ...]:
    """Return what the incident says a person can do, or what can be said of any; never empty.

    Args:
        incident: the published incident.
        seen: what was seen of it; steps that need more are left out.
    """
    fits = {"found": ("found", "listed", None), "listed": ("listed", None), "named": (None,)}[seen]
    steps = tuple(step.text for step in incident.what_to_do if step.needs in fits)
    if steps:
        return steps
    if incident.what_to_do:
        return (ONLY_A_SCAN_TELLS,)
    if any(fact.status == "fixed" and fact.confidence == "sourced" for fact in incident.builds):
        return ("Install the newest firmware of the maker and check the phone again.",)
    return ("Ask the maker for firmware without it, and check the phone again after the update.",)
