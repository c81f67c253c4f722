"""Whether a package may do what its code is written to do: what it asks for, or on a phone what it was granted."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.schema.behaviour import BehaviourRule, Held, Need
from phone_audit.model.apk import ApkInfo, Behaviour
from phone_audit.model.device import Package, Snapshot

_SYSTEM: Final = "android.uid.system"
"""The shared user id of the system, which is refused nothing. Source: `ActivityManager.checkComponentPermission`."""
_SYSTEM_UID: Final = 1000
_FIRST: Final = 1
_LET: Final = frozenset({"allow", "foreground"})
"""Modes of an app-op with which the owner allows it."""


def with_allowed(info: ApkInfo, knowledge: Knowledge, snapshot: Snapshot | None = None) -> ApkInfo:
    """Say of each behaviour whether the package may do it: on this phone, or on any that takes it.

    Nothing is said where its manifest could not be read.
    """
    if not info.behaviours:
        return info
    asking = _Asking.on_phone(info, snapshot) if snapshot else _Asking.of(info)
    settled = tuple(_settled(one, _rules_for(one, knowledge), asking) for one in info.behaviours)
    return info.model_copy(update={"behaviours": settled})


def _rules_for(behaviour: Behaviour, knowledge: Knowledge) -> Sequence[BehaviourRule]:
    """Return the rule of a behaviour; of a flow those that name its source, else those that read the same data."""
    if behaviour.source is None:
        return [rule for rule in knowledge.behaviours if rule.id == behaviour.id]
    reading = [rule for rule in knowledge.behaviours if rule.data is not None and rule.data == behaviour.data]
    naming = [rule for rule in reading if any(leaf.text == behaviour.source for leaf in rule.code_leaves)]
    return naming or reading


def _settled(behaviour: Behaviour, rules: Sequence[BehaviourRule], asking: "_Asking") -> Behaviour:
    answers = {asking.answer(rule, level) for rule in rules for level in asking.levels(rule)}
    if not asking.known or not answers:
        return behaviour
    if None in answers and True not in answers:
        return behaviour.model_copy(update={"until_sdk": asking.last_letting(rules)})
    allowed = True if True in answers else asking.otherwise(rules)
    asked = [need for rule in rules for need in asking.asked(rule)]
    needs = dict.fromkeys(name for need in asked for name in (*need.permissions, *need.components))
    until = asking.last_letting(rules) if True in answers else None
    return behaviour.model_copy(update={"allowed": allowed, "needs": tuple(needs), "until_sdk": until})


@dataclass(frozen=True)
class _Asking:
    """What a package asks for, or was granted.

    Attributes:
        known: whether that could be read at all.
        held: the same as rules ask for it; its API level is that of the phone, or the first that takes the package.
        ops: the app-ops by which the owner allows it something; None where the phone did not tell.
        phone: whether it is on a phone, so that there is one API level.
        whole: whether Android refuses it nothing.
        shared: whether it may have been granted more, asked for by others that share its user id.
    """

    known: bool
    held: Held
    ops: frozenset[str] | None = frozenset()
    phone: bool = False
    whole: bool = False
    shared: bool = False

    @classmethod
    def of(cls, info: ApkInfo) -> "_Asking":
        first = max(info.min_sdk or _FIRST, _FIRST)
        held = Held(
            sdk=first,
            target=info.target_sdk or first,
            permissions=info.permissions or (),
            components=tuple(text for one in info.components or () for text in one.said),
            privileged=False,
        )
        shared = info.shared_user_id is not None
        return cls(info.permissions is not None, held, whole=info.shared_user_id == _SYSTEM, shared=shared)

    @classmethod
    def on_phone(cls, info: ApkInfo, snapshot: Snapshot) -> "_Asking":
        """Return what it was granted for any user; what it asks for where the phone does not say that."""
        asking = cls.of(info)
        package = next((one for one in snapshot.packages if one.name == info.package), None)
        level = snapshot.build.sdk
        if level is not None:
            asking = replace(asking, held=asking.held.model_copy(update={"sdk": level}), phone=True)
        if package is None:
            return asking
        is_system = package.system is True
        held = asking.held.model_copy(update={"preinstalled": is_system, "privileged": is_system})
        whole = asking.whole or package.app_id == _SYSTEM_UID
        asking = replace(asking, held=held, whole=whole, ops=_allowed_ops(package))
        granted = _granted(package)
        if granted is None:
            return asking
        held = held.model_copy(update={"permissions": granted, "privileged": True})
        return replace(asking, known=True, held=held, shared=False)

    def levels(self, rule: BehaviourRule) -> tuple[int, ...]:
        """Return the API levels that make a difference, of those that take the package."""
        if self.phone:
            return (self.held.sdk,)
        later = {need.since for need in rule.needs} | {need.until + 1 for need in rule.needs if need.until is not None}
        return (self.held.sdk, *sorted(level for level in later if level is not None and level > self.held.sdk))

    def asked(self, rule: BehaviourRule) -> tuple[Need, ...]:
        """Return what of a rule some phone that takes the package asks it for."""
        levels = self.levels(rule)
        return tuple(need for need in rule.needs if any(need.applies(level, self.held.target) for level in levels))

    def answer(self, rule: BehaviourRule, level: int) -> bool | None:
        """Tell whether a phone of this level would let it."""
        let = tuple(name for need in rule.needs if need.op in (self.ops or ()) for name in need.permissions)
        held = self.held.model_copy(update={"sdk": level, "permissions": (*self.held.permissions, *let)})
        return rule.allows(held)

    def last_letting(self, rules: Sequence[BehaviourRule]) -> int | None:
        """Return the last API level that does not refuse it, where all later ones do; None where there is none."""
        if self.otherwise(rules) is not False:
            return None
        levels = sorted({level for rule in rules for level in self.levels(rule)})
        refusing = [level for level in levels if all(self.answer(rule, level) is False for rule in rules)]
        first = refusing[0] if refusing else None
        return None if first is None or levels[-len(refusing) :] != refusing else first - 1

    def otherwise(self, rules: Sequence[BehaviourRule]) -> bool | None:
        """Tell whether it may do it all the same, where what it holds is not enough."""
        if self.whole:
            return True
        needs = [need for rule in rules for need in rule.needs]
        by_owner = self.ops is None and any(need.op for need in needs)
        by_place = not self.phone and any(not set(need.privileged).isdisjoint(self.held.permissions) for need in needs)
        return None if self.shared or by_owner or by_place else False


def _granted(package: Package) -> tuple[str, ...] | None:
    known = [user.granted for user in package.users if user.granted is not None and user.installed is not False]
    return tuple(sorted({name for granted in known for name in granted})) if known else None


def _allowed_ops(package: Package) -> frozenset[str] | None:
    told = [user.appops for user in package.users if user.appops is not None]
    return frozenset(one.op for ops in told for one in ops if one.mode in _LET) if told else None
