"""What is computed once from the rules of behaviour: what they name, and which of them are in question for what."""

from collections.abc import Iterable, Set
from functools import lru_cache
from typing import Final

from phone_audit.apk.behaviours.lookup import Wanted
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.schema.behaviour import BehaviourRule, Leaf, LeafKind

_TEXTS: Final[frozenset[LeafKind]] = frozenset({"string", "string_start"})


class Plan:
    """Rules, in the order of their ids.

    Attributes:
        wanted: the calls, fields and classes that they name.
    """

    def __init__(self, rules: Iterable[BehaviourRule]) -> None:
        self._rules = sorted(rules, key=lambda rule: rule.id)
        self.wanted = Wanted(leaf for rule in self._rules for leaf in rule.code_leaves if leaf.kind not in _TEXTS)
        self._texts = [frozenset(leaf for leaf in rule.code_leaves if leaf.kind in _TEXTS) for rule in self._rules]
        self._by_leaf: dict[Leaf, list[int]] = {}
        for number, rule in enumerate(self._rules):
            for leaf in dict.fromkeys(rule.match.leaves()):
                self._by_leaf.setdefault(leaf, []).append(number)
        self._of_texts_alone = frozenset(
            number for number, rule in enumerate(self._rules) if rule.match.holds(self._texts[number])
        )

    def texts_for(self, seen: Set[Leaf]) -> set[Leaf]:
        """Return the strings of the rules that would hold if all strings were there."""
        return {
            leaf
            for number in self._of_texts_alone | self._touched(seen)
            if (texts := self._texts[number]) and self._rules[number].match.holds(seen | texts)
            for leaf in texts
        }

    def holding(self, seen: Set[Leaf]) -> list[BehaviourRule]:
        """Return the rules that would hold if all that was seen stood together."""
        rules = (self._rules[number] for number in sorted(self._touched(seen)))
        return [rule for rule in rules if rule.match.holds(seen)]

    def _touched(self, seen: Set[Leaf]) -> set[int]:
        return {number for leaf in seen for number in self._by_leaf.get(leaf, ())}


@lru_cache(maxsize=4)
def plan_of(knowledge: Knowledge) -> Plan:
    """Return the plan of all rules of the knowledge."""
    return Plan(knowledge.behaviours)
