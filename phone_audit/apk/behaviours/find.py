"""Behaviours: which rules hold for a package, each with the calls that show it, and whose code that is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from phone_audit.apk.behaviours.search import LeafPlaces, Place, Plan, units_of
from phone_audit.apk.code.libraries import OwnerOf, owner_order
from phone_audit.apk.dex.index import DexIndex
from phone_audit.knowledge.schema.behaviour import BehaviourRule, Leaf
from phone_audit.model.apk import Behaviour, Component, Whose
from phone_audit.model.finding import Evidence, Skipped

UnitPlaces = Mapping[Leaf, Sequence[Place]]

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
        """Return everything that rules can ask of a manifest, with its evidence."""
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
    indexes: Sequence[DexIndex], declared: Declared, plan: Plan, own: tuple[bytes, ...] = ()
) -> tuple[tuple[Behaviour, ...], tuple[Skipped, ...]]:
    """Find the behaviours of a package, by id; and say what was left out.

    What no part of it names costs no search of its code. A call counts only if an instruction of the method that is
    shown makes it; a call through a class of the package that inherits it counts too, as far as the chain of classes
    stands in one DEX file. `own` is what the descriptors of the package's own classes begin with; of many places those
    in them are shown.
    """
    told = declared.evidence()
    found = LeafPlaces(indexes)
    behaviours = [
        Behaviour(id=rule.id, title=rule.title, evidence=tuple(shown[:MAX_EVIDENCE]))
        for rule in found.search(plan, set(told))
        if (shown := _shown(rule, told, found, own))
    ]
    return tuple(behaviours), _left_out(indexes, found)


def _shown(
    rule: BehaviourRule, told: Mapping[Leaf, Evidence], found: LeafPlaces, own: tuple[bytes, ...]
) -> list[Evidence]:
    """Return the evidence of a rule; nothing where it does not hold."""
    named = [leaf for leaf in rule.declared_leaves if leaf in told]
    if not rule.code_leaves:
        return [told[leaf] for leaf in named]
    shown: list[Evidence] = []
    for places in _own_first(list(units_of(rule.scope, rule.code_leaves, found.by_leaf)), own):
        if not rule.match.holds({*places, *named}):
            continue
        seen = {leaf: evidence for leaf, at in places.items() if (evidence := _first(leaf, at, found))}
        if seen and rule.match.holds({*seen, *named}):
            shown += [evidence for evidence in seen.values() if evidence not in shown]
        if len(shown) >= MAX_EVIDENCE:
            break
    return [*(told[leaf] for leaf in named), *shown] if shown else []


def _own_first(units: list[UnitPlaces], own: tuple[bytes, ...]) -> list[UnitPlaces]:
    """Put the package's own code first where not all can be shown; else their order stays."""
    if own and len(units) > 1:
        units.sort(key=lambda places: not next(iter(places.values()))[0].class_.startswith(own))
    return units


def _first(leaf: Leaf, places: Sequence[Place], found: LeafPlaces) -> Evidence | None:
    return next((evidence for place in places if (evidence := found.evidence(leaf, place))), None)


def _left_out(indexes: Sequence[DexIndex], found: LeafPlaces) -> tuple[Skipped, ...]:
    if found.complete:
        return ()
    reason = "Its code names more calls than can be followed; some behaviours may be missing."
    return (Skipped(subject=indexes[0].name, step="dex", code="too-many-calls", reason=reason),)


def name_owners(behaviours: Iterable[Behaviour], owner_of: OwnerOf) -> tuple[Behaviour, ...]:
    """Put into each behaviour whose code shows it, each owner once. What only a permission shows has no owner."""
    return tuple(_named(behaviour, owner_of) for behaviour in behaviours)


def _named(behaviour: Behaviour, owner_of: OwnerOf) -> Behaviour:
    classes = dict.fromkeys(one.class_ for one in behaviour.evidence if one.class_)
    owners = sorted({owner_of(name) for name in classes}, key=owner_order)
    return behaviour.model_copy(update={"whose": tuple(Whose(party=one.party, library=one.library) for one in owners)})
