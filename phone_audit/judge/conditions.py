"""Conditions of incidents and facts: do they hold on this build, or is that not known?"""

from collections.abc import Mapping
from enum import IntEnum
from typing import Protocol

from phone_audit.knowledge.compare import compare
from phone_audit.knowledge.schema.incident import Condition


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

    An `only_if` that is not known to hold rules it out; an `unless` that is not known leaves it unsure.
    """
    if not thing.only_if and not thing.unless:
        return Fit.SURE
    if any(holds(condition, properties) is not True for condition in thing.only_if):
        return Fit.NO
    excluded = {holds(condition, properties) for condition in thing.unless}
    if True in excluded:
        return Fit.NO
    return Fit.UNSURE if None in excluded else Fit.SURE


def waits_for_build(thing: Conditional, properties: Mapping[str, str]) -> bool:
    """Tell whether only properties that are not known keep a thing from applying surely."""
    wanted = {holds(condition, properties) for condition in thing.only_if}
    excluded = {holds(condition, properties) for condition in thing.unless}
    return False not in wanted and True not in excluded and None in wanted | excluded


def holds(condition: Condition, properties: Mapping[str, str]) -> bool | None:
    """Tell whether a condition holds; None where the property is not known."""
    have = properties.get(condition.field)
    if have is None:
        return None
    return condition.match == "present" or compare(condition.match, condition.value or "", have)
