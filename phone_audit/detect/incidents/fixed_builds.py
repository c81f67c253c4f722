"""Where a build stands to those that publishers list as fixed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from phone_audit.detect.build_properties import DISPLAY_ID, INCREMENTAL
from phone_audit.detect.incidents.incident_match import Fit, fit, is_known_phone
from phone_audit.knowledge.compare import HMD_BUILD
from phone_audit.knowledge.schema.incident import BuildFact, IncidentEntry
from phone_audit.knowledge.schema.scheme import Relation, SchemeIndex
from phone_audit.model.results import FixCompared


@dataclass(frozen=True)
class ShownVersion:
    """An HMD build number as a phone shows it. `pack` is None where no service pack is shown."""

    text: str
    branch: str
    pack: str | None
    whole: bool
    """False where only the fingerprint is known, which never holds the service pack."""


def shown_version(properties: Mapping[str, str]) -> ShownVersion | None:
    """Return the HMD build number that is known of a build, or None."""
    for name in (DISPLAY_ID, INCREMENTAL):
        text = properties.get(name, "")
        found = HMD_BUILD.fullmatch(text)
        if found:
            return ShownVersion(text, found["branch"], found["pack"], whole=name == DISPLAY_ID)
        if text:
            return None
    return None


def compared_with_fixes(
    incidents: Iterable[IncidentEntry], properties: Mapping[str, str], schemes: SchemeIndex
) -> Iterator[FixCompared]:
    """Yield where a build stands to each fixed build that the incidents name for one of its properties."""
    for incident in incidents:
        compared = [(fact.value, stands) for fact, stands in _stands(incident, properties, schemes)]
        for fixed, stands in compared:
            yield FixCompared(incident=incident.id, fixed=fixed, stands=_told(stands, [one for _, one in compared]))


def _told(stands: Relation | None, all_of_them: Sequence[Relation | None]) -> Relation | None:
    """Leave out what says nothing: a build that is fixed itself, and what lies between the fixes of two branches."""
    if "same" in all_of_them:
        return stands if stands == "same" else None
    return None if stands == "after" and set(all_of_them) != {"after"} else stands


def newer_than_fixes(
    incident: IncidentEntry, properties: Mapping[str, str], schemes: SchemeIndex
) -> tuple[BuildFact, ...]:
    """Return the fixed builds of an incident where a build is later than every one of them; else nothing.

    Numbers tell an order between builds for one phone only, so the phone has to say that it is the one which the fixed
    builds are for.
    """
    compared = list(_stands(incident, properties, schemes))
    sure = compared and all(stands == "after" and is_known_phone(fact, properties) for fact, stands in compared)
    return tuple(fact for fact, _ in compared) if sure else ()


def _stands(
    incident: IncidentEntry, properties: Mapping[str, str], schemes: SchemeIndex
) -> Iterator[tuple[BuildFact, Relation | None]]:
    for fact in incident.builds:
        if fact.status != "fixed" or fact.match != "exact" or fact.confidence != "sourced":
            continue
        here = properties.get(fact.field)
        if here and fit(fact, properties) is not Fit.NO:
            yield fact, schemes.compare(here, fact.value)
        elif here is None and fact.field == DISPLAY_ID and fit(fact, properties) is not Fit.NO:
            yield from _by_fingerprint(fact, properties, schemes)


def _by_fingerprint(
    fact: BuildFact, properties: Mapping[str, str], schemes: SchemeIndex
) -> Iterator[tuple[BuildFact, Relation | None]]:
    """Yield where a build stands of which only the fingerprint is known; of the fix's own branch that cannot be told.

    It holds the number without the service pack.
    """
    shown, fixed = shown_version(properties), HMD_BUILD.fullmatch(fact.value)
    if shown and fixed:
        yield fact, None if shown.branch == fixed["branch"] else schemes.compare(shown.text, fact.value)
