"""What permissions, app-ops and items of the state let an app do, and how much a change of that matters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from phone_audit.knowledge.schema.app import PowerFact
from phone_audit.model.apps import Watching
from phone_audit.model.finding import Severity

_MATTERS: Final[dict[Watching, Severity]] = {"all": "high", "part": "medium", "none": "medium"}


@dataclass(frozen=True)
class PowerWords:
    """The facts by what shows them."""

    by_permission: dict[str, PowerFact]
    by_state: dict[str, PowerFact]
    by_op: dict[str, PowerFact]
    """Those that only an app-op shows, by their id: an app has them where its record says so."""

    @classmethod
    def of(cls, facts: Sequence[PowerFact]) -> "PowerWords":
        return cls(
            {name: fact for fact in facts for name in fact.permissions},
            {key: fact for fact in facts for key in fact.states},
            {fact.id: fact for fact in facts if fact.op_gives and not fact.states},
        )


def severity_of(fact: PowerFact) -> Severity:
    """Return how much it matters that an app has it now."""
    return _MATTERS[fact.watching]
