"""What hosts of makers are for, where no fact names the very host: by rules over the words in their names."""

from collections.abc import Iterable
from typing import Final

from phone_audit.knowledge.hosts import plain_host
from phone_audit.knowledge.schema.facts import HostFact
from phone_audit.knowledge.schema.host_rule import HostRule
from phone_audit.model.apk import EndpointCategory

_ORDER: Final[tuple[EndpointCategory, ...]] = (
    "advertising", "telemetry", "crash-reporting", "push", "update", "identity", "cloud", "social", "other", "unknown",
)  # fmt: skip
"""Which rule counts where the name of a host has words of several: the one that says most about the sending."""
_SAID: Final[frozenset[EndpointCategory]] = frozenset({"advertising", "telemetry", "crash-reporting"})
"""What no rule says better: that a fact names the host, or all below it, for this."""


class HostRules:
    """Rules by the owners whose hosts they are about."""

    def __init__(self, rules: Iterable[HostRule]) -> None:
        self._of: dict[str, list[HostRule]] = {}
        for rule in sorted(rules, key=lambda rule: (_ORDER.index(rule.category), rule.id)):
            for owner in rule.owners:
                self._of.setdefault(owner, []).append(rule)

    def told(self, host: str, known: HostFact) -> HostFact:
        """Return what is known of a host: what the fact of the domain above it says, or a rule more closely."""
        below = plain_host(host).removesuffix(plain_host(known.host))
        if not below or known.category in _SAID:
            return known
        rule = next((rule for rule in self._of.get(known.owner, ()) if rule.covers(below)), None)
        if rule is None:
            return known
        return HostFact(host=plain_host(host), owner=known.owner, category=rule.category, source=rule.source)
