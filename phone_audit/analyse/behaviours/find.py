"""Behaviours: which rules hold for a package, each with the calls that show it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from phone_audit.analyse.behaviours.search import Found, Place, units_of
from phone_audit.analyse.dex.index import DexIndex
from phone_audit.knowledge.behaviour_schema import DECLARED, BehaviourRule, Leaf
from phone_audit.model.apk import Behaviour, Component
from phone_audit.model.finding import Evidence, Skipped

MAX_EVIDENCE: Final = 6
"""Places shown of one behaviour."""
_MANIFEST: Final = "AndroidManifest.xml"


@dataclass(frozen=True)
class Declared:
    """What the manifest says: permissions asked for, components, name, meta-data. Empty where it could not be read.

    `active` are the names of the components that are not switched off, None where the manifest could not be read.
    """

    permissions: tuple[str, ...] = ()
    components: tuple[Component, ...] = ()
    package: str | None = None
    meta_data: tuple[tuple[str, str], ...] = ()
    active: frozenset[str] | None = None

    def evidence(self) -> dict[Leaf, Evidence]:
        """Give everything that rules can ask of a manifest, with its evidence."""
        found = {
            Leaf("permission", name): Evidence(kind="permission", where=_MANIFEST, value=name)
            for name in self.permissions
        }
        for component in self.components:
            kind = "activity" if component.kind == "activity-alias" else component.kind
            texts = [f"{kind} for {action}" for action in component.actions]
            if component.permission:
                texts.append(f"{kind} guarded by {component.permission}")
            for text in texts:
                shown = Evidence(kind="manifest", where=_MANIFEST, value=text, class_=component.name)
                found.setdefault(Leaf("component", text), shown)
        return found


NOTHING_DECLARED: Final = Declared()


def find_behaviours(
    indexes: Sequence[DexIndex], declared: Declared, rules: Sequence[BehaviourRule]
) -> tuple[tuple[Behaviour, ...], tuple[Skipped, ...]]:
    """Find the behaviours of a package.

    What no part of it names costs no search of its code. A call counts only if an instruction of the method that is
    shown makes it; a call through a class of the package that inherits it counts too, as far as the chain of classes
    stands in one DEX file.

    Args:
        indexes: the parts of its DEX files.
        declared: its manifest.
        rules: those of the knowledge.

    Returns:
        Behaviours by id; and what was left out.
    """
    told = declared.evidence()
    found = Found(indexes)
    leaves = list(dict.fromkeys(leaf for rule in rules for leaf in rule.code_leaves))
    found.search(leaves, lambda seen: _strings_worth_a_search(rules, seen | set(told)))
    behaviours = (
        Behaviour(id=rule.id, title=rule.title, evidence=tuple(shown[:MAX_EVIDENCE]))
        for rule in sorted(rules, key=lambda rule: rule.id)
        if (shown := _shown(rule, told, found))
    )
    return tuple(behaviours), _left_out(indexes, found)


def _strings_worth_a_search(rules: Sequence[BehaviourRule], seen: set[Leaf]) -> Collection[Leaf]:
    """Give the strings of the rules that would hold if all strings were there."""
    wanted: dict[Leaf, None] = {}
    for rule in rules:
        strings = [leaf for leaf in rule.code_leaves if leaf.kind in ("string", "string_start")]
        if strings and rule.match.holds(seen | set(strings)):
            wanted.update(dict.fromkeys(strings))
    return wanted


def _shown(rule: BehaviourRule, told: Mapping[Leaf, Evidence], found: Found) -> list[Evidence]:
    """Give the evidence of a rule; nothing where it does not hold."""
    named = [leaf for leaf in dict.fromkeys(rule.match.leaves()) if leaf in told and leaf.kind in DECLARED]
    if not rule.code_leaves:
        return [told[leaf] for leaf in named] if rule.match.holds(set(named)) else []
    shown: list[Evidence] = []
    for places in units_of(rule.scope, rule.code_leaves, found.by_leaf):
        if not rule.match.holds({*places, *named}):
            continue
        seen = {leaf: evidence for leaf, at in places.items() if (evidence := _first(leaf, at, found))}
        if seen and rule.match.holds({*seen, *named}):
            shown += [evidence for evidence in seen.values() if evidence not in shown]
        if len(shown) >= MAX_EVIDENCE:
            break
    return [*(told[leaf] for leaf in named), *shown] if shown else []


def _first(leaf: Leaf, places: Sequence[Place], found: Found) -> Evidence | None:
    return next((evidence for place in places if (evidence := found.evidence(leaf, place))), None)


def _left_out(indexes: Sequence[DexIndex], found: Found) -> tuple[Skipped, ...]:
    if found.complete:
        return ()
    reason = "Its code names more calls than can be followed; some behaviours may be missing."
    return (Skipped(subject=indexes[0].name, step="dex", code="too-many-calls", reason=reason),)
