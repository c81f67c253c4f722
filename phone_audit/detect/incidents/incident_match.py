"""How an incident is met: its conditions on the build, and the hits with their strength."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal, Protocol

from phone_audit.knowledge.compare import condition_holds
from phone_audit.knowledge.schema.incident import Condition, Fact, IncidentEntry, PhoneFact
from phone_audit.model.detection import MatchStrength
from phone_audit.model.finding import Evidence, Subject

UNKNOWN_BUILD = "unknown build"
"""Name of a build of which neither display id nor fingerprint is known."""
HitKind = Literal["build", "model", "package-version", "package", "endpoint", "hash", "certificate", "path", "property"]


class Conditional(Protocol):
    """An incident, or one of its facts."""

    @property
    def only_if(self) -> tuple[Condition, ...]:
        """All of these must be known to hold."""
        ...

    @property
    def unless(self) -> tuple[Condition, ...]:
        """None of these may hold."""
        ...


class Fit(IntEnum):
    """How surely a thing with conditions applies."""

    NO = 0
    UNSURE = 1
    """It may apply: a property that would exclude it is not known."""
    SURE = 2


def fit(thing: Conditional, properties: Mapping[str, str]) -> Fit:
    """Tell whether a thing applies to a build.

    An `only_if` that is not known to hold rules it out; an `unless` that is not known leaves it unsure. A fact about
    some phones is ruled out by a phone that says it is another one.
    """
    if isinstance(thing, PhoneFact) and is_another_phone(thing, properties):
        return Fit.NO
    if not thing.only_if and not thing.unless:
        return Fit.SURE
    if any(condition_holds(condition, properties) is not True for condition in thing.only_if):
        return Fit.NO
    excluded = {condition_holds(condition, properties) for condition in thing.unless}
    if True in excluded:
        return Fit.NO
    return Fit.UNSURE if None in excluded else Fit.SURE


def is_another_phone(fact: PhoneFact, properties: Mapping[str, str]) -> bool:
    """Tell whether a phone says in one of the properties that it is none of those which the fact is about."""
    return any(
        (have := properties.get(name)) is not None and have.casefold() not in map(str.casefold, meant)
        for name, meant in fact.phones.items()
    )


def is_known_phone(fact: PhoneFact, properties: Mapping[str, str]) -> bool:
    """Tell whether a phone says of itself that it is one which the fact is about."""
    return properties.keys() & fact.phones.keys() != set() and not is_another_phone(fact, properties)


def waits_for_build(thing: Conditional, properties: Mapping[str, str]) -> bool:
    """Tell whether only properties that are not known keep a thing from applying surely."""
    wanted = {condition_holds(condition, properties) for condition in thing.only_if}
    excluded = {condition_holds(condition, properties) for condition in thing.unless}
    return False not in wanted and True not in excluded and None in wanted | excluded


@dataclass(frozen=True)
class Hit:
    """One observation that meets an incident: how strongly, by which facts, on what, and what was seen.

    `undecided`: only a condition on the build that is not known keeps it from being more than weak.
    """

    kind: HitKind
    strength: MatchStrength
    facts: tuple[Fact, ...]
    subject: Subject
    evidence: tuple[Evidence, ...]
    undecided: bool = False


@dataclass(frozen=True)
class IncidentMatch:
    """All hits on one incident, strongest first. `strength` is that of the strongest; `hits` is never empty."""

    incident: IncidentEntry
    hits: tuple[Hit, ...]

    @property
    def strength(self) -> MatchStrength:
        return self.hits[0].strength


def confirming_hit(
    kind: HitKind, applies: Fit, facts: tuple[Fact, ...], subject: Subject, evidence: tuple[Evidence, ...]
) -> Hit:
    """Return a hit that confirms: only weak while it is not known whether an exception applies."""
    strength: MatchStrength = "confirmed" if applies is Fit.SURE else "weak"
    return Hit(kind, strength, facts, subject, evidence, undecided=applies is Fit.UNSURE)
