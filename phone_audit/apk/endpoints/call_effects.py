"""What a method of Android or of a known library does with an address, by the facts of the knowledge."""

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from phone_audit.apk.dex.descriptors import java_name
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.schema.call import LOWERING, CallFact, is_of_platform

_ANY: Final = "*"
_ORDER: Final = (
    "fetched", "callback", "named", "addressed", "intent", "object", "result", "opened", "printed", "compared",
    "nothing",
)  # fmt: skip
"""Where several facts name one call, the first of these counts."""


class CallEffects:
    """Looks facts up by class, method and argument."""

    def __init__(self, facts: Iterable[CallFact]) -> None:
        self._facts: dict[bytes, dict[bytes, list[CallFact]]] = defaultdict(lambda: defaultdict(list))
        known = [fact for fact in facts if fact.is_of_addresses]
        self.public_actions = frozenset(text for fact in known if fact.effect == "intent" for text in fact.texts)
        self.public_kinds = frozenset(text for fact in known if fact.effect == "named" for text in fact.texts)
        self.public_apps = frozenset(text for fact in known if fact.effect == "addressed" for text in fact.texts)
        for fact in sorted(known, key=lambda one: (_ORDER.index(one.effect), one.id)):
            for owner in fact.classes:
                for method in fact.methods:
                    self._facts[f"L{owner.replace('.', '/')};".encode()][method.encode()].append(fact)

    def of(self, owner: bytes, method: bytes, argument: int) -> CallFact | None:
        """Return what a method does with one of its arguments; None where nothing is known of it."""
        known = self._facts.get(owner)
        if known is None:
            return None
        for name in (method, _ANY.encode()):
            for fact in known.get(name, ()):
                if argument in fact.arguments if fact.arguments else argument > 0:
                    return fact if fact.effect not in LOWERING or is_platform(owner) else None
        return None


@lru_cache(maxsize=2)
def effects_of(knowledge: Knowledge) -> CallEffects:
    """Return the facts of a knowledge, ready to be looked up."""
    return CallEffects(knowledge.calls)


@lru_cache(maxsize=4096)
def is_platform(descriptor: bytes) -> bool:
    """Tell whether Android loads its own class of this name, whatever the package brings."""
    return is_of_platform(java_name(descriptor))
