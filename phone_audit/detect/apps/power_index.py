"""What an app may do beyond what every app may, and when it last did: by settings, permissions and app-ops."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from phone_audit.detect.known_good import PLATFORM
from phone_audit.detect.privileged_apps import per_user
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.schema.app import PowerFact
from phone_audit.model.apps import Power
from phone_audit.model.device import AppOp, Package, PackageUser, Snapshot
from phone_audit.model.stated import time_of

_PARTS: Final = re.compile(r"[:\s]+")
"""Between the components or packages that an item of the state lists."""
_LETS: Final = frozenset({"allow", "foreground"})
_REFUSES: Final = frozenset({"ignore", "deny", "errored"})
"""Modes of an app-op with which the owner allows and refuses it; with any other one the permission counts."""
_TELLS_BACKGROUND: Final = 28
"""The first API level whose app-ops tell in which state a package was."""


@dataclass(frozen=True)
class PowerIndex:
    """What a phone says of who may do what, put in order once.

    Attributes:
        facts: the powers that this version of Android has, in the order in which they are told.
        states: user and package → items of the state that list it.
        platform: the certificates that signed the system.
        tells_background: whether the phone tells in which state an app did something.
        by_name: permission, app-op or item of the state → the powers that it shows.
    """

    facts: Sequence[PowerFact]
    states: Mapping[tuple[int, str], Collection[str]]
    platform: frozenset[str]
    tells_background: bool
    by_name: Mapping[str, Sequence[PowerFact]]

    @classmethod
    def of(cls, snapshot: Snapshot, knowledge: Knowledge, platform: frozenset[str]) -> "PowerIndex":
        level = snapshot.build.sdk
        facts = [fact for fact in knowledge.powers if level is None or level >= fact.since]
        states: dict[tuple[int, str], set[str]] = {}
        for key in dict.fromkeys(key for fact in facts for key in fact.states):
            for user, item in per_user(snapshot, key):
                for part in _PARTS.split(item.value or ""):
                    states.setdefault((user, part.partition("/")[0]), set()).add(key)
        by_name: dict[str, list[PowerFact]] = {}
        for fact in facts:
            for name in (*fact.permissions, *fact.ops, *fact.states):
                by_name.setdefault(name, []).append(fact)
        return cls(facts, states, platform, level is not None and level >= _TELLS_BACKGROUND, by_name)

    def of_app(
        self, package: Package, user: PackageUser, asked: Collection[str], signers: Collection[str]
    ) -> tuple[Power, ...]:
        """Return the powers of one package for one user, in their order.

        `asked` are the permissions that its manifests ask for; they say what is not known where grants were not read.
        """
        states = self.states.get((user.id, package.name), ())
        ops = {op.op: op for op in user.appops or ()}
        granted = user.granted
        names = (*(granted if granted is not None else asked), *ops, *states)
        met = {fact.rank: fact for name in names for fact in self.by_name.get(name, ())}
        found = [power for _, fact in sorted(met.items()) if (power := self._power(fact, user, states, ops))]
        if package.name != PLATFORM and not self.platform.isdisjoint(signers):
            found += [_power_of(fact, granted=True) for fact in self.facts if fact.platform]
        return tuple(found)

    def _power(
        self, fact: PowerFact, user: PackageUser, states: Collection[str], ops: Mapping[str, AppOp]
    ) -> Power | None:
        """Return one power, or None where the app neither has it nor used it."""
        own = [ops[name] for name in fact.ops if name in ops]
        granted = _granted(fact, user, states, own)
        used = max((time for op in own if (time := time_of(op.last_access))), default=None)
        behind = max((time for op in own if (time := time_of(op.last_background))), default=None)
        if granted is False and used is None:
            return None
        background = None
        if used is not None and self.tells_background:
            background = behind is not None and behind >= used
        return _power_of(fact, granted, used, background=background, behind=behind)


def _power_of(
    fact: PowerFact,
    granted: bool | None,
    used: str | None = None,
    *,
    background: bool | None = None,
    behind: str | None = None,
) -> Power:
    return Power(
        what=fact.id,
        granted=granted,
        last_used=used,
        background=background,
        title=fact.title,
        can=fact.can,
        did=fact.did,
        watching=fact.watching,
        last_background=behind,
    )


def _granted(fact: PowerFact, user: PackageUser, states: Collection[str], ops: Sequence[AppOp]) -> bool | None:
    """Tell whether an app may do it now; None where its permissions were not read."""
    if any(key in states for key in fact.states):
        return True
    modes = {op.mode for op in ops}
    if fact.op_gives and modes & _LETS:
        return True
    if modes and modes <= _REFUSES:
        return False
    if not fact.permissions:
        return False
    return None if user.granted is None else not set(fact.permissions).isdisjoint(user.granted)
